package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.OneHot;
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
import watari.op.ReduceOp.ArgReduce;
import watari.op.ShapeOp.Pad;
import watari.op.Shapes;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Normalisations as arithmetic.
public final class ReplaceNorms {
  private ReplaceNorms() {}

  /// All but the softmaxes, Lrn and LpNorm.
  public static List<Rule<?>> statistics() {
    return List.of(
        new Replacement<>("ReplaceBatchNorm", BatchNorm.class, ReplaceNorms::batchNorm),
        new Replacement<>("ReplaceInstanceNorm", InstanceNorm.class, ReplaceNorms::instanceNorm),
        new Replacement<>("ReplaceGroupNorm", GroupNorm.class, ReplaceNorms::groupNorm),
        new Replacement<>("ReplaceLayerNorm", LayerNorm.class, ReplaceNorms::layerNorm),
        new Replacement<>("ReplaceRmsNorm", RmsNorm.class, ReplaceNorms::rmsNorm));
  }

  /// Softmaxes of another axis than the last, by Transposes.
  public static List<Rule<?>> softmaxes() {
    return List.of(
        new Replacement<>("MoveSoftmaxToLastAxis", Softmax.class, ReplaceNorms::softmax),
        new Replacement<>("MoveLogSoftmaxToLastAxis", LogSoftmax.class, ReplaceNorms::logSoftmax));
  }

  public static Rule<Hardmax> hardmax() {
    return new Replacement<>("ReplaceHardmax", Hardmax.class, ReplaceNorms::hardmax);
  }

  public static Rule<LpNorm> lpNorm() {
    return new Replacement<>("ReplaceLpNorm", LpNorm.class, ReplaceNorms::lpNorm);
  }

  public static Rule<Lrn> lrn() {
    return new Replacement<>("ReplaceLrn", Lrn.class, ReplaceNorms::lrn);
  }

  /// A vector of the channels in the shape in which it broadcasts to `x`.
  private static Value perChannel(Value vector, Value x, Layout layout, Formula f) {
    int rank = x.shape().rank();
    int axis = rank <= 2 ? rank - 1 : layout.channelAxis(rank);
    if (axis == rank - 1) return vector;
    var dims = new ArrayList<>(Collections.nCopies(rank - axis, Dim.ONE));
    dims.set(0, vector.shape().dim(0));
    return f.reshape(vector, Shape.of(dims));
  }

  private static Outcome batchNorm(BatchNorm op, Match<BatchNorm> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    var scale = Match.constantOf(match.input(1));
    var bias = Match.constantOf(match.input(2));
    var mean = Match.constantOf(match.input(3));
    var variance = Match.constantOf(match.input(4));
    boolean known =
        scale.isPresent() && bias.isPresent() && mean.isPresent() && variance.isPresent();
    Value factor;
    Value rest;
    if (known) {
      int count = Math.toIntExact(scale.get().size());
      var factors = new double[count];
      var rests = new double[count];
      for (int i = 0; i < count; i++) {
        factors[i] = scale.get().doubleAt(i) / Math.sqrt(variance.get().doubleAt(i) + op.epsilon());
        rests[i] = bias.get().doubleAt(i) - mean.get().doubleAt(i) * factors[i];
      }
      factor = f.constant(TensorData.ofDoubles(x.dtype(), Shape.of(count), factors));
      rest = f.constant(TensorData.ofDoubles(x.dtype(), Shape.of(count), rests));
    } else {
      factor = f.div(match.input(1), f.sqrt(f.add(match.input(4), op.epsilon())));
      rest = f.sub(match.input(2), f.mul(match.input(3), factor));
    }
    var scaled = f.mul(x, perChannel(factor, x, op.layout(), f));
    return match.replaceWith(f.add(scaled, perChannel(rest, x, op.layout(), f)));
  }

  /// `(x - mean) / sqrt(variance + epsilon)` over some axes.
  private static Value normalised(Value x, List<Integer> axes, double epsilon, Formula f) {
    var centred = f.sub(x, f.mean(x, axes));
    var variance = f.mean(f.square(centred), axes);
    return f.mul(centred, f.unary(Unary.Kind.RSQRT, f.add(variance, epsilon)));
  }

  private static Outcome instanceNorm(InstanceNorm op, Match<InstanceNorm> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    var axes = op.layout().spatialAxes(x.shape().rank());
    var scaled =
        f.mul(normalised(x, axes, op.epsilon(), f), perChannel(match.input(1), x, op.layout(), f));
    return match.replaceWith(f.add(scaled, perChannel(match.input(2), x, op.layout(), f)));
  }

