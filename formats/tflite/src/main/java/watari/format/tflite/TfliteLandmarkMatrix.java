package watari.format.tflite;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ReduceOp.Reduce;
import watari.pass.replace.Formula;

/// The matrix `[1, 4, 4]` from pixels of a crop to those of the image: the crop lies around some
/// landmarks, turned so that two of them are level.
///
/// Source: MediaPipe Landmarks2TransformMatrix. Sines and cosines of the angle come from the
/// distances of the two landmarks.
final class TfliteLandmarkMatrix {
  /// Landmarks by number.
  ///
  /// @param subset those that the crop lies around
  record Points(long left, long right, List<Long> subset) {
    private LongStream all() {
      return LongStream.concat(
          LongStream.of(left, right), subset.stream().mapToLong(Long::longValue));
    }

    long least() {
      return all().min().orElseThrow();
    }

    long most() {
      return all().max().orElseThrow();
    }
  }

  /// What lies around the turned landmarks: its middle, turned back, and its size, each `[1, 1]`.
  private record Box(Value x, Value y, Value width, Value height) {}

  private final Formula f;
  private final Points points;
  private final Value landmarks;
  private final Value dx;
  private final Value dy;
  private final Value distance;

  /// @param landmarks any shape of triples
  TfliteLandmarkMatrix(Value landmarks, Points points, Formula f) {
    this.f = f;
    this.points = points;
    this.landmarks = f.reshape(landmarks, -1, 3);
    dx = f.sub(coordinate(points.right(), 0), coordinate(points.left(), 0));
    dy = f.sub(coordinate(points.right(), 1), coordinate(points.left(), 1));
    distance = f.sqrt(f.add(f.square(dx), f.square(dy)));
  }

  private Value coordinate(long point, int axis) {
    return f.slice(f.slice(landmarks, 0, point, point + 1), 1, axis, axis + 1);
  }

  /// Version 2: turned to an angle, the crop scaled about its middle.
  ///
  /// @param scaleX of the crop, for each pixel of the output
  Value byCrop(double angle, double scaleX, double scaleY, double width, double height) {
    var none = f.binary(Binary.Kind.EQUAL, distance, f.scalar(distance, 0));
    var one = f.scalar(distance, 1);
    var safe = f.select(none, one, distance);
    var cosine = f.select(none, one, f.div(dx, safe));
    var sine = f.div(dy, safe);
    var c = f.add(f.mul(cosine, Math.cos(angle)), f.mul(sine, Math.sin(angle)));
    var s = f.sub(f.mul(cosine, Math.sin(angle)), f.mul(sine, Math.cos(angle)));
    var box = box(c, s);
    var perColumn = f.mul(box.width(), scaleX);
    var perRow = f.mul(box.height(), scaleY);
    var m00 = f.mul(c, perColumn);
    var m01 = f.mul(s, perRow);
    var m10 = f.neg(f.mul(s, perColumn));
    var m11 = f.mul(c, perRow);
    return matrix(
        List.of(m00, m01, shifted(box.x(), m00, m01, width, height)),
        List.of(m10, m11, shifted(box.y(), m10, m11, width, height)));
  }

  private Value shifted(Value middle, Value ofX, Value ofY, double width, double height) {
    return f.sub(middle, f.add(f.mul(ofX, width / 2), f.mul(ofY, height / 2)));
  }

  /// Version 1: turned by less than a quarter, from and to places between -1 and 1.
  ///
  /// @param range what landmarks go up to
  /// @param from height and width of the image
  /// @param to height and width of the crop
  Value byRange(double range, double enlarged, List<Long> from, List<Long> to) {
    var leftward = f.binary(Binary.Kind.LESS, dx, f.scalar(dx, 0));
    var c = f.div(f.abs(dx), distance);
    var s = f.div(f.select(leftward, dy, f.neg(dy)), distance);
    var box = box(c, s);
    var width = f.mul(box.width(), enlarged / range);
    var height = f.mul(box.height(), enlarged / range);
    var rows = new ArrayList<List<Value>>();
    for (int row = 0; row < 2; row++) {
      var ofX = f.mul(row == 0 ? c : f.neg(s), width);
      var ofY = f.mul(row == 0 ? s : c, height);
      var middle = f.add(f.mul(row == 0 ? box.x() : box.y(), 2 / range), -1);
      double size = (from.get(1 - row) - 1) / 2.0;
      rows.add(
          List.of(
              f.mul(ofX, size * 2 / (to.get(1) - 1.0)),
              f.mul(ofY, size * 2 / (to.get(0) - 1.0)),
              f.mul(f.add(f.sub(middle, f.add(ofX, ofY)), 1), size)));
    }
    return matrix(rows.get(0), rows.get(1));
  }

  /// Landmarks are turned by `x' = c · x - s · y, y' = s · x + c · y`.
  private Box box(Value c, Value s) {
    var chosen = f.gather(landmarks, f.builder().vector(points.subset()), 0);
    var x = f.slice(chosen, 1, 0, 1);
    var y = f.slice(chosen, 1, 1, 2);
    var turnedX = f.sub(f.mul(x, c), f.mul(y, s));
    var turnedY = f.add(f.mul(x, s), f.mul(y, c));
    var right = extreme(Reduce.Kind.MAX, turnedX);
    var left = extreme(Reduce.Kind.MIN, turnedX);
    var bottom = extreme(Reduce.Kind.MAX, turnedY);
    var top = extreme(Reduce.Kind.MIN, turnedY);
    var middleX = f.mul(f.add(left, right), 0.5);
    var middleY = f.mul(f.add(top, bottom), 0.5);
    return new Box(
        f.add(f.mul(middleX, c), f.mul(middleY, s)),
        f.sub(f.mul(middleY, c), f.mul(middleX, s)),
        f.sub(right, left),
        f.sub(bottom, top));
  }

  private Value extreme(Reduce.Kind kind, Value column) {
    return f.reduce(kind, column, true, List.of(0));
  }

  private Value matrix(List<Value> first, List<Value> second) {
    var zero = f.reshape(f.scalar(dx, 0), 1, 1);
    var one = f.reshape(f.scalar(dx, 1), 1, 1);
    var all = new ArrayList<Value>();
    for (var row : List.of(first, second, List.of(zero, zero), List.of(zero, zero))) {
      all.addAll(row.subList(0, 2));
      all.add(all.size() == 10 ? one : zero);
      if (row.size() > 2) all.add(row.get(2));
      else all.add(all.size() == 15 ? one : zero);
    }
    return f.reshape(f.concat(1, all), 1, 4, 4);
  }
}
