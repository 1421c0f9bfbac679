package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Binary.Kind;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class OnnxElementwiseTest {
  private static final int[] OPSETS = {0, 11, 13, 17, 21};
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private static TensorData of(DataType dtype, double... values) {
    return TensorData.ofDoubles(dtype, Shape.of(values.length), values);
  }

  private static TensorData floats(double... values) {
    return of(DataType.FLOAT32, values);
  }

  private static TensorData ints(double... values) {
    return of(DataType.INT32, values);
  }

  private static TensorData bytes(double... values) {
    return of(DataType.INT8, values);
  }

  private static Arguments row(Op op, TensorData a, double... expected) {
    return Arguments.of(op, List.of(a), expected);
  }

  private static Arguments row(Op op, TensorData a, TensorData b, double... expected) {
    return Arguments.of(op, List.of(a, b), expected);
  }

  private static Arguments row(Kind kind, TensorData a, TensorData b, double... expected) {
    return row(new Binary(kind), a, b, expected);
  }

  static Stream<Arguments> unary() {
    return Stream.of(
        row(new Unary(Unary.Kind.RSQRT), floats(4, 0.25, 1), 0.5, 2, 1),
        row(new Unary(Unary.Kind.SQUARE), ints(-3, 0, 7), 9, 0, 49),
        row(new Unary(Unary.Kind.SQUARE), bytes(-3, 0, 7), 9, 0, 49),
        row(new Unary(Unary.Kind.HARD_SWISH), floats(-4, -1, 1, 4), 0, -1 / 3.0, 2 / 3.0, 4),
        row(new Unary(Unary.Kind.MISH), floats(0, 1), 0, 0.86509838826731),
        row(new Unary(Unary.Kind.RELU), bytes(-3, 0, 7), 0, 0, 7),
        row(new Unary(Unary.Kind.RELU), of(DataType.INT64, -3, 7), 0, 7),
        row(new Unary(Unary.Kind.RELU), of(DataType.INT16, -3, 7), 0, 7),
        row(new Unary(Unary.Kind.RELU), of(DataType.UINT8, 3, 200), 3, 200),
        row(new Unary(Unary.Kind.BITWISE_NOT), ints(0, 5, -1), -1, -6, 0),
        row(new Unary(Unary.Kind.SIGN), of(DataType.INT16, -3, 0, 7), -1, 0, 1),
        row(new Gelu(false), floats(0, 1, -1), 0, 0.8413447460685429, -0.15865525393145707),
        row(new Gelu(true), floats(0, 1, -1), 0, 0.8411919906082768, -0.15880800939172324),
        row(new Swish(1), floats(0, 1), 0, 0.7310585786300049),
        row(new Swish(2), floats(0, 1), 0, 0.8807970779778823),
        row(new Clip(0, 6), floats(-1, 3, 9), 0, 3, 6),
        row(new Clip(0, INFINITY), floats(-1, 3, 9), 0, 3, 9),
        row(new Clip(-1.5, 1.5), bytes(-7, 0, 7), -1, 0, 1),
        row(new Clip(-300, 5), bytes(-7, 0, 7), -7, 0, 5),
        row(new Clip(0, 6), of(DataType.INT16, -1, 3, 9), 0, 3, 6));
  }

  static Stream<Arguments> binary() {
    return Stream.of(
        row(Kind.ADD, bytes(1, -2), bytes(3, 4), 4, 2),
        row(Kind.NOT_EQUAL, floats(1, Double.NaN, 2), floats(1, 1, 3), 0, 1, 1),
        row(Kind.GREATER_EQUAL, floats(1, Double.NaN, 2, 3), floats(1, 1, 3, 2), 1, 0, 0, 1),
        row(Kind.LESS_EQUAL, floats(1, Double.NaN, 2, 3), floats(1, 1, 3, 2), 1, 0, 1, 0),
        row(Kind.SQUARED_DIFFERENCE, floats(1, 5), floats(4, 3), 9, 4),
        row(Kind.DIV, ints(7, -7, 7, -7), ints(2, 2, -2, -2), 3, -3, -3, 3),
        row(Kind.FLOOR_DIV, ints(7, -7, 7, -7, 6), ints(2, 2, -2, -2, -3), 3, -4, -4, 3, -2),
        row(Kind.FLOOR_DIV, bytes(7, -7), bytes(2, 2), 3, -4),
        row(Kind.FLOOR_DIV, floats(7, -7, 7.5), floats(2, 2, -2), 3, -4, -4),
        row(Kind.FLOOR_MOD, ints(7, -7, 7, -7), ints(3, 3, -3, -3), 1, 2, -2, -1),
        row(Kind.FLOOR_MOD, floats(7, -7, 7, -7, 6), floats(3, 3, -3, -3, 3), 1, 2, -2, -1, 0),
        row(Kind.TRUNC_MOD, floats(7, -7, 7, -7), floats(3, 3, -3, -3), 1, -1, 1, -1),
        row(Kind.TRUNC_MOD, ints(7, -7, 7, -7), ints(3, 3, -3, -3), 1, -1, 1, -1),
        row(
            Kind.ATAN2,
            floats(1, 1, -1, -1, 0, -0.0, 0, 1, INFINITY),
            floats(1, -1, -1, 1, -1, -1, 0, 0, -INFINITY),
            Math.PI / 4,
            3 * Math.PI / 4,
            -3 * Math.PI / 4,
            -Math.PI / 4,
            Math.PI,
            -Math.PI,
            0,
            Math.PI / 2,
            3 * Math.PI / 4),
        row(Kind.SHIFT_LEFT, ints(3, -3), ints(2, 2), 12, -12),
        row(Kind.SHIFT_RIGHT, ints(13, -13, -1), ints(2, 2, 5), 3, -4, -1),
        row(Kind.POW, ints(2, 3), ints(3, 2), 8, 9),
        row(Kind.MAX, of(DataType.INT16, 1, 5), of(DataType.INT16, 2, -3), 2, 5),
        row(Kind.MIN, of(DataType.BOOL, 1, 0), of(DataType.BOOL, 1, 1), 1, 0),
        row(Kind.BITWISE_XOR, of(DataType.BOOL, 1, 0), of(DataType.BOOL, 1, 1), 0, 1));
  }

  @ParameterizedTest
  @MethodSource({"unary", "binary"})
  void whatOnnxLacksIsComputedAllTheSame(Op op, List<TensorData> inputs, double[] expected) {
    for (int opset : OPSETS) {
      boolean runs = OnnxRun.matches(graph(op, inputs), opset, inputs, 2e-6, expected);
      assertThat(runs || opset != 0 && opset < 21).as("opset " + opset).isTrue();
    }
  }

  private static Graph graph(Op op, List<TensorData> inputs) {
    var to = new GraphBuilder(new Graph("test"));
    var values = new Value[inputs.size()];
    for (int i = 0; i < values.length; i++) values[i] = to.input("x" + i, inputs.get(i).type());
    to.graph().addOutput(to.add(op, values));
    return to.graph();
  }

  @Test
  void boolsAreSelected() {
    var inputs =
        List.of(of(DataType.BOOL, 1, 0, 1), of(DataType.BOOL, 1, 1, 0), of(DataType.BOOL, 0, 0, 1));

    for (int opset : OPSETS) {
      assertThat(
              OnnxRun.matches(
                  graph(new Select(), inputs), opset, inputs, 0, new double[] {1, 0, 0}))
          .isTrue();
    }
  }
}
