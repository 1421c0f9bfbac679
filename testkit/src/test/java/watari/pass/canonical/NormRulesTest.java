package watari.pass.canonical;

import static watari.testkit.RuleAssert.assertRule;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.Reduce;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class NormRulesTest {
  private static Consumer<GraphBuilder> of(BiFunction<GraphBuilder, Value, Value> function) {
    return b -> {
      var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 3, 4));
      b.graph().addOutput("y", function.apply(b, x));
    };
  }

  private static Value binary(GraphBuilder b, Binary.Kind kind, Value x, Value y) {
    return b.add(new Binary(kind), x, y);
  }

  private static Value mean(GraphBuilder b, Value x, long... axes) {
    return b.add(new Reduce(Reduce.Kind.MEAN, true), x, b.vector(axes));
  }

  private static Value vector(GraphBuilder b, float... values) {
    return b.constant(TensorData.ofFloats(Shape.of(values.length), values));
  }

  private static Value epsilon(GraphBuilder b, Value x) {
    return binary(b, Binary.Kind.ADD, x, b.scalar(1e-3f));
  }

  private static Value torchNorm(GraphBuilder b, Value x, long... axes) {
    var centred = binary(b, Binary.Kind.SUB, x, mean(b, x, axes));
    var square = binary(b, Binary.Kind.POW, centred, b.scalar(2f));
    var deviation = b.add(new Unary(Unary.Kind.SQRT), epsilon(b, mean(b, square, axes)));
    return binary(b, Binary.Kind.DIV, centred, deviation);
  }

  @Test
  void layerNormOfTorchIsRecognised() {
    assertRule(new FuseLayerNorm(), new FuseNormScale())
        .on(
            of((b, x) -> {
              var scaled = binary(b, Binary.Kind.MUL, torchNorm(b, x, -1), vector(b, 1, 2, 3, 4));
              return binary(b, Binary.Kind.ADD, scaled, vector(b, 5, 6, 7, 8));
            }))
        .becomes("LayerNorm(x, const, const)");
  }

  @Test
  void layerNormOverTwoAxesIsRecognised() {
    assertRule(new FuseLayerNorm())
        .on(of((b, x) -> torchNorm(b, x, 1, 2)))
        .becomes("LayerNorm(x, const)");
  }

  @Test
  void aNormOverAnotherAxisStays() {
    assertRule(new FuseLayerNorm())
        .on(of((b, x) -> torchNorm(b, x, 1)))
        .leaves("the root is not of a mean over the last axes");
  }

  @Test
  void layerNormOfTensorFlowIsRecognised() {
    assertRule(new FuseTensorFlowLayerNorm(), new FuseLayerNorm())
        .on(
            of((b, x) -> {
              var mean = mean(b, x, 2);
              var variance = mean(b, binary(b, Binary.Kind.SQUARED_DIFFERENCE, x, mean), 2);
              var root = b.add(new Unary(Unary.Kind.RSQRT), epsilon(b, variance));
              var factor = binary(b, Binary.Kind.MUL, root, vector(b, 1, 2, 3, 4));
              var shift =
                  binary(
                      b,
                      Binary.Kind.SUB,
                      vector(b, 5, 6, 7, 8),
                      binary(b, Binary.Kind.MUL, mean, factor));
              return binary(b, Binary.Kind.ADD, binary(b, Binary.Kind.MUL, x, factor), shift);
            }))
        .becomes("LayerNorm(x, const, const)");
  }

  @Test
  void rmsNormIsRecognised() {
    assertRule(new FuseRmsNorm(), new FuseNormScale())
        .on(
            of((b, x) -> {
              var square = b.add(new Unary(Unary.Kind.SQUARE), x);
              var root = b.add(new Unary(Unary.Kind.RSQRT), epsilon(b, mean(b, square, -1)));
              var norm = binary(b, Binary.Kind.MUL, x, root);
              return binary(b, Binary.Kind.MUL, vector(b, 1, 2, 3, 4), norm);
            }))
        .becomes("RmsNorm(x, const)");
  }

  @Test
  void l2NormIsRecognisedInBothForms() {
    assertRule(new ReplaceMinMaxByClip(), new FuseL2Norm())
        .on(
            of((b, x) -> {
              var square = b.add(new Unary(Unary.Kind.SQUARE), x);
              var sum = b.add(new Reduce(Reduce.Kind.SUM, true), square, b.vector(2));
              var limited = binary(b, Binary.Kind.MAX, sum, b.scalar(1e-12f));
              return binary(b, Binary.Kind.MUL, x, b.add(new Unary(Unary.Kind.RSQRT), limited));
            }))
        .becomes("LpNorm(x)");
    assertRule(new ReplaceMinMaxByClip(), new FuseL2Norm())
        .on(
            of((b, x) -> {
              var norm = b.add(new Reduce(Reduce.Kind.L2, true), x, b.vector(List.of(-1)));
              return binary(
                  b, Binary.Kind.DIV, x, binary(b, Binary.Kind.MAX, norm, b.scalar(1e-6f)));
            }))
        .becomes("LpNorm(x)");
  }
}
