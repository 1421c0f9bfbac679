package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertTest {
  @TempDir private Path folder;

  @Test
  void aModelCrossesAndIsVerified() throws IOException {
    var model = SmallModel.relu("tflite", folder.resolve("m.tflite"));
    var said = Spoken.of("convert", model, "--to", "onnx", "-o", folder.resolve("out"));
    assertThat(said.err()).isEmpty();
    assertThat(said.out()).contains("m.onnx: written, equal (error 0.0)");
    assertThat(said.code()).isZero();
    assertThat(folder.resolve("out")).isDirectoryContaining("glob:**/m.onnx");
  }

  @Test
  void jsonIsAllThatIsOnStandardOutput() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var out = folder.resolve("out");
    var said = Spoken.of("convert", model, "--to", "tflite", "-o", out, "--no-verify", "--json");
    assertThat(said.out())
        .startsWith(
            "{\"version\":1,\"command\":\"convert\",\"results\":[{\"model\":\""
                + model
                + "\",\"format\":\"onnx\",\"status\":\"done\",")
        .contains("\"path\":\"" + out.resolve("m.tflite") + "\",\"status\":\"written\"")
        .contains("\"verdict\":\"unverified\"")
        .contains("\"name\":\"x\",\"source_name\":\"x\",\"shape\":[1,3],\"source_shape\":[1,3]")
        .endsWith("]}]}" + System.lineSeparator());
  }

  @Test
  void oneThatFailsDoesNotStopTheOthers() throws IOException {
    var bad = Files.write(folder.resolve("bad.onnx"), new byte[] {8, 7, 58, 127, 1});
    var good = SmallModel.relu("onnx", folder.resolve("good.onnx"));
    var missing = folder.resolve("missing.onnx");
    var out = folder.resolve("out");
    var said =
        Spoken.of(
            "convert", bad, missing, good, "--to", "tflite", "-o", out, "--no-verify", "--json");
    assertThat(said.code()).isEqualTo(5);
    assertThat(said.out()).contains("FILE_NOT_FOUND").contains("\"status\":\"done\"");
    assertThat(out).isDirectoryContaining("glob:**/good.tflite");
  }

  @Test
  void whatIsNoModelCannotBeRead() throws IOException {
    var empty = Files.createFile(folder.resolve("empty.tflite"));
    var text = Files.writeString(folder.resolve("text.onnx"), "hello, hello, hello");
    var out = folder.resolve("out");
    for (var each : new Path[] {empty, text, folder}) {
      var said = Spoken.of("convert", each, "--to", "tflite", "-o", out);
      assertThat(said.code()).as(said.err()).isEqualTo(3);
    }
    assertThat(Spoken.of("convert", empty, "--to", "tflite", "-o", out).err())
        .isEqualToIgnoringNewLines(empty + ": the file is empty [FILE_EMPTY]");
    assertThat(out).doesNotExist();
  }

  @Test
  void wrongUsageIsFoundBeforeAnyWork() throws IOException {
    var one = SmallModel.relu("onnx", folder.resolve("a/m.onnx"));
    var two = SmallModel.relu("onnx", folder.resolve("b/m.onnx"));
    var out = folder.resolve("out");
    assertThat(Spoken.of("convert", one, two, "--to", "tflite", "-o", out).code()).isEqualTo(2);
    assertThat(
            Spoken.of("convert", one, "--to", "onnx", "-o", folder.resolve("a"), "--force").code())
        .isEqualTo(2);
    assertThat(Spoken.of("convert", one, "--to", "nothing", "-o", out).code()).isEqualTo(2);
    assertThat(Spoken.of("convert", one, "--to", "onnx").code()).isEqualTo(2);
    assertThat(Spoken.of("convert", one, "--to", "onnx", "-o", out, "--calibration", "x").code())
        .isEqualTo(2);
    assertThat(out).doesNotExist();
  }

  @Test
  void resultsOfOthersAreNotReplaced() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    for (var format : new String[] {"onnx", "tflite"}) {
      var out = folder.resolve(format);
      var standing = SmallModel.relu(format, out.resolve("m." + format));
      byte[] before = Files.readAllBytes(standing);
      var said = Spoken.of("convert", model, "--to", format, "-o", out, "--no-verify");
      assertThat(said.code()).isEqualTo(5);
      assertThat(said.err()).contains("[OUTPUT_EXISTS]").contains("--force");
      assertThat(standing).hasBinaryContent(before);
      assertThat(
              Spoken.of("convert", model, "--to", format, "-o", out, "--no-verify", "--force")
                  .code())
          .isZero();
    }
  }

  @Test
  void ownResultsAreReplacedAndTwoRunsGiveTheSameBytes() throws IOException {
    for (var format : new String[] {"onnx", "tflite"}) {
      var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
      var out = folder.resolve(format);
      assertThat(Spoken.of("convert", model, "--to", format, "-o", out, "--no-verify").code())
          .isZero();
      var result = out.resolve("m." + format);
      byte[] first = Files.readAllBytes(result);
      var said = Spoken.of("convert", model, "--to", format, "-o", out, "--no-verify");
      assertThat(said.code()).as(said.err()).isZero();
      assertThat(result).hasBinaryContent(first);
      try (var files = Files.list(out)) {
        assertThat(files).hasSize(1);
      }
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsAnInputOutputError() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var file = Files.createFile(folder.resolve("file"));
    var said = Spoken.of("convert", model, "--to", "tflite", "-o", file, "--no-verify");
    assertThat(said.code()).isEqualTo(5);
    assertThat(said.err()).contains("is a file, not a folder [NOT_A_FOLDER]");
    assertThat(file).isEmptyFile();
  }

  @Test
  void precisionsThatCannotBeMadeAreRefusedAndTheOthersWritten() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var out = folder.resolve("out");
    var said =
        Spoken.of(
            "convert", model, "--to", "tflite", "--precision", "int8,float16", "-o", out, "--json");
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.out()).contains("\"status\":\"partial\"").contains("CALIBRATION_MISSING");
    assertThat(out).isDirectoryContaining("glob:**/m.float16.tflite");
  }

  /// SavedModels sort inputs and outputs by their keys.
  @Test
  void whatAFormatSortsIsComparedByName() {
    for (var name : new String[] {"shapes", "recurrent", "quantized"}) {
      var model =
          Path.of(System.getProperty("watari.root", ".."))
              .resolve("cli/src/test/resources/models/" + name + ".onnx");
      var said = Spoken.of("convert", model, "--to", "saved_model", "-o", folder.resolve("out"));
      assertThat(said.code()).as(said.err()).isZero();
      assertThat(said.out()).contains(name + "_saved_model: written, consistent");
    }
  }
}
