package watari.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      temporary.publish(main);
    }
    assertThat(folder.resolve("x.onnx")).hasContent("new");
    assertThat(folder.resolve("x.onnx.data")).hasContent("weights");
    try (var files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void foldersThatWereThereStay() throws IOException {
    var empty = Files.createDirectory(folder.resolve("empty"));
    TemporaryFolder.in(empty).close();
    assertThat(empty).isEmptyDirectory();
  }
}