  private static Outcome groupNorm(GroupNorm op, Match<GroupNorm> match, Formula f) {
    var x = match.input(0);
    var shape = x.shape();
    if (!shape.isFixed()) return Replacement.left("the shape is not fixed");
    int axis = op.layout().channelAxis(shape.rank());
    long channels = shape.dim(axis).fixed();
    var dims = new ArrayList<>(shape.dims());
    dims.set(axis, Dim.of(channels / op.groups()));
    dims.add(axis, Dim.of(op.groups()));
    var axes = new ArrayList<>(IntStream.range(1, dims.size()).boxed().toList());
    axes.remove(Integer.valueOf(axis));
    var grouped = normalised(f.reshape(x, Shape.of(dims)), axes, op.epsilon(), f);
    var scaled = f.mul(f.reshape(grouped, shape), perChannel(match.input(1), x, op.layout(), f));
    return match.replaceWith(f.add(scaled, perChannel(match.input(2), x, op.layout(), f)));
  }

  private static List<Integer> from(int axis, Value x) {
    int rank = x.shape().rank();
    return IntStream.range(Shapes.axis(axis, rank), rank).boxed().toList();
  }

  private static Outcome layerNorm(LayerNorm op, Match<LayerNorm> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    var scaled = f.mul(normalised(x, from(op.axis(), x), op.epsilon(), f), match.input(1));
    return match.replaceWith(match.input(2).isPresent() ? f.add(scaled, match.input(2)) : scaled);
  }

  private static Outcome rmsNorm(RmsNorm op, Match<RmsNorm> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    var mean = f.mean(f.square(x), from(op.axis(), x));
    var root = f.unary(Unary.Kind.RSQRT, f.add(mean, op.epsilon()));
    return match.replaceWith(f.mul(f.mul(x, root), match.input(1)));
  }

  private static boolean isLast(int axis, Value x) {
    return !x.shape().isRanked()
        || x.shape().rank() == 0
        || Shapes.axis(axis, x.shape().rank()) == x.shape().rank() - 1;
  }

  private static Outcome softmax(Softmax op, Match<Softmax> match, Formula f) {
    var x = match.input(0);
    if (isLast(op.axis(), x)) return Replacement.left("it is the last axis");
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    return match.replaceWith(f.toLast(f.op(new Softmax(-1), f.toLast(x, axis)), axis));
  }

  private static Outcome logSoftmax(LogSoftmax op, Match<LogSoftmax> match, Formula f) {
    var x = match.input(0);
    if (isLast(op.axis(), x)) return Replacement.left("it is the last axis");
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    return match.replaceWith(f.toLast(f.op(new LogSoftmax(-1), f.toLast(x, axis)), axis));
  }

  private static Outcome hardmax(Hardmax op, Match<Hardmax> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    if (!x.shape().dim(axis).isFixed()) return Replacement.left("the axis' dim is not fixed");
    var first = f.op(new ArgReduce(true, axis, false, false, DataType.INT32), x);
    var depth = f.builder().scalar(x.shape().dim(axis).fixed());
    var values = f.constant(TensorData.ofDoubles(x.dtype(), Shape.of(2), 0, 1));
    return match.replaceWith(f.op(new OneHot(axis, false), first, depth, values));
  }

  private static Outcome lpNorm(LpNorm op, Match<LpNorm> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    if (op.p() == 2 && op.epsilon() == 1e-6f && isLast(op.axis(), x)) {
      return Replacement.left("it is an operator");
    }
    var axes = List.of(Shapes.axis(op.axis(), x.shape().rank()));
    var norm = op.p() == 1 ? f.sum(f.abs(x), axes) : f.sqrt(f.sum(f.square(x), axes));
    if (op.epsilon() > 0) return match.replaceWith(f.div(x, f.max(norm, op.epsilon())));
    // 0 where the norm is 0: all elements are.
    var isZero = f.binary(Binary.Kind.EQUAL, norm, f.scalar(x, 0));
    return match.replaceWith(f.div(x, f.select(isZero, f.scalar(x, 1), norm)));
  }

  /// The sum over a window of channels as a difference of shifted slices of squares.
  private static Outcome lrn(Lrn op, Match<Lrn> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return Replacement.left("the rank is not known");
    boolean isOperator =
        op.size() % 2 == 1
            && op.layout() == Layout.CHANNELS_LAST
            && x.shape().rank() == 4
            && !x.type().isQuantized();
    int axis = op.layout().channelAxis(x.shape().rank());
    if (isOperator || !x.shape().dim(axis).isFixed()) return Replacement.left("it is an operator");
    long channels = x.shape().dim(axis).fixed();
    int before = (op.size() - 1) / 2;
    int after = op.size() - 1 - before;
    var pads = new long[2 * x.shape().rank()];
    pads[axis] = before;
    pads[x.shape().rank() + axis] = after;
    var padded = f.op(new Pad(Pad.Mode.CONSTANT), f.square(x), f.vector(pads));
    var sum = f.slice(padded, axis, 0, channels);
    for (int i = 1; i < op.size(); i++) sum = f.add(sum, f.slice(padded, axis, i, i + channels));
    var base = f.add(f.mul(sum, (double) op.alpha() / op.size()), op.bias());
    var power = f.binary(Binary.Kind.POW, base, f.scalar(x, op.beta()));
    return match.replaceWith(f.div(x, power));
  }
}
