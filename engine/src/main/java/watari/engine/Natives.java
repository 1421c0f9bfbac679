package watari.engine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/// Native libraries and the process's environment.
@SuppressWarnings("restricted") // calls native code
final class Natives {
  private Natives() {}

  /// A library in a folder of unpacked ones, or unpacked from the class path for this process.
  ///
  /// @param property the system property that names the folder
  /// @param resourceFolder where a jar has it
  static Path library(String property, String resourceFolder, String name) throws IOException {
    var file = System.mapLibraryName(name);
    var folder = System.getProperty(property);
    if (folder != null) {
      var unpacked = Path.of(folder, file);
      if (Files.exists(unpacked)) return unpacked;
    }
    var resource = resourceFolder + "/" + file;
    try (var in = Natives.class.getResourceAsStream(resource)) {
      if (in == null) throw new IOException("library '" + resource + "' is not there");
      var copy = Files.createTempFile("watari-", "-" + file);
      copy.toFile().deleteOnExit();
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      return copy;
    }
  }

  /// The system and machine in the words of JavaCPP: `linux-x86_64`, `macosx-arm64`.
  static String javacppPlatform() {
    var os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    var arch = System.getProperty("os.arch");
    var system = os.startsWith("mac") ? "macosx" : os.startsWith("windows") ? "windows" : "linux";
    var machine = arch.equals("aarch64") || arch.equals("arm64") ? "arm64" : "x86_64";
    return system + "-" + machine;
  }

  /// Sets a variable of this process's environment, for libraries that are loaded later.
  static void setEnvironment(String name, String value) {
    if (System.getenv(name) != null) return;
    var linker = Linker.nativeLinker();
    var setenv = linker.defaultLookup().find("setenv");
    if (setenv.isEmpty()) return;
    var signature =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
    try (var arena = Arena.ofConfined()) {
      var handle = linker.downcallHandle(setenv.get(), signature);
      var _ = (int) handle.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
    } catch (Throwable e) {
      throw new IllegalStateException("cannot set " + name, e);
    }
  }
}
