package watari.format.tensorflow;

import watari.graph.Value;
import watari.op.MatMulOp.MatMul;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Cubic resizing with the weights that TensorFlow takes from a table of 1024 positions between two
/// elements, as a product with a matrix for each axis.
///
/// Source: TensorFlow 2.21, resize_bicubic_op: with half pixel centers Keys' kernel, whose
/// coefficient is -0.5 and whose weights outside are left out, else one of -0.75, for which the
/// edge is repeated.
///
/// @param aligns whether the corners lie on each other
/// @param isKeys whether positions are those of the pixels' centers
record TensorflowCubic(boolean aligns, boolean isKeys) {
  private static final int POSITIONS = 1024;
  private static final long MOST_WEIGHTS = 1 << 24;

  /// Input `[N, H, W, C]`, output of the sizes asked for.
  Value resized(TensorflowReadNode n, long[] sizes) {
    var f = n.formula();
    var x = f.cast(n.in(0), DataType.FLOAT32);
    var shape = x.shape();
    var down = matrix(shape.dim(1).fixed(), sizes[0]);
    var across = matrix(shape.dim(2).fixed(), sizes[1]);
    var flat = f.reshape(x, f.concat(0, f.shape(x, 0, 2), f.vector(-1)));
    var rows = f.op(new MatMul(false, false), f.unsqueeze(f.constant(down), 0), flat);
    var lines = f.reshape(rows, f.concat(0, f.dim(x, 0), f.vector(sizes[0]), f.shape(x, 2, 4)));
    return f.op(new MatMul(false, false), f.unsqueeze(f.constant(across), 0, 1), lines);
  }

  /// `[to, from]`.
  private TensorData matrix(long from, long to) {
    if (to < 1 || from < 1 || to > MOST_WEIGHTS / from) {
      throw TensorflowRefusal.broken("%d elements become %d".formatted(from, to));
    }
    var weights = new float[(int) (from * to)];
    float step = aligns && to > 1 ? (from - 1) / (float) (to - 1) : from / (float) to;
    for (int i = 0; i < to; i++) {
      float place = isKeys ? (i + 0.5f) * step - 0.5f : i * step;
      put(weights, (int) (i * from), from, place);
    }
    return TensorData.ofFloats(Shape.of(to, from), weights);
  }

  private void put(float[] weights, int start, long from, float place) {
    long before = (long) Math.floor(place);
    int entry = (int) Math.rint((place - before) * POSITIONS);
    float[] four = {
      far(entry), near(entry), near(POSITIONS - entry), far(POSITIONS - entry),
    };
    float sum = 0;
    for (int i = 0; i < 4; i++) {
      long at = before - 1 + i;
      if (isKeys && (at < 0 || at >= from)) four[i] = 0;
      sum += four[i];
    }
    boolean isScaled = isKeys && Math.abs(sum) >= 1000 * Float.MIN_NORMAL;
    for (int i = 0; i < 4; i++) {
      int at = start + (int) Math.clamp(before - 1 + i, 0, from - 1);
      weights[at] += isScaled ? four[i] / sum : four[i];
    }
  }

  private double coefficient() {
    return isKeys ? -0.5 : -0.75;
  }

  /// The weight of an element at most one away.
  private float near(int entry) {
    double a = coefficient();
    float x = entry / (float) POSITIONS;
    return (float) (((a + 2) * x - (a + 3)) * x * x + 1);
  }

  /// The weight of an element one more away.
  private float far(int entry) {
    double a = coefficient();
    float x = entry / (float) POSITIONS + 1;
    return (float) (((a * x - 5 * a) * x + 8 * a) * x - 4 * a);
  }
}
