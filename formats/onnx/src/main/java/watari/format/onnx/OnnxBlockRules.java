package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToBatch;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Moves blocks of space to the batch and back by Reshape and Transpose.
final class OnnxBlockRules {
  private OnnxBlockRules() {}

  static List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("SplitSpaceToBatch", SpaceToBatch.class, (_, m) -> spaceToBatch(m)),
        new OnnxRule<>("SplitBatchToSpace", BatchToSpace.class, (_, m) -> batchToSpace(m)));
  }

  private static Outcome spaceToBatch(Match<SpaceToBatch> match) {
    var blocks = match.integers(1);
    if (blocks.isEmpty() || !match.input(0).shape().isRanked()) {
      return left("its blocks are computed, or the rank is not known");
    }
    var to = new OnnxCompose(match);
    int count = blocks.get().length;
    int rank = match.input(0).shape().rank();
    var padded = paddedAxes(match.input(0), match.input(2), count, to);
    var dims = new ArrayList<Value>(List.of(to.dim(padded, 0)));
    for (int i = 0; i < count; i++) {
      dims.add(divided(to.dim(padded, i + 1), blocks.get()[i], to));
      dims.add(to.vector(blocks.get()[i]));
    }
    for (int axis = count + 1; axis < rank; axis++) dims.add(to.dim(padded, axis));
    var perm = new ArrayList<Integer>();
    for (int i = 0; i < count; i++) perm.add(2 * i + 2);
    perm.add(0);
    for (int i = 0; i < count; i++) perm.add(2 * i + 1);
    for (int axis = count + 1; axis < rank; axis++) perm.add(axis + count);
    var moved = to.transpose(to.reshape(padded, dims), perm);
    var result = new ArrayList<Value>(List.of(to.vector(-1)));
    for (int i = 0; i < count; i++) result.add(dims.get(2 * i + 1));
    for (int axis = count + 1; axis < rank; axis++) result.add(to.dim(padded, axis));
    return to.replace(to.reshape(moved, result));
  }

  private static Value paddedAxes(Value x, Value edges, int count, OnnxCompose to) {
    if (edges.constant().filter(data -> data.isAll(0)).isPresent()) return x;
    int rank = x.shape().rank();
    var rest = to.vector(new long[rank - 1 - count]);
    var pads =
        to.vectors(
            List.of(
                to.vector(0),
                column(edges, 0, count, to),
                rest,
                to.vector(0),
                column(edges, 1, count, to),
                rest));
    var padded = to.op(new Pad(Pad.Mode.CONSTANT), x, pads);
    Match.carryQuantization(padded, x.type());
    return padded;
  }

  /// What is added, or cropped, before (0) or behind (1) each axis.
  private static Value column(Value edges, int side, int count, OnnxCompose to) {
    var known = edges.constant();
    if (known.isEmpty()) {
      return to.gather(
          to.cast(edges, DataType.INT64), to.constant(TensorData.scalar((long) side)), 1);
    }
    var all = new long[count];
    for (int i = 0; i < count; i++) all[i] = known.get().longAt(2L * i + side);
    return to.vector(all);
  }

  private static Value divided(Value dim, long by, OnnxCompose to) {
    return dim.isConstant()
        ? to.vector(dim.constant().orElseThrow().longAt(0) / by)
        : to.div(dim, to.vector(by));
  }

  private static Outcome batchToSpace(Match<BatchToSpace> match) {
    var blocks = match.integers(1);
    var x = match.input(0);
    if (blocks.isEmpty() || !x.shape().isRanked()) {
      return left("its blocks are computed, or the rank is not known");
    }
    var to = new OnnxCompose(match);
    int count = blocks.get().length;
    int rank = x.shape().rank();
    var dims = new ArrayList<Value>(List.of(to.vector(blocks.get()), to.vector(-1)));
    for (int axis = 1; axis < rank; axis++) dims.add(to.dim(x, axis));
    var perm = new ArrayList<Integer>(List.of(count));
    for (int i = 0; i < count; i++) perm.addAll(List.of(count + 1 + i, i));
    IntStream.range(2 * count + 1, rank + count).forEach(perm::add);
    var moved = to.transpose(to.reshape(x, dims), perm);
    var result = new ArrayList<Value>(List.of(to.vector(-1)));
    for (int i = 0; i < count; i++) {
      result.add(multiplied(to.dim(x, i + 1), blocks.get()[i], to));
    }
    for (int axis = count + 1; axis < rank; axis++) result.add(to.dim(x, axis));
    return to.replace(croppedAxes(to.reshape(moved, result), match.input(2), count, to));
  }

  private static Value multiplied(Value dim, long by, OnnxCompose to) {
    return dim.isConstant()
        ? to.vector(dim.constant().orElseThrow().longAt(0) * by)
        : to.mul(dim, to.vector(by));
  }

  private static Value croppedAxes(Value x, Value edges, int count, OnnxCompose to) {
    if (edges.constant().filter(data -> data.isAll(0)).isPresent()) return x;
    var dims = new ArrayList<Value>();
    for (int i = 0; i < count; i++) dims.add(to.dim(x, i + 1));
    var ends = difference(to.vectors(dims), column(edges, 1, count, to), to);
    var axes = IntStream.rangeClosed(1, count).asLongStream().toArray();
    return to.op(new Slice(), x, column(edges, 0, count, to), ends, to.vector(axes));
  }

  private static Value difference(Value a, Value b, OnnxCompose to) {
    if (!a.isConstant() || !b.isConstant()) return to.sub(a, b);
    var values = a.constant().orElseThrow().longs();
    for (int i = 0; i < values.length; i++) values[i] -= b.constant().orElseThrow().longAt(i);
    return to.vector(values);
  }
}
