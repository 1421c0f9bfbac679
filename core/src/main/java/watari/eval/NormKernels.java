package watari.eval;

import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import watari.op.NormOp;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.Hardmax;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.RmsNorm;
import watari.op.NormOp.Softmax;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Normalisations and softmaxes.
final class NormKernels {
  private NormKernels() {}

  static Optional<TensorData> run(NormOp op, Operands in, TensorType out) {
    var x = in.get(0);
    if (!x.dtype().isFloat()) return Optional.empty();
    return switch (op) {
      case BatchNorm norm -> Optional.of(batchNorm(norm, in, out));
      case LayerNorm(int axis, float epsilon) -> Optional.of(layerNorm(axis, epsilon, in, out));
      case RmsNorm(int axis, float epsilon) -> Optional.of(rmsNorm(axis, epsilon, in, out));
      case LpNorm(int axis, int p, float epsilon) ->
          Optional.of(alongAxis(axis, x, out, line -> lpNorm(line, p, epsilon)));
      case Softmax(int axis) -> Optional.of(alongAxis(axis, x, out, NormKernels::softmax));
      case LogSoftmax(int axis) -> Optional.of(alongAxis(axis, x, out, NormKernels::logSoftmax));
      case Hardmax(int axis) -> Optional.of(alongAxis(axis, x, out, NormKernels::hardmax));
      case InstanceNorm _, GroupNorm _, Lrn _ -> Optional.empty();
    };
  }

  private static TensorData batchNorm(BatchNorm op, Operands in, TensorType out) {
    var x = in.get(0);
    int rank = x.shape().rank();
    var grid = Grid.of(x.shape());
    int axis = rank < 3 ? rank - 1 : op.layout().channelAxis(rank);
    return Operands.reals(
        out.dtype(),
        out.shape(),
        i -> {
          long c = i / grid.strides[axis] % grid.dims[axis];
          double centred = x.doubleAt(i) - in.get(3).doubleAt(c);
          double deviation = Math.sqrt(in.get(4).doubleAt(c) + op.epsilon());
          return centred / deviation * in.get(1).doubleAt(c) + in.get(2).doubleAt(c);
        });
  }

  private static TensorData layerNorm(int axis, float epsilon, Operands in, TensorType out) {
    var x = in.get(0);
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var inner = x.shape().slice(at, x.shape().rank());
    long count = inner.elements().fixed();
    var scale = in.get(1).expanded(inner);
    var result = new double[Math.toIntExact(x.size())];
    for (long first = 0; first < x.size(); first += count) {
      double mean = mean(x, first, count, v -> v);
      double variance = mean(x, first, count, v -> (v - mean) * (v - mean));
      for (long k = 0; k < count; k++) {
        double bias = in.has(2) ? in.get(2).expanded(inner).doubleAt(k) : 0;
        double normal = (x.doubleAt(first + k) - mean) / Math.sqrt(variance + epsilon);
        result[(int) (first + k)] = normal * scale.doubleAt(k) + bias;
      }
    }
    return TensorData.ofDoubles(out.dtype(), out.shape(), result);
  }

  private static TensorData rmsNorm(int axis, float epsilon, Operands in, TensorType out) {
    var x = in.get(0);
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var inner = x.shape().slice(at, x.shape().rank());
    long count = inner.elements().fixed();
    var scale = in.get(1).expanded(inner);
    var result = new double[Math.toIntExact(x.size())];
    for (long first = 0; first < x.size(); first += count) {
      double root = Math.sqrt(mean(x, first, count, v -> v * v) + epsilon);
      for (long k = 0; k < count; k++) {
        result[(int) (first + k)] = x.doubleAt(first + k) / root * scale.doubleAt(k);
      }
    }
    return TensorData.ofDoubles(out.dtype(), out.shape(), result);
  }

  private static double mean(
      TensorData x, long first, long count, java.util.function.DoubleUnaryOperator f) {
    double sum = 0;
    for (long k = 0; k < count; k++) sum += f.applyAsDouble(x.doubleAt(first + k));
    return sum / count;
  }

  private interface Line {
    void change(double[] line);
  }

  private static TensorData alongAxis(int axis, TensorData x, TensorType out, Line change) {
    int at = watari.op.Shapes.axis(axis, x.shape().rank());
    var grid = Grid.of(x.shape());
    long inner = grid.strides[at];
    var line = new double[Math.toIntExact(grid.dims[at])];
    var result = new double[Math.toIntExact(x.size())];
    for (long n = 0; n < x.size() / Math.max(line.length, 1); n++) {
      long first = n / inner * inner * line.length + n % inner;
      LongToDoubleFunction from = k -> x.doubleAt(first + k * inner);
      for (int k = 0; k < line.length; k++) line[k] = from.applyAsDouble(k);
      change.change(line);
      for (int k = 0; k < line.length; k++) result[(int) (first + k * inner)] = line[k];
    }
    return TensorData.ofDoubles(out.dtype(), out.shape(), result);
  }

  private static double largest(double[] line) {
    double top = Double.NEGATIVE_INFINITY;
    for (double v : line) top = Math.max(top, v);
    return top;
  }

  private static double expSum(double[] line, double top) {
    double sum = 0;
    for (double v : line) sum += Math.exp(v - top);
    return sum;
  }

  private static void softmax(double[] line) {
    double top = largest(line);
    double sum = expSum(line, top);
    for (int k = 0; k < line.length; k++) line[k] = Math.exp(line[k] - top) / sum;
  }

  private static void logSoftmax(double[] line) {
    double top = largest(line);
    double log = Math.log(expSum(line, top));
    for (int k = 0; k < line.length; k++) line[k] = line[k] - top - log;
  }

  private static void hardmax(double[] line) {
    double top = largest(line);
    boolean found = false;
    for (int k = 0; k < line.length; k++) {
      boolean first = !found && line[k] == top;
      found |= first;
      line[k] = first ? 1 : 0;
    }
  }

  private static void lpNorm(double[] line, int p, float epsilon) {
    double sum = 0;
    for (double v : line) sum += p == 1 ? Math.abs(v) : v * v;
    double norm = Math.max(p == 1 ? sum : Math.sqrt(sum), epsilon);
    for (int k = 0; k < line.length; k++) line[k] = norm == 0 ? 0 : line[k] / norm;
  }
}
