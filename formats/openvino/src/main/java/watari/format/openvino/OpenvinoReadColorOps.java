package watari.format.openvino;

import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.ShapeOp.Tile;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Colours from planes of luma and chroma, as cameras give them.
///
/// Output `[N, H, W, 3]`; the planes are `[N, H, W, 1]` and at half the size, or all in one image
/// of `3 · H / 2` rows.
final class OpenvinoReadColorOps {
  private OpenvinoReadColorOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("NV12toRGB", 8, n -> give(n, nv12(n), true))
        .on("NV12toBGR", 8, n -> give(n, nv12(n), false))
        .on("I420toRGB", 8, n -> give(n, i420(n), true))
        .on("I420toBGR", 8, n -> give(n, i420(n), false));
  }

  /// Luma, and chroma at half the size.
  private record Planes(Value y, Value u, Value v) {}

  private static Planes nv12(OpenvinoReadNode n) {
    var f = n.formula();
    boolean isOne = n.inputCount() == 1;
    var y = isOne ? f.slice(n.in(0), 1, 0, height(n)) : n.in(0);
    var both =
        isOne
            ? f.reshape(
                f.slice(n.in(0), 1, height(n), Long.MAX_VALUE),
                half(n, height(n), n.shape(0).dim(2).fixed(), 2))
            : n.in(1);
    return new Planes(y, f.slice(both, 3, 0, 1), f.slice(both, 3, 1, 2));
  }

  private static Planes i420(OpenvinoReadNode n) {
    if (n.inputCount() > 1) return new Planes(n.in(0), n.in(1), n.in(2));
    var f = n.formula();
    long height = height(n);
    long width = n.shape(0).dim(2).fixed();
    var flat = f.reshape(n.in(0), Shape.of(n.shape(0).dim(0), Dim.of(height * width * 3 / 2)));
    var y = f.slice(n.in(0), 1, 0, height);
    long quarter = height * width / 4;
    var u = f.slice(flat, 1, height * width, height * width + quarter);
    var v = f.slice(flat, 1, height * width + quarter, Long.MAX_VALUE);
    var half = half(n, height, width, 1);
    return new Planes(y, f.reshape(u, half), f.reshape(v, half));
  }

  /// The image's rows, two thirds of those of the planes in one.
  private static long height(OpenvinoReadNode n) {
    var shape = n.shape(0);
    boolean isKnown = shape.hasRank(4) && shape.dim(1).isFixed() && shape.dim(2).isFixed();
    if (!isKnown) {
      throw OpenvinoRefusal.unsupported(
          "the size of its image, '" + shape + "', is not known", "fix the input's shape");
    }
    return shape.dim(1).fixed() * 2 / 3;
  }

  private static Shape half(OpenvinoReadNode n, long height, long width, long channels) {
    return Shape.of(n.shape(0).dim(0), Dim.of(height / 2), Dim.of(width / 2), Dim.of(channels));
  }

  private static void give(OpenvinoReadNode n, Planes planes, boolean redFirst) {
    var f = n.formula();
    var dtype = n.dtype(0);
    var light = f.mul(f.add(f.cast(planes.y(), DataType.FLOAT32), -16), 1.164);
    var d = f.add(doubled(f, f.cast(planes.u(), DataType.FLOAT32)), -128);
    var e = f.add(doubled(f, f.cast(planes.v(), DataType.FLOAT32)), -128);
    var red = f.add(light, f.mul(e, 1.596));
    var green = f.add(f.add(light, f.mul(d, -0.391)), f.mul(e, -0.813));
    var blue = f.add(light, f.mul(d, 2.018));
    var all = f.concat(3, redFirst ? List.of(red, green, blue) : List.of(blue, green, red));
    var limited = f.op(new Clip(0, 255), all);
    if (dtype.isInteger()) limited = f.unary(Unary.Kind.ROUND, limited);
    n.give(0, f.cast(limited, dtype));
  }

  /// Each element four times, as a square.
  private static Value doubled(Formula f, Value x) {
    var shape = x.shape();
    if (!shape.hasRank(4) || !shape.slice(1, 4).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the size of its chroma, '" + shape + "', is not known", "fix the input's shape");
    }
    var batch = shape.dim(0);
    long height = shape.dim(1).fixed();
    long width = shape.dim(2).fixed();
    var twice = f.vector(1, 1, 2);
    var columns = Shape.of(batch, Dim.of(height * width), Dim.of(1));
    var wide = f.op(new Tile(), f.reshape(x, columns), twice);
    var rows = f.reshape(wide, Shape.of(batch, Dim.of(height), Dim.of(2 * width)));
    var high = f.op(new Tile(), rows, twice);
    return f.reshape(high, Shape.of(batch, Dim.of(2 * height), Dim.of(2 * width), Dim.of(1)));
  }
}
