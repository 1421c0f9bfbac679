package watari.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The functions of a native library, called by name; their types follow from the arguments.
@SuppressWarnings("restricted") // calls native code
final class NativeFunctions {
  /// A structure that is passed itself, not its address.
  record Struct(StructLayout layout, MemorySegment content) {}

  private final Linker linker = Linker.nativeLinker();
  private final SymbolLookup symbols;
  private final Map<String, MethodHandle> handles = new HashMap<>();

  NativeFunctions(SymbolLookup symbols) {
    this.symbols = symbols;
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

  /// Calls a function of any number of arguments that gives an enumerator.
  ///
  /// @param fixed how many arguments it has by its declaration
  int variadic(String name, int fixed, Object... arguments) {
    var descriptor = FunctionDescriptor.of(JAVA_INT, layouts(arguments));
    var variadic = Linker.Option.firstVariadicArg(fixed);
    return (int) invoke(handle(name, descriptor, variadic), arguments);
  }

  /// Calls a function that gives nothing.
  void run(String name, Object... arguments) {
    invoke(handle(name, FunctionDescriptor.ofVoid(layouts(arguments))), arguments);
  }

  private Object call(String name, ValueLayout result, Object... arguments) {
    return invoke(handle(name, FunctionDescriptor.of(result, layouts(arguments))), arguments);
  }

  private static MemoryLayout[] layouts(Object... arguments) {
    var layouts = new MemoryLayout[arguments.length];
    for (int i = 0; i < layouts.length; i++) {
      layouts[i] =
          switch (arguments[i]) {
            case MemorySegment _ -> ADDRESS;
            case Integer _ -> JAVA_INT;
            case Long _ -> JAVA_LONG;
            case Struct(var layout, _) -> layout;
            default -> throw new IllegalArgumentException(arguments[i].toString());
          };
    }
    return layouts;
  }

  private MethodHandle handle(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return handles.computeIfAbsent(
        name,
        _ -> {
          var function = symbols.find(name).orElseThrow(() -> new IllegalStateException(name));
          return linker.downcallHandle(function, descriptor, options);
        });
  }

  private static Object invoke(MethodHandle handle, Object... arguments) {
    try {
      return handle.invokeWithArguments(
          Arrays.stream(arguments).map(NativeFunctions::passed).toArray());
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object passed(Object argument) {
    return argument instanceof Struct(_, var content) ? content : argument;
  }

  SymbolLookup symbols() {
    return symbols;
  }

  Linker linker() {
    return linker;
  }
}
