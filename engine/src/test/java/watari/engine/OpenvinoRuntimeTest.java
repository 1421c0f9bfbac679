package watari.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Runs IR where OpenVINO is installed; elsewhere these tests are skipped.
class OpenvinoRuntimeTest {
  @TempDir private Path folder;

  private final OpenvinoRuntime runtime = new OpenvinoRuntime(new OpenvinoPlaces());

  @BeforeEach
  void openvinoIsThere() {
    try {
      new OpenvinoPlaces().library();
    } catch (EngineException e) {
      Assumptions.abort(e.toString());
    }
  }

  @Test
  void versionAndPlaceAreSaid() throws EngineException {
    assertThat(runtime.name()).matches("OpenVINO 20\\d\\d\\.\\d+\\.\\d+");
    assertThat(runtime.place()).contains("openvino_c");
  }

  @Test
  void modelIsRunWithItsWeights() throws IOException, EngineException {
    assertThat(run(scaled(11).write(folder), feed("x", 1, -2, 3)).get(0).doubles())
        .containsExactly(11, -20, 303);
  }

  @Test
  void weightsMayBeElsewhere() throws IOException, EngineException {
    var model = scaled(11).write(folder);
    var moved = Files.move(folder.resolve("net.bin"), folder.resolve("elsewhere"));
    try (var session = runtime.load(model, moved, List.of("scaled"))) {
      assertThat(session.run(List.of(feed("x", 1, 1, 1))).get(0).doubles())
          .containsExactly(11, 40, 103);
    }
    assertThatThrownBy(() -> runtime.load(model, List.of()))
        .isInstanceOf(EngineException.class)
        .hasMessageStartingWith("OpenVINO does not load it: ");
  }

  /// `y = x * [10, 20, 100] + [1, 2, 1]`, where `x` is a vector.
  private static Ir scaled(int version) {
    var ir = new Ir(version);
    int x = ir.parameter("in", "f32", "x,other", "3");
    int product = ir.node("mul", "Multiply", "scaled", "3", x, ir.constant("3", 10, 20, 100));
    ir.result(ir.node("add", "Add", "y", "3", product, ir.constant("3", 1, 20, 3)));
    return ir;
  }

  @Test
  void innerTensorsAreTapped() throws IOException, EngineException {
    for (var name : List.of("scaled", "mul", "mul:0", "mul.0")) {
      var model = scaled(11).write(folder);
      try (var session = runtime.load(model, List.of("nowhere", "y", "in", name, "mul"))) {
        assertThat(session.taps()).containsExactly(name);
        var outputs = session.run(List.of(feed("x", 1, -2, 3)));
        assertThat(outputs).hasSize(2);
        assertThat(outputs.get(1).doubles()).containsExactly(10, -40, 300);
      }
    }
  }

  @Test
  void inputsGoByAnyNameAndElseByPlace() throws IOException, EngineException {
    var ir = new Ir(11);
    int a = ir.parameter("a", "f32", "left,first", "1");
    int b = ir.parameter("b", "f32", "right", "1");
    ir.result(ir.node("sub", "Subtract", "", "1", a, b));
    ir.result(ir.node("rest", "Relu", "", "1", b));
    var model = ir.write(folder);
    for (var names : List.of("left right", "first right", "p q", "left q")) {
      var name = names.split(" ", -1);
      var outputs = run(model, feed(name[0], 5), feed(name[1], 2));
      assertThat(outputs.get(0).doubles()).containsExactly(3);
      assertThat(outputs.get(1).doubles()).containsExactly(2);
    }
    assertThat(run(model, feed("right", 2), feed("left", 5)).get(0).doubles()).containsExactly(3);
    assertThatThrownBy(() -> run(model, feed("left", 5)))
        .hasMessage("the model has 2 inputs, but 1 tensors are given");
  }

  @Test
  void unknownDimsAreFilled() throws IOException, EngineException {
    var ir = new Ir(11);
    int x = ir.parameter("x", "f32", "x", "-1,2");
    ir.result(ir.node("y", "Relu", "y", "-1,2", x));
    var model = ir.write(folder);
    try (var session = runtime.load(model, List.of())) {
      for (int rows : new int[] {1, 3, 2}) {
        var data = TensorData.filled(TensorData.scalar(7f), Shape.of(rows, 2));
        var outputs = session.run(List.of(new Feed("x", data)));
        assertThat(outputs.get(0).type()).hasToString("float32[" + rows + ",2]");
        assertThat(outputs.get(0).isAll(7)).isTrue();
      }
    }
  }

