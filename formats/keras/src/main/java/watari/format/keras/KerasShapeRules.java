package watari.format.keras;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.OneHot;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Trilu;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Movements that Keras has no layer or function for, as reshapes, transposes and gathers.
final class KerasShapeRules {
  private KerasShapeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("ReplaceDepthToSpace", DepthToSpace.class, KerasShapeRules::depthToSpace),
        new SmallRule<>("ReplaceSpaceToDepth", SpaceToDepth.class, KerasShapeRules::spaceToDepth),
        new SmallRule<>("ReplaceSpaceToBatch", SpaceToBatch.class, KerasShapeRules::spaceToBatch),
        new SmallRule<>("ReplaceBatchToSpace", BatchToSpace.class, KerasShapeRules::batchToSpace),
        new SmallRule<>("ReplaceTrilu", Trilu.class, KerasShapeRules::trilu),
        new SmallRule<>("ReplaceOneHot", OneHot.class, KerasShapeRules::oneHot),
        new Replacement<>("ReplaceGatherNd", GatherNd.class, KerasShapeRules::gatherNd),
        new SmallRule<>("CropNegativePads", Pad.class, KerasShapeRules::crop),
        new SmallRule<>("PadByIndices", Pad.class, KerasShapeRules::padByIndices),
        new Replacement<>("SplitComputedConv", Conv.class, KerasShapeRules::splitConv));
  }

  private static boolean isFixedBehind(Value x, Layout layout) {
    return layout == Layout.CHANNELS_LAST
        && x.shape().hasRank(4)
        && x.shape().slice(1, 4).isFixed();
  }

  /// -1 stands for the batch.
  private static Value reshape(Value x, Formula f, long... dims) {
    return f.reshape(x, dims);
  }

  private static Outcome depthToSpace(DepthToSpace op, Match<DepthToSpace> match, Formula f) {
    var x = match.input(0);
    if (!isFixedBehind(x, op.layout())) return Replacement.left("its dims are not fixed");
    long h = x.shape().dim(1).fixed();
    long w = x.shape().dim(2).fixed();
    long b = op.block();
    long c = x.shape().dim(3).fixed() / (b * b);
    var apart =
        op.channelsOutermost()
            ? f.transpose(reshape(x, f, -1, h, w, c, b, b), 0, 1, 4, 2, 5, 3)
            : f.transpose(reshape(x, f, -1, h, w, b, b, c), 0, 1, 3, 2, 4, 5);
    return match.replaceWith(typed(f.reshape(apart, batched(x, h * b, w * b, c)), match));
  }

  private static Shape batched(Value x, long... dims) {
    return Shape.of(x.shape().dim(0)).concat(Shape.of(dims));
  }

  private static Value typed(Value made, Match<?> match) {
    Match.carryQuantization(made, match.output().type());
    return made;
  }

  private static Outcome spaceToDepth(SpaceToDepth op, Match<SpaceToDepth> match, Formula f) {
    var x = match.input(0);
    if (!isFixedBehind(x, op.layout())) return Replacement.left("its dims are not fixed");
    long b = op.block();
    long h = x.shape().dim(1).fixed() / b;
    long w = x.shape().dim(2).fixed() / b;
    long c = x.shape().dim(3).fixed();
    var apart = f.transpose(reshape(x, f, -1, h, b, w, b, c), 0, 1, 3, 2, 4, 5);
    return match.replaceWith(typed(f.reshape(apart, batched(x, h, w, c * b * b)), match));
  }

  // ---- blocks in the batch

  private static Outcome spaceToBatch(SpaceToBatch op, Match<SpaceToBatch> match, Formula f) {
    var x = match.input(0);
    var block = match.integers(1);
    var edges = match.constant(2);
    if (block.isEmpty() || edges.isEmpty() || !x.shape().isFixed()) {
      return Replacement.left("its dims are not fixed");
    }
    int m = block.get().length;
    int rank = x.shape().rank();
    var pads = new long[2 * rank];
    for (int i = 0; i < m; i++) {
      pads[i + 1] = edges.get().longAt(2L * i);
      pads[rank + i + 1] = edges.get().longAt(2L * i + 1);
    }
    boolean isPadded = Arrays.stream(pads).anyMatch(p -> p != 0);
    var padded = isPadded ? f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(pads)) : x;
    var dims = new ArrayList<Long>(List.of(x.shape().dim(0).fixed()));
    for (int i = 0; i < m; i++) {
      dims.add(padded.shape().dim(i + 1).fixed() / block.get()[i]);
      dims.add(block.get()[i]);
    }
    for (int i = m + 1; i < rank; i++) dims.add(x.shape().dim(i).fixed());
    var perm = new ArrayList<Integer>();
    for (int i = 0; i < m; i++) perm.add(2 * i + 2);
    perm.add(0);
    for (int i = 0; i < m; i++) perm.add(2 * i + 1);
    for (int i = 2 * m + 1; i < dims.size(); i++) perm.add(i);
    var apart = f.transpose(f.reshape(padded, array(dims)), perm);
    return match.replaceWith(typed(f.reshape(apart, match.output().shape()), match));
  }

  private static long[] array(List<Long> dims) {
    return dims.stream().mapToLong(dim -> dim).toArray();
  }

  private static Outcome batchToSpace(BatchToSpace op, Match<BatchToSpace> match, Formula f) {
    var x = match.input(0);
    var block = match.integers(1);
    var crops = match.constant(2);
    if (block.isEmpty() || crops.isEmpty() || !x.shape().isFixed()) {
      return Replacement.left("its dims are not fixed");
    }
    int m = block.get().length;
    int rank = x.shape().rank();
    long blocks = Arrays.stream(block.get()).reduce(1, (a, b) -> a * b);
    long batch = x.shape().dim(0).fixed() / blocks;
    var dims = new ArrayList<Long>();
    for (long b : block.get()) dims.add(b);
    dims.add(batch);
    for (int i = 1; i < rank; i++) dims.add(x.shape().dim(i).fixed());
    var perm = new ArrayList<>(List.of(m));
    for (int i = 0; i < m; i++) {
      perm.add(m + 1 + i);
      perm.add(i);
    }
    for (int i = 2 * m + 1; i < dims.size(); i++) perm.add(i);
    var whole = new ArrayList<Long>(List.of(batch));
    for (int i = 0; i < m; i++) whole.add(x.shape().dim(i + 1).fixed() * block.get()[i]);
    for (int i = m + 1; i < rank; i++) whole.add(x.shape().dim(i).fixed());
    var y = f.reshape(f.transpose(f.reshape(x, array(dims)), perm), array(whole));
    for (int i = 0; i < m; i++) {
      long begin = crops.get().longAt(2L * i);
      long end = whole.get(i + 1) - crops.get().longAt(2L * i + 1);
      if (begin != 0 || end != whole.get(i + 1)) y = f.slice(y, i + 1, begin, end);
    }
    return match.replaceWith(typed(y, match));
  }

  // ---- by masks and indices

  private static Outcome trilu(Trilu op, Match<Trilu> match, Formula f) {
    var x = match.input(0);
    var k = match.input(1).isPresent() ? match.integers(1) : java.util.Optional.of(new long[] {0});
    int rank = x.shape().isRanked() ? x.shape().rank() : 0;
    if (k.isEmpty() || rank < 2 || !x.shape().slice(rank - 2, rank).isFixed()) {
      return Replacement.left("its diagonal or dims are not known");
    }
    int rows = Math.toIntExact(x.shape().dim(-2).fixed());
    int columns = Math.toIntExact(x.shape().dim(-1).fixed());
    var mask = new long[rows * columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        boolean stays = op.upper() ? j >= i + k.get()[0] : j <= i + k.get()[0];
        mask[i * columns + j] = stays ? 1 : 0;
      }
    }
    var data = TensorData.ofLongs(DataType.BOOL, Shape.of(rows, columns), mask);
    return match.replaceWith(typed(f.select(f.constant(data), x, f.scalar(x, 0)), match));
  }

  /// Each index against all numbers below the depth.
  private static Outcome oneHot(OneHot op, Match<OneHot> match, Formula f) {
    var indices = match.input(0);
    var depth = match.integers(1);
    if (op.wrapsNegative() || depth.isEmpty() || !indices.shape().isRanked()) {
      return Replacement.left("its depth is computed, or it wraps");
    }
    int rank = indices.shape().rank() + 1;
    int axis = Shapes.axis(op.axis(), rank);
    var dims = new long[rank];
    Arrays.fill(dims, 1);
    dims[axis] = depth.get()[0];
    var numbers =
        TensorData.ofLongs(
            indices.dtype(), Shape.of(dims), LongStream.range(0, depth.get()[0]).toArray());
    var hits = f.binary(Binary.Kind.EQUAL, f.unsqueeze(indices, axis), f.constant(numbers));
    var off = f.slice(match.input(2), 0, 0, 1);
    var on = f.slice(match.input(2), 0, 1, 2);
    return match.replaceWith(
        f.select(hits, f.reshape(on, Shape.SCALAR), f.reshape(off, Shape.SCALAR)));
  }

  /// Tuples of indices as places among all that they choose from.
  private static Outcome gatherNd(GatherNd op, Match<GatherNd> match, Formula f) {
    var x = match.input(0);
    var indices = match.input(1);
    boolean isKnown =
        op.batchDims() == 0
            && x.shape().isRanked()
            && indices.shape().isRanked()
            && indices.shape().dim(-1).isFixed();
    if (!isKnown) return Replacement.left("it gathers within batches, or ranks are not known");
    int tuple = Math.toIntExact(indices.shape().dim(-1).fixed());
    int last = indices.shape().rank() - 1;
    if (tuple == 0 || tuple > x.shape().rank() || !x.shape().slice(0, tuple).isFixed()) {
      return Replacement.left("the dims that are chosen from are not fixed");
    }
    var places = Value.ABSENT;
    for (int i = 0; i < tuple; i++) {
      long dim = x.shape().dim(i).fixed();
      var part = f.squeeze(f.slice(indices, last, i, i + 1), last);
      var isBelow = f.binary(Binary.Kind.LESS, part, f.scalar(part, 0));
      var index = f.select(isBelow, f.add(part, dim), part);
      places = i == 0 ? index : f.add(f.mul(places, dim), index);
    }
    long count = x.shape().product(0, tuple).fixed();
    var rows = Shape.of(count).concat(x.shape().slice(tuple, x.shape().rank()));
    return match.replaceWith(f.gather(f.reshape(x, rows), places, 0));
  }

  // ---- pads

  private static Outcome crop(Pad op, Match<Pad> match, Formula f) {
    var x = match.input(0);
    var pads = match.integers(1);
    boolean applies =
        pads.isPresent()
            && Arrays.stream(pads.get()).anyMatch(p -> p < 0)
            && x.shape().isRanked()
            && (!match.input(3).isPresent() || match.integers(3).isPresent());
    if (!applies) return Replacement.left("it crops nothing");
    int count = pads.get().length / 2;
    var axes =
        match.input(3).isPresent()
            ? match.integers(3).orElseThrow()
            : LongStream.range(0, count).toArray();
    var y = x;
    for (int i = 0; i < count; i++) {
      int axis = Shapes.axis(axes[i], x.shape().rank());
      long begin = Math.max(0, -pads.get()[i]);
      long end = Math.max(0, -pads.get()[i + count]);
      if (begin + end > 0) y = f.slice(y, axis, begin, end == 0 ? Long.MAX_VALUE : -end);
    }
    var positive = Arrays.stream(pads.get()).map(p -> Math.max(0, p)).toArray();
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, y);
    inputs.set(1, f.vector(positive));
    return match.replaceWith(typed(f.builder().add(op, inputs), match));
  }

  /// Modes that Keras lacks: the elements that stand at each place, axis by axis.
  private static Outcome padByIndices(Pad op, Match<Pad> match, Formula f) {
    var x = match.input(0);
    var pads = match.integers(1);
    boolean isLacking = op.mode() == Pad.Mode.EDGE || op.mode() == Pad.Mode.WRAP;
    if (!isLacking || pads.isEmpty() || !x.shape().isRanked()) {
      return Replacement.left("Keras has its mode, or its pads are computed");
    }
    int count = pads.get().length / 2;
    var axes =
        match.input(3).isPresent()
            ? match.integers(3).orElse(new long[0])
            : LongStream.range(0, count).toArray();
    if (axes.length != count) return Replacement.left("its axes are computed");
    var y = x;
    for (int i = 0; i < count; i++) {
      int axis = Shapes.axis(axes[i], x.shape().rank());
      if (pads.get()[i] == 0 && pads.get()[i + count] == 0) continue;
      if (!x.shape().dim(axis).isFixed()) return Replacement.left("its dims are not fixed");
      long dim = x.shape().dim(axis).fixed();
      boolean wraps = op.mode() == Pad.Mode.WRAP;
      var places =
          LongStream.range(-pads.get()[i], dim + pads.get()[i + count])
              .map(p -> wraps ? Math.floorMod(p, dim) : Math.max(0, Math.min(dim - 1, p)))
              .toArray();
      y = f.gather(y, f.vector(places), axis);
    }
    return match.replaceWith(typed(y, match));
  }

  // ---- convolutions with computed filters

  /// Keras' function has one group.
  private static Outcome splitConv(Conv op, Match<Conv> match, Formula f) {
    var x = match.input(0);
    var filter = match.input(1);
    boolean applies =
        op.groups() > 1
            && !filter.isConstant()
            && op.layout() == Layout.CHANNELS_LAST
            && x.shape().isRanked()
            && filter.shape().isFixed();
    if (!applies) return Replacement.left("it has one group, or a constant filter");
    int last = x.shape().rank() - 1;
    long inputs = filter.shape().dim(-1).fixed();
    long outputs = filter.shape().dim(0).fixed() / op.groups();
    var single = new Conv(op.strides(), op.dilations(), op.padding(), 1, op.layout());
    var parts = new ArrayList<Value>();
    for (int g = 0; g < op.groups(); g++) {
      var part = f.slice(x, last, g * inputs, (g + 1) * inputs);
      var weights = f.slice(filter, 0, g * outputs, (g + 1) * outputs);
      parts.add(f.op(single, part, weights));
    }
    var joined = f.concat(last, parts);
    boolean biased = match.input(2).isPresent();
    return match.replaceWith(biased ? f.add(joined, match.input(2)) : joined);
  }
}
