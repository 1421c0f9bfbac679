package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Unique;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Takes apart operators on indices, and reductions, that ONNX lacks.
final class OnnxIndexRules {
  private final OnnxOpset opset;

  OnnxIndexRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("SplitBatchedGather", Gather.class, OnnxIndexRules::gather),
        new OnnxRule<>("SplitOneHot", OneHot.class, OnnxIndexRules::oneHot),
        new OnnxRule<>("CastNonZero", NonZero.class, this::nonZero),
        new OnnxRule<>("CastUniqueIndices", Unique.class, OnnxIndexRules::unique),
        new OnnxRule<>("CastArgReduce", ArgReduce.class, OnnxIndexRules::argReduce),
        new OnnxRule<>("CastTopKIndices", TopK.class, OnnxIndexRules::topK),
        new OnnxRule<>("ReplaceEmptyReduce", Reduce.class, OnnxIndexRules::reduce),
        new OnnxRule<>("SplitCumulativeProduct", Cumulative.class, OnnxIndexRules::cumulative));
  }

  /// `GatherND` on the axis behind the common ones, moved there and back.
  private static Outcome gather(Gather op, Match<Gather> match) {
    if (op.batchDims() == 0) return left("ONNX has it");
    var x = match.input(0);
    var indices = match.input(1);
    if (!x.shape().isRanked() || !indices.shape().isRanked()) return left("a rank is not known");
    var to = new OnnxCompose(match);
    int rank = x.shape().rank();
    int batch = Math.floorMod(op.batchDims(), Math.max(indices.shape().rank(), 1));
    if (op.batchDims() == indices.shape().rank()) batch = op.batchDims();
    int axis = Math.floorMod(op.axis(), rank);
    var moved = to.transpose(x, OnnxCompose.moving(rank, axis, batch));
    Match.carryQuantization(moved, x.type());
    var tuples = to.unsqueeze(to.cast(indices, DataType.INT64), -1);
    var gathered = to.op(new GatherNd(batch), moved, tuples);
    int picked = indices.shape().rank() - batch;
    var back = new ArrayList<Integer>();
    for (int i = 0; i < batch; i++) back.add(i);
    for (int i = batch; i < axis; i++) back.add(i + picked);
    for (int i = 0; i < picked; i++) back.add(batch + i);
    for (int i = axis + 1; i < rank; i++) back.add(i - 1 + picked);
    return to.replace(to.transpose(gathered, back));
  }

  /// Compares the indices with `0 … depth - 1` along a new axis.
  private static Outcome oneHot(OneHot op, Match<OneHot> match) {
    var indices = match.input(0);
    if (!indices.shape().isRanked()) return left("the rank is not known");
    boolean runs =
        op.wrapsNegative()
            && indices.dtype() == DataType.INT64
            && (OnnxCompose.real(match.input(2)) == DataType.FLOAT32
                || match.input(2).dtype() == DataType.INT64);
    if (runs) return left("ONNX has it");
    var to = new OnnxCompose(match);
    int axis = Math.floorMod(op.axis(), indices.shape().rank() + 1);
    var depth = to.reshape(to.cast(match.input(1), DataType.INT64));
    var all = to.op(new Range(), to.scalar(depth, 0), depth, to.scalar(depth, 1));
    var dims = new long[indices.shape().rank() + 1];
    java.util.Arrays.fill(dims, 1);
    dims[axis] = -1;
    var at = to.cast(indices, DataType.INT64);
    if (op.wrapsNegative()) {
      var negative = to.binary(Binary.Kind.LESS, at, to.scalar(at, 0));
      at = to.select(negative, to.add(at, depth), at);
    }
    var hits = to.binary(Binary.Kind.EQUAL, to.unsqueeze(at, axis), to.reshape(all, dims));
    var off = to.gather(match.input(2), to.constant(TensorData.scalar(0L)), 0);
    var on = to.gather(match.input(2), to.constant(TensorData.scalar(1L)), 0);
    return to.replace(to.select(hits, on, off));
  }

  private Outcome nonZero(NonZero op, Match<NonZero> match) {
    var x = match.input(0);
    if (OnnxKernels.run(op, opset.usual(), OnnxCompose.real(x))) return left("ONNX has it");
    var to = new OnnxCompose(match);
    return to.replace(to.op(op, to.cast(x, DataType.BOOL)));
  }

  private static Outcome unique(Unique op, Match<Unique> match) {
    if (op.indices() == DataType.INT64) return left("ONNX has it");
    return withIndices(
        new Unique(op.flat(), op.axis(), op.sorted(), DataType.INT64), op.indices(), match);
  }

  private static Outcome topK(TopK op, Match<TopK> match) {
    if (op.indices() == DataType.INT64) return left("ONNX has it");
    return withIndices(
        new TopK(op.axis(), op.largest(), op.sorted(), DataType.INT64), op.indices(), match);
  }

  /// The same with outputs of int64, of which all but the first are cast.
  private static Outcome withIndices(watari.op.Op op, DataType indices, Match<?> match) {
    var to = new OnnxCompose(match);
    var node = match.node();
    var made = to.builder().add(op, node.inputs(), node.outputs().size(), List.of());
    var values = new ArrayList<Value>(List.of(made.output(0)));
    for (int i = 1; i < made.outputs().size(); i++) {
      values.add(to.op(new Cast(indices), made.output(i)));
    }
    return to.replace(values);
  }

  private static Outcome argReduce(ArgReduce op, Match<ArgReduce> match) {
    if (op.to() == DataType.INT64) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var wide = new ArgReduce(op.largest(), op.axis(), op.keepDims(), op.last(), DataType.INT64);
    return to.replace(to.op(new Cast(op.to()), to.op(wide, match.input(0))));
  }

  /// With no axes each element is reduced alone.
  private static Outcome reduce(Reduce op, Match<Reduce> match) {
    var axes = match.integers(1);
    if (axes.isEmpty()) return left("its axes are computed, or all");
    if (axes.get().length > 0) return reduceOnce(op, axes.get(), match);
    var to = new OnnxCompose(match);
    var x = match.input(0);
    return to.replace(
        switch (op.kind()) {
          case L1, L2 -> to.unary(Unary.Kind.ABS, x);
          case LOG_SUM -> to.unary(Unary.Kind.LOG, x);
          case SUM_SQUARE -> to.mul(x, x);
          case ALL, ANY, LOG_SUM_EXP, MAX, MEAN, MIN, PROD, SUM -> to.op(new Identity(), x);
        });
  }

  /// Names each axis once.
  private static Outcome reduceOnce(Reduce op, long[] axes, Match<Reduce> match) {
    var x = match.input(0).shape();
    if (!x.isRanked()) return left("the rank is not known");
    var once = java.util.Arrays.stream(axes).map(a -> Math.floorMod(a, (long) x.rank())).distinct();
    var distinct = once.toArray();
    if (distinct.length == axes.length) return left("ONNX has it");
    var to = new OnnxCompose(match);
    return to.replace(to.op(op, match.input(0), to.vector(distinct)));
  }

  /// Products of neighbours, then of runs of 2, 4, 8, ….
  private static Outcome cumulative(Cumulative op, Match<Cumulative> match) {
    if (op.kind() == Cumulative.Kind.SUM) return left("ONNX has it");
    var axis = match.integers(1);
    var x = match.input(0);
    if (axis.isEmpty() || !x.shape().isRanked()) return left("its axis is computed");
    int at = Math.floorMod((int) axis.get()[0], x.shape().rank());
    if (!x.shape().dim(at).isFixed()) return left("the dim is not fixed");
    var to = new OnnxCompose(match);
    var product = op.exclusive() ? shifted(x, at, 1, op.reverse(), to) : x;
    for (long step = 1; step < x.shape().dim(at).fixed(); step *= 2) {
      product = to.mul(product, shifted(product, at, step, op.reverse(), to));
    }
    if (product == x) product = to.op(new Identity(), x);
    return to.replace(product);
  }

  /// Moved along an axis, ones coming in.
  private static Value shifted(Value x, int axis, long by, boolean back, OnnxCompose to) {
    int rank = x.shape().rank();
    var pads = new long[2 * rank];
    pads[axis] = back ? -by : by;
    pads[axis + rank] = back ? by : -by;
    return to.op(new Pad(Pad.Mode.CONSTANT), x, to.vector(pads), to.scalar(x, 1));
  }
}
