package watari.engine;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.SymbolLookup;

/// The C interface of TensorFlow Lite (`tensorflow/lite/c/c_api.h`), as far as we call it.
///
/// The library is the one that the bytedeco distribution of TensorFlow Lite carries.
@SuppressWarnings("restricted") // calls native code
final class TfliteLibrary {
  private static final int SILENT = 4;

  private final NativeFunctions functions;

  TfliteLibrary() throws EngineException {
    try {
      var platform = Natives.javacppPlatform();
      var file =
          Natives.library(
              "org.bytedeco.javacpp.cachedir",
              "/org/bytedeco/tensorflowlite/" + platform,
              "jnitensorflowlite");
      functions = new NativeFunctions(SymbolLookup.libraryLookup(file, Arena.global()));
    } catch (IOException | IllegalArgumentException e) {
      throw new EngineException("TensorFlow Lite is not there: " + e.getMessage(), e);
    }
    silence();
  }

  /// Keeps the library's own lines off standard error; errors reach us by the reporter.
  private void silence() {
    functions
        .symbols()
        .find("_ZN6tflite13LoggerOptions21SetMinimumLogSeverityENS_11LogSeverityE")
        .ifPresent(function -> {
          var linker = functions.linker();
          var handle = linker.downcallHandle(function, FunctionDescriptor.ofVoid(JAVA_INT));
          try {
            handle.invokeExact(SILENT);
          } catch (Throwable e) {
            throw new IllegalStateException(e);
          }
        });
  }

  String version() {
    var text = functions.pointer("TfLiteVersion");
    return text.reinterpret(64).getString(0);
  }

  NativeFunctions functions() {
    return functions;
  }
}
