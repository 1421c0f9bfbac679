package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.ReduceOp.Reduce;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.tensor.Layout;

/// Normalisations.
final class OpenvinoReadNormOps {
  private static final Layout LAYOUT = OpenvinoReadConvOps.LAYOUT;

  private OpenvinoReadNormOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("BatchNormInference", n -> batchNorm(n, 2, 0, 1))
        .on("BatchNormInference", 5, n -> batchNorm(n, 0, 1, 2))
        .on("GroupNormalization", 12, OpenvinoReadNormOps::groupNorm)
        .on("GRN", OpenvinoReadNormOps::grn)
        .on("LRN", OpenvinoReadNormOps::lrn)
        .on("LogSoftmax", 5, n -> n.give(new LogSoftmax(axis(n)), n.in(0)))
        .on("MVN", 2, OpenvinoReadNormOps::mvnByAttributes)
        .on("MVN", 6, OpenvinoReadNormOps::mvnByAxes)
        .on("NormalizeL2", OpenvinoReadNormOps::normalizeL2)
        .on("SoftMax", n -> n.give(new Softmax(axis(n)), n.in(0)));
  }

  private static int axis(OpenvinoReadNode n) {
    int axis = n.integer("axis", 1);
    return n.shape(0).isRanked() ? n.axis(axis, n.rank(0)) : axis;
  }

  private static void batchNorm(OpenvinoReadNode n, int x, int gamma, int beta) {
    var epsilon = (float) n.real(n.hasAttribute("eps") ? "eps" : "epsilon", 1e-5);
    n.give(new BatchNorm(epsilon, LAYOUT), n.in(x), n.in(gamma), n.in(beta), n.in(3), n.in(4));
  }

  private static void groupNorm(OpenvinoReadNode n) {
    var op = new GroupNorm(n.integer("num_groups"), (float) n.real("epsilon", 1e-5), LAYOUT);
    n.give(op, n.in(0), n.in(1), n.in(2));
  }

  /// `x / sqrt(Σ x² + bias)`, the sum over the channels.
  private static void grn(OpenvinoReadNode n) {
    var f = n.formula();
    var sum = f.sum(f.square(n.in(0)), List.of(1));
    n.give(new Binary(Binary.Kind.DIV), n.in(0), f.sqrt(f.add(sum, n.real("bias", 0))));
  }

  private static List<Integer> axes(OpenvinoReadNode n, int input) {
    return n.axesOf(n.integers(input, "its axes"));
  }

  // ---- LRN

  /// `x / (bias + alpha / sizeⁿ · Σ x²)^beta`, the sum over neighbours along each of `n` axes.
  private static void lrn(OpenvinoReadNode n) {
    var axes = axes(n, 1).stream().sorted().toList();
    int size = n.integer("size");
    if (axes.equals(List.of(1))) {
      var op =
          new Lrn(
              size,
              (float) n.real("alpha"),
              (float) n.real("beta"),
              (float) n.real("bias", 1),
              LAYOUT);
      n.give(op, n.in(0));
      return;
    }
    int rank = n.rank(0);
    if (axes.stream().anyMatch(axis -> axis < 2) || rank < 3) {
      throw OpenvinoRefusal.unsupported(
          "it normalizes axes " + axes, "normalize the channels, or spatial axes");
    }
    var kernel = IntStream.range(2, rank).map(axis -> axes.contains(axis) ? size : 1).boxed();
    var f = n.formula();
    var means = f.op(mean(kernel.toList()), f.square(n.in(0)));
    var scale = f.add(f.mul(means, n.real("alpha")), n.real("bias", 1));
    var power = f.binary(Binary.Kind.POW, scale, f.scalar(scale, n.real("beta")));
    n.give(new Binary(Binary.Kind.DIV), n.in(0), power);
  }

  private static AveragePool mean(List<Integer> kernel) {
    var ones = kernel.stream().map(_ -> 1).toList();
    var begins = kernel.stream().map(size -> (size - 1) / 2).toList();
    var ends = kernel.stream().map(size -> size / 2).toList();
    var padding = new Padding.Explicit(begins, ends);
    return new AveragePool(new Window(kernel, ones, ones, padding, false), LAYOUT, true);
  }

  // ---- by mean and variance

  private static void mvnByAttributes(OpenvinoReadNode n) {
    int rank = n.rank(0);
    var axes = new ArrayList<Integer>();
    if (n.hasAttribute("reduction_axes")) {
      for (int axis : n.integers("reduction_axes")) axes.add(n.axis(axis, rank));
    } else {
      int first = n.flag("across_channels", false) ? 1 : 2;
      IntStream.range(first, rank).forEach(axes::add);
    }
    n.give(0, mvn(n, axes, true));
  }

  private static void mvnByAxes(OpenvinoReadNode n) {
    boolean isInside =
        switch (n.text("eps_mode").toLowerCase(Locale.ROOT)) {
          case "inside_sqrt" -> true;
          case "outside_sqrt" -> false;
          default -> throw n.unknown("eps_mode", "INSIDE_SQRT or OUTSIDE_SQRT");
        };
    n.give(0, mvn(n, axes(n, 1), isInside));
  }

  private static Value mvn(OpenvinoReadNode n, List<Integer> axes, boolean isInside) {
    var f = n.formula();
    var x = n.floats(0);
    var difference = f.sub(x, f.mean(x, axes));
    if (!n.flag("normalize_variance", true)) return difference;
    var variance = f.mean(f.square(difference), axes);
    double epsilon = n.real("eps");
    var deviation = isInside ? f.sqrt(f.add(variance, epsilon)) : f.add(f.sqrt(variance), epsilon);
    return f.div(difference, deviation);
  }

  // ---- by length

  private static void normalizeL2(OpenvinoReadNode n) {
    var axes = axes(n, 1);
    double epsilon = n.real("eps");
    var f = n.formula();
    boolean isMax =
        switch (n.text("eps_mode").toLowerCase(Locale.ROOT)) {
          case "max" -> true;
          case "add" -> false;
          default -> throw n.unknown("eps_mode", "add or max");
        };
    if (isMax && axes.size() == 1) {
      n.give(new LpNorm(axes.get(0), 2, (float) Math.sqrt(epsilon)), n.in(0));
      return;
    }
    var sum = squares(f, n.in(0), axes);
    var bounded = isMax ? f.max(sum, epsilon) : f.add(sum, epsilon);
    n.give(new Binary(Binary.Kind.DIV), n.in(0), f.sqrt(bounded));
  }

  private static Value squares(Formula f, Value x, List<Integer> axes) {
    return axes.isEmpty() ? f.square(x) : f.reduce(Reduce.Kind.SUM, f.square(x), true, axes);
  }
}
