package watari.format.keras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import watari.format.keras.KerasVariable.Role;
import watari.graph.Value;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.RmsNorm;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Layers that bring numbers to a common scale.
final class KerasReadNormOps {
  private KerasReadNormOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("BatchNormalization", KerasReadNormOps::batchRoles, KerasReadNormOps::batchNorm)
        .on("SyncBatchNormalization", KerasReadNormOps::batchRoles, KerasReadNormOps::batchNorm)
        .on("BatchNormalizationV1", KerasReadNormOps::batchRoles, KerasReadNormOps::batchNorm)
        .on("LayerNormalization", KerasReadNormOps::affineRoles, KerasReadNormOps::layerNorm)
        .on("GroupNormalization", KerasReadNormOps::affineRoles, KerasReadNormOps::groupNorm)
        .on("RMSNormalization", _ -> KerasRoles.of("scale"), KerasReadNormOps::rmsNorm)
        .on("UnitNormalization", KerasReadNormOps::unitNorm)
        .on("Normalization", KerasReadNormOps::statisticsRoles, KerasReadNormOps::normalization);
  }

  // ---- weights

  private static List<Role> affineRoles(KerasLayer layer) {
    var all = new ArrayList<Role>();
    boolean isRms = layer.config().flag("rms_scaling", false);
    if (layer.config().flag("scale", true) || isRms) all.addAll(KerasRoles.of("gamma"));
    if (layer.config().flag("center", true) && !isRms) all.addAll(KerasRoles.of("beta"));
    return all;
  }

  private static List<Role> batchRoles(KerasLayer layer) {
    var all = new ArrayList<>(affineRoles(layer));
    all.add(KerasRoles.fixed("moving_mean"));
    all.add(KerasRoles.fixed("moving_variance"));
    return all;
  }

  private static List<Role> statisticsRoles(KerasLayer layer) {
    if (layer.config().has("mean")) return List.of();
    return List.of(
        KerasRoles.fixed("mean"), KerasRoles.fixed("variance"), KerasRoles.fixed("count"));
  }

  // ---- by kept statistics

  private static void batchNorm(KerasCall call) {
    var x = call.in();
    int rank = call.rank();
    int axis = Shapes.axis(axes(call, -1).get(0), rank);
    var mean = call.data("moving_mean");
    var scale = affine(call, "gamma", 1, mean.shape());
    var bias = affine(call, "beta", 0, mean.shape());
    float epsilon = (float) call.config().real("epsilon", 1e-3);
    boolean isLast = axis == rank - 1;
    if (rank >= 2 && (isLast || axis == 1)) {
      var layout = isLast ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST;
      call.give(
          new BatchNorm(epsilon, layout),
          x,
          scale,
          bias,
          call.constant("moving_mean", mean),
          call.weight("moving_variance"));
      return;
    }
    var statistics = List.of(call.constant("moving_mean", mean), call.weight("moving_variance"));
    call.give(alongAxis(call.formula(), x, axis, scale, bias, statistics, epsilon));
  }

  /// The same for channels that stand between other axes.
  private static Value alongAxis(
      Formula f,
      Value x,
      int axis,
      Value scale,
      Value bias,
      List<Value> statistics,
      float epsilon) {
    int rank = x.shape().rank();
    var shape = Collections.nCopies(rank - axis, 1L).stream().mapToLong(each -> each).toArray();
    shape[0] = -1;
    var deviation = f.sqrt(f.add(f.reshape(statistics.get(1), shape), epsilon));
    var centred = f.sub(x, f.reshape(statistics.get(0), shape));
    var scaled = f.mul(f.div(centred, deviation), f.reshape(scale, shape));
    return f.add(scaled, f.reshape(bias, shape));
  }

  /// A weight, or as many ones or zeros where the layer has none.
  private static Value affine(KerasCall call, String role, double otherwise, Shape shape) {
    if (call.hasWeight(role)) return call.weight(role);
    var one = TensorData.scalar(call.dtype(), otherwise);
    return call.builder().constant(call.layer().name() + "/" + role, TensorData.filled(one, shape));
  }

  private static List<Integer> axes(KerasCall call, int otherwise) {
    return call.config().has("axis") ? call.config().integers("axis") : List.of(otherwise);
  }

  // ---- by statistics of the input

  private static void layerNorm(KerasCall call) {
    var x = call.in();
    int rank = call.rank();
    var axes = sorted(call, rank);
    double epsilon = call.config().real("epsilon", 1e-3);
    if (call.config().flag("rms_scaling", false)) {
      throw KerasRefusal.unsupported(
          "'rms_scaling' scales by the variance, as no other runtime does", "use RMSNormalization");
    }
    int first = rank - axes.size();
    if (axes.equals(KerasCall.axes(first, rank)) && call.hasWeight("gamma")) {
      var bias = call.hasWeight("beta") ? call.weight("beta") : Value.ABSENT;
      call.give(new LayerNorm(first, (float) epsilon), x, call.weight("gamma"), bias);
      return;
    }
    call.give(affine(call, normalized(call.formula(), x, axes, epsilon), rank, axes));
  }

  private static List<Integer> sorted(KerasCall call, int rank) {
    var axes = new ArrayList<Integer>();
    axes(call, -1).forEach(axis -> axes.add(Shapes.axis(axis, rank)));
    Collections.sort(axes);
    return axes;
  }

  /// `(x - mean) / sqrt(variance + epsilon)` by the statistics of some axes.
  private static Value normalized(Formula f, Value x, List<Integer> axes, double epsilon) {
    var centred = f.sub(x, f.mean(x, axes));
    var variance = f.mean(f.square(centred), axes);
    return f.div(centred, f.sqrt(f.add(variance, epsilon)));
  }

  /// Times `gamma`, plus `beta`, which belong to some axes.
  private static Value affine(KerasCall call, Value x, int rank, List<Integer> axes) {
    var f = call.formula();
    var given = x;
    if (call.hasWeight("gamma")) given = f.mul(given, spread(call, "gamma", rank, axes));
    if (call.hasWeight("beta")) given = f.add(given, spread(call, "beta", rank, axes));
    return given;
  }

  /// A weight of some axes, with a dim of 1 for each of the others.
  private static Value spread(KerasCall call, String role, int rank, List<Integer> axes) {
    var data = call.data(role);
    var dims = new long[rank];
    java.util.Arrays.fill(dims, 1);
    for (int i = 0; i < axes.size(); i++) dims[axes.get(i)] = data.shape().dim(i).fixed();
    return call.constant(role, data.reshaped(Shape.of(dims)));
  }

  /// The channels of `axis` in groups, each with the statistics of all axes but the batch.
  private static void groupNorm(KerasCall call) {
    var f = call.formula();
    var x = call.in();
    int rank = call.rank();
    int axis = Shapes.axis(axes(call, -1).get(0), rank);
    long channels = call.dim(x, axis);
    long groups = call.config().integer("groups", 32);
    if (groups == -1) groups = channels;
    if (groups < 1 || channels % groups != 0) {
      throw KerasRefusal.broken(channels + " channels do not come in " + groups + " groups");
    }
    var whole = f.shapeOf(x);
    var split =
        f.concat(
            0,
            f.slice(whole, 0, 0, axis),
            f.vector(groups, channels / groups),
            f.slice(whole, 0, axis + 1L, Integer.MAX_VALUE));
    var axes = new ArrayList<>(KerasCall.axes(1, rank + 1));
    axes.remove(Integer.valueOf(axis));
    double epsilon = call.config().real("epsilon", 1e-3);
    var normal = normalized(f, regrouped(f, x, split, axis, groups, channels), axes, epsilon);
    call.give(affine(call, back(f, normal, x, whole), rank, List.of(axis)));
  }

  /// A reshape whose dims are known as far as the input's are.
  private static Value regrouped(
      Formula f, Value x, Value split, int axis, long groups, long channels) {
    var dims = new ArrayList<>(x.shape().dims());
    dims.set(axis, watari.tensor.Dim.of(groups));
    dims.add(axis + 1, watari.tensor.Dim.of(channels / groups));
    var shape = Shape.of(dims);
    return shape.unknownDims() <= 1 ? f.reshape(x, shape) : f.reshape(x, split);
  }

  private static Value back(Formula f, Value x, Value like, Value whole) {
    return like.shape().unknownDims() <= 1 ? f.reshape(x, like.shape()) : f.reshape(x, whole);
  }

  private static void rmsNorm(KerasCall call) {
    var x = call.in();
    int rank = call.rank();
    var axes = sorted(call, rank);
    double epsilon = call.config().real("epsilon", 1e-6);
    int first = rank - axes.size();
    boolean isVector = axes.size() == 1;
    if (isVector && axes.equals(KerasCall.axes(first, rank))) {
      call.give(new RmsNorm(first, (float) epsilon), x, call.weight("scale"));
      return;
    }
    var f = call.formula();
    var mean = f.mean(f.square(x), axes);
    var scaled = f.div(x, f.sqrt(f.add(mean, epsilon)));
    call.give(f.mul(scaled, spread(call, "scale", rank, axes)));
  }

  /// `x / max(‖x‖, 1e-6)`: the sum of squares is 1e-12 at least.
  private static void unitNorm(KerasCall call) {
    var f = call.formula();
    var x = call.in();
    var axes = sorted(call, call.rank());
    var squares = f.max(f.sum(f.square(x), axes), 1e-12);
    call.give(f.div(x, f.sqrt(squares)));
  }

  // ---- by given statistics

  /// `(x - mean) / max(sqrt(variance), 1e-7)`, or back. Statistics belong to `axis`.
  private static void normalization(KerasCall call) {
    var f = call.formula();
    var x = f.cast(call.in(), call.dtype());
    var mean = statistic(call, "mean", x);
    var variance = statistic(call, "variance", x);
    var deviation = f.max(f.sqrt(variance), 1e-7);
    call.give(
        call.config().flag("invert", false)
            ? f.add(f.mul(x, deviation), mean)
            : f.div(f.sub(x, mean), deviation));
  }

  private static Value statistic(KerasCall call, String role, Value x) {
    var data =
        call.hasWeight(role) ? call.data(role) : given(call.config().reals(role), call.dtype());
    int rank = call.rank(x);
    var axes = new ArrayList<Integer>();
    if (call.config().has("axis")) axes.addAll(sorted(call, rank));
    var dims = new long[rank];
    java.util.Arrays.fill(dims, 1);
    for (int axis : axes) dims[axis] = call.dim(x, axis);
    var shape = Shape.of(dims);
    if (data.size() == 1) return call.constant(role, data.reshaped(Shape.SCALAR));
    return call.constant(role, data.reshaped(shape));
  }

  private static TensorData given(List<Double> numbers, DataType dtype) {
    var all = numbers.stream().mapToDouble(each -> each).toArray();
    return TensorData.ofDoubles(dtype, Shape.of(all.length), all);
  }
}
