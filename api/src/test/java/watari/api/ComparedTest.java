package watari.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class ComparedTest {
  private static final Tolerance FREE = new Tolerance(Tolerance.ROUNDING, false);

  @Test
  void tinyProbabilitiesAreKnownToThePrecisionOfOne() {
    for (var op : List.<Op>of(new Unary(Unary.Kind.SIGMOID), new Softmax(0))) {
      assertThat(verdict(op, 6e-7f, FREE)).isEqualTo(Verdict.ROUNDING);
      assertThat(verdict(op, 6e-6f, FREE)).isEqualTo(Verdict.DIFFERENT);
    }
  }

  @Test
  void otherTinyNumbersAreNot() {
    assertThat(verdict(new Unary(Unary.Kind.ABS), 6e-7f, FREE)).isEqualTo(Verdict.DIFFERENT);
  }

  @Test
  void theUsersToleranceIsTheUsers() {
    var given = new Tolerance(Tolerance.ROUNDING, true);
    assertThat(verdict(new Unary(Unary.Kind.SIGMOID), 6e-7f, given)).isEqualTo(Verdict.DIFFERENT);
  }

  /// Of `[0, most]` and zeros.
  private static Verdict verdict(Op op, float most, Tolerance tolerance) {
    var build = new GraphBuilder(new Graph("g"));
    var value = build.add(op, build.input("x", TensorType.of(DataType.FLOAT32, 2)));
    var pair = new Pair("y", "y", value, value, List.of());
    var a = TensorData.ofFloats(Shape.of(2), 0, most);
    var b = TensorData.ofFloats(Shape.of(2), 0, 0);
    return new Compared(pair, a, b, tolerance).verdict();
  }
}
