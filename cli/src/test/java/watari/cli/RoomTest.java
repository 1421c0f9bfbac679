package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Where there is no room for a result, or no right to write it, nothing of it stays behind.
class RoomTest {
  private static final Path ROOT =
      Path.of(System.getProperty("watari.root", "..")).toAbsolutePath().normalize();
  private static final Path SHELL = Path.of("/bin/sh");

  @TempDir private Path folder;

  @Test
  void aResultThatFindsNoRoomLeavesNothing() throws IOException, InterruptedException {
    assumeTrue(Files.isExecutable(SHELL), "no shell that limits the size of files");
    var sample = ROOT.resolve("samples/digits.tflite");
    byte[] before = Files.readAllBytes(sample);
    var said = folder.resolve("said");
    var command =
        "ulimit -f 40; exec '%s' -XX:TieredStopAtLevel=1 -XX:-UsePerfData -cp '%s' watari.cli.Main convert '%s' --to onnx -o '%s' --no-verify"
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                sample,
                folder.resolve("out"));
    var run =
        new ProcessBuilder(List.of(SHELL.toString(), "-c", command))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    assertThat(run.waitFor(2, TimeUnit.MINUTES)).isTrue();
    assertThat(run.exitValue()).as(Files.readString(said)).isEqualTo(5);
    assertThat(said)
        .content()
        .contains("digits.onnx: reading or writing failed")
        .contains("[IO_FAILED]");
    assertThat(folder.resolve("out")).doesNotExist();
    assertThat(sample).hasBinaryContent(before);
  }

  @Test
  void aPlaceWhereNothingCanBeWrittenIsAnInputOutputError() {
    var place = Path.of("/proc/watari-test");
    assumeTrue(
        Files.isDirectory(Path.of("/proc/self")), "no folder that even root cannot write to");
    var said =
        Spoken.of("convert", ROOT.resolve("samples/digits.onnx"), "--to", "tflite", "-o", place);
    assertThat(said.code()).as(said.err()).isEqualTo(5);
    assertThat(said.err()).contains(place.toString()).doesNotContain("defect");
  }
}
