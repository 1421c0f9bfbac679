package watari.format.openvino;

import java.util.stream.LongStream;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Reductions and searches along axes.
final class OpenvinoWriteReduce {
  private OpenvinoWriteReduce() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Reduce.class, OpenvinoWriteReduce::reduce)
        .on(ArgReduce.class, OpenvinoWriteReduce::argReduce)
        .on(Cumulative.class, OpenvinoWriteReduce::cumulative)
        .on(TopK.class, OpenvinoWriteReduce::topK);
  }

  private static void reduce(Reduce op, Node node, OpenvinoNodes out) {
    boolean isOld = op.kind() != Reduce.Kind.L1 && op.kind() != Reduce.Kind.L2;
    var axes = node.input(1).isPresent() ? out.input(node, 1) : allAxes(node, out);
    out.add(node, name(op.kind()), isOld ? 1 : 4, out.input(node, 0), axes)
        .set("keep_dims", op.keepDims());
  }

  private static OpenvinoLayer.Port allAxes(Node node, OpenvinoNodes out) {
    int rank = node.input(0).shape().rank();
    return out.vector(node, "axes", LongStream.range(0, rank).toArray());
  }

  private static String name(Reduce.Kind kind) {
    return switch (kind) {
      case ALL -> "ReduceLogicalAnd";
      case ANY -> "ReduceLogicalOr";
      case L1 -> "ReduceL1";
      case L2 -> "ReduceL2";
      case MAX -> "ReduceMax";
      case MEAN -> "ReduceMean";
      case MIN -> "ReduceMin";
      case PROD -> "ReduceProd";
      case SUM -> "ReduceSum";
      case LOG_SUM, LOG_SUM_EXP, SUM_SQUARE -> throw new IllegalStateException(kind.name());
    };
  }

  /// The index of the first of the largest.
  private static void argReduce(ArgReduce op, Node node, OpenvinoNodes out) {
    var x = node.input(0).type();
    int axis = Math.floorMod(op.axis(), x.shape().rank());
    var one = new TensorType(op.to(), x.shape().with(axis, Dim.ONE));
    var search =
        out.layer(
                "TopK",
                "TopK",
                11,
                out.input(node, 0),
                out.constant(node, "k", TensorData.scalar(1L)))
            .output(new TensorType(x.dtype(), one.shape()), java.util.List.of(), "")
            .output(one, java.util.List.of(), "");
    searching(search, axis, op.largest(), op.to());
    if (op.keepDims()) {
      out.add(node, "Convert", 1, search.port(1))
          .set("destination_type", OpenvinoNodes.element(op.to()));
    } else {
      out.add(node, "Squeeze", 1, search.port(1), out.vector(node, "axis", axis));
    }
  }

  private static void searching(
      OpenvinoLayer layer, int axis, boolean largest, watari.tensor.DataType indices) {
    layer
        .set("axis", axis)
        .set("mode", largest ? "max" : "min")
        .set("sort", "value")
        .set("index_element_type", OpenvinoNodes.element(indices))
        .set("stable", true);
  }

  private static void topK(TopK op, Node node, OpenvinoNodes out) {
    var layer = out.layer(node.origin().node(), "TopK", 11);
    layer.input(out.input(node, 0)).input(out.input(node, 1));
    for (int i = 0; i < 2; i++) {
      boolean isGiven = i < node.outputs().size() && node.output(i).isPresent();
      if (isGiven) out.give(node.output(i), layer);
      else layer.output(absent(op, node, i), java.util.List.of(), "");
    }
    searching(layer, op.axis(), op.largest(), op.indices());
  }

  private static TensorType absent(TopK op, Node node, int i) {
    var given = node.output(1 - i).shape();
    return i == 0
        ? new TensorType(node.input(0).dtype(), given)
        : new TensorType(op.indices(), given);
  }

  private static void cumulative(Cumulative op, Node node, OpenvinoNodes out) {
    var axis = out.input(node, 1);
    var scalar = axis;
    if (!node.input(1).shape().hasRank(0)) {
      var shape = out.constant(node, "scalar", TensorData.ofLongs(Shape.of(0)));
      scalar =
          out.step(
              node, "Reshape", 1, new TensorType(axis.type().dtype(), Shape.SCALAR), axis, shape);
      scalar.layer().set("special_zero", false);
    }
    out.add(node, "CumSum", 3, out.input(node, 0), scalar)
        .set("exclusive", op.exclusive())
        .set("reverse", op.reverse());
  }
}
