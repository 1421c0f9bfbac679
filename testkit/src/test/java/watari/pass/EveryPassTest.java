package watari.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.testkit.Properties.forAll;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import watari.eval.PlainEvaluator;
import watari.graph.Graph;
import watari.graph.Validator;
import watari.graph.Value;
import watari.pass.fold.CommonSubexpressions;
import watari.pass.fold.ConstantFolding;
import watari.pass.fold.DeadCode;
import watari.pass.storage.DecodeFloat16;
import watari.pass.storage.FoldQuantization;
import watari.pass.storage.MakeQuantizationExplicit;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.rewrite.Pipeline;
import watari.tensor.TensorData;
import watari.testkit.RandomGraphs;
import watari.testkit.Tensors;

/// Every pass keeps what random small graphs compute, and leaves them valid.
class EveryPassTest {
  /// A stored step may be rounded the other way by another order of operations.
  private static final double ONE_STEP = 1 / 8.0;

  private static final double ROUNDING = 1e-4;

  static Stream<Pass> passes() {
    return Stream.of(
        new DeadCode(),
        new ConstantFolding(),
        new CommonSubexpressions(),
        new FoldQuantization(),
        new MakeQuantizationExplicit(_ -> false),
        new Pipeline(
            "folded and made explicit",
            List.of(
                Pipeline.Stage.of(new FoldQuantization()),
                Pipeline.Stage.of(new MakeQuantizationExplicit(_ -> false)))),
        new DecodeFloat16());
  }

  private static List<TensorData> outputs(Graph graph) {
    var random = new Random(7);
    var inputs = new HashMap<Value, TensorData>();
    for (var input : graph.inputs()) inputs.put(input, Tensors.random(input.type(), random));
    return new PlainEvaluator().run(graph, inputs);
  }

  private static void assertKept(List<Pass> passes, long seed, double tolerance) {
    var before = RandomGraphs.of(seed);
    var after = RandomGraphs.of(seed);
    for (var pass : passes) {
      pass.run(after, new PassLog(false));
      Validator.require(after);
    }
    assertThat(after.outputNames()).isEqualTo(before.outputNames());
    var expected = outputs(before);
    var actual = outputs(after);
    for (int i = 0; i < expected.size(); i++) {
      Tensors.assertClose(actual.get(i), expected.get(i), tolerance);
    }
  }

  @ParameterizedTest
  @MethodSource("passes")
  void keepsWhatGraphsCompute(Pass pass) {
    forAll(Random::nextLong, 150, seed -> assertKept(List.of(pass), seed, 0));
  }

  @ParameterizedTest
  @MethodSource("stages")
  void theCanonicalPipelineKeepsWhatGraphsCompute(List<Pass> passes) {
    forAll(
        Random::nextLong,
        300,
        seed -> assertKept(passes, seed, isRounded(seed) ? ONE_STEP : ROUNDING));
  }

  static Stream<List<Pass>> stages() {
    var twice = new ArrayList<>(Pipelines.canonical());
    twice.addAll(Pipelines.canonical());
    return Stream.of(Pipelines.canonical(), twice);
  }

  private static boolean isRounded(long seed) {
    return RandomGraphs.of(seed).nodes().stream()
        .anyMatch(node -> node.op() instanceof watari.op.QuantizeOp.Convert);
  }
}
