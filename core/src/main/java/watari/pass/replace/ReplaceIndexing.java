package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Compress;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.ReduceOp.Reduce;
import watari.op.Shapes;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators on indices as Gather and as ScatterNd that adds to zeros.
public final class ReplaceIndexing {
  /// Pairs of elements and updates that are compared at most.
  private static final long MAX_PAIRS = 1 << 22;

  private ReplaceIndexing() {}

  public static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("ReplaceGatherElements", GatherElements.class, ReplaceIndexing::elements),
        new Replacement<>("ReplaceBatchGatherNd", GatherNd.class, ReplaceIndexing::gatherNd),
        new Replacement<>(
            "ReplaceScatterElements", ScatterElements.class, ReplaceIndexing::scatterElements),
        new Replacement<>("ReplaceScatterNd", ScatterNd.class, ReplaceIndexing::scatterNd),
        new Replacement<>("ReplaceCompress", Compress.class, ReplaceIndexing::compress),
        new Replacement<>("ReplaceWrappingOneHot", OneHot.class, ReplaceIndexing::oneHot));
  }

  /// Makes negative indices positive, for a target that does not count from the end.
  public static List<Rule<?>> positiveIndices(
      java.util.function.Predicate<Match<?>> mayBeNegative) {
    return List.of(
        new Replacement<>(
            "WrapIndicesOfGather",
            Gather.class,
            (op, match, f) -> {
              var x = match.input(0).shape();
              if (!x.isRanked()) return Replacement.left("the rank is not known");
              if (!mayBeNegative.test(match)) return Replacement.left("no index is negative");
              var dim = x.dim(Shapes.axis(op.axis(), x.rank()));
              if (!dim.isFixed()) return Replacement.left("the axis' dim is not fixed");
              var indices = wrapped(match.input(1), dim.fixed(), f);
              return indices
                  .map(value -> match.replaceWith(op, match.input(0), value))
                  .orElseGet(() -> Replacement.left("no index is negative"));
            }),
        new Replacement<>(
            "WrapIndicesOfGatherNd",
            GatherNd.class,
            (op, match, f) -> {
              if (!mayBeNegative.test(match)) return Replacement.left("no index is negative");
              return tuples(match.input(0).shape(), match.input(1), op.batchDims(), f)
                  .map(value -> match.replaceWith(op, match.input(0), value))
                  .orElseGet(() -> Replacement.left("no index is negative"));
            }));
  }

  /// Indices below 0 raised by `dim`; empty where none can be negative.
  static Optional<Value> wrapped(Value indices, long dim, Formula f) {
    if (isPositive(indices)) return Optional.empty();
    if (indices.isConstant()) {
      var given = indices.constant().orElseThrow();
      var longs = given.longs();
      for (int i = 0; i < longs.length; i++) if (longs[i] < 0) longs[i] += dim;
      return Optional.of(f.constant(TensorData.ofLongs(given.dtype(), given.shape(), longs)));
    }
    var isNegative = f.binary(Binary.Kind.LESS, indices, f.scalar(indices, 0));
    return Optional.of(f.select(isNegative, f.add(indices, dim), indices));
  }

  /// Whether indices are known not to be negative.
  static boolean isPositive(Value indices) {
    if (indices.isConstant()) {
      for (long index : indices.constant().orElseThrow().longs()) if (index < 0) return false;
      return true;
    }
    return indices.producer().filter(node -> isPositive(node.op())).isPresent();
  }

  private static boolean isPositive(watari.op.Op op) {
    return switch (op) {
      case watari.op.BinaryOp.Select _ -> true;
      case NonZero _, watari.op.ReduceOp.ArgReduce _, watari.op.ReduceOp.TopK _ -> true;
      default -> false;
    };
  }

  private static Optional<Value> tuples(Shape x, Value indices, int batchDims, Formula f) {
    if (isPositive(indices) || !x.isRanked() || !indices.shape().isRanked()) {
      return Optional.empty();
    }
    int count = Math.toIntExact(indices.shape().dim(-1).fixed());
    var dims = new double[count];
    for (int i = 0; i < count; i++) {
      if (!x.dim(batchDims + i).isFixed()) return Optional.empty();
      dims[i] = x.dim(batchDims + i).fixed();
    }
    var raise = f.constant(TensorData.ofDoubles(indices.dtype(), Shape.of(count), dims));
    var isNegative = f.binary(Binary.Kind.LESS, indices, f.scalar(indices, 0));
    return Optional.of(f.select(isNegative, f.add(indices, raise), indices));
  }

  /// The places in `x` flattened that indices along an axis mean.
  private static Value flatPlaces(Value indices, Shape x, int axis, Formula f) {
    var wrapped = wrapped(indices, x.dim(axis).fixed(), f).orElse(indices);
    var place = f.cast(wrapped, DataType.INT32);
    var shape = indices.shape();
    long stride = x.product(axis + 1, x.rank()).fixed();
    if (stride != 1) place = f.mul(place, stride);
    for (int i = 0; i < x.rank(); i++) {
      if (i == axis || shape.dim(i).is(1)) continue;
      long step = x.product(i + 1, x.rank()).fixed();
      var dims = new ArrayList<>(Collections.nCopies(x.rank(), Dim.ONE));
      dims.set(i, shape.dim(i));
      var offsets =
          IntStream.range(0, Math.toIntExact(shape.dim(i).fixed()))
              .map(k -> Math.toIntExact(k * step))
              .toArray();
      place = f.add(place, f.constant(TensorData.ofInts(Shape.of(dims), offsets)));
    }
    return place;
  }

  private static Outcome elements(GatherElements op, Match<GatherElements> match, Formula f) {
    var x = match.input(0);
    var indices = match.input(1);
    if (!x.shape().isFixed() || !indices.shape().isFixed()) {
      return Replacement.left("the shapes are not fixed");
    }
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    var places = flatPlaces(indices, x.shape(), axis, f);
    return match.replaceWith(f.gather(f.reshape(x, -1), places, 0));
  }

  /// Batch axes become leading entries of the tuples.
  private static Outcome gatherNd(GatherNd op, Match<GatherNd> match, Formula f) {
    int batch = op.batchDims();
    var indices = match.input(1);
    if (batch == 0) return Replacement.left("there are no batch axes");
    if (!indices.shape().isFixed()) return Replacement.left("the indices' shape is not fixed");
    var shape = indices.shape();
    var lead = shape.with(-1, Dim.ONE);
    var parts = new ArrayList<Value>();
    for (int i = 0; i < batch; i++) {
      var dims = new ArrayList<>(Collections.nCopies(shape.rank(), Dim.ONE));
      dims.set(i, shape.dim(i));
      var counted =
          IntStream.range(0, Math.toIntExact(shape.dim(i).fixed())).asDoubleStream().toArray();
      var axis = TensorData.ofDoubles(indices.dtype(), Shape.of(dims), counted);
      parts.add(f.constant(axis.expanded(lead)));
    }
    parts.add(indices);
    var whole = f.concat(shape.rank() - 1, parts);
    return match.replaceWith(f.op(new GatherNd(0), match.input(0), whole));
  }

  private static Outcome scatterElements(
      ScatterElements op, Match<ScatterElements> match, Formula f) {
    var x = match.input(0);
    var indices = match.input(1);
    if (!x.shape().isFixed() || !indices.shape().isFixed()) {
      return Replacement.left("the shapes are not fixed");
    }
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    var places = f.reshape(flatPlaces(indices, x.shape(), axis, f), -1, 1);
    var flat =
        f.op(
            new ScatterNd(op.reduction()), f.reshape(x, -1), places, f.reshape(match.input(2), -1));
    return match.replaceWith(f.reshape(flat, x.shape()));
  }

  private static boolean isZeros(Value value) {
    return value.constant().filter(data -> data.isAll(0)).isPresent();
  }

  private static Outcome scatterNd(ScatterNd op, Match<ScatterNd> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isFixed()) return Replacement.left("the shape is not fixed");
    if (op.reduction() == Reduction.ADD && isZeros(x)) return Replacement.left("it is an operator");
    var indices = match.input(1);
    if (!indices.shape().isFixed()) return Replacement.left("the indices' shape is not fixed");
    if (!match.input(2).shape().isFixed())
      return Replacement.left("the updates' shape is not fixed");
    var places = tuples(x.shape(), indices, 0, f).orElse(indices);
    return switch (op.reduction()) {
      case ADD -> match.replaceWith(f.add(x, toZeros(x, places, match.input(2), f)));
      case REPLACE -> replaced(match, places, f);
      case MUL, MIN, MAX -> compared(op, match, places, f);
    };
  }

  private static Value toZeros(Value x, Value places, Value updates, Formula f) {
    var zeros = f.constant(TensorData.filled(TensorData.scalar(updates.dtype(), 0), x.shape()));
    return f.op(new ScatterNd(Reduction.ADD), zeros, places, updates);
  }

  /// Where something was put it stands instead; an index that comes twice has no defined result.
  private static Outcome replaced(Match<ScatterNd> match, Value places, Formula f) {
    var x = match.input(0);
    var updates = match.input(2);
    var ones = f.constant(TensorData.filled(TensorData.scalar(DataType.INT32, 1), updates.shape()));
    var hits = toZeros(x, places, ones, f);
    var isHit = f.binary(Binary.Kind.GREATER, hits, f.scalar(hits, 0));
    if (x.dtype() == DataType.BOOL) {
      var put = toZeros(x, places, f.cast(updates, DataType.INT32), f);
      var bool = f.binary(Binary.Kind.GREATER, put, f.scalar(put, 0));
      return match.replaceWith(f.select(isHit, bool, x));
    }
    return match.replaceWith(f.select(isHit, toZeros(x, places, updates, f), x));
  }

  /// Each row of elements is compared with all updates: those that are not its own are neutral.
  private static Outcome compared(ScatterNd op, Match<ScatterNd> match, Value places, Formula f) {
    var x = match.input(0);
    int tuple = Math.toIntExact(places.shape().dim(-1).fixed());
    long rows = x.shape().product(0, tuple).fixed();
    long each = x.shape().product(tuple, x.shape().rank()).fixed();
    long count = places.shape().product(0, places.shape().rank() - 1).fixed();
    if (rows * each * count > MAX_PAIRS) return Replacement.left("there are too many updates");
    var flat = flatRows(places, x.shape(), tuple, count, f);
    var numbers =
        f.constant(
            TensorData.ofInts(Shape.of(rows, 1, 1), IntStream.range(0, (int) rows).toArray()));
    var isOwn = f.binary(Binary.Kind.EQUAL, numbers, f.reshape(flat, 1, count, 1));
    var kind =
        switch (op.reduction()) {
          case MUL -> Reduce.Kind.PROD;
          case MIN -> Reduce.Kind.MIN;
          default -> Reduce.Kind.MAX;
        };
    var updates = f.reshape(match.input(2), 1, count, each);
    var neutral = f.constant(ReplaceReductions.neutral(kind, x.dtype()));
    var own = f.reduce(kind, f.select(isOwn, updates, neutral), false, List.of(1));
    var shaped = f.reshape(own, x.shape());
    return match.replaceWith(
        switch (op.reduction()) {
          case MUL -> f.mul(x, shaped);
          case MIN -> f.min(x, shaped);
          default -> f.max(x, shaped);
        });
  }

  private static Value flatRows(Value places, Shape x, int tuple, long count, Formula f) {
    var strides = new int[tuple];
    for (int i = 0; i < tuple; i++) strides[i] = Math.toIntExact(x.product(i + 1, tuple).fixed());
    var weighed =
        f.mul(
            f.reshape(f.cast(places, DataType.INT32), count, tuple),
            f.constant(TensorData.ofInts(Shape.of(tuple), strides)));
    return f.reduce(Reduce.Kind.SUM, weighed, false, List.of(1));
  }

  private static Outcome compress(Compress op, Match<Compress> match, Formula f) {
    var x = op.flat() ? f.reshape(match.input(0), -1) : match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    var found = f.reshape(f.op(new NonZero(), match.input(1)), -1);
    int axis = op.flat() ? 0 : Shapes.axis(op.axis(), x.shape().rank());
    return match.replaceWith(f.gather(x, found, axis));
  }

  private static Outcome oneHot(OneHot op, Match<OneHot> match, Formula f) {
    if (!op.wrapsNegative()) return Replacement.left("it wraps nothing");
    var indices = match.input(0);
    var depth = match.integers(1);
    var whole = new OneHot(op.axis(), false);
    var typed = indices.dtype().isFloat() ? f.cast(indices, DataType.INT64) : indices;
    if (depth.isEmpty()) {
      var count = f.cast(f.reshape(match.input(1), Shape.SCALAR), typed.dtype());
      var isNegative = f.binary(Binary.Kind.LESS, typed, f.scalar(typed, 0));
      var lifted = f.select(isNegative, f.add(typed, count), typed);
      return match.replaceWith(whole, lifted, match.input(1), match.input(2));
    }
    var places = wrapped(typed, depth.get()[0], f).orElse(typed);
    return match.replaceWith(whole, places, match.input(1), match.input(2));
  }
}
