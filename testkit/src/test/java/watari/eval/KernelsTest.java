package watari.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import watari.graph.Validator;
import watari.graph.Value;
import watari.pass.fold.ConstantFolding;
import watari.rewrite.PassLog;
import watari.tensor.TensorData;
import watari.testkit.OpCase;
import watari.testkit.OpCases;
import watari.testkit.Tensors;

class KernelsTest {
  static List<OpCase> cases() {
    return OpCases.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void kernelsGiveWhatCasesSay(OpCase each) {
    var graph = each.graph();
    Validator.require(graph);
    var inputs = new HashMap<Value, TensorData>();
    int next = 0;
    for (int i = 0; i < each.inputs().size(); i++) {
      if (!each.constants().contains(i))
        inputs.put(graph.inputs().get(next++), each.inputs().get(i));
    }
    assertOutputs(each, new PlainEvaluator().run(graph, inputs));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void foldingGivesWhatCasesSay(OpCase each) {
    var all = java.util.stream.IntStream.range(0, each.inputs().size()).boxed().toList();
    var constant = new OpCase(each.name(), each.inputs(), all, each.op(), each.outputs());
    var graph = constant.graph();
    new ConstantFolding().run(graph, new PassLog(false));
    assertThat(graph.size()).isZero();
    assertOutputs(each, new PlainEvaluator().run(graph, new HashMap<>()));
  }

  private static void assertOutputs(OpCase each, List<TensorData> actual) {
    for (int i = 0; i < each.outputs().size(); i++) {
      Tensors.assertClose(actual.get(i), each.outputs().get(i), 1e-6);
    }
  }

  @Test
  void theErrorFunctionIsExactToTwelveDigits() {
    // Abramowitz and Stegun, table 7.1.
    assertThat(Functions.erf(0.5)).isCloseTo(0.5204998778130465, within(1e-12));
    assertThat(Functions.erf(2.9)).isCloseTo(0.9999589021219005, within(1e-12));
    assertThat(Functions.erf(-3.5)).isCloseTo(-0.9999992569016276, within(1e-12));
    assertThat(Functions.erf(Double.POSITIVE_INFINITY)).isEqualTo(1);
  }
}
