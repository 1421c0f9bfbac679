package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.List;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.Shapes;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// Operators that walk along axes: reductions, searches, softmaxes.
final class TfliteReduceOps {
  /// What LiteRT's L2_NORMALIZATION divides by at least.
  private static final float L2_EPSILON = 1e-6f;

  private TfliteReduceOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Reduce.class, TfliteReduceOps::reduce)
        .on(ArgReduce.class, TfliteReduceOps::argReduce)
        .on(Cumulative.class, TfliteReduceOps::cumulative)
        .on(TopK.class, TfliteReduceOps::topK)
        .on(Softmax.class, TfliteReduceOps::softmax)
        .on(LogSoftmax.class, TfliteReduceOps::logSoftmax)
        .on(LpNorm.class, TfliteReduceOps::lpNorm)
        .on(Lrn.class, TfliteReduceOps::lrn);
  }

  private static int rank(Node node) {
    var shape = node.input(0).shape();
    if (!shape.isRanked()) {
      throw Refusal.dynamic("the rank of '" + node.input(0).name() + "' is not known");
    }
    return shape.rank();
  }

  private static void reduce(Reduce op, Node node, TfliteSubgraph out) {
    int code =
        switch (op.kind()) {
          case ALL -> REDUCE_ALL;
          case ANY -> REDUCE_ANY;
          case MAX -> REDUCE_MAX;
          case MEAN -> MEAN;
          case MIN -> REDUCE_MIN;
          case PROD -> REDUCE_PROD;
          case SUM -> SUM;
          default -> throw Refusal.operator("TFLite has no reduction " + op.kind(), "replace it");
        };
    var shape = node.input(0).shape();
    if (shape.isRanked() && shape.dims().stream().anyMatch(dim -> dim.is(0))) {
      throw Refusal.operator("it reduces no elements", "give the model inputs with elements");
    }
    if (TfliteQuantized.isAny(node, node.output())) {
      TfliteQuantized.requireUniform(node);
      boolean moves = code == REDUCE_MAX || code == REDUCE_MIN;
      if (moves) TfliteQuantized.requireMoved(node);
    }
    out.add(
        code,
        TfliteOptions.reducer(op.keepDims()),
        List.of(out.tensor(node.input(0)), axes(node, out)),
        List.of(out.tensor(node.output())));
  }

  private static int axes(Node node, TfliteSubgraph out) {
    if (node.input(1).isPresent() && !node.input(1).isConstant()) return out.int32(node.input(1));
    var axes = constantAxes(node);
    if (axes.isEmpty()) throw Refusal.operator("no axis is reduced", "replace it");
    return out.ints(axes);
  }

  private static List<Integer> constantAxes(Node node) {
    int rank = rank(node);
    var axes = new ArrayList<Integer>();
    if (!node.input(1).isPresent()) {
      for (int i = 0; i < rank; i++) axes.add(i);
      return axes;
    }
    for (long axis : TfliteSubgraph.constant(node.input(1), "axes").longs()) {
      int at = Shapes.axis(axis, rank);
      if (!axes.contains(at)) axes.add(at);
    }
    return axes;
  }

  private static void argReduce(ArgReduce op, Node node, TfliteSubgraph out) {
    if (op.last()) throw Refusal.operator("ARG_MAX gives the first index", "reverse before");
    byte to = TfliteSubgraph.number(op.to());
    int axis = out.scalar(Shapes.axis(op.axis(), rank(node)));
    int result = out.tensor(node.output());
    var shape = node.output().shape();
    if (op.keepDims()) {
      var dims = new ArrayList<>(shape.dims());
      dims.remove(Shapes.axis(op.axis(), rank(node)));
      result = out.temporary(new TensorType(op.to(), watari.tensor.Shape.of(dims)));
    }
    var inputs = List.of(out.tensor(node.input(0)), axis);
    if (op.largest()) out.add(ARG_MAX, TfliteOptions.argMax(to), inputs, List.of(result));
    else out.add(ARG_MIN, TfliteOptions.argMin(to), inputs, List.of(result));
    if (op.keepDims()) {
      out.add(
          EXPAND_DIMS,
          TfliteOptions.NONE,
          List.of(result, axis),
          List.of(out.tensor(node.output())));
    }
  }

  private static void cumulative(Cumulative op, Node node, TfliteSubgraph out) {
    if (op.kind() != Cumulative.Kind.SUM)
      throw Refusal.operator("TFLite has no CUMPROD", "replace");
    out.add(
        CUMSUM,
        TfliteOptions.cumsum(op.exclusive(), op.reverse()),
        List.of(out.tensor(node.input(0)), axis(node, out)),
        List.of(out.tensor(node.output())));
  }

  private static int axis(Node node, TfliteSubgraph out) {
    var axis = node.input(1);
    if (axis.isConstant()) {
      return out.scalar(Shapes.axis(axis.constant().orElseThrow().longAt(0), rank(node)));
    }
    return out.int32(axis);
  }

  private static void topK(TopK op, Node node, TfliteSubgraph out) {
    if (Shapes.axis(op.axis(), rank(node)) != rank(node) - 1 || !op.largest()) {
      throw Refusal.operator("TOPK_V2 takes the largest of the last axis", "transpose before");
    }
    if (op.indices() != DataType.INT32) throw Refusal.dtype("indices are int32", "cast them");
    TfliteQuantized.requireSame(node.input(0).type(), node.output(0).type());
    int k = out.int32(node.input(1));
    if (!node.input(1).shape().hasRank(0)) {
      int scalar = out.temporary(TensorType.of(DataType.INT32));
      if (node.input(1).isConstant()) {
        scalar = out.scalar(node.input(1).constant().orElseThrow().ints()[0]);
      } else {
        TfliteShapeOps.reshape(k, scalar, watari.tensor.Shape.SCALAR, out);
      }
      k = scalar;
    }
    out.add(
        TOPK_V2,
        TfliteOptions.NONE,
        List.of(out.tensor(node.input(0)), k),
        List.of(out.tensor(node.output(0)), out.tensor(node.output(1))));
  }

  private static void requireLastAxis(int axis, Node node) {
    int rank = rank(node);
    if (rank == 0 || Shapes.axis(axis, rank) != rank - 1) {
      throw Refusal.operator("TFLite normalises the last axis only", "transpose before");
    }
  }

  private static void softmax(Softmax op, Node node, TfliteSubgraph out) {
    requireLastAxis(op.axis(), node);
    TfliteQuantized.requireSoftmax(node);
    TfliteElementwiseOps.same(SOFTMAX, TfliteOptions.softmax(), node, out);
  }

  private static void logSoftmax(LogSoftmax op, Node node, TfliteSubgraph out) {
    requireLastAxis(op.axis(), node);
    TfliteQuantized.requireUniform(node);
    var type = node.output().type();
    if (type.quantization() instanceof PerTensor(float scale, long zero)) {
      long expected = type.dtype() == DataType.UINT8 ? 255 : 127;
      if (scale != 16f / 256 || zero != expected) {
        throw Refusal.quantization("the output is " + TfliteQuantized.describe(type));
      }
    }
    TfliteElementwiseOps.same(LOG_SOFTMAX, TfliteOptions.NONE, node, out);
  }

  private static void lpNorm(LpNorm op, Node node, TfliteSubgraph out) {
    requireLastAxis(op.axis(), node);
    if (op.p() != 2 || op.epsilon() != L2_EPSILON) {
      throw Refusal.operator(
          "TFLite normalises by the Euclidean norm with epsilon 1e-6", "replace");
    }
    TfliteQuantized.requireUniform(node);
    var type = node.output().type();
    if (type.isQuantized()) TfliteQuantized.requireScale(type, 1f / 128, false);
    TfliteElementwiseOps.same(L2_NORMALIZATION, TfliteOptions.l2Norm(), node, out);
  }

  private static void lrn(Lrn op, Node node, TfliteSubgraph out) {
    if (op.size() % 2 == 0 || op.layout() != Layout.CHANNELS_LAST || rank(node) != 4) {
      throw Refusal.operator("LOCAL_RESPONSE_NORMALIZATION has an odd size and rank 4", "replace");
    }
    TfliteElementwiseOps.same(
        LOCAL_RESPONSE_NORMALIZATION,
        TfliteOptions.localResponseNormalization(
            op.size() / 2, op.bias(), op.alpha() / op.size(), op.beta()),
        node,
        out);
  }
}
