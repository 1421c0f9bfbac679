package watari.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Collects what TensorFlow Lite says when something fails.
///
/// It reports in the way of `vprintf`, so the C library forms the text.
@SuppressWarnings("restricted") // calls native code
final class TfliteErrors {
  private static final int MOST_BYTES = 1024;
  private static final int MOST_WORDS = 2;

  private final List<String> said = new ArrayList<>();
  private final MethodHandle vsnprintf;
  private final MemorySegment callback;

  TfliteErrors(Linker linker, Arena arena) {
    var function = linker.defaultLookup().find("vsnprintf").orElseThrow();
    vsnprintf =
        linker.downcallHandle(
            function, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS));
    try {
      var report =
          MethodHandles.lookup()
              .bind(
                  this,
                  "report",
                  MethodType.methodType(
                      void.class, MemorySegment.class, MemorySegment.class, MemorySegment.class));
      callback =
          linker.upcallStub(report, FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, ADDRESS), arena);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  MemorySegment callback() {
    return callback;
  }

  void report(MemorySegment user, MemorySegment format, MemorySegment arguments) {
    try (var arena = Arena.ofConfined()) {
      var text = arena.allocate(MOST_BYTES);
      var _ = (int) vsnprintf.invokeExact(text, (long) MOST_BYTES, format, arguments);
      synchronized (said) {
        said.add(text.getString(0).strip());
      }
    } catch (Throwable _) {
      // An exception must not pass through the library; the message is lost.
    }
  }

  EngineException exception(String step) {
    synchronized (said) {
      var words =
          said.isEmpty()
              ? "no reason given"
              : said.stream().distinct().limit(MOST_WORDS).collect(Collectors.joining("; "));
      said.clear();
      return new EngineException("TensorFlow Lite " + step + ": " + words);
    }
  }
}
