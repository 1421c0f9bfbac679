package watari.pass.request;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.testkit.RuleAssert.assertPass;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Tile;
import watari.op.Window;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;
import watari.testkit.RuleAssert;

/// Each rule of [RequestedRules]; the harness computes both graphs and compares.
class RequestedRulesTest {
  private static final Window LARGE = window(List.of(20, 20), Padding.none(2));

  private static Window window(List<Integer> kernel, Padding padding) {
    var ones = Collections.nCopies(2, 1);
    return new Window(kernel, List.of(3, 2), ones, padding, false);
  }

  private static RuleAssert rule(String name) {
    var passes = RequestedRules.passes(name);
    assertThat(passes).hasSize(1);
    return assertPass(passes.get(0));
  }

  private static Value image(GraphBuilder b) {
    return b.input("x", TensorType.of(DataType.FLOAT32, 1, 2, 24, 26));
  }

  @Test
  void hardSwishIsWrittenOutWithTheFloatBelowOneSixth() {
    assertThat(Float.floatToIntBits(Math.nextDown(1 / 6f))).isEqualTo(0x3E2AAAAA);
    rule("hardswish")
        .on(b -> b.graph().addOutput(b.add(new Unary(Unary.Kind.HARD_SWISH), image(b))))
        .becomes("ADD(x, const) Clip(#0) MUL(x, #1) MUL(#2, const)");
  }

  @Test
  void preluBecomesMaximumAndMinimumAlsoForNegativeAlpha() {
    rule("prelu-to-minmax")
        .on(b -> {
          var alpha = b.constant(TensorData.ofFloats(Shape.of(2, 1, 1), -0.5f, 3));
          b.graph().addOutput(b.add(new PRelu(), image(b), alpha));
        })
        .becomes("MAX(x, const) MIN(x, const) MUL(const, #1) ADD(#0, #2)");
    rule("prelu-to-minmax")
        .on(b -> b.graph().addOutput(b.add(new LeakyRelu(0.1f), image(b))))
        .becomes("MAX(x, const) MIN(x, const) MUL(const, #1) ADD(#0, #2)");
  }

  private static void parts(GraphBuilder b, double from, boolean isUsedTwice) {
    var x = image(b);
    var above = b.add(new Unary(Unary.Kind.RELU), x);
    var below = b.add(new Clip(from, 0), x);
    var alpha = b.constant(TensorData.ofFloats(Shape.of(2, 1, 1), -0.5f, 3));
    var product = b.add(new Binary(Binary.Kind.MUL), below, alpha);
    b.graph().addOutput(b.add(new Binary(Binary.Kind.ADD), product, above));
    if (isUsedTwice) b.graph().addOutput(below);
  }

  @Test
  void maximumAndMinimumBecomePrelu() {
    var rule = rule("minmax-to-prelu");
    rule.on(b -> parts(b, Double.NEGATIVE_INFINITY, false)).becomes("PRelu(x, const)");
    rule.on(b -> parts(b, -6, false)).leaves("it is not max(x, 0) + alpha · min(x, 0)");
    rule.on(b -> parts(b, Double.NEGATIVE_INFINITY, true)).leaves();
  }

  @Test
  void aLargeMeanIsOneMeanAnAxis() {
    rule("split-mean")
        .on(b -> b.graph().addOutput(mean(b, image(b), 2, -1)))
        .becomes("ReduceMEAN(x, const) ReduceMEAN(#0, const)");
    rule("split-mean")
        .on(b -> b.graph().addOutput(mean(b, image(b), 0, 1)))
        .leaves("it is over 2 elements");
  }

  private static Value mean(GraphBuilder b, Value x, long... axes) {
    return b.add(new Reduce(Reduce.Kind.MEAN, false), x, b.vector(axes));
  }

