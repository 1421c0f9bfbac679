package watari.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
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
    assertThat(new Samples(3).of(mask, Shape.of(2, 64)).longs()).containsOnly(0, 1);
  }

  @Test
  void otherIntegersAreNotLimitedToThem() {
    var x = build.input("x", TensorType.of(DataType.INT64, 2, 64));
    var two = build.constant("two", TensorData.scalar(DataType.INT64, 2));
    build.add(new Binary(Binary.Kind.SUB), two, x);
    build.add(new Binary(Binary.Kind.SUB), x, build.constant("one", TensorData.scalar(1L)));
    assertThat(new Samples(3).of(x, Shape.of(2, 64)).longs()).contains(2, 3);
  }
}
