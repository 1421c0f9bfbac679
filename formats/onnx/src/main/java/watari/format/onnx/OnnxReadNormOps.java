package watari.format.onnx;

import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
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
import watari.op.Op;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Normalisations and softmaxes.
final class OnnxReadNormOps {
  private static final Layout LAYOUT = Layout.CHANNELS_FIRST;

  private OnnxReadNormOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("BatchNormalization", OnnxReadNormOps::batchNormWithIsTest)
        .on("BatchNormalization", 7, OnnxReadNormOps::batchNorm)
        .on("BatchNormalization", 14, OnnxReadNormOps::batchNormWithTraining)
        .on("InstanceNormalization", OnnxReadNormOps::instanceNorm)
        .on("LayerNormalization", OnnxReadNormOps::layerNorm)
        .on("RMSNormalization", OnnxReadNormOps::rmsNorm)
        .on("SimplifiedLayerNormalization", OnnxReadNormOps::simplifiedLayerNorm)
        .on("GroupNormalization", OnnxReadNormOps::groupNormByGroup)
        .on("GroupNormalization", 21, OnnxReadNormOps::groupNorm)
        .on("MeanVarianceNormalization", OnnxReadNormOps::meanVarianceNorm)
        .on("LpNormalization", OnnxReadNormOps::lpNorm)
        .on("LRN", OnnxReadNormOps::lrn)
        .on("Softmax", n -> flattened(n, new Softmax(1)))
        .on("Softmax", 13, n -> n.give(new Softmax(axis(n, -1)), n.in(0)))
        .on("LogSoftmax", n -> flattened(n, new LogSoftmax(1)))
        .on("LogSoftmax", 13, n -> n.give(new LogSoftmax(axis(n, -1)), n.in(0)))
        .on("Hardmax", n -> flattened(n, new Hardmax(1)))
        .on("Hardmax", 13, n -> n.give(new Hardmax(axis(n, -1)), n.in(0)));
  }

  private static int axis(OnnxReadNode n, int otherwise) {
    int axis = n.integer("axis", otherwise);
    return n.shape(0).isRanked() ? n.axis(axis, n.rank(0)) : axis;
  }

  // ---- softmaxes

  /// Before opset 13 all axes from `axis` on are taken as one.
  private static void flattened(OnnxReadNode n, Op along1) {
    var x = n.in(0);
    int axis = axis(n, 1);
    if (x.shape().isRanked() && isLast(x, axis)) {
      n.give(along(along1, axis), x);
      return;
    }
    var flat = n.add(along1, n.add(new Flatten(axis), x));
    n.give(new Reshape(true), flat, n.shapeOf(x));
  }

  private static boolean isLast(Value x, int axis) {
    for (int i = axis + 1; i < x.shape().rank(); i++) if (!x.shape().dim(i).is(1)) return false;
    return true;
  }

  private static Op along(Op op, int axis) {
    if (op instanceof Softmax) return new Softmax(axis);
    return op instanceof LogSoftmax ? new LogSoftmax(axis) : new Hardmax(axis);
  }

  // ---- batch normalisation

  private static void batchNormWithIsTest(OnnxReadNode n) {
    if (!n.flag("is_test", false)) {
      throw OnnxRefusal.unsupported(
          "it trains: attribute 'is_test' is not 1", "export the model for inference");
    }
    batchNorm(n);
  }

  private static void batchNorm(OnnxReadNode n) {
    if (n.outputCount() > 1) {
      throw OnnxRefusal.unsupported(
          "it trains: outputs beside the first are asked for", "export the model for inference");
    }
    if (n.flag("spatial", true)) give(n);
    else perActivation(n);
  }

  private static void give(OnnxReadNode n) {
    n.give(
        new BatchNorm(n.real("epsilon", 1e-5f), LAYOUT),
        List.of(n.in(0), n.in(1), n.in(2), n.in(3), n.in(4)),
        1,
        List.of());
  }

  /// With `spatial` 0 each element of a sample has its own statistics.
  private static void perActivation(OnnxReadNode n) {
    var deviation =
        n.unary(Unary.Kind.SQRT, n.plus(n.in(4), n.like(n.in(4), n.real("epsilon", 1e-5f))));
    var normal = n.over(n.minus(n.in(0), n.in(3)), deviation);
    n.give(0, new Binary(Binary.Kind.ADD), n.times(normal, n.in(1)), n.in(2));
  }

  private static void batchNormWithTraining(OnnxReadNode n) {
    if (!n.flag("training_mode", false)) {
      give(n);
      return;
    }
    var x = n.in(0);
    int rank = n.rank(0);
    var axes = new long[rank - 1];
    for (int i = 1; i < axes.length; i++) axes[i] = i + 1L;
    var mean = n.reduce(Reduce.Kind.MEAN, x, false, axes);
    var spread = n.minus(x, n.reduce(Reduce.Kind.MEAN, x, true, axes));
    var variance = n.reduce(Reduce.Kind.MEAN, n.times(spread, spread), false, axes);
    var op = new BatchNorm(n.real("epsilon", 1e-5f), LAYOUT);
    n.give(0, op, x, n.in(1), n.in(2), mean, variance);
    float momentum = n.real("momentum", 0.9f);
    running(n, 1, n.in(3), mean, momentum);
    running(n, 2, n.in(4), variance, momentum);
  }

  private static void running(OnnxReadNode n, int output, Value before, Value now, float momentum) {
    if (!n.wants(output)) return;
    var kept = n.times(before, n.like(before, momentum));
    var added = n.times(n.cast(now, before.dtype()), n.like(before, 1 - momentum));
    n.give(output, new Binary(Binary.Kind.ADD), kept, added);
  }

  // ---- others

  private static void instanceNorm(OnnxReadNode n) {
    n.give(new InstanceNorm(n.real("epsilon", 1e-5f), LAYOUT), n.in(0), n.in(1), n.in(2));
  }

  private static void layerNorm(OnnxReadNode n) {
    float epsilon = n.real("epsilon", 1e-5f);
    int axis = axis(n, -1);
    if (n.wants(1) || n.wants(2)) layerNormWithStatistics(n, axis, epsilon);
    else if (n.has(2)) n.give(0, new LayerNorm(axis, epsilon), n.in(0), n.in(1), n.in(2));
    else n.give(0, new LayerNorm(axis, epsilon), n.in(0), n.in(1));
  }

  private static void layerNormWithStatistics(OnnxReadNode n, int axis, float epsilon) {
    int rank = n.rank(0);
    var axes = OnnxTerms.axes(n.axis(axis, rank), rank);
    var given = n.in(0).dtype();
    var x = n.cast(n.in(0), stash(n, given));
    var mean = n.reduce(Reduce.Kind.MEAN, x, true, axes);
    var spread = n.minus(x, mean);
    var variance = n.reduce(Reduce.Kind.MEAN, n.times(spread, spread), true, axes);
    var deviation = n.unary(Unary.Kind.SQRT, n.plus(variance, n.like(x, epsilon)));
    var inverse = n.unary(Unary.Kind.RECIPROCAL, deviation);
    var scaled = n.times(n.cast(n.times(spread, inverse), given), n.in(1));
    n.give(0, n.has(2) ? n.plus(scaled, n.in(2)) : scaled);
    n.give(1, mean);
    n.give(2, inverse);
  }

  /// The type in which statistics are computed.
  private static DataType stash(OnnxReadNode n, DataType given) {
    return given == DataType.FLOAT64 ? given : n.dtype("stash_type", DataType.FLOAT32);
  }

  private static void rmsNorm(OnnxReadNode n) {
    n.give(new RmsNorm(axis(n, -1), n.real("epsilon", 1e-5f)), n.in(0), n.in(1));
  }

  /// ONNX Runtime's name for it, in ONNX' own domain.
  private static void simplifiedLayerNorm(OnnxReadNode n) {
    if (n.wants(1)) n.custom();
    else rmsNorm(n);
  }

  private static void groupNorm(OnnxReadNode n) {
    var op = new GroupNorm(n.integer("num_groups", 1), n.real("epsilon", 1e-5f), LAYOUT);
    n.give(op, n.in(0), n.in(1), n.in(2));
  }

  /// Before opset 21 scale and bias have one element for each group.
  private static void groupNormByGroup(OnnxReadNode n) {
    int groups = n.integer("num_groups", 1);
    var channels = n.dim(n.in(0), 1);
    var perGroup = n.over(channels, n.vector(groups));
    var shape = n.concat(0, n.vector(groups), perGroup);
    var op = new GroupNorm(groups, n.real("epsilon", 1e-5f), LAYOUT);
    n.give(op, n.in(0), repeated(n, n.in(1), shape), repeated(n, n.in(2), shape));
  }

  private static Value repeated(OnnxReadNode n, Value perGroup, Value shape) {
    var known = n.integers(shape);
    var data = perGroup.constant();
    if (known.isPresent() && data.isPresent()) {
      var dims = watari.tensor.Shape.of(known.get());
      var column = data.get().reshaped(watari.tensor.Shape.of(known.get()[0], 1));
      return n.constant(
          column.expanded(dims).reshaped(watari.tensor.Shape.of(dims.elements().fixed())));
    }
    return n.reshape(n.expand(n.unsqueeze(perGroup, 1), shape), -1);
  }

  /// As the function body of the operator has it, with its epsilon of 1e-9 behind the root.
  private static void meanVarianceNorm(OnnxReadNode n) {
    var x = n.in(0);
    var given = n.integers("axes");
    var axes = given.isEmpty() ? new long[] {0, 2, 3} : OnnxReadNode.toLongs(given);
    var mean = n.reduce(Reduce.Kind.MEAN, x, true, axes);
    var meanOfSquares = n.reduce(Reduce.Kind.MEAN, n.times(x, x), true, axes);
    var variance = n.minus(meanOfSquares, n.times(mean, mean));
    var deviation = n.plus(n.unary(Unary.Kind.SQRT, variance), n.like(x, 1e-9));
    n.give(0, new Binary(Binary.Kind.DIV), n.minus(x, mean), deviation);
  }

  private static void lpNorm(OnnxReadNode n) {
    n.give(new LpNorm(axis(n, -1), n.integer("p", 2), 0), n.in(0));
  }

  private static void lrn(OnnxReadNode n) {
    n.give(
        new Lrn(
            n.integer("size", 1),
            n.real("alpha", 1e-4f),
            n.real("beta", 0.75f),
            n.real("bias", 1),
            LAYOUT),
        n.in(0));
  }
}
