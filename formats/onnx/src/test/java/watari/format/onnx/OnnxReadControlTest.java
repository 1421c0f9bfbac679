package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.onnx.OnnxTestModel.attribute;
import static watari.format.onnx.OnnxTestModel.info;
import static watari.format.onnx.OnnxTestModel.nodeOf;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;

class OnnxReadControlTest {
  @TempDir Path folder;

  private OnnxTestModel model() {
    return new OnnxTestModel(folder, 16);
  }

  private static ValueInfoProto untyped(String name) {
    return ValueInfoProto.newBuilder().setName(name).build();
  }

  private static GraphProto.Builder branch(String op, String inputs, String output) {
    return GraphProto.newBuilder()
        .setName("branch")
        .addNode(nodeOf(op, inputs, output))
        .addOutput(untyped(output));
  }

  @Test
  void branchesTakeWhatTheyUseAsParameters() {
    var read =
        model()
            .input("c", TensorProto.DataType.BOOL)
            .floats("x", 2)
            .constant("k", List.of(2L), 1, 2)
            .node("Abs", "x", "h")
            .node(
                "If",
                "c",
                "y",
                attribute("then_branch", branch("Add", "h k", "t")),
                attribute("else_branch", branch("Mul", "h x", "e")))
            .output("y")
            .read();

    assertThat(read.findings()).isEmpty();
    var node = read.graph().lastNode().orElseThrow();
    assertThat(node.op()).isEqualTo(new If());
    assertThat(node.inputs()).extracting(Value::name).containsExactly("c", "h", "x");
    for (var body : node.bodies()) {
      assertThat(body.inputs()).extracting(Value::name).containsExactly("h", "x");
    }
    assertThat(node.bodies().get(0).nodes().get(0).input(1).isConstant()).isTrue();
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void constantConditionsChooseTheirBranch() {
    var read =
        model()
            .floats("x", 2)
            .integers("c", TensorProto.DataType.BOOL, List.of(), 0)
            .node(
                "If",
                "c",
                "y",
                attribute("then_branch", branch("Abs", "x", "t")),
                attribute("else_branch", branch("Neg", "x", "e")))
            .output("y")
            .read();

    assertThat(read.nodes()).containsExactly("Unary[kind=NEG]");
    assertThat(read.graph().outputs().get(0).name()).isEqualTo("y");
  }

  /// The body: `v` grows by one element in each iteration.
  private static GraphProto.Builder growing() {
    return GraphProto.newBuilder()
        .setName("body")
        .addInput(info("i", TensorProto.DataType.INT64))
        .addInput(info("go", TensorProto.DataType.BOOL))
        .addInput(info("v", TensorProto.DataType.FLOAT, 1))
        .addNode(nodeOf("Concat", "v one", "w", attribute("axis", 0)))
        .addNode(nodeOf("Identity", "go", "on"))
        .addNode(nodeOf("Cast", "i", "s", attribute("to", 1)))
        .addOutput(untyped("on"))
        .addOutput(untyped("w"))
        .addOutput(untyped("s"));
  }

  @Test
  void typesOfCarriedValuesAreSettled() {
    var read =
        model()
            .input("n", TensorProto.DataType.INT64)
            .floats("x", 1)
            .constant("one", List.of(1L), 1)
            .node("Loop", "n _ x", "y z", attribute("body", growing()))
            .output("y")
            .output("z")
            .read();

    assertThat(read.findings()).isEmpty();
    var node = read.graph().lastNode().orElseThrow();
    assertThat(node.op()).isEqualTo(new Loop(1, 1));
    assertThat(node.bodies().get(0).inputs().get(2).shape().isFixed()).isFalse();
    assertThat(node.output(0).shape().rank()).isEqualTo(1);
    assertThat(node.output(0).shape().isFixed()).isFalse();
    assertThat(node.output(1).shape().rank()).isEqualTo(1);
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void scansAreLoopsThatGatherTheirSlices() {
    var body =
        GraphProto.newBuilder()
            .setName("body")
            .addInput(untyped("sum"))
            .addInput(untyped("part"))
            .addNode(nodeOf("Add", "sum part", "next"))
            .addNode(nodeOf("Identity", "next", "out"))
            .addOutput(untyped("next"))
            .addOutput(untyped("out"));
    var read =
        model()
            .floats("x", 2)
            .floats("parts", 2, 5)
            .node(
                "Scan",
                "x parts",
                "last all",
                attribute("body", body),
                attribute("num_scan_inputs", 1),
                attribute("scan_input_axes", List.of(1L)),
                attribute("scan_input_directions", List.of(1L)),
                attribute("scan_output_axes", List.of(1L)))
            .output("last")
            .output("all")
            .read();

    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[2]");
    assertThat(read.graph().outputs().get(1).shape().dim(0).fixed()).isEqualTo(2);
    var loop = read.graph().outputs().get(0).producer().orElseThrow();
    assertThat(loop.op()).isEqualTo(new Loop(1, 1));
    assertThat(loop.bodies().get(0).toString()).contains("Gather[axis=1, batchDims=0]");
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void brokenBodiesAreReportedOnce() {
    var body = growing();
    body.setNode(0, nodeOf("Concat", "v nowhere", "w", attribute("axis", 0)));
    var read =
        model()
            .input("n", TensorProto.DataType.INT64)
            .floats("x", 1)
            .node("Loop", "n _ x", "y z", attribute("body", body))
            .output("y")
            .read();

    assertThat(read.sentences())
        .containsExactly("'nowhere' is used, but nothing before this node computes it");
  }
}
