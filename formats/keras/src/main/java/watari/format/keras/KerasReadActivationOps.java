package watari.format.keras;

import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.NormOp.Softmax;
import watari.op.ReduceOp.Reduce;
import watari.op.Shapes;

/// Functions that are layers of their own.
final class KerasReadActivationOps {
  private KerasReadActivationOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("Activation", KerasReadActivationOps::activation)
        .on("ReLU", KerasReadActivationOps::relu)
        .on("LeakyReLU", KerasReadActivationOps::leakyRelu)
        .on("ThresholdedReLU", KerasReadActivationOps::thresholdedRelu)
        .on("ELU", KerasReadActivationOps::elu)
        .on("PReLU", _ -> KerasRoles.of("alpha"), KerasReadActivationOps::prelu)
        .on("Softmax", KerasReadActivationOps::softmax);
  }

  private static void activation(KerasCall call) {
    KerasActivations.give(call, call.in());
  }

  /// `max_value` from there on, `x` from `threshold` on, else `negative_slope · (x - threshold)`.
  private static void relu(KerasCall call) {
    double max = call.config().real("max_value", Double.POSITIVE_INFINITY);
    double slope = call.config().real("negative_slope", 0);
    double threshold = call.config().real("threshold", 0);
    call.give(relu(call, call.in(), slope, max, threshold));
  }

  static Value relu(KerasCall call, Value x, double slope, double max, double threshold) {
    var f = call.formula();
    if (threshold != 0) {
      var isAbove = f.binary(Binary.Kind.GREATER, x, f.scalar(x, threshold));
      if (slope != 0) {
        isAbove = f.binary(Binary.Kind.GREATER_EQUAL, x, f.scalar(x, threshold));
      }
      var below = slope == 0 ? f.scalar(x, 0) : f.mul(f.add(x, -threshold), slope);
      var given = f.select(isAbove, x, below);
      if (Double.isInfinite(max)) return given;
      return slope == 0 ? f.op(new Clip(0, max), given) : f.min(given, max);
    }
    if (slope == 0) {
      return Double.isInfinite(max) ? f.relu(x) : f.op(new Clip(0, max), x);
    }
    var given = f.op(new LeakyRelu((float) slope), x);
    return Double.isInfinite(max) ? given : f.min(given, max);
  }

  private static void leakyRelu(KerasCall call) {
    var name = call.config().has("negative_slope") ? "negative_slope" : "alpha";
    call.give(new LeakyRelu((float) call.config().real(name, 0.3)), call.in());
  }

  private static void thresholdedRelu(KerasCall call) {
    call.give(new ThresholdedRelu((float) call.config().real("theta", 1)), call.in());
  }

  private static void elu(KerasCall call) {
    call.give(new Elu((float) call.config().real("alpha", 1)), call.in());
  }

  /// The slope has the shape of the input without the batch, and 1 on shared axes.
  private static void prelu(KerasCall call) {
    call.give(new PRelu(), call.in(), call.weight("alpha"));
  }

  private static void softmax(KerasCall call) {
    var mask = call.tensor(1, "mask");
    var axes = axes(call);
    if (mask.isPresent()) call.give(masked(call, axes, mask.get()));
    else if (axes.size() == 1) call.give(new Softmax(axes.get(0)), call.in());
    else call.give(softmax(call, call.in(), axes));
  }

  private static List<Integer> axes(KerasCall call) {
    var given = call.config().has("axis") ? call.config().integers("axis") : List.of(-1);
    return Shapes.axes(given.stream().mapToLong(each -> each).toArray(), call.rank());
  }

  /// Softmax over several axes together.
  static Value softmax(KerasCall call, Value x, List<Integer> axes) {
    var f = call.formula();
    if (axes.size() == 1) return f.op(new Softmax(axes.get(0)), x);
    var largest = f.reduce(Reduce.Kind.MAX, x, true, axes);
    var powers = f.exp(f.sub(x, largest));
    return f.div(powers, f.sum(powers, axes));
  }

  /// What is masked counts as the smallest number, and gives 0.
  private static Value masked(KerasCall call, List<Integer> axes, Value mask) {
    var f = call.formula();
    var x = call.in();
    var counts = f.cast(mask, watari.tensor.DataType.BOOL);
    var given = f.select(counts, x, f.scalar(x, KerasTypes.largeNegative(x.dtype())));
    return f.select(counts, softmax(call, given, axes), f.scalar(x, 0));
  }
}
