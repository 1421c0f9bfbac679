package watari.format.keras;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.ModelException;
import watari.graph.Value;
import watari.tensor.Shape;

class KerasReaderTest {
  private static final float[][] KERNEL = {{1, 2}, {3, 4}, {5, 6}};

  @TempDir Path folder;

  private KerasTestModel model() {
    return new KerasTestModel(folder);
  }

  private KerasTestModel dense() {
    return model()
        .input("x", "3")
        .layer("Dense", "d", "\"units\": 2, \"use_bias\": true, \"activation\": \"relu\"")
        .array("layers/dense/vars/0", KERNEL)
        .array("layers/dense/vars/1", new float[] {10, -100});
  }

  // ---- archives

  @Test
  void anArchiveIsRead() {
    var read = dense().read();

    assertThat(read.sentences()).isEmpty();
    assertThat(read.graph().inputs()).extracting(Value::name).containsExactly("x");
    assertThat(read.graph().outputNames()).containsExactly("d");
    // 1·1 + 2·3 + 3·5 + 10, and 1·2 + 2·4 + 3·6 - 100 below 0.
    assertThat(read.run(Shape.of(1, 3), 1, 2, 3)).containsExactly(32, 0);
  }

  @Test
  void weightsStayInTheMappedArchive() {
    var kernel = dense().read().graph().nodes().get(0).input(2).constant().orElseThrow();

    assertThat(kernel.contiguous())
        .hasValueSatisfying(bytes -> {
          assertThat(bytes.isNative()).isTrue();
          assertThat(bytes.isMapped()).isTrue();
        });
  }

  @Test
  void aDeflatedArchiveIsRead() {
    assertThat(dense().deflated().read().run(Shape.of(1, 3), 1, 2, 3)).containsExactly(32, 0);
  }

