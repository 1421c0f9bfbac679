package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.OneHot;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Unsqueeze;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Brings what moves elements to the forms that IR has.
final class OpenvinoShapeRules {
  private OpenvinoShapeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("PadAllAxes", Pad.class, OpenvinoShapeRules::pad),
        new Replacement<>("SplitShape", ShapeOf.class, OpenvinoShapeRules::shapeOf),
        new Replacement<>("StateSizes", Split.class, OpenvinoShapeRules::split),
        new Replacement<>("ScalarRange", Range.class, OpenvinoShapeRules::range),
        new Replacement<>("SplitOneHot", OneHot.class, OpenvinoShapeRules::oneHot),
        new Replacement<>("ScalarCount", TopK.class, OpenvinoShapeRules::topK),
        new Replacement<>("SplitComputedTile", Tile.class, OpenvinoShapeRules::tile),
        new Replacement<>("VectorSlice", Slice.class, OpenvinoShapeRules::slice),
        new Replacement<>("PutBatchFirst", RecurrentOp.class, OpenvinoShapeRules::batchFirst));
  }

  // ---- padding

  private static Outcome pad(Pad op, Match<Pad> match, Formula f) {
    var pads = match.integers(1);
    var x = match.input(0).shape();
    if (!x.isRanked()) return left("the rank is not known");
    if (pads.isEmpty()) return computedPads(op, match, f);
    if (op.mode() == Pad.Mode.WRAP) return wrapped(allAxes(match, pads.get()), match, f);
    boolean isScalar = !match.input(2).isPresent() || match.input(2).shape().hasRank(0);
    boolean isPlain = match.input(1).isConstant() && !match.input(3).isPresent();
    if (isPlain && isScalar) return left("IR has it");
    var all = f.vector(allAxes(match, pads.get()));
    if (!match.input(2).isPresent()) return match.replaceWith(op, match.input(0), all);
    return match.replaceWith(op, match.input(0), all, f.reshape(match.input(2), Shape.SCALAR));
  }

  /// Pads that are computed, for all axes and as a vector.
  private static Outcome computedPads(Pad op, Match<Pad> match, Formula f) {
    int rank = match.input(0).shape().rank();
    var axes = match.integers(3);
    boolean isScalar = !match.input(2).isPresent() || match.input(2).shape().hasRank(0);
    if (!match.input(3).isPresent() && isScalar) return left("IR has it");
    if (match.input(3).isPresent() && axes.isEmpty()) return left("its axes are computed");
    var pads = match.input(1);
    if (axes.isPresent()) {
      long count = axes.get().length;
      var places = new long[2 * rank];
      Arrays.fill(places, 2 * count);
      for (int i = 0; i < count; i++) {
        int axis = (int) Math.floorMod(axes.get()[i], (long) rank);
        places[axis] = i;
        places[axis + rank] = i + count;
      }
      var none = f.constant(TensorData.ofLongs(pads.dtype(), Shape.of(1), 0));
      pads = f.gather(f.concat(0, pads, none), f.vector(places), 0);
    }
    if (!match.input(2).isPresent()) return match.replaceWith(op, match.input(0), pads);
    return match.replaceWith(op, match.input(0), pads, f.reshape(match.input(2), Shape.SCALAR));
  }

  private static long[] allAxes(Match<Pad> match, long[] pads) {
    int rank = match.input(0).shape().rank();
    var axes =
        match.input(3).isPresent()
            ? match.integers(3).orElse(new long[0])
            : IntStream.range(0, rank).asLongStream().toArray();
    var all = new long[2 * rank];
    for (int i = 0; i < axes.length; i++) {
      int axis = (int) Math.floorMod(axes[i], (long) rank);
      all[axis] = pads[i];
      all[axis + rank] = pads[i + axes.length];
    }
    return all;
  }

  /// Slices of the other side around each axis.
  private static Outcome wrapped(long[] pads, Match<Pad> match, Formula f) {
    var x = match.input(0);
    int rank = pads.length / 2;
    for (int axis = 0; axis < rank; axis++) {
      long begin = pads[axis];
      long end = pads[axis + rank];
      if (begin == 0 && end == 0) continue;
      var dim = x.shape().dim(axis);
      if (!dim.isFixed() || Math.max(begin, end) > dim.fixed()) return left("it wraps often");
      var parts = new ArrayList<Value>();
      long size = dim.fixed();
      if (begin > 0) parts.add(f.slice(x, axis, size - begin, size));
      parts.add(f.slice(x, axis, Math.max(-begin, 0), size + Math.min(end, 0)));
      if (end > 0) parts.add(f.slice(x, axis, 0, end));
      x = f.concat(axis, parts);
    }
    return x == match.input(0) ? left("nothing is added") : match.replaceWith(x);
  }

  // ---- shapes

  private static Outcome shapeOf(ShapeOf op, Match<ShapeOf> match, Formula f) {
    boolean whole = op.start() == 0 && op.end() == Integer.MAX_VALUE;
    if (whole) return left("IR has it");
    var all = f.op(new ShapeOf(op.to()), match.input(0));
    return match.replaceWith(f.slice(all, 0, op.start(), op.end()));
  }

  /// Parts that do not come out even need their sizes.
  private static Outcome split(Split op, Match<Split> match, Formula f) {
    if (match.input(1).isPresent()) return left("its sizes are given");
    var x = match.input(0).shape();
    if (!x.isRanked()) return left("the rank is not known");
    var dim = x.dim(op.axis());
    int count = match.node().outputs().size();
    if (!dim.isFixed()) return computedSplit(op, match, f);
    if (dim.fixed() % count == 0) return left("IR has it");
    var sizes = new long[count];
    long part = Math.ceilDiv(dim.fixed(), count);
    Arrays.fill(sizes, part);
    sizes[count - 1] = dim.fixed() - part * (count - 1);
    var made = f.builder().add(op, List.of(match.input(0), f.vector(sizes)), count, List.of());
    return new Outcome.Replaced(List.copyOf(made.outputs()));
  }

  /// Parts of a dim that is not known: as large as they have to be, the last one what is left.
  private static Outcome computedSplit(Split op, Match<Split> match, Formula f) {
    var x = match.input(0);
    int count = match.node().outputs().size();
    int axis = Math.floorMod(op.axis(), x.shape().rank());
    var dim = f.shape(x, axis, axis + 1);
    var part =
        f.binary(
            Binary.Kind.FLOOR_DIV, f.add(dim, count - 1), f.constant(TensorData.vector(count)));
    var sizes = new ArrayList<Value>(java.util.Collections.nCopies(count - 1, part));
    sizes.add(f.vector(-1));
    var inputs = List.of(x, f.concat(0, sizes));
    var made = f.builder().add(op, inputs, count, List.of());
    return new Outcome.Replaced(List.copyOf(made.outputs()));
  }

  private static Outcome range(Range op, Match<Range> match, Formula f) {
    boolean isScalar = match.node().inputs().stream().allMatch(value -> value.shape().hasRank(0));
    if (isScalar) return left("IR has it");
    var scalars =
        match.node().inputs().stream()
            .map(value -> value.shape().hasRank(0) ? value : f.reshape(value, Shape.SCALAR))
            .toArray(Value[]::new);
    return match.replaceWith(op, scalars);
  }

  /// IR takes starts, ends and steps as vectors.
  private static Outcome slice(Slice op, Match<Slice> match, Formula f) {
    var inputs = new ArrayList<Value>(match.node().inputs());
    boolean changes = false;
    for (int i = 1; i < inputs.size(); i++) {
      if (!inputs.get(i).isPresent() || !inputs.get(i).shape().hasRank(0)) continue;
      inputs.set(i, f.reshape(inputs.get(i), 1));
      changes = true;
    }
    return changes ? match.replaceWith(op, inputs.toArray(Value[]::new)) : left("IR has it");
  }

  /// Compares the indices with `0 … depth - 1` along a new axis.
  private static Outcome oneHot(OneHot op, Match<OneHot> match, Formula f) {
    var indices = match.input(0);
    if (!indices.shape().isRanked()) return left("the rank is not known");
    boolean isKnown = match.input(2).isConstant() && match.input(1).isConstant();
    if (isKnown
        && !op.wrapsNegative()
        && indices.dtype().isInteger()
        && indices.dtype().bits() >= 32) {
      return left("IR has it");
    }
    int rank = indices.shape().rank() + 1;
    int axis = Math.floorMod(op.axis(), rank);
    var at = indices.dtype().isInteger() ? f.cast(indices, watari.tensor.DataType.INT32) : indices;
    if (op.wrapsNegative()) {
      var isNegative = f.binary(Binary.Kind.LESS, at, f.scalar(at, 0));
      at = f.select(isNegative, f.add(at, f.cast(depth(match, f), at.dtype())), at);
    }
    var dims = new long[rank];
    Arrays.fill(dims, 1);
    dims[axis] = -1;
    var zero = f.scalar(depth(match, f), 0);
    var places = f.op(new Range(), zero, depth(match, f), f.scalar(zero, 1));
    var all = f.reshape(f.cast(places, at.dtype()), dims);
    var hits = f.binary(Binary.Kind.EQUAL, f.op(new Unsqueeze(), at, f.vector(axis)), all);
    var off = f.reshape(f.slice(match.input(2), 0, 0, 1), Shape.SCALAR);
    var on = f.reshape(f.slice(match.input(2), 0, 1, 2), Shape.SCALAR);
    return match.replaceWith(f.select(hits, on, off));
  }

  private static Value depth(Match<OneHot> match, Formula f) {
    var depth = f.cast(match.input(1), watari.tensor.DataType.INT64);
    return depth.shape().hasRank(0) ? depth : f.reshape(depth, Shape.SCALAR);
  }

  /// The count is a scalar.
  private static Outcome topK(TopK op, Match<TopK> match, Formula f) {
    if (match.input(1).shape().hasRank(0)) return left("IR has it");
    var k = f.reshape(match.input(1), Shape.SCALAR);
    int count = match.node().outputs().size();
    var made = f.builder().add(op, List.of(match.input(0), k), count, List.of());
    return new Outcome.Replaced(List.copyOf(made.outputs()));
  }

  /// OpenVINO 2026.4 computes large tiles wrongly when the repeats are not constant: an axis for
  /// each of them, then broadcast.
  private static Outcome tile(Tile op, Match<Tile> match, Formula f) {
    var x = match.input(0);
    if (match.input(1).isConstant()) return left("its repeats are constant");
    if (!x.shape().isFixed()) return left("the dims are not fixed");
    int rank = x.shape().rank();
    var raised = new long[2 * rank];
    var target = new ArrayList<Value>();
    var repeats = f.cast(match.input(1), watari.tensor.DataType.INT64);
    for (int i = 0; i < rank; i++) {
      raised[2 * i] = 1;
      raised[2 * i + 1] = x.shape().dim(i).fixed();
      target.add(f.slice(repeats, 0, i, i + 1));
      target.add(f.vector(raised[2 * i + 1]));
    }
    var wide = f.expand(f.reshape(x, raised), f.concat(0, target));
    var dims = f.mul(repeats, f.vector(x.shape().fixedDims()));
    return match.replaceWith(f.op(new Reshape(true), wide, dims));
  }

  // ---- recurrence

  private static Outcome batchFirst(RecurrentOp op, Match<RecurrentOp> match, Formula f) {
    if (op.batchFirst() || !OpenvinoWriteRecurrent.isExpressible(match.node())) {
      return left("IR takes it, or lacks it");
    }
    var node = match.node();
    var inputs = new ArrayList<Value>(node.inputs());
    inputs.set(0, f.transpose(node.input(0), 1, 0, 2));
    for (int i = 5; i < Math.min(inputs.size(), 7); i++) {
      if (inputs.get(i).isPresent()) inputs.set(i, f.transpose(inputs.get(i), 1, 0, 2));
    }
    var made = f.builder().add(withBatchFirst(op), inputs, node.outputs().size(), List.of());
    var outputs = new ArrayList<Value>();
    for (int i = 0; i < made.outputs().size(); i++) {
      var output = made.output(i);
      outputs.add(i == 0 ? f.transpose(output, 1, 2, 0, 3) : f.transpose(output, 1, 0, 2));
    }
    return new Outcome.Replaced(outputs);
  }

  private static RecurrentOp withBatchFirst(RecurrentOp op) {
    return switch (op) {
      case Lstm l ->
          new Lstm(l.hidden(), l.direction(), true, l.activations(), l.clip(), l.coupled());
      case Gru g ->
          new Gru(
              g.hidden(), g.direction(), true, g.activations(), g.clip(), g.linearBeforeReset());
      case Rnn r -> new Rnn(r.hidden(), r.direction(), true, r.activations(), r.clip());
    };
  }
}
