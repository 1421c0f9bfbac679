package watari.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.Gather;
import watari.op.Op;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Tile;
import watari.op.SignalOp.Stft;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class SamplesTest {
  private final GraphBuilder build = new GraphBuilder(new Graph("g"));

  @Test
  void masksAreZerosAndOnes() {
    var mask = build.input("mask", TensorType.of(DataType.INT64, 2, 64));
    var real = build.add(new Cast(DataType.FLOAT32), mask);
    var one = build.constant("one", TensorData.scalar(1f));
    build.add(new Binary(Binary.Kind.SUB), one, real);
    assertThat(new Samples(3).of(mask, Shape.of(2, 64), Map.of()).longs()).containsOnly(0, 1);
  }

  @Test
  void otherIntegersAreNotLimitedToThem() {
    var x = build.input("x", TensorType.of(DataType.INT64, 2, 64));
    var two = build.constant("two", TensorData.scalar(DataType.INT64, 2));
    build.add(new Binary(Binary.Kind.SUB), two, x);
    build.add(new Binary(Binary.Kind.SUB), x, build.constant("one", TensorData.scalar(1L)));
    assertThat(new Samples(3).of(x, Shape.of(2, 64), Map.of()).longs()).contains(2, 3);
  }

  private Value integers(int count) {
    return build.input("n", TensorType.of(DataType.INT64, count));
  }

  private long[] drawn(Value input) {
    return new Samples(3).of(input, input.shape(), Map.of()).longs();
  }

  /// The numbers that an operator's input is given where the model declares the output's shape.
  private long[] drawn(Op op, Shape from, Shape to, List<Value> more, Value input) {
    var inputs = new java.util.ArrayList<Value>();
    inputs.add(build.input("x", new TensorType(DataType.FLOAT32, from)));
    inputs.addAll(more);
    var y = build.add(op, inputs);
    y.setType(y.type().with(to));
    build.graph().addOutput("y", y);
    assertThat(ShapeNumbers.areIn(build.graph())).isTrue();
    return drawn(input);
  }

  private static Resize resize(AspectPolicy policy, Integer... axes) {
    return new Resize(
        Mode.NEAREST,
        Coordinates.HALF_PIXEL,
        Nearest.FLOOR,
        -0.75f,
        false,
        false,
        0,
        policy,
        List.of(axes));
  }

  @Test
  void sizesAreThoseOfTheDeclaredOutput() {
    var sizes = integers(2);
    var more = List.of(Value.ABSENT, Value.ABSENT, sizes);
    var op = resize(AspectPolicy.STRETCH, 2, 3);
    assertThat(drawn(op, Shape.of(1, 1, 2, 2), Shape.of(1, 1, 7, 8), more, sizes))
        .containsExactly(7, 8);
  }

  /// The scale is 3 / 4: of 2, it leaves 1.5, which rounds to 2.
  @Test
  void sizesOfWhichOneDecidesGiveTheDeclaredOutput() {
    var sizes = integers(2);
    var more = List.of(Value.ABSENT, Value.ABSENT, sizes);
    var op = resize(AspectPolicy.NOT_SMALLER, 2, 3);
    assertThat(drawn(op, Shape.of(1, 1, 2, 4), Shape.of(1, 1, 2, 3), more, sizes))
        .containsExactly(1, 3);
  }

  @Test
  void numbersThatArePassedOnInAnotherOrderAreFoundToo() {
    var given = integers(2);
    var turned = build.add(new Gather(0, 0), given, build.vector(1, 0));
    var more = List.of(turned);
    assertThat(drawn(new Tile(), Shape.of(2, 3), Shape.of(4, 15), more, given))
        .containsExactly(5, 2);
  }

  @Test
  void padsAndBoundsAreThoseOfTheDeclaredOutput() {
    var pads = integers(4);
    assertThat(
            drawn(new Pad(Pad.Mode.CONSTANT), Shape.of(2, 3), Shape.of(2, 6), List.of(pads), pads))
        .containsExactly(0, 1, 0, 2);
    var ends = integers(1);
    var bounds = List.of(build.vector(1), ends, build.vector(1), build.vector(2));
    assertThat(drawn(new Slice(), Shape.of(2, 9), Shape.of(2, 3), bounds, ends)).containsExactly(7);
  }

  @Test
  void aStepGivesTheDeclaredFrames() {
    var step = build.input("step", TensorType.of(DataType.INT64));
    var more = List.of(step, Value.ABSENT, build.scalar(16));
    assertThat(drawn(new Stft(true), Shape.of(1, 128, 1), Shape.of(1, 15, 9, 2), more, step))
        .containsExactly(8);
  }

  @Test
  void anOutputOfAnotherShapeThanDeclaredIsNamed() {
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 2, 3));
    build.graph().addOutput("y", x);
    assertThat(
            ShapeNumbers.misfit(
                build.graph(), List.of(TensorData.filled(TensorData.scalar(0f), Shape.of(3, 2)))))
        .hasValueSatisfying(why -> assertThat(why).contains("'y' is [3,2]").contains("--data"));
  }
}