  @Test
  void largeWindowsAreOneAnAxis() {
    rule("split-pool")
        .on(b ->
            b.graph()
                .addOutput(b.add(new AveragePool(LARGE, Layout.CHANNELS_FIRST, false), image(b))))
        .becomes("AveragePool(x) AveragePool(#0)");
    var padded = window(List.of(17, 21), new Padding.Explicit(List.of(3, 2), List.of(1, 5)));
    rule("split-pool")
        .on(b -> b.graph().addOutput(b.add(new MaxPool(padded, Layout.CHANNELS_FIRST), image(b))))
        .becomes("MaxPool(x) MaxPool(#0)");
    rule("split-pool")
        .on(b ->
            b.graph()
                .addOutput(b.add(new AveragePool(padded, Layout.CHANNELS_FIRST, false), image(b))))
        .leaves("it pads");
  }

  @Test
  void whatMyriadLacksIsMadeOfOthers() {
    rule("abs-to-sqrt")
        .on(b -> b.graph().addOutput(b.add(new Unary(Unary.Kind.ABS), image(b))))
        .becomes("MUL(x, x) SQRT(#0)");
    rule("argmin-to-argmax")
        .on(b ->
            b.graph()
                .addOutput(b.add(new ArgReduce(false, 1, true, true, DataType.INT32), image(b))))
        .becomes("NEG(x) ArgReduce(#0)");
    rule("reducemin-to-reducemax")
        .on(b ->
            b.graph()
                .addOutput(b.add(new Reduce(Reduce.Kind.MIN, true), image(b), b.vector(1L, 3L))))
        .becomes("NEG(x) ReduceMAX(#0, const) NEG(#1)");
  }

  @Test
  void integersAreDividedAndTiledInFloats() {
    var type = TensorType.of(DataType.INT32, 2, 3);
    rule("floordiv-in-floats")
        .on(b -> {
          var seven = b.constant(TensorData.ofInts(Shape.of(1), -7));
          b.graph().addOutput(b.add(new Binary(Binary.Kind.FLOOR_DIV), b.input("x", type), seven));
        })
        .becomes("Cast(x) DIV(#0, const) FLOOR(#1) Cast(#2)");
    rule("tile-in-floats")
        .on(b -> b.graph().addOutput(b.add(new Tile(), b.input("x", type), b.vector(2L, 1L))))
        .becomes("Cast(x) Tile(#0, const) Cast(#1)");
  }

  @Test
  void whatChangesTheFunctionIsSaid() {
    var b = new GraphBuilder(new Graph("main"));
    b.graph().addOutput(b.add(new Unary(Unary.Kind.HARD_SWISH), image(b)));
    var changed = said(RequestedRules.passes("hardswish-to-swish"), b.graph());
    assertThat(changed)
        .containsExactly(
            "rule 'hardswish-to-swish' changed 1 nodes, and the model no longer computes quite the"
                + " same [FUNCTION_CHANGED]");
    var back = said(RequestedRules.passes("swish-to-hardswish"), b.graph());
    assertThat(back).hasSize(1);
    assertThat(said(RequestedRules.passes("hardswish"), b.graph())).isEmpty();
    assertThat(said(RequestedRules.passes("hardswish"), b.graph()))
        .containsExactly(
            "rule 'hardswish' found nothing to replace [REPLACE_UNUSED]"
                + System.lineSeparator()
                + "  fix: see why with --explain, or leave it out");
    assertThat(said(RequestedRules.passes("myriad"), b.graph())).isEmpty();
    assertThat(RequestedRules.passes("no-such-rule")).isEmpty();
  }

  private static List<String> said(List<Pass> passes, Graph graph) {
    var log = new PassLog(false);
    passes.forEach(pass -> pass.run(graph, log));
    return log.findings().stream().map(Finding::toString).toList();
  }

  @Test
  void quantizedNodesAreLeft() {
    var quantized =
        new TensorType(
            DataType.INT8, Shape.of(4), new watari.tensor.Quantization.PerTensor(0.1f, 0));
    rule("hardswish")
        .on(b -> {
          var x = b.input("x", quantized);
          var y = b.add(new Unary(Unary.Kind.HARD_SWISH), x);
          y.setType(quantized);
          b.graph().addOutput(y);
        })
        .leaves("it works on quantized values; replace before the model is quantized");
  }
}
