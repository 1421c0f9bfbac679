package watari.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Watari;
import watari.graph.Metadata;
import watari.graph.Metadata.Attachment;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What a model says of itself crosses with it, and what cannot is said.
class MetadataTest {
  private static final Metadata SAID =
      new Metadata("", "About it", "Apache-2.0", Map.of("author", "us", "stage", "2"), List.of());

  @TempDir private Path folder;

  @Test
  void textsAndTheLicenseCrossAndComeBack() throws IOException {
    var model =
        SmallModel.write("onnx", folder.resolve("m.onnx"), new Unary(Unary.Kind.RELU), SAID);
    var there = convert(model, "tflite", folder.resolve("there"));
    var back = convert(there, "onnx", folder.resolve("back"));
    for (var path : List.of(there, back)) {
      try (var read = Watari.read(path)) {
        var metadata = read.model().metadata();
        assertThat(metadata.license()).isEqualTo("Apache-2.0");
        assertThat(metadata.description()).isEqualTo("About it");
        assertThat(metadata.properties()).containsEntry("author", "us").containsEntry("stage", "2");
      }
    }
    assertThat(
            Spoken.of("convert", there, "--to", "onnx", "-o", folder.resolve("x"), "--json").out())
        .contains("\"license\":\"Apache-2.0\"");
  }

  @Test
  void textsOfTheGraphAreKept() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    try (var read = Watari.read(convert(model, "onnx", folder.resolve("out")))) {
      assertThat(read.model().main().properties()).containsEntry("of the graph", "too");
      assertThat(read.model().main().descriptionOf("y")).isEqualTo("what comes out");
    }
  }

  private Path withFile(byte[] contents) throws IOException {
    var bytes = MemorySegment.ofArray(contents);
    var data = TensorData.of(DataType.UINT8, Shape.of(bytes.byteSize()), bytes);
    var metadata =
        new Metadata("", "", "", Map.of(), List.of(new Attachment("tflite.file", "labels", data)));
    return SmallModel.write(
        "tflite", folder.resolve("m.tflite"), new Unary(Unary.Kind.RELU), metadata);
  }

  private static void assertHolds(Path file, byte[] contents) throws IOException {
    try (var read = Watari.read(file)) {
      var attached = new ArrayList<>(read.model().metadata().attachments());
      attached.removeIf(Attachment::isInternal);
      assertThat(attached).hasSize(1);
      var expected = MemorySegment.ofArray(contents);
      var data = TensorData.of(DataType.UINT8, Shape.of(contents.length), expected);
      assertThat(attached.get(0).bytes().contentEquals(data)).isTrue();
    }
  }

  @Test
  void attachedTextsArePropertiesOfOnnxFilesAndFilesAgain() throws IOException {
    var labels = "cat\ndog\u00e9\n".getBytes(UTF_8);
    var there = convert(withFile(labels), "onnx", folder.resolve("there"));
    assertHolds(there, labels);
    assertHolds(convert(there, "tflite", folder.resolve("back")), labels);
  }

  @Test
  void whatIsOnlyOfTheFileStaysBehindUnsaid() throws IOException {
    var onnx = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var said =
        Spoken.of("convert", onnx, "--to", "openvino,onnx,tflite", "-o", folder.resolve("o"));
    assertThat(said.err() + said.out()).doesNotContain("ATTACHMENT_DROPPED");
  }

  @Test
  void filesThatStayBehindAreSaid() throws IOException {
    var contents = new byte[] {0, 1, (byte) 0xff};
    var model = withFile(contents);
    assertHolds(convert(model, "tflite", folder.resolve("out")), contents);
    var out = folder.resolve("out");
    var said = Spoken.of("convert", model, "--to", "onnx", "-o", out);
    assertThat(said.code()).isZero();
    assertThat(said.err()).contains("'labels' [ATTACHMENT_DROPPED]");
    var strict = Spoken.of("convert", model, "--to", "onnx", "-o", folder.resolve("s"), "--strict");
    assertThat(strict.code()).isEqualTo(4);
    assertThat(folder.resolve("s")).doesNotExist();
  }

  @Test
  void aFolderOfModelsIsNoModelButNamesOne() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var said = Spoken.of("convert", folder, "--to", "tflite", "-o", folder.resolve("out"));
    assertThat(said.code()).isEqualTo(3);
    assertThat(said.err()).contains("it holds files of models").contains("such as '" + model + "'");
  }

  private static Path convert(Path model, String format, Path out) {
    var said = Spoken.of("convert", model, "--to", format, "-o", out, "--no-verify");
    assertThat(said.code()).as(said.err()).isZero();
    return out.resolve("m." + format);
  }
}
