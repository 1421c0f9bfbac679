package watari.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class OnnxRuntimeTest {
  private static final int FLOAT = 1;

  @TempDir private Path folder;

  private final OnnxRuntime runtime = new OnnxRuntime();

  @Test
  void modelIsRun() throws IOException, EngineException {
    var file = Files.write(folder.resolve("m.onnx"), model());
    try (var session = runtime.load(file, List.of())) {
      var outputs = session.run(List.of(feed(-1, 2, -3)));
      assertThat(outputs).hasSize(1);
      assertThat(outputs.get(0).type()).hasToString("float32[3]");
      assertThat(outputs.get(0).doubles()).containsExactly(1, 0, 3);
    }
  }

  @Test
  void innerTensorsAreTapped() throws IOException, EngineException {
    var file = Files.write(folder.resolve("m.onnx"), model());
    try (var session = runtime.load(file, List.of("nowhere", "negative", "y"))) {
      assertThat(session.taps()).containsExactly("negative");
      var outputs = session.run(List.of(feed(-1, 2, -3)));
      assertThat(outputs).hasSize(2);
      assertThat(outputs.get(1).doubles()).containsExactly(1, -2, 3);
    }
  }

  @Test
  void theRuntimesReasonIsGiven() throws IOException {
    var file = Files.writeString(folder.resolve("m.onnx"), "no model");
    assertThatThrownBy(() -> runtime.load(file, List.of()))
        .isInstanceOf(EngineException.class)
        .hasMessageStartingWith("ONNX Runtime does not load it: ");
  }

  @Test
  void wrongInputsAreSaid() throws IOException, EngineException {
    var file = Files.write(folder.resolve("m.onnx"), model());
    try (var session = runtime.load(file, List.of())) {
      var wrong = new Feed("x", TensorData.ofLongs(DataType.INT32, Shape.of(3), 1, 2, 3));
      assertThatThrownBy(() -> session.run(List.of(wrong))).isInstanceOf(EngineException.class);
    }
  }

  private static Feed feed(float... values) {
    return new Feed("x", TensorData.ofFloats(Shape.of(values.length), values));
  }

  /// `y = relu(-x)` of a vector of unknown length.
  private static byte[] model() {
    var graph =
        join(
            field(1, node("Neg", "x", "negative")),
            field(1, node("Relu", "negative", "y")),
            field(2, text("graph")),
            field(11, value("x")),
            field(12, value("y")));
    return join(number(1, 8), field(7, graph), field(8, join(field(1, text("")), number(2, 17))));
  }

  private static byte[] node(String operator, String input, String output) {
    return join(field(1, text(input)), field(2, text(output)), field(4, text(operator)));
  }

  private static byte[] value(String name) {
    var shape = field(1, field(2, text("N")));
    var tensor = join(number(1, FLOAT), field(2, shape));
    return join(field(1, text(name)), field(2, field(1, tensor)));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] number(int field, int value) {
    return new byte[] {(byte) (field << 3), (byte) value};
  }

  private static byte[] field(int field, byte[] content) {
    return join(new byte[] {(byte) (field << 3 | 2), (byte) content.length}, content);
  }

  private static byte[] join(byte[]... parts) {
    var out = new ByteArrayOutputStream();
    for (var part : parts) out.writeBytes(part);
    return out.toByteArray();
  }
}