  @Test
  void scalarsAndEmptyTensorsPass() throws IOException, EngineException {
    var ir = new Ir(11);
    ir.result(ir.node("y", "Abs", "y", "", ir.parameter("x", "f32", "x", "")));
    var scalar = run(ir.write(folder), new Feed("x", TensorData.scalar(-3f))).get(0);
    assertThat(scalar.type()).hasToString("float32[]");
    assertThat(scalar.doubles()).containsExactly(3);

    var rows = new Ir(11);
    rows.result(rows.node("y", "Abs", "y", "-1", rows.parameter("x", "f32", "x", "-1")));
    var none = run(rows.write(folder), new Feed("x", TensorData.ofFloats(Shape.of(0))));
    assertThat(none.get(0).type()).hasToString("float32[0]");
  }

  @Test
  void everyTypePasses() throws IOException, EngineException {
    var types =
        List.of(
            DataType.FLOAT64,
            DataType.FLOAT16,
            DataType.BFLOAT16,
            DataType.INT64,
            DataType.INT32,
            DataType.INT16,
            DataType.INT8,
            DataType.UINT8,
            DataType.UINT16,
            DataType.UINT32,
            DataType.UINT64,
            DataType.BOOL);
    var elements =
        List.of(
            "f64", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "u16", "u32", "u64", "boolean");
    for (int i = 0; i < types.size(); i++) {
      var ir = new Ir(11);
      int x = ir.parameter("x", elements.get(i), "x", "2");
      ir.result(
          ir.node("y", "Reshape", "opset1", "<data special_zero='false'/>", "2", x, shape(ir)));
      var data = TensorData.ofDoubles(types.get(i), Shape.of(2), 1, 0);
      var output = run(ir.write(folder), new Feed("x", data)).get(0);
      assertThat(output.dtype()).isEqualTo(types.get(i));
      assertThat(output.doubles()).containsExactly(1, 0);
    }
  }

  /// The shape `[2]`, made of a float.
  private static int shape(Ir ir) {
    return ir.node(
        "shape", "Convert", "opset1", "<data destination_type='i64'/>", "1", ir.constant("1", 2));
  }

  @Test
  void oldIrTakesItsNarrowInputs() throws IOException, EngineException {
    var ir = new Ir(10);
    int x = ir.parameter("x", "f16", "", "2");
    ir.result(ir.node("y", "Relu", "", "2", x));
    var half = TensorData.ofDoubles(DataType.FLOAT16, Shape.of(2), -1, 0.5);
    var outputs = run(ir.write(folder), new Feed("x", half));
    assertThat(outputs.get(0).doubles()).containsExactly(0, 0.5);
  }

  @Test
  void stateLastsFromRunToRunAndEndsWithTheSession() throws IOException, EngineException {
    var ir = new Ir(11);
    int x = ir.parameter("x", "f32", "x", "1");
    var variable = "<data variable_id='v' variable_type='f32' variable_shape='1'/>";
    int before = ir.node("read", "ReadValue", "opset6", variable, "1", ir.constant("1", 100));
    int sum = ir.node("sum", "Add", "sum", "1", before, x);
    ir.sink("Assign", "opset6", "<data variable_id='v'/>", sum);
    ir.result(ir.node("y", "Relu", "y", "1", sum));
    var model = ir.write(folder);
    for (int session = 0; session < 2; session++) {
      try (var loaded = runtime.load(model, List.of())) {
        assertThat(loaded.run(List.of(feed("x", 1))).get(0).doubles()).containsExactly(101);
        assertThat(loaded.run(List.of(feed("x", 2))).get(0).doubles()).containsExactly(103);
      }
    }
  }

  @Test
  void theRuntimesReasonIsGiven() throws IOException {
    var gone = folder.resolve("gone.xml");
    assertThatThrownBy(() -> runtime.load(gone, List.of()))
        .isInstanceOf(EngineException.class)
        .hasMessageStartingWith("OpenVINO does not load it: ")
        .hasMessageContaining("gone.xml");
    var ir = new Ir(11);
    ir.result(ir.node("y", "Unheard", "", "2", ir.parameter("x", "f32", "x", "2")));
    var unknown = ir.write(folder);
    assertThatThrownBy(() -> runtime.load(unknown, List.of()))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("Unheard")
        .hasMessageNotContaining("Exception from");
  }

  @Test
  void wrongInputsAreSaid() throws IOException {
    var model = scaled(11).write(folder);
    var half = new Feed("x", TensorData.ofDoubles(DataType.FLOAT64, Shape.of(3), 0.1, 0, 0));
    assertThatThrownBy(() -> run(model, half))
        .hasMessage("input 'x' is float32, but float64 is given");
    assertThatThrownBy(() -> run(model, feed("x", 1, 2)))
        .hasMessageStartingWith("OpenVINO does not run it: ");
  }

  private List<TensorData> run(Path model, Feed... feeds) throws IOException, EngineException {
    try (var session = runtime.load(model, List.of())) {
      return session.run(List.of(feeds));
    }
  }

  private static Feed feed(String name, float... values) {
    return new Feed(name, TensorData.ofFloats(Shape.of(values.length), values));
  }
}
