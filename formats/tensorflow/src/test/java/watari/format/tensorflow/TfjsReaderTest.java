package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.ReadOptions;
import watari.graph.Value;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class TfjsReaderTest {
  /// `relu(x · w + b)`; fused operators and the data format are texts in base64.
  private static String model(String path, String quantization) {
    return """
    {"format": "graph-model", "generatedBy": "2.21.0", "convertedBy": null, "unheardOf": [1],
     "signature": {"inputs": {"in": {"name": "x:0", "dtype": "DT_FLOAT",
         "tensorShape": {"dim": [{"size": "1"}, {"size": "2"}]}}},
       "outputs": {"out": {"name": "y:0", "dtype": "DT_FLOAT"}}},
     "modelTopology": {"node": [
       {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}},
       {"name": "w", "op": "Const", "attr": {"dtype": {"type": "DT_FLOAT"},
         "value": {"tensor": {"dtype": "DT_FLOAT",
           "tensorShape": {"dim": [{"size": "2"}, {"size": 2}]}}}}},
       {"name": "b", "op": "Const", "attr": {"dtype": {"type": "DT_FLOAT"},
         "value": {"tensor": {"dtype": 1, "tensorShape": {"dim": [{"size": "2"}]}}}}},
       {"name": "y", "op": "_FusedMatMul", "input": ["x", "w", "b"], "attr": {
         "transpose_b": {"b": true}, "epsilon": {"f": 0.0},
         "fused_ops": {"list": {"s": ["Qmlhc0FkZA==", "UmVsdQ=="]}}}}],
       "library": {}, "versions": {"producer": 2474}},
     "weightsManifest": [{"paths": ["%s"], "weights": [
       {"name": "w", "shape": [2, 2], "dtype": "float32"%s},
       {"name": "b", "shape": [2], "dtype": "float32"}]}]}\
    """
        .formatted(path, quantization);
  }

  @TempDir Path folder;

  private TensorflowTestModel.Read read(String path, String quantization) throws IOException {
    return read(model(path, quantization));
  }

  private TensorflowTestModel.Read read(String text) throws IOException {
    var file = folder.resolve("model.json");
    Files.writeString(file, text);
    var findings = new Findings();
    var model = new TfjsReader().read(file, Arena.ofAuto(), ReadOptions.DEFAULT, findings);
    return new TensorflowTestModel.Read(model, findings.all());
  }

  private void shard(ByteBuffer bytes) throws IOException {
    var all = new byte[bytes.position()];
    bytes.get(0, all);
    Files.write(folder.resolve("a.bin"), all);
  }

  private static ByteBuffer bytes() {
    return ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] run(TensorflowTestModel.Read read, float... x) {
    return read.run(TensorData.ofFloats(Shape.of(1, x.length), x)).get(0).floats();
  }

  @Test
  void graphModelsAreToldFromLayersModels() {
    var reader = new TfjsReader();
    var layers = "{\"format\": \"layers-model\", \"modelTopology\": {\"class_name\": \"S\"}}";
    assertThat(reader.sniff(folder, layers.getBytes(UTF_8))).isFalse();
    assertThat(reader.sniff(folder, "no JSON".getBytes(UTF_8))).isFalse();
  }

  @Test
  void signaturesNameInputsAndOutputs() throws IOException {
    shard(bytes().putFloat(1).putFloat(2).putFloat(3).putFloat(4).putFloat(-5).putFloat(1));
    var read = read("a.bin", "");
    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().inputs()).extracting(Value::name).containsExactly("in");
    assertThat(read.graph().outputNames()).containsExactly("out");
    // The second operand is transposed, then come the bias and the function.
    assertThat(run(read, 1, 1)).containsExactly(0, 8);
    var head = Files.readAllBytes(folder.resolve("model.json"));
    assertThat(new TfjsReader().sniff(folder.resolve("model.json"), head)).isTrue();
    assertThat(new TfjsReader().sniff(folder, new byte[0])).isTrue();
  }

  @Test
  void weightsInFewerBitsAreDecoded() throws IOException {
    shard(
        bytes()
            .put((byte) 0)
            .put((byte) 255)
            .put((byte) 10)
            .put((byte) 20)
            .putFloat(0)
            .putFloat(1));
    var read =
        read("a.bin", ", \"quantization\": {\"dtype\": \"uint8\", \"scale\": 0.5, \"min\": -2}");
    assertThat(run(read, 2, 1)).containsExactly(new float[] {121.5f, 15}, within(1e-6f));
    var half = bytes();
    for (float weight : new float[] {1, 2, 0.5f, 4}) half.putShort(Float.floatToFloat16(weight));
    shard(half.putFloat(0).putFloat(1));
    read =
        read(
            "a.bin",
            ", \"quantization\": {\"dtype\": \"float16\", \"original_dtype\": \"float32\"}");
    assertThat(run(read, 2, 1)).containsExactly(4, 6);
  }

  @Test
  void shardsOutsideMissingOrTooShortAreSaid() throws IOException {
    shard(bytes().putFloat(1));
    assertThatThrownBy(() -> read("a.bin", ""))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("the shards end before the 16 bytes of weight 'w'");
    assertThatThrownBy(() -> read("b.bin", "")).hasMessageContaining("'b.bin', which is not there");
    assertThatThrownBy(() -> read("../a.bin", ""))
        .hasMessageContaining("'../a.bin', which is outside of the model's folder");
  }

  @Test
  void weightsWithoutAModelAreSaidToBe() {
    assertThatThrownBy(() -> read("[{\"weights\": [{\"name\": \"a\", \"dtype\": \"float32\"}]}]"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("lists weights of TensorFlow.js, but has no model that uses them");
  }

  @Test
  void textThatIsNoModelIsSaidToBe() {
    assertThatThrownBy(() -> read("{\"modelTopology\": {\"node\": {}}}"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("'node' has");
    assertThatThrownBy(() -> read("{\"modelTopology\": {\"node\": ["))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("[FILE_BROKEN]");
  }
}
