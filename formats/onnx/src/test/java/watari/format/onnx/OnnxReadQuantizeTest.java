package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.onnx.OnnxTestModel.attribute;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.format.onnx.schema.TensorProto;
import watari.graph.Validator;
import watari.op.ElementwiseOp.Cast;
import watari.op.QuantizeOp.Convert;
import watari.tensor.DataType;
import watari.tensor.Quantization;

class OnnxReadQuantizeTest {
  private static final Quantization HALVES = new Quantization.PerTensor(0.5f, 3);

  @TempDir Path folder;

  private OnnxTestModel model() {
    return new OnnxTestModel(folder, 13)
        .constant("s", List.of(), 0.5f)
        .integers("z", TensorProto.DataType.UINT8, List.of(), 3);
  }

  @Test
  void constantScalesArePartOfTheType() {
    var read =
        model()
            .floats("x", 2)
            .node("QuantizeLinear", "x s z", "q")
            .node("DequantizeLinear", "q s z", "y")
            .output("y")
            .read();

    assertThat(read.graph().nodes())
        .extracting(node -> node.op())
        .containsExactly(new Convert(DataType.UINT8), new Convert(DataType.FLOAT32));
    var quantized = read.graph().nodes().get(0).output();
    assertThat(quantized.name()).isEqualTo("q");
    assertThat(quantized.type().quantization()).isEqualTo(HALVES);
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void operatorsOnIntegersSeeIntegers() {
    var read =
        model()
            .floats("x", 2)
            .node("QuantizeLinear", "x s z", "q")
            .node("Cast", "q", "i", attribute("to", 6))
            .output("i")
            .output("q")
            .read();

    var cast = read.graph().lastNode().orElseThrow();
    assertThat(cast.input(0).type()).hasToString("uint8[2]");
    assertThat(cast.input(0).producer().orElseThrow().op()).isEqualTo(new Cast(DataType.UINT8));
    assertThat(read.graph().outputs().get(1).type().quantization()).isEqualTo(HALVES);
  }

  @Test
  void integersThatTheModelTakesAreQuantized() {
    var read =
        model()
            .input("x", TensorProto.DataType.UINT8, 2)
            .node("Cast", "x", "i", attribute("to", 6))
            .node("DequantizeLinear", "x s z", "y")
            .output("i")
            .output("y")
            .read();

    assertThat(read.graph().inputs().get(0).type().quantization()).isEqualTo(HALVES);
    var integers = read.graph().outputs().get(0).producer().orElseThrow();
    assertThat(integers.input(0).type()).hasToString("uint8[2]");
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void integersThatTheModelTakesAreQuantizedAlsoWhenTheyAreMovedFirst() {
    var read =
        model()
            .input("x", TensorProto.DataType.UINT8, 2, 3)
            .node("Transpose", "x", "t")
            .node("DequantizeLinear", "t s z", "y")
            .node("DequantizeLinear", "t s z", "again")
            .output("y")
            .output("again")
            .read();

    assertThat(read.graph().inputs().get(0).type().quantization()).isEqualTo(HALVES);
    for (var output : read.graph().outputs()) {
      var moved = output.producer().orElseThrow().input(0);
      assertThat(moved.type().quantization()).isEqualTo(HALVES);
      assertThat(moved.producer().orElseThrow().input(0)).isEqualTo(read.graph().inputs().get(0));
    }
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void movedElementsStayQuantized() {
    var read =
        model()
            .floats("x", 2, 3)
            .node("QuantizeLinear", "x s z", "q")
            .node("Transpose", "q", "t")
            .node("DequantizeLinear", "t s z", "y")
            .output("y")
            .read();

    assertThat(read.nodes())
        .containsExactly("Convert[to=uint8]", "Transpose[perm=[1, 0]]", "Convert[to=float32]");
    assertThat(read.graph().nodes().get(1).output().type().quantization()).isEqualTo(HALVES);
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void scalesThatDoNotFitTheirAxisAreAFinding() {
    var read =
        new OnnxTestModel(folder, 13)
            .input("x", TensorProto.DataType.UINT8, 3, 2)
            .constant("s", List.of(3L), 0.5f, 1, 2)
            .node("DequantizeLinear", "x s", "y")
            .output("y")
            .read();

    assertThat(read.sentences()).containsExactly("3 scales stand along axis 1 of shape [3,2]");
  }

  @Test
  void computedScalesAreArithmetic() {
    var read =
        new OnnxTestModel(folder, 13)
            .input("x", TensorProto.DataType.UINT8, 2, 3)
            .floats("s", 3)
            .node("DequantizeLinear", "x s", "y")
            .output("y")
            .read();

    assertThat(read.nodes()).containsExactly("Cast[to=float32, saturate=true]", "Binary[kind=MUL]");
    assertThat(read.graph().inputs().get(0).type().isQuantized()).isFalse();
  }

  @Test
  void integerConvolutionsAreConvolutionsOfQuantizedOperands() {
    var read =
        model()
            .input("x", TensorProto.DataType.UINT8, 1, 1, 2, 2)
            .integers("w", TensorProto.DataType.UINT8, List.of(1L, 1L, 1L, 1L), 9)
            .integers("b", TensorProto.DataType.INT32, List.of(1L), 8)
            .node("QLinearConv", "x s z w s z s z b", "y")
            .output("y")
            .read();

    assertThat(read.graph().nodes()).hasSize(1);
    var conv = read.graph().nodes().get(0);
    assertThat(conv.output().type()).hasToString("uint8q[1,1,2,2]");
    assertThat(conv.input(2).type().quantization()).isEqualTo(new Quantization.PerTensor(0.25f, 0));
    assertThat(Validator.check(read.graph())).isEmpty();
  }
}
