package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.Hardmax;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.RmsNorm;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.ReduceOp.Reduce;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// Takes apart normalisations and matrix products that ONNX, or the opset, lacks.
final class OnnxNormRules {
  private final OnnxOpset opset;

  OnnxNormRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("SplitFullyConnected", FullyConnected.class, OnnxNormRules::fullyConnected),
        new OnnxRule<>("SplitTransposedMatMul", MatMul.class, OnnxNormRules::matMul),
        new OnnxRule<>("SplitLpNorm", LpNorm.class, OnnxNormRules::lpNorm),
        new OnnxRule<>("SplitLayerNorm", LayerNorm.class, this::layerNorm),
        new OnnxRule<>("SplitRmsNorm", RmsNorm.class, this::rmsNorm),
        new OnnxRule<>("SplitGroupNorm", GroupNorm.class, OnnxNormRules::groupNorm),
        new OnnxRule<>("MoveSoftmaxAxis", Softmax.class, (op, m) -> lastAxis(op.axis(), m)),
        new OnnxRule<>("MoveLogSoftmaxAxis", LogSoftmax.class, (op, m) -> lastAxis(op.axis(), m)),
        new OnnxRule<>("MoveHardmaxAxis", Hardmax.class, (op, m) -> lastAxis(op.axis(), m)));
  }

  // ---- matrix products

  /// Gemm takes matrices of floats; anything else is multiplied by the weights transposed.
  private static Outcome fullyConnected(FullyConnected op, Match<FullyConnected> match) {
    var x = match.input(0);
    var bias = match.input(2);
    boolean isFloat = OnnxCompose.real(x).isFloat();
    boolean biasFits = !bias.isPresent() || bias.shape().hasRank(1);
    if (x.shape().hasRank(2) && isFloat && biasFits) return left("Gemm says it");
    var to = new OnnxCompose(match);
    var weights = to.transposeConstant(match.input(1), List.of(1, 0));
    var product = to.op(new MatMul(false, false), x, weights);
    return to.replace(bias.isPresent() ? to.add(product, bias) : product);
  }

  private static Outcome matMul(MatMul op, Match<MatMul> match) {
    if (!op.transposeA() && !op.transposeB()) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var a = match.input(0);
    var b = match.input(1);
    if (!a.shape().isRanked() || !b.shape().isRanked()) return left("a rank is not known");
    return to.replace(
        to.op(
            new MatMul(false, false),
            op.transposeA() ? swapped(a, to) : a,
            op.transposeB() ? swapped(b, to) : b));
  }

  private static Value swapped(Value matrix, OnnxCompose to) {
    int rank = matrix.shape().rank();
    if (rank < 2) return matrix;
    return to.transposeConstant(matrix, OnnxCompose.moving(rank, rank - 2, rank - 1));
  }

  // ---- normalisations

  private static Outcome lpNorm(LpNorm op, Match<LpNorm> match) {
    boolean runs = op.epsilon() == 0 && OnnxCompose.real(match.input(0)).isFloat();
    if (runs) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var x = match.input(0);
    var kind = op.p() == 1 ? Reduce.Kind.L1 : Reduce.Kind.L2;
    var norm = to.reduce(kind, x, true, op.axis());
    return to.replace(to.div(x, to.binary(Binary.Kind.MAX, norm, to.scalar(x, op.epsilon()))));
  }

  private Outcome layerNorm(LayerNorm op, Match<LayerNorm> match) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return left("the rank is not known");
    int axis = Math.floorMod(op.axis(), x.shape().rank());
    boolean covers = covers(match.input(1), axis, x) && covers(match.input(2), axis, x);
    if (opset.has(17) && covers) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var centred = to.sub(x, to.reduce(Reduce.Kind.MEAN, x, true, axesFrom(axis, x)));
    return to.replace(
        scaled(overRoot(centred, axis, op.epsilon(), to), match.input(1), match.input(2), to));
  }

  /// Whether a scale or bias has all the normalised axes, as ONNX Runtime wants it.
  private static boolean covers(Value scale, int axis, Value x) {
    if (!scale.isPresent()) return true;
    return scale.shape().isRanked()
        && scale.shape().dims().equals(x.shape().slice(axis, x.shape().rank()).dims());
  }

  private Outcome rmsNorm(RmsNorm op, Match<RmsNorm> match) {
    var x = match.input(0);
    if (opset.has(23)) return left("the opset has RMSNormalization");
    if (!x.shape().isRanked()) return left("the rank is not known");
    int axis = Math.floorMod(op.axis(), x.shape().rank());
    var to = new OnnxCompose(match);
    return to.replace(
        scaled(overRoot(x, axis, op.epsilon(), to), match.input(1), Value.ABSENT, to));
  }

  private static long[] axesFrom(int axis, Value x) {
    return IntStream.range(axis, x.shape().rank()).asLongStream().toArray();
  }

  /// `x / sqrt(mean(x²) + epsilon)`.
  private static Value overRoot(Value x, int axis, float epsilon, OnnxCompose to) {
    var mean = to.reduce(Reduce.Kind.MEAN, to.mul(x, x), true, axesFrom(axis, x));
    return to.div(x, to.unary(Unary.Kind.SQRT, to.add(mean, to.scalar(x, epsilon))));
  }

  private static Value scaled(Value x, Value scale, Value bias, OnnxCompose to) {
    var result = scale.isPresent() ? to.mul(x, scale) : x;
    return bias.isPresent() ? to.add(result, bias) : result;
  }

  /// Each group as a channel of InstanceNorm, then scale and bias of each channel.
  private static Outcome groupNorm(GroupNorm op, Match<GroupNorm> match) {
    var x = match.input(0);
    if (op.layout() != Layout.CHANNELS_FIRST) return left("its layout is not settled");
    if (!x.shape().isRanked()) return left("the rank is not known");
    var to = new OnnxCompose(match);
    var dtype = OnnxCompose.real(x);
    var groups = to.reshape(x, 0, op.groups(), -1);
    var normalised =
        to.op(
            new InstanceNorm(op.epsilon(), Layout.CHANNELS_FIRST),
            groups,
            to.filled(dtype, 1, Shape.of(op.groups())),
            to.filled(dtype, 0, Shape.of(op.groups())));
    var whole = to.reshape(normalised, to.shape(x));
    int rank = x.shape().rank();
    return to.replace(
        scaled(
            whole, perChannel(match.input(1), rank, to), perChannel(match.input(2), rank, to), to));
  }

  private static Value perChannel(Value vector, int rank, OnnxCompose to) {
    if (!vector.isPresent()) return vector;
    var dims = new long[rank - 1];
    java.util.Arrays.fill(dims, 1);
    dims[0] = -1;
    return to.reshape(vector, dims);
  }

  /// Before opset 13 all axes from the given one on are taken together.
  private Outcome lastAxis(int axis, Match<?> match) {
    if (opset.has(13)) return left("the opset takes one axis");
    var x = match.input(0);
    if (!x.shape().isRanked()) return left("the rank is not known");
    int rank = x.shape().rank();
    int at = Math.floorMod(axis, rank);
    if (at == rank - 1) return left("it is the last axis");
    var perm = OnnxCompose.moving(rank, at, rank - 1);
    var back = OnnxCompose.moving(rank, rank - 1, at);
    var to = new OnnxCompose(match);
    var moved = to.op(withAxis(match.op(), rank - 1), to.transpose(x, perm));
    return to.replace(to.transpose(moved, back));
  }

  private static Op withAxis(Op op, int axis) {
    if (op instanceof Softmax) return new Softmax(axis);
    return op instanceof LogSoftmax ? new LogSoftmax(axis) : new Hardmax(axis);
  }
}
