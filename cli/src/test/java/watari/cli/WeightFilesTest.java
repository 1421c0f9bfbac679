package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightFilesTest {
  @TempDir private Path folder;

  private Path extracted(Path model) {
    var weights = folder.resolve("w");
    assertThat(Spoken.of("weights", "extract", model, "-o", weights).code()).isZero();
    return weights;
  }

  private static Path biasIn(Path weights) throws IOException {
    try (var files = Files.list(weights)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("bias"))
          .findFirst()
          .orElseThrow();
    }
  }

  /// Another first element, in place.
  private static void change(Path npy, float first) throws IOException {
    var bytes = Files.readAllBytes(npy);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 12, first);
    Files.write(npy, bytes);
  }

  @ParameterizedTest
  @CsvSource({"tflite,m.tflite", "onnx,m.onnx", "openvino,m.xml"})
  void whatIsNotChangedStays(String format, String name) throws IOException {
    var model = SmallModel.relu(format, folder.resolve(name));
    var weights = extracted(model);
    var again = folder.resolve("again" + name);
    assertThat(Spoken.of("weights", "inject", model, weights, "-o", again).code()).isZero();
    assertThat(again).hasSameBinaryContentAs(model);
  }

  @ParameterizedTest
  @CsvSource({"tflite,m.tflite", "onnx,m.onnx", "openvino,m.xml"})
  void aChangedConstantIsInTheModel(String format, String name) throws IOException {
    var model = SmallModel.relu(format, folder.resolve(name));
    var weights = extracted(model);
    change(biasIn(weights), 100);
    var changed = folder.resolve("changed" + name);
    var said = Spoken.of("weights", "inject", model, weights, "-o", changed);
    assertThat(said.err()).isEmpty();
    assertThat(said.code()).isZero();
    var expected = folder.resolve("other");
    Spoken.of("weights", "extract", changed, "-o", expected);
    var bytes = Files.readAllBytes(biasIn(expected));
    var floats = ByteBuffer.wrap(bytes, bytes.length - 12, 12).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(floats.asFloatBuffer().get(0)).isEqualTo(100);
    assertThat(floats.asFloatBuffer().get(1)).isEqualTo(2);
    assertThat(Spoken.of("verify", model, changed).code()).isEqualTo(1);
  }

  @Test
  void theIndexSaysWhatIsWhat() throws IOException {
    var model = SmallModel.relu("tflite", folder.resolve("m.tflite"));
    assertThat(Files.readString(extracted(model).resolve("index.json")))
        .contains("\"version\": 1", "\"format\": \"tflite\"", "\"name\": \"bias\"")
        .contains("\"dtype\": \"float32\"", "\"shape\": [3]", "\"file\": \"bias.npy\"");
  }

  @Test
  void anotherShapeIsAFinding() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var weights = extracted(model);
    var bias = biasIn(weights);
    var bytes = Files.readAllBytes(bias);
    var text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    var two = text.replace("(3,)", "(2,)").getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
    Files.write(bias, Arrays.copyOf(two, two.length - 4));
    var result = folder.resolve("n.onnx");
    var said = Spoken.of("weights", "inject", model, weights, "-o", result);
    assertThat(said.err())
        .contains("it is float32[2], but 'bias' is float32[3] [WEIGHT_MISMATCH]")
        .contains("save it with the type and shape");
    assertThat(said.code()).isEqualTo(4);
    assertThat(result).doesNotExist();
  }

  @Test
  void namesThatTheModelLacksAndFilesThatLackAreFindings() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var weights = extracted(model);
    var index = weights.resolve("index.json");
    Files.writeString(
        index,
        """
        {"version": 1, "weights": [
          {"id": "biass", "file": "bias.npy"},
          {"id": "bias", "file": "../gone.npy"}]}
        """);
    var said = Spoken.of("weights", "inject", model, weights, "-o", folder.resolve("n.onnx"));
    assertThat(said.err())
        .contains("the model has no constant 'biass' (line 2 of the index) [NAME_UNKNOWN]")
        .contains("there is no '" + weights.resolve("gone.npy") + "' [FILE_NOT_FOUND]");
    Files.writeString(index, "{\"version\": 2}");
    var newer = Spoken.of("weights", "inject", model, weights, "-o", folder.resolve("n.onnx"));
    assertThat(newer.err())
        .contains("index.json: line 1, column 13, version: version '2' is not 1");
    assertThat(newer.code()).isEqualTo(3);
  }

  @Test
  void aFolderThatIsThereIsReplacedByForceAlone() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var weights = extracted(model);
    var said = Spoken.of("weights", "extract", model, "-o", weights);
    assertThat(said.err()).contains("[OUTPUT_EXISTS]");
    assertThat(said.code()).isEqualTo(5);
    assertThat(Spoken.of("weights", "extract", model, "-o", weights, "--force").code()).isZero();
    assertThat(Spoken.of("weights").code()).isEqualTo(2);
  }
}
