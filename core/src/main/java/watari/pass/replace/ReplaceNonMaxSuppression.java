package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Slice;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// NonMaxSuppression → a PaddedNonMaxSuppression for each class of each image, whose unused places
/// are cut off.
///
/// Holds where the numbers of images and classes are fixed, and boxes have to overlap to be
/// suppressed, but not wholly. Corners are put in order first, since LiteRT takes no area of boxes
/// whose corners are exchanged; flat boxes, which overlap nothing, are moved to places of their
/// own, since it knows a box that it has selected by its overlap with itself.
public final class ReplaceNonMaxSuppression {
  private static final long MOST = 256;

  private final Match<NonMaxSuppression> match;
  private final Formula f;

  private ReplaceNonMaxSuppression(Match<NonMaxSuppression> match, Formula f) {
    this.match = match;
    this.f = f;
  }

  public static Rule<NonMaxSuppression> rule() {
    return new Replacement<>(
        "ReplaceNonMaxSuppression",
        NonMaxSuppression.class,
        (op, match, f) -> new ReplaceNonMaxSuppression(match, f).replace(op));
  }

  private Outcome replace(NonMaxSuppression op) {
    var shape = match.input(1).shape();
    if (!shape.hasRank(3) || !shape.dim(0).isFixed() || !shape.dim(1).isFixed()) {
      return Replacement.left("the numbers of images and classes are not fixed");
    }
    long images = shape.dim(0).fixed();
    long classes = shape.dim(1).fixed();
    if (images * classes > MOST || images * classes == 0) return Replacement.left("too many");
    if (!match.input(2).isPresent()) return Replacement.left("it selects nothing");
    var limit = match.constant(3);
    boolean isUsual =
        limit.isEmpty() || limit.get().doubleAt(0) >= 0 && limit.get().doubleAt(0) < 1;
    if (!isUsual) return Replacement.left("its threshold is not between 0 and 1");
    var most = most();
    var overlap = next(threshold(3, 0));
    var score = threshold(4, -Float.MAX_VALUE);
    var rows = new ArrayList<Value>();
    for (long image = 0; image < images; image++) {
      var boxes = corners(f.gather(match.input(0), f.builder().scalar(image), 0), op);
      var scores = f.gather(match.input(1), f.builder().scalar(image), 0);
      for (long each = 0; each < classes; each++) {
        var ofClass = f.gather(scores, f.builder().scalar(each), 0);
        var inputs = List.of(boxes, ofClass, most, overlap, score);
        rows.add(rows(image, each, inputs));
      }
    }
    var all = rows.size() == 1 ? rows.get(0) : f.concat(0, rows);
    return match.replaceWith(f.cast(all, DataType.INT64));
  }

  /// How many are selected at most: no more than there are.
  private Value most() {
    var given = f.reshape(match.input(2), Shape.SCALAR);
    var count = match.input(0).shape().dim(1);
    var limit = count.isFixed() ? Math.min(count.fixed(), Integer.MAX_VALUE) : Integer.MAX_VALUE;
    var known = match.integers(2);
    if (known.isPresent()) return f.builder().scalar(Math.clamp(known.get()[0], 0, limit));
    return f.min(f.max(given, 0), limit);
  }

  private Value threshold(int input, float usual) {
    var given = match.input(input);
    return given.isPresent() ? f.reshape(given, Shape.SCALAR) : f.builder().scalar(usual);
  }

  /// The padded form suppresses from its threshold on, this one only above.
  private Value next(Value threshold) {
    var known = threshold.constant();
    if (known.isPresent()) return f.builder().scalar(Math.nextUp((float) known.get().doubleAt(0)));
    var bits = f.op(new Bitcast(DataType.INT32), threshold);
    return f.op(new Bitcast(DataType.FLOAT32), f.add(bits, 1));
  }

  /// `[B, 4]` as y1, x1, y2, x2 with the smaller ones first, and none flat.
  private Value corners(Value boxes, NonMaxSuppression op) {
    var columns = new Value[4];
    for (int i = 0; i < 4; i++) columns[i] = f.slice(boxes, 1, i, i + 1);
    var halfWidth = f.mul(columns[2], 0.5);
    var halfHeight = f.mul(columns[3], 0.5);
    var ordered =
        op.centerPointBox()
            ? List.of(
                f.sub(columns[1], halfHeight),
                f.sub(columns[0], halfWidth),
                f.add(columns[1], halfHeight),
                f.add(columns[0], halfWidth))
            : List.of(
                f.min(columns[0], columns[2]),
                f.min(columns[1], columns[3]),
                f.max(columns[0], columns[2]),
                f.max(columns[1], columns[3]));
    return f.concat(1, withoutFlat(ordered));
  }

  /// Each flat box as a square behind all others.
  private List<Value> withoutFlat(List<Value> corners) {
    var height = f.sub(corners.get(2), corners.get(0));
    var width = f.sub(corners.get(3), corners.get(1));
    var area = f.mul(height, width);
    var isFlat = f.binary(Binary.Kind.LESS_EQUAL, area, f.scalar(area, 0));
    var ones = f.add(f.mul(f.cast(isFlat, area.dtype()), 0), 1);
    var count = f.op(new Cumulative(Cumulative.Kind.SUM, false, false), ones, f.constant(zero()));
    var last = f.max(corners.get(2), corners.get(3));
    var begin = f.add(f.mul(count, 2), f.reduce(Reduce.Kind.MAX, last, false, List.of(0, 1)));
    var end = f.add(begin, 1);
    return List.of(
        f.select(isFlat, begin, corners.get(0)),
        f.select(isFlat, begin, corners.get(1)),
        f.select(isFlat, end, corners.get(2)),
        f.select(isFlat, end, corners.get(3)));
  }

  /// `[n, 3]`: the image, the class, and each box that was selected.
  private Value rows(long image, long of, List<Value> inputs) {
    var made = f.builder().add(new PaddedNonMaxSuppression(false), inputs, 2, List.of());
    var count = f.reshape(made.output(1), 1);
    var selected = f.op(new Slice(), made.output(0), f.constant(zero()), count, f.constant(zero()));
    var column = f.reshape(selected, -1, 1);
    var none = f.mul(column, 0);
    return f.concat(1, List.of(f.add(none, image), f.add(none, of), column));
  }

  private static TensorData zero() {
    return TensorData.ofInts(Shape.of(1), 0);
  }
}