  @Test
  void anArchiveThatClaimsMoreThanItHoldsIsRefused() throws IOException {
    var file = dense().deflated().write();
    var bytes = Files.readAllBytes(file);
    var segment = MemorySegment.ofArray(bytes);
    int central =
        new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).lastIndexOf("PK\1\2");
    var layout = java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
    segment.set(layout.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN), central + 24L, 0x7FFF_FFFF);
    Files.write(file, bytes);

    assertThatThrownBy(() -> KerasTestModel.read(new KerasV3Reader(), file))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("'model.weights.h5' in the archive claims 2147483647 bytes")
        .hasMessageContaining("[FILE_TOO_LARGE]");
  }

  @Test
  void cutArchivesAreBroken() throws IOException {
    var file = dense().write();
    var bytes = Files.readAllBytes(file);
    for (int size = 0; size < bytes.length; size += 97) {
      Files.write(file, java.util.Arrays.copyOf(bytes, size));
      assertThatThrownBy(() -> KerasTestModel.read(new KerasV3Reader(), file))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("[FILE_BROKEN]");
    }
  }

  @Test
  void weightsThatAreNoHdf5AreBroken() throws IOException {
    var file = dense().write();
    var bytes = Files.readAllBytes(file);
    int begin =
        new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("\u0089HDF");
    bytes[begin] = 'P';
    Files.write(file, bytes);

    assertThatThrownBy(() -> KerasTestModel.read(new KerasV3Reader(), file))
        .hasMessageContaining("it is no HDF5 file");
  }

  @Test
  void onlyArchivesWithAConfigurationAreSniffed() throws IOException {
    var file = dense().write();
    var head = java.util.Arrays.copyOf(Files.readAllBytes(file), 64);
    var other = folder.resolve("other.zip");
    try (var zip = new java.util.zip.ZipOutputStream(Files.newOutputStream(other))) {
      zip.putNextEntry(new java.util.zip.ZipEntry("data.pkl"));
      zip.closeEntry();
    }

    assertThat(new KerasV3Reader().sniff(file, head)).isTrue();
    assertThat(new KerasV3Reader().sniff(other, Files.readAllBytes(other))).isFalse();
    assertThat(new KerasH5Reader().sniff(file, head)).isFalse();
    assertThat(new KerasH5Reader().sniff(file, "\u0089HDF\r\n\u001A\n".getBytes(UTF_8))).isFalse();
  }

  // ---- what cannot be read

  @Test
  void allLayersThatCannotBeReadAreTold() {
    var read =
        dense()
            .layer("Lambda", "f", "\"function\": {\"class_name\": \"__lambda__\"}")
            .layer("Wobble", "w", "")
            .read();

    assertThat(read.sentences()).hasSize(2);
    assertThat(read.sentences().get(0))
        .contains("node 'f' (Lambda): it is Python code, which Watari does not run")
        .contains("[OP_UNSUPPORTED]")
        .contains("fix: replace the layer by built-in ones");
    assertThat(read.sentences().get(1))
        .contains("node 'w' (Wobble): Keras has no layer 'Wobble' that Watari reads");
  }

  @Test
  void missingWeightsAreTold() {
    var read = model().input("x", "3").layer("Dense", "d", "\"units\": 2").read();

    assertThat(read.sentences()).hasSize(1);
    assertThat(read.sentences().get(0))
        .contains("node 'd' (Dense): the file has no array for its 'kernel' [WEIGHTS_MISSING]");
  }

  // ---- graphs of layers

  @Test
  void aSharedLayerIsCalledTwice() {
    var dense = "\"units\": 2, \"use_bias\": false";
    var calls =
        "{\"args\": [%s], \"kwargs\": {}}, {\"args\": [%s], \"kwargs\": {}}"
            .formatted(KerasTestModel.tensor("a"), KerasTestModel.tensor("b"));
    var config =
        """
        {"class_name": "Functional", "config": {"name": "m", "layers": [
          {"module": "keras.layers", "class_name": "InputLayer", "name": "a", "inbound_nodes": [],
           "config": {"name": "a", "batch_shape": [null, 3]}},
          {"module": "keras.layers", "class_name": "InputLayer", "name": "b", "inbound_nodes": [],
           "config": {"name": "b", "batch_shape": [null, 3]}},
          {"module": "keras.layers", "class_name": "Dense", "name": "d",
           "config": {"name": "d", %s}, "inbound_nodes": [%s]}],
          "input_layers": [["a", 0, 0], ["b", 0, 0]],
          "output_layers": [["d", 1, 0], ["d", 0, 0]]}}\
        """
            .formatted(dense, calls);
    var file = model().array("layers/dense/vars/0", KERNEL).write(config);

    var read = KerasTestModel.read(new KerasV3Reader(), file);
    assertThat(read.sentences()).isEmpty();
    assertThat(read.graph().outputNames()).containsExactly("d", "d_1");
    assertThat(read.graph().inputs().get(0).type()).hasToString("float32[batch,3]");
    var outputs =
        read.run(
            watari.tensor.TensorData.ofFloats(Shape.of(1, 3), 1, 0, 0),
            watari.tensor.TensorData.ofFloats(Shape.of(1, 3), 0, 1, 0));
    assertThat(outputs.get(0).doubles()).containsExactly(3, 4);
    assertThat(outputs.get(1).doubles()).containsExactly(1, 2);
  }

  // ---- HDF5 of Keras 2

  private static final String CHAIN =
      """
      {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "Dense", "config": {"name": "first", "units": 2, "use_bias": false,
         "batch_input_shape": [null, 3]}},
        {"class_name": "Sequential", "config": {"name": "inner", "layers": [
          {"class_name": "Dense", "config": {"name": "frozen", "units": 1, "use_bias": false,
           "trainable": false}},
          {"class_name": "Dense", "config": {"name": "last", "units": 1, "use_bias": false}}]}}]}}\
      """;

  /// Weights that training leaves alone come last in the group of a nested model.
  @Test
  void weightsOfANestedChainComeInTheOrderOfTraining() {
    var weights = new LinkedHashMap<String, Map<String, Object>>();
    weights.put("first", Map.of("first/kernel:0", KERNEL));
    var inner = new LinkedHashMap<String, Object>();
    inner.put("last/kernel:0", new float[][] {{100}});
    inner.put("frozen/kernel:0", new float[][] {{1}, {1}});
    weights.put("inner", inner);

    var read = KerasTestModel.read(new KerasH5Reader(), model().writeH5(CHAIN, weights));
    assertThat(read.sentences()).isEmpty();
    assertThat(read.run(Shape.of(1, 3), 1, 0, 0)).containsExactly(300);
  }

  /// Functions of TensorFlow are layers that name them; numbers stand in the place of tensors.
  @Test
  void functionsOfTensorFlowAreRead() {
    var config =
        """
        {"class_name": "Functional", "config": {"name": "m", "layers": [
          {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
           "config": {"name": "x", "batch_input_shape": [null, 2]}},
          {"class_name": "TFOpLambda", "name": "tf.math.subtract",
           "config": {"name": "tf.math.subtract", "function": "math.subtract"},
           "inbound_nodes": [["_CONSTANT_VALUE", -1, 10.0, {"y": ["x", 0, 0], "name": null}]]},
          {"class_name": "TFOpLambda", "name": "tf.math.reduce_sum",
           "config": {"name": "tf.math.reduce_sum", "function": "math.reduce_sum"},
           "inbound_nodes": [["tf.math.subtract", 0, 0, {"axis": -1, "keepdims": true}]]}],
          "input_layers": [["x", 0, 0]], "output_layers": [["tf.math.reduce_sum", 0, 0]]}}\
        """;

    var read =
        KerasTestModel.read(
            new KerasH5Reader(),
            model().writeH5(config, Map.of("x", Map.of("unused", new float[] {0}))));
    assertThat(read.sentences()).isEmpty();
    assertThat(read.run(Shape.of(1, 2), 1, 2)).containsExactly(17);
  }

  @Test
  void aGroupOfTooFewArraysIsTold() {
    var weights = new LinkedHashMap<String, Map<String, Object>>();
    weights.put("first", Map.of("first/kernel:0", KERNEL));
    weights.put("inner", Map.of("last/kernel:0", new float[][] {{100}}));

    var read = KerasTestModel.read(new KerasH5Reader(), model().writeH5(CHAIN, weights));
    assertThat(read.sentences().get(0))
        .contains("node 'inner' (Sequential): the file has 1 arrays for it (last/kernel:0)")
        .contains("and it takes 2 (kernel, kernel) [WEIGHTS_MISSING]");
  }

  @Test
  void aFileOfWeightsAloneIsTold() {
    var file = folder.resolve("w.h5");
    try (var hdf = io.jhdf.HdfFile.write(file)) {
      hdf.putGroup("model_weights");
    }
    assertThatThrownBy(() -> KerasTestModel.read(new KerasH5Reader(), file))
        .hasMessageContaining("the file has weights, but no 'model_config' [CONFIG_MISSING]");
  }
}
