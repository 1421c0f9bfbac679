package watari.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HashMap;
import java.util.Map;

/// The C interface of TensorFlow Lite (`tensorflow/lite/c/c_api.h`), as far as we call it.
///
/// The library is the one that the bytedeco distribution of TensorFlow Lite carries.
@SuppressWarnings("restricted") // calls native code
final class TfliteLibrary {
  private static final int SILENT = 4;

  private final Linker linker = Linker.nativeLinker();
  private final SymbolLookup symbols;
  private final Map<String, MethodHandle> handles = new HashMap<>();

  TfliteLibrary() throws EngineException {
    try {
      var platform = Natives.javacppPlatform();
      var file =
          Natives.library(
              "org.bytedeco.javacpp.cachedir",
              "/org/bytedeco/tensorflowlite/" + platform,
              "jnitensorflowlite");
      symbols = SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IOException | IllegalArgumentException e) {
      throw new EngineException("TensorFlow Lite is not there: " + e.getMessage(), e);
    }
    silence();
  }

  /// Keeps the library's own lines off standard error; errors reach us by the reporter.
  private void silence() {
    symbols
        .find("_ZN6tflite13LoggerOptions21SetMinimumLogSeverityENS_11LogSeverityE")
        .ifPresent(function -> {
          var handle = linker.downcallHandle(function, FunctionDescriptor.ofVoid(JAVA_INT));
          try {
            handle.invokeExact(SILENT);
          } catch (Throwable e) {
            throw new IllegalStateException(e);
          }
        });
  }

  String version() {
    var text = pointer("TfLiteVersion");
    return text.reinterpret(64).getString(0);
  }

  /// Calls a function that gives a pointer.
  MemorySegment pointer(String name, Object... arguments) {
    return (MemorySegment) call(name, ADDRESS, arguments);
  }

  /// Calls a function that gives an `int32_t` or an enumerator.
  int integer(String name, Object... arguments) {
    return (int) call(name, JAVA_INT, arguments);
  }

  /// Calls a function that gives a `size_t`.
  long size(String name, Object... arguments) {
    return (long) call(name, JAVA_LONG, arguments);
  }

  /// Calls a function that gives nothing.
  void run(String name, Object... arguments) {
    invoke(handle(name, voidDescriptor(arguments)), arguments);
  }

  private Object call(String name, ValueLayout result, Object... arguments) {
    var layouts = layouts(arguments);
    return invoke(handle(name, FunctionDescriptor.of(result, layouts)), arguments);
  }

  private static FunctionDescriptor voidDescriptor(Object... arguments) {
    return FunctionDescriptor.ofVoid(layouts(arguments));
  }

  private static MemoryLayout[] layouts(Object... arguments) {
    var layouts = new MemoryLayout[arguments.length];
    for (int i = 0; i < layouts.length; i++) {
      layouts[i] =
          switch (arguments[i]) {
            case MemorySegment _ -> ADDRESS;
            case Integer _ -> JAVA_INT;
            case Long _ -> JAVA_LONG;
            default -> throw new IllegalArgumentException(arguments[i].toString());
          };
    }
    return layouts;
  }

  private MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return handles.computeIfAbsent(
        name,
        _ -> {
          var function = symbols.find(name).orElseThrow(() -> new IllegalStateException(name));
          return linker.downcallHandle(function, descriptor);
        });
  }

  private static Object invoke(MethodHandle handle, Object... arguments) {
    try {
      return handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  Linker linker() {
    return linker;
  }
}
