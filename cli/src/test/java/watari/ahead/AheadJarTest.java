package watari.ahead;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `build/AheadJar.java` changes how classes do what they do, and nothing else.
class AheadJarTest {
  private static final Path PROGRAM =
      Path.of(System.getProperty("watari.root", ".."), "build", "AheadJar.java");

  private static final List<String> CLASSES =
      List.of("Prepared", "Prepared$Thing", "Prepared$Bare", "Prepared$Many", "Prepared$Nested");

  @TempDir private Path folder;

  @Test
  void preparedClassesDoTheSame() throws Exception {
    var jar = folder.resolve("prepared.jar");
    pack(jar);
    run(jar);
    try (var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
      assertThat(declared(loader, "Prepared")).contains("typeSwitch$ahead0");
      assertThat(declared(loader, "Prepared$Many")).contains("hashCode$ahead0", "equals$ahead1");
      var said = loader.loadClass("watari.ahead.Prepared").getMethod("say").invoke(null);
      assertThat(said).isEqualTo(Prepared.say());
    }
  }

  private static List<String> declared(ClassLoader loader, String name) throws Exception {
    return Arrays.stream(loader.loadClass("watari.ahead." + name).getDeclaredMethods())
        .map(method -> method.getName())
        .toList();
  }

  private static void pack(Path jar) throws IOException {
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (var name : CLASSES) {
        out.putNextEntry(new JarEntry("watari/ahead/" + name + ".class"));
        try (InputStream in = Prepared.class.getResourceAsStream(name + ".class")) {
          Objects.requireNonNull(in).transferTo(out);
        }
        out.closeEntry();
      }
    }
  }

  private void run(Path jar) throws IOException, InterruptedException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var said = folder.resolve("said.txt");
    var process =
        new ProcessBuilder(java, PROGRAM.toString(), jar.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(said)).isZero();
  }
}
