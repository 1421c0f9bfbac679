package watari.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands of the README, and of the pages in `docs`, do what they say, one after the other.
class ReadmeTest {
  private static final Path ROOT =
      Path.of(System.getProperty("watari.root", "..")).toAbsolutePath();
  private static final String PROGRAM = "    ./watari ";

  @TempDir private Path folder;

  @Test
  void everyCommandEndsWell() throws IOException, InterruptedException {
    Files.createSymbolicLink(folder.resolve("samples"), ROOT.resolve("samples"));
    var commands = commands();
    assertThat(commands).hasSizeGreaterThan(3);
    for (var command : commands) {
      var output = folder.resolve("output.txt");
      var process = new ProcessBuilder(java(command)).directory(folder.toFile());
      process.environment().put("ORT_DISABLE_TELEMETRY", "1");
      var run = process.redirectErrorStream(true).redirectOutput(output.toFile()).start();
      assertThat(run.waitFor(2, TimeUnit.MINUTES)).as(command).isTrue();
      assertThat(run.exitValue()).as("%s%n%s", command, Files.readString(output)).isZero();
    }
    assertThat(folder.resolve("out/digits.onnx")).isRegularFile();
  }

  private static List<String> commands() throws IOException {
    var pages = new ArrayList<Path>();
    pages.add(ROOT.resolve("README.md"));
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      docs.filter(page -> page.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    var commands = new ArrayList<String>();
    for (var page : pages) {
      for (var line : Files.readAllLines(page)) {
        if (line.startsWith(PROGRAM)) commands.add(line.substring(PROGRAM.length()).strip());
      }
    }
    return commands;
  }

  /// The command line on the classes under test, as `./watari` would run it on the built ones.
  private static List<String> java(String command) {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("--enable-native-access=ALL-UNNAMED");
    line.add("-XX:TieredStopAtLevel=1");
    var natives = System.getProperty("org.bytedeco.javacpp.cachedir");
    if (natives != null) line.add("-Dorg.bytedeco.javacpp.cachedir=" + natives);
    line.addAll(List.of("-cp", classPath(), "watari.cli.Main"));
    line.addAll(List.of(command.split(" +")));
    return line;
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }
}
