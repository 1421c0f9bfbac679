package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Normalisations and softmaxes.
final class TensorflowReadNormOps {
  private TensorflowReadNormOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("BatchNormWithGlobalNormalization", TensorflowReadNormOps::oldBatchNorm)
        .on("FusedBatchNorm", TensorflowReadNormOps::fusedBatchNorm)
        .on("FusedBatchNormV2", TensorflowReadNormOps::fusedBatchNorm)
        .on("FusedBatchNormV3", TensorflowReadNormOps::fusedBatchNorm)
        .on("LRN", TensorflowReadNormOps::lrn)
        .on("LogSoftmax", n -> n.give(new LogSoftmax(-1), n.in(0)))
        .on("Softmax", n -> n.give(new Softmax(-1), n.in(0)));
  }

  /// Inputs: `x`, scale, offset, mean, variance. While training (as its default says) the
  /// statistics are those of `x`.
  private static void fusedBatchNorm(TensorflowReadNode n) {
    var layout = n.layout();
    float epsilon = n.real("epsilon", 1e-4f);
    boolean trains = n.flag("is_training", true);
    if (trains) {
      ofBatch(n, epsilon, layout);
      return;
    }
    var x = n.in(0);
    var op = new BatchNorm(epsilon, layout);
    if (x.dtype() == DataType.FLOAT32) {
      n.give(0, op, x, n.in(1), n.in(2), n.in(3), n.in(4));
    } else {
      var f = n.formula();
      var wide = f.cast(x, DataType.FLOAT32);
      n.give(0, f.cast(f.op(op, wide, n.in(1), n.in(2), n.in(3), n.in(4)), x.dtype()));
    }
    int count = n.outputCount();
    for (int i = 1; i < count; i++) n.hold(i, n.held(i % 2 == 1 ? 3 : 4));
  }

  private static void ofBatch(TensorflowReadNode n, float epsilon, Layout layout) {
    var f = n.formula();
    int rank = n.rank(0);
    var x = f.cast(n.in(0), DataType.FLOAT32);
    int channels = layout.channelAxis(rank);
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < rank; i++) if (i != channels) axes.add(i);
    var mean = f.mean(x, axes);
    var centred = f.sub(x, mean);
    var variance = f.mean(f.square(centred), axes);
    var scale = perChannel(f, n.in(1), rank, channels);
    var offset = perChannel(f, n.in(2), rank, channels);
    var factor = f.mul(scale, f.unary(Unary.Kind.RSQRT, f.add(variance, epsilon)));
    n.give(0, f.cast(f.add(f.mul(centred, factor), offset), n.dtype(0)));
    n.give(1, f.reshape(mean, -1));
    for (int i = 2; i < n.outputCount(); i++) n.give(i, f.reshape(variance, -1));
  }

  private static Value perChannel(Formula f, Value x, int rank, int axis) {
    var dims = new long[rank];
    java.util.Arrays.fill(dims, 1);
    dims[axis] = -1;
    return f.reshape(x, dims);
  }

  /// Inputs: `x`, mean, variance, offset, scale, which counts only if it says so.
  private static void oldBatchNorm(TensorflowReadNode n) {
    var f = n.formula();
    var scale =
        n.flag("scale_after_normalization", true)
            ? n.in(4)
            : f.expand(f.scalar(n.in(1), 1), f.shapeOf(n.in(1)));
    var op = new BatchNorm(n.real("variance_epsilon", 1e-3f), Layout.CHANNELS_LAST);
    n.give(0, f.builder().add(op, List.of(n.in(0), scale, n.in(3), n.in(1), n.in(2))));
  }

  private static void lrn(TensorflowReadNode n) {
    int size = 2 * n.integer("depth_radius", 5) + 1;
    var op =
        new Lrn(
            size,
            n.real("alpha", 1) * size,
            n.real("beta", 0.5f),
            n.real("bias", 1),
            Layout.CHANNELS_LAST);
    n.give(op, n.in(0));
  }
}
