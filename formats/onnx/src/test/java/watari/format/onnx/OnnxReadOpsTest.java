package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.onnx.OnnxTestModel.attribute;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.format.onnx.OnnxTestModel.Read;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.TensorProto;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.MatMulOp.Einsum;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.Padding;
import watari.op.RecurrentOp.Lstm;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Reshape;

class OnnxReadOpsTest {
  @TempDir Path folder;

  private OnnxTestModel model(int opset) {
    return new OnnxTestModel(folder, opset);
  }

  private Read unary(int opset, String op, List<Object> dims, AttributeProto... attributes) {
    return model(opset)
        .floats("x", dims.toArray())
        .node(op, "x", "y", attributes)
        .output("y")
        .read();
  }

  private static Op only(Read read) {
    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().nodes()).hasSize(1);
    assertThat(Validator.check(read.graph())).isEmpty();
    return read.graph().nodes().get(0).op();
  }

  @Test
  void clipTakesBoundsFromAttributesThenFromInputs() {
    var old = unary(6, "Clip", List.of(2), attribute("min", 0f), attribute("max", 6f));
    assertThat(only(old)).isEqualTo(new Clip(0, 6));
    var half = unary(6, "Clip", List.of(2), attribute("min", 0f));
    assertThat(only(half)).isEqualTo(new Clip(0, Double.POSITIVE_INFINITY));
    var constant =
        model(13).floats("x", 2).constant("m", List.of(), 3).node("Clip", "x _ m", "y").output("y");
    assertThat(only(constant.read())).isEqualTo(new Clip(Double.NEGATIVE_INFINITY, 3));
    var computed = model(13).floats("x", 2).floats("m").node("Clip", "x m", "y").output("y").read();
    assertThat(only(computed)).isEqualTo(new Binary(Binary.Kind.MAX));
  }

  @Test
  void softmaxBeforeOpset13TakesTheLastAxesAsOne() {
    var last = unary(11, "Softmax", List.of(2, 3), attribute("axis", 1));
    assertThat(only(last)).isEqualTo(new Softmax(1));
    var flat = unary(11, "Softmax", List.of(2, 3, 4), attribute("axis", 1));
    assertThat(flat.nodes()).containsSequence("Flatten[axis=1]", "Softmax[axis=1]");
    assertThat(flat.graph().outputs().get(0).type()).hasToString("float32[2,3,4]");
    var now = unary(13, "Softmax", List.of(2, 3, 4), attribute("axis", 1));
    assertThat(only(now)).isEqualTo(new Softmax(1));
  }

  @Test
  void aSignalWithoutALastAxisIsReal() {
    var read =
        model(17)
            .floats("x", 2, 16)
            .integers("step", TensorProto.DataType.INT64, List.of(), 4)
            .constant("window", List.of(4L), 1, 1, 1, 1)
            .node("STFT", "x step window", "y")
            .output("y")
            .read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().nodes().get(0).output().type()).hasToString("float32[2,16,1]");
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[2,4,3,2]");
  }

  @Test
  void emptyAxesReduceAllOrNone() {
    var all = unary(18, "ReduceSum", List.of(2, 3), attribute("keepdims", 0));
    assertThat(only(all)).isEqualTo(new Reduce(Reduce.Kind.SUM, false));
    assertThat(all.graph().nodes().get(0).inputs()).hasSize(1);
    var none = unary(18, "ReduceL1", List.of(2, 3), attribute("noop_with_empty_axes", 1));
    assertThat(only(none)).isEqualTo(new Reduce(Reduce.Kind.L1, true));
    assertThat(none.graph().outputs().get(0).type()).hasToString("float32[2,3]");
    var unknown =
        model(18)
            .floats("x", 2, 3)
            .input("a", TensorProto.DataType.INT64, "n")
            .node("ReduceSum", "x a", "y")
            .output("y")
            .read();
    assertThat(unknown.sentences())
        .containsExactly("the number of its axes is not known, and none would mean all");
  }

  @Test
  void gemmIsFullyConnectedWhereThatIsTheSame() {
    var gemm =
        model(13)
            .floats("x", 2, 3)
            .constant("w", List.of(3L, 2L), 1, 2, 3, 4, 5, 6)
            .constant("c", List.of(1L, 2L), 7, 8)
            .node("Gemm", "x w c", "y")
            .output("y")
            .read();
    assertThat(only(gemm)).hasToString("FullyConnected[]");
    var node = gemm.graph().nodes().get(0);
    assertThat(node.input(1).constant().orElseThrow().floats()).containsExactly(1, 3, 5, 2, 4, 6);
    assertThat(node.input(2).type()).hasToString("float32[2]");
    var scaled =
        model(13)
            .floats("x", 2, 3)
            .floats("w", 3, 2)
            .node("Gemm", "x w", "y", attribute("alpha", 2f))
            .output("y")
            .read();
    assertThat(scaled.nodes())
        .containsExactly("MatMul[transposeA=false, transposeB=false]", "Binary[kind=MUL]");
  }

  @Test
  void einsumGetsItsOutput() {
    var read =
        model(12)
            .floats("a", 2, 3)
            .floats("b", 3, 4)
            .node("Einsum", "a b", "y", attribute("equation", "zj, jb"))
            .output("y")
            .read();
    assertThat(only(read)).isEqualTo(new Einsum("zj,jb->bz"));
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[4,2]");
  }

  @Test
  void outputShapesOfTransposedConvolutionsBecomePads() {
    var read =
        model(11)
            .floats("x", 1, 1, 3, 3)
            .floats("w", 1, 1, 3, 3)
            .node(
                "ConvTranspose",
                "x w",
                "y",
                attribute("strides", List.of(2L, 2L)),
                attribute("output_shape", List.of(6L, 8L)))
            .output("y")
            .read();
    var op = (ConvTranspose) only(read);
    assertThat(op.padding()).isEqualTo(new Padding.Explicit(List.of(1, 0), List.of(0, 0)));
    assertThat(op.outputPadding()).containsExactly(0, 1);
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,1,6,8]");
  }

  @Test
  void resizeLeavesOutAxesThatKeepTheirSize() {
    var read =
        model(13)
            .floats("x", 1, 3, 4, 4)
            .constant("s", List.of(4L), 1, 1, 2, 2)
            .node("Resize", "x _ s", "y", attribute("mode", "linear"))
            .output("y")
            .read();
    assertThat(((Resize) only(read)).axes()).containsExactly(2, 3);
    assertThat(read.graph().nodes().get(0).input(2).constant().orElseThrow().floats())
        .containsExactly(2, 2);
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,3,8,8]");
  }

  @Test
  void recurrentActivationsTakeTheirNumbersInOrder() {
    var names =
        AttributeProto.newBuilder()
            .setName("activations")
            .setType(AttributeProto.AttributeType.STRINGS);
    for (var name : List.of("HardSigmoid", "Tanh", "LeakyRelu")) {
      names.addStrings(com.google.protobuf.ByteString.copyFromUtf8(name));
    }
    var alphas =
        AttributeProto.newBuilder()
            .setName("activation_alpha")
            .setType(AttributeProto.AttributeType.FLOATS)
            .addFloats(0.3f)
            .addFloats(0.4f);
    var read =
        model(14)
            .floats("x", 5, 1, 2)
            .floats("w", 1, 12, 2)
            .floats("r", 1, 12, 3)
            .node(
                "LSTM", "x w r", "_ h", attribute("hidden_size", 3), names.build(), alphas.build())
            .output("h")
            .read();
    var op = (Lstm) only(read);
    assertThat(op.activations()).extracting(each -> each.alpha()).containsExactly(0.3f, 0f, 0.4f);
    assertThat(op.activations()).extracting(each -> each.beta()).containsExactly(0.5f, 0f, 0f);
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,1,3]");
  }

  @Test
  void sequencesOfKnownTensorsAreUndone() {
    var read =
        model(13)
            .floats("a", 2)
            .floats("b", 2)
            .integers("one", TensorProto.DataType.INT64, List.of(), 1)
            .node("SequenceConstruct", "a b", "s")
            .node("SequenceInsert", "s a", "t")
            .node("SequenceAt", "t one", "e")
            .node("ConcatFromSequence", "t", "y", attribute("axis", 0))
            .node("SequenceLength", "t", "n")
            .output("e")
            .output("y")
            .output("n")
            .read();
    assertThat(read.findings()).isEmpty();
    var graph = read.graph();
    assertThat(graph.outputs().get(0).producer().orElseThrow().op()).isEqualTo(new Identity());
    assertThat(graph.outputs().get(0).producer().orElseThrow().input(0).name()).isEqualTo("b");
    assertThat(graph.outputs().get(1).type()).hasToString("float32[6]");
    assertThat(graph.outputs().get(2).constant().orElseThrow().longs()).containsExactly(3);
    assertThat(Validator.check(graph)).isEmpty();
  }

  @Test
  void symbolicShapesSurviveReshapes() {
    var read =
        model(14)
            .floats("x", "batch", 3, 4)
            .integers("s", TensorProto.DataType.INT64, List.of(2L), 0, -1)
            .node("Reshape", "x s", "y")
            .output("y")
            .read();
    assertThat(only(read)).isEqualTo(new Reshape(false));
    assertThat(read.graph().outputs()).extracting(Value::type).hasToString("[float32[batch,12]]");
  }
}
