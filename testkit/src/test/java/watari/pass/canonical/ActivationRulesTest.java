package watari.pass.canonical;

import static watari.testkit.RuleAssert.assertRule;

import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class ActivationRulesTest {
  private static Consumer<GraphBuilder> of(BiFunction<GraphBuilder, Value, Value> function) {
    return b -> {
      var x = b.input("x", TensorType.of(DataType.FLOAT32, 2, 3));
      b.graph().addOutput("y", function.apply(b, x));
    };
  }

  private static Value unary(GraphBuilder b, Unary.Kind kind, Value x) {
    return b.add(new Unary(kind), x);
  }

  private static Value binary(GraphBuilder b, Binary.Kind kind, Value x, Value y) {
    return b.add(new Binary(kind), x, y);
  }

  private static Value times(GraphBuilder b, Value x, double factor) {
    return binary(b, Binary.Kind.MUL, x, b.scalar((float) factor));
  }

  private static Value plus(GraphBuilder b, Value x, double summand) {
    return binary(b, Binary.Kind.ADD, x, b.scalar((float) summand));
  }

  private static Value mul(GraphBuilder b, Value x, Value y) {
    return binary(b, Binary.Kind.MUL, x, y);
  }

  private static Value erfGate(GraphBuilder b, Value x) {
    var root = binary(b, Binary.Kind.DIV, x, b.scalar(1.4142135f));
    return plus(b, unary(b, Unary.Kind.ERF, root), 1);
  }

  private static Value tanhGate(GraphBuilder b, Value x) {
    var cube = binary(b, Binary.Kind.POW, x, b.scalar(3f));
    var sum = binary(b, Binary.Kind.ADD, x, times(b, cube, 0.044715));
    return plus(b, unary(b, Unary.Kind.TANH, times(b, sum, 0.7978845608)), 1);
  }

  @Test
  void geluIsRecognisedInAnyGrouping() {
    assertRule(new FuseGelu())
        .on(of((b, x) -> times(b, mul(b, x, erfGate(b, x)), 0.5)))
        .becomes("Gelu(x)");
    assertRule(new FuseGelu())
        .on(of((b, x) -> mul(b, times(b, x, 0.5), erfGate(b, x))))
        .becomes("Gelu(x)");
    assertRule(new FuseGelu())
        .on(of((b, x) -> mul(b, times(b, erfGate(b, x), 0.5), x)))
        .becomes("Gelu(x)");
    assertRule(new FuseGelu())
        .on(of((b, x) -> mul(b, times(b, x, 0.5), tanhGate(b, x))))
        .becomes("Gelu(x)");
  }

  @Test
  void geluWithTheSquareFactoredOutIsRecognised() {
    assertRule(new FuseGelu())
        .on(
            of((b, x) -> {
              var square = mul(b, x, x);
              var even = plus(b, times(b, square, 0.044715), 1);
              var argument = mul(b, times(b, x, 0.7978845608), even);
              var gate = plus(b, unary(b, Unary.Kind.TANH, argument), 1);
              return times(b, mul(b, x, gate), 0.5);
            }))
        .becomes("Gelu(x)");
  }

  @Test
  void anotherConstantIsNoGelu() {
    assertRule(new FuseGelu()).on(of((b, x) -> times(b, mul(b, x, erfGate(b, x)), 0.51))).leaves();
  }

  @Test
  void aGateThatIsUsedElsewhereStays() {
    assertRule(new FuseGelu())
        .on(
            of((b, x) -> {
              var gate = erfGate(b, x);
              b.graph().addOutput("gate", gate);
              return times(b, mul(b, x, gate), 0.5);
            }))
        .leaves();
  }

  @Test
  void swishTakesItsFactor() {
    assertRule(new FuseSwish())
        .on(of((b, x) -> mul(b, unary(b, Unary.Kind.SIGMOID, x), x)))
        .becomes("Swish(x)");
    assertRule(new FuseSwish())
        .on(of((b, x) -> mul(b, x, unary(b, Unary.Kind.SIGMOID, times(b, x, 1.702)))))
        .becomes("Swish(x)");
  }

  @Test
  void aRoundedSigmoidIsNoSwish() {
    assertRule(new FuseSwish())
        .on(
            of((b, x) -> {
              var q = new Quantization.PerTensor(1 / 256f, -128);
              var gate = b.addQuantized(new Unary(Unary.Kind.SIGMOID), DataType.INT8, q, x);
              return mul(b, x, gate);
            }))
        .leaves("a value inside is used elsewhere");
  }

  @Test
  void hardSwishComesFromItsParts() {
    var rules =
        new watari.rewrite.Rule<?>[] {
          new ReplaceMinMaxByClip(), new FuseClips(), new FuseHardSigmoid(), new FuseHardSwish()
        };
    assertRule(rules)
        .on(
            of((b, x) -> {
              var gate = b.add(new Clip(0, 6), plus(b, x, 3));
              return binary(b, Binary.Kind.DIV, mul(b, x, gate), b.scalar(6f));
            }))
        .becomes("HARD_SWISH(x)");
    assertRule(rules)
        .on(
            of((b, x) -> {
              var low = binary(b, Binary.Kind.MAX, plus(b, x, 3), b.scalar(0f));
              var gate = binary(b, Binary.Kind.MIN, low, b.scalar(6f));
              return mul(b, x, times(b, gate, 1 / 6.0));
            }))
        .becomes("HARD_SWISH(x)");
  }

  @Test
  void mishComesWithSoftplusOrWithout() {
    assertRule(new FuseMish())
        .on(of((b, x) -> mul(b, x, unary(b, Unary.Kind.TANH, unary(b, Unary.Kind.SOFTPLUS, x)))))
        .becomes("MISH(x)");
    assertRule(new FuseMish())
        .on(
            of((b, x) -> {
              var sum = plus(b, unary(b, Unary.Kind.EXP, x), 1);
              return mul(b, unary(b, Unary.Kind.TANH, unary(b, Unary.Kind.LOG, sum)), x);
            }))
        .becomes("MISH(x)");
  }

  @Test
  void clipsMeet() {
    assertRule(new FuseClips())
        .on(of((b, x) -> b.add(new Clip(-1, 6), unary(b, Unary.Kind.RELU, x))))
        .becomes("Clip(x)");
    assertRule(new FuseClips())
        .on(of((b, x) -> b.add(new Clip(2, 3), b.add(new Clip(0, 1), x))))
        .leaves("the ranges do not meet");
  }

  @Test
  void aBoundThatBroadcastsIsNoClip() {
    assertRule(new ReplaceMinMaxByClip())
        .on(
            of((b, x) -> {
              var bound = TensorData.filled(TensorData.scalar(1f), Shape.of(4, 2, 3));
              return binary(b, Binary.Kind.MAX, x, b.constant(bound));
            }))
        .leaves("it broadcasts");
  }

  @Test
  void neutralOperandsGo() {
    assertRule(new RemoveNeutralArithmetic())
        .on(of((b, x) -> unary(b, Unary.Kind.NEG, plus(b, times(b, x, 1), 0))))
        .becomes("NEG(x)");
  }
}
