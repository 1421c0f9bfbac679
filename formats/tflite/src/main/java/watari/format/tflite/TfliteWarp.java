package watari.format.tflite;

import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.GridSample.Outside;
import watari.op.ResizeOp.Mode;
import watari.pass.replace.Formula;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// An image sampled at places that a matrix gives: `[1, H, W, C]` becomes `[1, height, width, C]`.
///
/// Output pixel `(x, y)` is at `(m00 · x + m01 · y + m03, m10 · x + m11 · y + m13)` of the image,
/// bilinear; what is beyond the centres of the outer pixels is 0. By centres pixels are half a
/// pixel further on both sides.
///
/// Source: MediaPipe TransformTensor and TransformTensorBilinear.
final class TfliteWarp {
  private TfliteWarp() {}

  static Value of(
      Value image, Value matrix, long height, long width, boolean byCentres, Formula f) {
    int count = Math.toIntExact(height * width);
    var xs = new float[count];
    var ys = new float[count];
    for (int i = 0; i < count; i++) {
      xs[i] = i % width;
      long row = i / width;
      ys[i] = row;
    }
    var x = f.constant(TensorData.ofFloats(Shape.of(count, 1), xs));
    var y = f.constant(TensorData.ofFloats(Shape.of(count, 1), ys));
    var flat = f.reshape(matrix, 16);
    var column = place(flat, 0, x, y, byCentres, f);
    var row = place(flat, 4, x, y, byCentres, f);
    long lastColumn = image.shape().dim(2).fixed() - 1;
    long lastRow = image.shape().dim(1).fixed() - 1;
    var grid = f.concat(1, part(column, lastColumn, f), part(row, lastRow, f));
    var sampled =
        f.op(
            new GridSample(Mode.LINEAR, Outside.BORDER, true, Layout.CHANNELS_LAST),
            image,
            f.reshape(grid, 1, height, width, 2));
    var inside = f.binary(Binary.Kind.AND, inside(column, lastColumn, f), inside(row, lastRow, f));
    return f.select(f.reshape(inside, 1, height, width, 1), sampled, f.scalar(image, 0));
  }

  private static Value place(Value flat, int from, Value x, Value y, boolean byCentres, Formula f) {
    var ofX = TfliteReadLandmarkOps.element(flat, from, f);
    var ofY = TfliteReadLandmarkOps.element(flat, from + 1, f);
    var shift = TfliteReadLandmarkOps.element(flat, from + 3, f);
    if (byCentres) shift = f.add(shift, f.add(f.mul(f.add(ofX, ofY), 0.5), -0.5));
    return f.add(f.add(f.mul(x, ofX), f.mul(y, ofY)), shift);
  }

  /// Places from 0 to the last pixel as -1 to 1.
  private static Value part(Value place, long last, Formula f) {
    return f.add(f.mul(place, last == 0 ? 0 : 2.0 / last), -1);
  }

  private static Value inside(Value place, long last, Formula f) {
    return f.binary(
        Binary.Kind.AND,
        f.binary(Binary.Kind.GREATER_EQUAL, place, f.scalar(place, 0)),
        f.binary(Binary.Kind.LESS_EQUAL, place, f.scalar(place, last)));
  }
}
