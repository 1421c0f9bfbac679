package watari.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemporaryFolderTest {
  @TempDir private Path folder;

  @Test
  void whatIsNotPublishedGoesAway() throws IOException {
    var target = folder.resolve("new/deep");
    try (var temporary = TemporaryFolder.in(target)) {
      Files.writeString(temporary.path().resolve("half"), "written");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatIsPublishedReplacesWhatWasThere() throws IOException {
    Files.writeString(folder.resolve("x.onnx"), "old");
    try (var temporary = TemporaryFolder.in(folder)) {
      var main = Files.writeString(temporary.path().resolve("x.onnx"), "new");
      Files.writeString(temporary.path().resolve("x.onnx.data"), "weights");
      assertThat(folder.resolve("x.onnx")).hasContent("old");
      temporary.publish(main, paths());
    }
    assertThat(folder.resolve("x.onnx")).hasContent("new");
    assertThat(folder.resolve("x.onnx.data")).hasContent("weights");
    assertThat(names()).containsExactly("x.onnx", "x.onnx.data");
  }

  @Test
  void partsOfTheFormerResultGoAway() throws IOException {
    Files.writeString(folder.resolve("x.onnx"), "old");
    Files.writeString(folder.resolve("x.onnx.data"), "old weights");
    Files.writeString(folder.resolve("y.onnx.data"), "another's");
    try (var temporary = TemporaryFolder.in(folder)) {
      var main = Files.writeString(temporary.path().resolve("x.onnx"), "new");
      temporary.publish(main, paths());
    }
    assertThat(folder.resolve("x.onnx")).hasContent("new");
    assertThat(names()).containsExactly("x.onnx", "y.onnx.data");
  }

  @Test
  void aStoppedRunLeavesNothing() throws IOException, InterruptedException {
    var run = halfway(folder.resolve("new/deep"));
    run.destroy();
    assertThat(run.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(names()).isEmpty();
  }

  @Test
  void whatAKilledRunLeftGoesAwayWithTheNext() throws IOException, InterruptedException {
    var run = halfway(folder);
    age();
    TemporaryFolder.in(folder).close();
    assertThat(names()).as("the run is alive").hasSize(1);
    run.destroyForcibly();
    assertThat(run.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(names()).hasSize(1);
    TemporaryFolder.in(folder).close();
    assertThat(names()).isEmpty();
  }

  /// A program that has written half of its results.
  private static Process halfway(Path target) throws IOException {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    var run =
        new ProcessBuilder(java, "-cp", path, Halfway.class.getName(), target.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(run.inputReader().readLine()).isEqualTo("half");
    return run;
  }

  /// Makes all that is there older than a lock that is just being made.
  private void age() throws IOException {
    try (var all = Files.walk(folder)) {
      for (var each : all.toList()) Files.setLastModifiedTime(each, FileTime.fromMillis(0));
    }
  }

  private List<Path> paths() {
    return List.of(folder.resolve("x.onnx"), folder.resolve("x.onnx.data"));
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /// Writes half of what it wants to, then waits.
  static final class Halfway {
    private Halfway() {}

    public static void main(String[] args) throws IOException, InterruptedException {
      try (var temporary = TemporaryFolder.in(Path.of(args[0]))) {
        Files.writeString(temporary.path().resolve("x.onnx"), "ha");
        System.out.println("half");
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  }

  @Test
  void foldersThatWereThereStay() throws IOException {
    var empty = Files.createDirectory(folder.resolve("empty"));
    TemporaryFolder.in(empty).close();
    assertThat(empty).isEmptyDirectory();
  }
}
