package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Split;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// Takes apart operators on shapes that ONNX, or the opset, lacks.
final class OnnxShapeRules {
  private final OnnxOpset opset;

  OnnxShapeRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("SplitPad", Pad.class, this::pad),
        new OnnxRule<>("CastShape", ShapeOf.class, this::shapeOf),
        new OnnxRule<>("CastSize", Size.class, OnnxShapeRules::size),
        new OnnxRule<>("FixReshape", Reshape.class, OnnxShapeRules::reshape),
        new OnnxRule<>("FixSplit", Split.class, this::split),
        new OnnxRule<>("MoveReversedAxes", ReverseSequence.class, OnnxShapeRules::reverseSequence));
  }

  // ---- padding

  private Outcome pad(Pad op, Match<Pad> match) {
    var axes = match.node().input(3);
    if (axes.isPresent()) return padAllAxes(op, match);
    var pads = match.integers(1);
    var to = new OnnxCompose(match);
    return switch (op.mode()) {
      case CONSTANT, EDGE, REFLECT -> padValueAsScalar(op, match);
      case SYMMETRIC ->
          pads.isEmpty() ? left("its pads are computed") : symmetric(pads.get(), match, to);
      case WRAP ->
          opset.has(19) || pads.isEmpty()
              ? left("the opset wraps, or its pads are computed")
              : wrap(pads.get(), match, to);
    };
  }

  private static Outcome padAllAxes(Pad op, Match<Pad> match) {
    var x = match.input(0).shape();
    var axes = match.integers(3);
    var pads = match.integers(1);
    if (!x.isRanked() || axes.isEmpty() || pads.isEmpty()) return left("its pads are computed");
    int rank = x.rank();
    var all = new long[2 * rank];
    for (int i = 0; i < axes.get().length; i++) {
      int axis = (int) Math.floorMod(axes.get()[i], (long) rank);
      all[axis] = pads.get()[i];
      all[axis + rank] = pads.get()[i + axes.get().length];
    }
    var to = new OnnxCompose(match);
    return to.replace(to.op(op, match.input(0), to.vector(all), match.input(2)));
  }

  private static Outcome padValueAsScalar(Pad op, Match<Pad> match) {
    var value = match.input(2);
    if (!value.isPresent() || value.shape().hasRank(0)) return left("ONNX has it");
    var to = new OnnxCompose(match);
    return to.replace(to.op(op, match.input(0), match.input(1), to.reshape(value)));
  }

  /// Reversed slices of the edges around each axis.
  private static Outcome symmetric(long[] pads, Match<Pad> match, OnnxCompose to) {
    var x = match.input(0);
    int rank = pads.length / 2;
    for (int axis = 0; axis < rank; axis++) {
      var parts = new ArrayList<Value>();
      long begin = pads[axis];
      long end = pads[axis + rank];
      if (begin > 0) parts.add(to.slice(x, axis, begin - 1, Long.MIN_VALUE, -1));
      parts.add(x);
      if (end > 0) parts.add(to.slice(x, axis, -1, -end - 1, -1));
      x = cropped(to.concat(axis, parts), axis, begin, end, to);
    }
    return to.replace(x == match.input(0) ? to.op(new watari.op.ElementwiseOp.Identity(), x) : x);
  }

  /// Slices of the other side around each axis.
  private static Outcome wrap(long[] pads, Match<Pad> match, OnnxCompose to) {
    var x = match.input(0);
    int rank = pads.length / 2;
    for (int axis = 0; axis < rank; axis++) {
      var parts = new ArrayList<Value>();
      long begin = pads[axis];
      long end = pads[axis + rank];
      var dim = x.shape().dim(axis);
      boolean fits = dim.isFixed() && Math.max(begin, end) <= dim.fixed();
      if (!fits && (begin > 0 || end > 0)) return left("it wraps more than once");
      if (begin > 0) parts.add(to.slice(x, axis, -begin, Long.MAX_VALUE));
      parts.add(x);
      if (end > 0) parts.add(to.slice(x, axis, 0, end));
      x = cropped(to.concat(axis, parts), axis, begin, end, to);
    }
    return to.replace(x == match.input(0) ? to.op(new watari.op.ElementwiseOp.Identity(), x) : x);
  }

  private static Value cropped(Value x, int axis, long begin, long end, OnnxCompose to) {
    if (begin >= 0 && end >= 0) return x;
    return to.slice(x, axis, Math.max(-begin, 0), end < 0 ? end : Long.MAX_VALUE);
  }

  // ---- shapes

  private Outcome shapeOf(ShapeOf op, Match<ShapeOf> match) {
    boolean whole = op.start() == 0 && op.end() == Integer.MAX_VALUE;
    boolean fits = whole || opset.has(15);
    if (op.to() == DataType.INT64 && fits) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var part =
        fits
            ? to.op(new ShapeOf(op.start(), op.end(), DataType.INT64), match.input(0))
            : to.slice(to.op(new ShapeOf(DataType.INT64), match.input(0)), 0, op.start(), op.end());
    return to.replace(to.cast(part, op.to()));
  }

  private static Outcome size(Size op, Match<Size> match) {
    if (op.to() == DataType.INT64) return left("ONNX has it");
    var to = new OnnxCompose(match);
    return to.replace(to.cast(to.op(new Size(DataType.INT64), match.input(0)), op.to()));
  }

  private static Outcome reshape(Reshape op, Match<Reshape> match) {
    if (!op.allowZero()) return left("a 0 copies a dim");
    var shape = match.integers(1);
    boolean hasZero = shape.isEmpty() || Arrays.stream(shape.get()).anyMatch(d -> d == 0);
    if (hasZero) return left("a dim is 0, or computed");
    return match.replaceWith(new Reshape(false), match.input(0), match.input(1));
  }

  /// States the sizes: only opset 18 and later share out what does not come out even.
  private Outcome split(Split op, Match<Split> match) {
    var x = match.input(0).shape();
    if (!x.isRanked()) return left("the rank is not known");
    var dim = x.dim(op.axis());
    int count = match.node().outputs().size();
    if (!dim.isFixed()) return left("the dim is not fixed");
    var sizes = new long[count];
    if (match.input(1).isPresent()) {
      var given = match.integers(1);
      if (given.isEmpty() || Arrays.stream(given.get()).noneMatch(s -> s < 0)) {
        return left("its sizes are given");
      }
      long others = Arrays.stream(given.get()).filter(s -> s >= 0).sum();
      Arrays.setAll(sizes, i -> given.get()[i] < 0 ? dim.fixed() - others : given.get()[i]);
    } else {
      long part = Math.ceilDiv(dim.fixed(), count);
      Arrays.fill(sizes, part);
      sizes[count - 1] = dim.fixed() - part * (count - 1);
    }
    var to = new OnnxCompose(match);
    var inputs = List.of(match.input(0), to.vector(sizes));
    return to.replace(to.builder().add(op, inputs, count, List.of()).outputs());
  }

  /// ONNX wants batch and time to be the first two axes.
  private static Outcome reverseSequence(ReverseSequence op, Match<ReverseSequence> match) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return left("the rank is not known");
    int rank = x.shape().rank();
    int batch = Math.floorMod(op.batchAxis(), rank);
    int time = Math.floorMod(op.timeAxis(), rank);
    boolean fits = op.batchAxis() >= 0 && op.timeAxis() >= 0 && batch < 2 && time < 2;
    if (fits) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var perm = new ArrayList<Integer>(List.of(time, batch));
    IntStream.range(0, rank).filter(i -> i != batch && i != time).forEach(perm::add);
    var back = IntStream.range(0, rank).mapToObj(perm::indexOf).toList();
    var reversed = to.op(new ReverseSequence(1, 0), to.transpose(x, perm), match.input(1));
    return to.replace(to.transpose(reversed, back));
  }
}
