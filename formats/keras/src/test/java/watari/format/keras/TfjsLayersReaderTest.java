package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.tensor.Shape;

class TfjsLayersReaderTest {
  private static final String DENSE =
      """
      {"format": "layers-model", "modelTopology": {"keras_version": "tfjs-layers 4.22.0",
        "class_name": "Sequential", "config": {"name": "s", "layers": [
          {"class_name": "Dense", "config": {"name": "d", "units": 1, "use_bias": true,
           "activation": "linear", "batch_input_shape": [null, 3]}}]}},
       "weightsManifest": [{"paths": [%s], "weights": [
          {"name": "d/kernel", "shape": [3, 1], "dtype": "float32"%s},
          {"name": "d/bias", "shape": [1], "dtype": "float32"}]}]}\
      """;

  @TempDir Path folder;

  private KerasTestModel.Read read(String paths, String quantization) throws IOException {
    var file = folder.resolve("model.json");
    Files.writeString(file, DENSE.formatted(paths, quantization));
    return KerasTestModel.read(new TfjsLayersReader(), file);
  }

  private void shard(String name, ByteBuffer bytes, int from, int to) throws IOException {
    var part = new byte[to - from];
    bytes.get(from, part);
    Files.write(folder.resolve(name), part);
  }

  private static ByteBuffer floats(float... numbers) {
    var bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float number : numbers) bytes.putFloat(number);
    return bytes;
  }

  @Test
  void shardsAreOneAfterTheOther() throws IOException {
    var bytes = floats(1, 2, 3, 10);
    shard("a.bin", bytes, 0, 6);
    shard("b.bin", bytes, 6, 16);

    var read = read("\"a.bin\", \"b.bin\"", "");
    assertThat(read.sentences()).isEmpty();
    assertThat(read.run(Shape.of(1, 3), 1, 10, 100)).containsExactly(331);
  }

  @Test
  void weightsOfEightBitsAreDecoded() throws IOException {
    var bytes = ByteBuffer.allocate(7).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0).put((byte) 1).put((byte) 255).putFloat(10);
    shard("a.bin", bytes, 0, 7);

    var read =
        read("\"a.bin\"", ", \"quantization\": {\"dtype\": \"uint8\", \"scale\": 2, \"min\": -4}");
    assertThat(read.sentences()).isEmpty();
    // -4, -2, 506.
    assertThat(read.run(Shape.of(1, 3), 1, 1, 1)).containsExactly(510);
  }

  @Test
  void shardsOutsideOfTheFolderAreRefused() {
    assertThatThrownBy(() -> read("\"../a.bin\"", ""))
        .hasMessageContaining(
            "its weights are in '../a.bin', which is outside of the model's folder")
        .hasMessageContaining("[EXTERNAL_DATA]");
    assertThatThrownBy(() -> read("\"a.bin\"", ""))
        .hasMessageContaining("its weights are in 'a.bin', which is not there");
  }

  @Test
  void shortShardsAreTold() throws IOException {
    shard("a.bin", floats(1, 2, 3, 4), 0, 14);

    assertThatThrownBy(() -> read("\"a.bin\"", ""))
        .hasMessageContaining("the shards end before the 4 bytes of weight 'd/bias'");
  }

  @Test
  void onlyModelsOfLayersAreSniffed() throws IOException {
    var reader = new TfjsLayersReader();
    assertThat(reader.sniff(folder, DENSE.getBytes(UTF_8))).isTrue();
    assertThat(reader.sniff(folder, "{\"format\": \"graph-model\"}".getBytes(UTF_8))).isFalse();
    assertThat(reader.sniff(folder, new byte[0])).isFalse();
    Files.writeString(folder.resolve("model.json"), DENSE);
    assertThat(reader.sniff(folder, new byte[0])).isTrue();
  }
}
