package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.CORE;
import static watari.format.keras.KerasWriteGraph.MATH;
import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.ArrayList;
import java.util.List;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;

/// Reductions, searches, and what picks by indices.
final class KerasWriteReduceOps {
  private KerasWriteReduceOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            Reduce.class,
            "GlobalAveragePooling, GlobalMaxPooling of images; ops.sum, ops.mean, ops.max and others",
            "the axes are known",
            KerasWriteReduceOps::reduce)
        .on(ArgReduce.class, "ops.argmax, ops.argmin", "", KerasWriteReduceOps::argReduce)
        .on(
            Cumulative.class,
            "ops.cumsum, ops.cumprod",
            "the axis is known",
            KerasWriteReduceOps::cumulative)
        .on(TopK.class, "ops.top_k", "k is known", KerasWriteReduceOps::topK)
        .on(Gather.class, "Embedding; ops.take", "not within batches", KerasWriteReduceOps::gather)
        .on(GatherElements.class, "ops.take_along_axis", "", KerasWriteReduceOps::gatherElements);
  }

  // ---- reductions

  private static List<Integer> axes(Node node) {
    var x = node.input(0);
    int rank = KerasShapes.rank(x);
    var axes = new ArrayList<Integer>();
    if (!node.input(1).isPresent()) {
      for (int i = 0; i < rank; i++) axes.add(i);
      return axes;
    }
    for (long each : KerasShapes.longs(node.input(1), "axes")) {
      int axis = KerasShapes.axis((int) each, x);
      if (!axes.contains(axis)) axes.add(axis);
    }
    axes.sort(null);
    return axes;
  }

  private static void reduce(Reduce op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    var axes = axes(node);
    if (axes.isEmpty()) {
      out.give(node, out.tensor(x));
      return;
    }
    if (isGlobal(op.kind(), axes, x)) {
      var kind = op.kind() == Reduce.Kind.MAX ? "Max" : "Average";
      out.give(
          node,
          out.layer(KerasWritePoolOps.global(kind, x.shape().rank()), node)
              .set("data_format", "channels_last")
              .set("keepdims", op.keepDims())
              .on(out.tensor(x), node.output().type()));
      return;
    }
    var made =
        out.operation(NUMPY, name(op.kind()))
            .set("axis", axes)
            .set("keepdims", op.keepDims())
            .on(out.tensor(x), node.output().type());
    out.give(node, exact(made, node.output(), out));
  }

  /// Whether a layer of images says it.
  private static boolean isGlobal(Reduce.Kind kind, List<Integer> axes, Value x) {
    boolean isPool = kind == Reduce.Kind.MEAN || kind == Reduce.Kind.MAX;
    int rank = x.shape().rank();
    boolean isImage = rank >= 3 && rank <= 5 && x.dtype().isFloat();
    return isPool && isImage && axes.equals(KerasWritePoolOps.spatial(rank));
  }

  private static String name(Reduce.Kind kind) {
    return switch (kind) {
      case SUM -> "Sum";
      case MEAN -> "Mean";
      case MAX -> "Max";
      case MIN -> "Min";
      case PROD -> "Prod";
      case ALL -> "All";
      case ANY -> "Any";
      case L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE ->
          throw KerasRefusal.inexpressible("Keras has no reduction " + kind);
    };
  }

  /// Keras sums small integers as wider ones, and takes means of whole numbers as real ones.
  private static KerasTensor exact(KerasTensor made, Value output, KerasWriteGraph out) {
    if (output.dtype().isFloat() || output.dtype() == DataType.BOOL) return made;
    return out.operation(CORE, "Cast")
        .set("dtype", KerasTypes.name(output.dtype()))
        .on(made, output.type());
  }

  private static void argReduce(ArgReduce op, Node node, KerasWriteGraph out) {
    if (op.last()) throw KerasRefusal.inexpressible("Keras gives the first of equal ones");
    var x = node.input(0);
    var made =
        out.operation(NUMPY, op.largest() ? "Argmax" : "Argmin")
            .set("axis", KerasShapes.axis(op.axis(), x))
            .set("keepdims", op.keepDims())
            .on(out.tensor(x), node.output().type().with(DataType.INT32));
    out.give(node, out.cast(made, op.to()));
  }

  private static void cumulative(Cumulative op, Node node, KerasWriteGraph out) {
    if (op.exclusive() || op.reverse()) {
      throw KerasRefusal.inexpressible("Keras sums up from the first, with the element itself");
    }
    var axis = KerasShapes.longs(node.input(1), "axes")[0];
    var made =
        out.operation(NUMPY, op.kind() == Cumulative.Kind.SUM ? "Cumsum" : "Cumprod")
            .set("axis", KerasShapes.axis((int) axis, node.input(0)))
            .on(out.tensor(node.input(0)), node.output().type());
    out.give(node, exact(made, node.output(), out));
  }

  private static void topK(TopK op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    boolean isLast = KerasShapes.axis(op.axis(), x) == KerasShapes.rank(x) - 1;
    if (!isLast || !op.largest()) {
      throw KerasRefusal.inexpressible("Keras finds the largest of the last axis");
    }
    var layer =
        out.operation(MATH, "TopK")
            .set("k", KerasShapes.longs(node.input(1), "k")[0])
            .set("sorted", true)
            .with(Argument.of(out.tensor(x)));
    out.give(node.output(0), layer.gives(0, node.output(0).type()));
    if (node.outputs().size() < 2) return;
    var indices = layer.gives(1, node.output(1).type().with(DataType.INT32));
    out.give(node.output(1), out.cast(indices, op.indices()));
  }

  // ---- indices

  private static void gather(Gather op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    var indices = node.input(1);
    if (op.batchDims() != 0) throw KerasRefusal.inexpressible("it gathers within batches");
    int axis = KerasShapes.axis(op.axis(), x);
    var table = x.constant().filter(data -> data.shape().hasRank(2) && data.dtype().isFloat());
    boolean isEmbedding =
        axis == 0 && table.isPresent() && !indices.isConstant() && KerasShapes.rank(indices) > 0;
    if (isEmbedding && isFromStart(node)) {
      out.give(
          node,
          out.layer("Embedding", node)
              .set("input_dim", table.get().shape().dim(0).fixed())
              .set("output_dim", table.get().shape().dim(1).fixed())
              .weight("embeddings", table.get())
              .on(out.tensor(indices), node.output().type()));
      return;
    }
    out.give(
        node,
        out.operation(NUMPY, "Take")
            .set("axis", axis)
            .with(Argument.of(out.tensor(x)))
            .with(out.argument(indices))
            .gives(node.output().type()));
  }

  /// Only ONNX counts indices below 0 from the end.
  private static boolean isFromStart(Node node) {
    return !node.origin().operator().equals("Gather")
        || node.input(1).dtype().isInteger() && !node.input(1).dtype().isSigned();
  }

  private static void gatherElements(GatherElements op, Node node, KerasWriteGraph out) {
    out.give(
        node,
        out.operation(NUMPY, "TakeAlongAxis")
            .set("axis", KerasShapes.axis(op.axis(), node.input(0)))
            .with(Argument.of(out.tensor(node.input(0))))
            .with(out.argument(node.input(1)))
            .gives(node.output().type()));
  }
}
