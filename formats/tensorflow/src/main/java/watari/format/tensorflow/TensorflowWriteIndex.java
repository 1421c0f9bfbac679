package watari.format.tensorflow;

import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.ScatterNd;
import watari.tensor.DataType;

/// Operators that pick elements by computed indices, or find them.
final class TensorflowWriteIndex {
  private TensorflowWriteIndex() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table
        .on(Gather.class, TensorflowWriteIndex::gather)
        .on(GatherNd.class, TensorflowWriteIndex::gatherNd)
        .on(ScatterNd.class, TensorflowWriteIndex::scatterNd)
        .on(OneHot.class, TensorflowWriteIndex::oneHot)
        .on(NonZero.class, TensorflowWriteIndex::nonZero)
        .on(PaddedNonMaxSuppression.class, TensorflowWriteIndex::suppression);
  }

  private static Port indices(Node node, TensorflowScope out) {
    var indices = out.in(node, 1);
    boolean isKnown = indices.type() == DataType.INT32 || indices.type() == DataType.INT64;
    return isKnown ? indices : out.cast(indices, DataType.INT64);
  }

  private static void gather(Gather op, Node node, TensorflowScope out) {
    out.give(
        node,
        out.op(
            "GatherV2",
            step -> step.set("batch_dims", (long) op.batchDims()),
            out.in(node, 0),
            indices(node, out),
            out.index(op.axis())));
  }

  private static void gatherNd(GatherNd op, Node node, TensorflowScope out) {
    if (op.batchDims() != 0) {
      throw TensorflowRefusal.unsupported(
          "GatherNd has no common axes", "end the model before this node with --outputs");
    }
    out.give(node, out.op("GatherNd", out.in(node, 0), indices(node, out)));
  }

  private static void scatterNd(ScatterNd op, Node node, TensorflowScope out) {
    var name =
        switch (op.reduction()) {
          case REPLACE -> "TensorScatterUpdate";
          case ADD -> "TensorScatterAdd";
          case MIN -> "TensorScatterMin";
          case MAX -> "TensorScatterMax";
          case MUL ->
              throw TensorflowRefusal.unsupported(
                  "TensorFlow has no products of scattered elements",
                  "end the model before this node with --outputs");
        };
    out.give(node, out.op(name, out.in(node, 0), indices(node, out), out.in(node, 2)));
  }

  private static void oneHot(OneHot op, Node node, TensorflowScope out) {
    var indices = out.cast(out.in(node, 0), DataType.INT64);
    var depth = TensorflowWriteReduce.scalar(node, 1, out);
    if (op.wrapsNegative()) {
      var raised = out.op("AddV2", indices, out.cast(depth, DataType.INT64));
      var isNegative = out.op("Less", indices, out.scalar(DataType.INT64, 0));
      indices = out.op("SelectV2", isNegative, raised, indices);
    }
    var values = out.op("Reshape", out.in(node, 2), out.ints(2));
    int rank = node.output().shape().isRanked() ? node.output().shape().rank() : 0;
    long axis = op.axis() < 0 && rank > 0 ? op.axis() + rank : op.axis();
    long last = axis == rank - 1 ? -1 : axis;
    out.give(
        node,
        out.op(
            "OneHot",
            step -> step.set("axis", last),
            indices,
            out.cast(depth, DataType.INT32),
            element(values, 1, out),
            element(values, 0, out)));
  }

  private static Port element(Port values, int i, TensorflowScope out) {
    return out.op(
        "StridedSlice",
        step -> step.set("shrink_axis_mask", 1L),
        values,
        out.ints(i),
        out.ints(i + 1),
        out.ints(1));
  }

  private static void nonZero(NonZero op, Node node, TensorflowScope out) {
    out.give(node, out.op("Transpose", out.op("Where", out.in(node, 0)), out.ints(1, 0)));
  }

  private static void suppression(PaddedNonMaxSuppression op, Node node, TensorflowScope out) {
    var boxes = out.in(node, 0);
    var scores = out.in(node, 1);
    var most = out.cast(TensorflowWriteReduce.scalar(node, 2, out), DataType.INT32);
    var overlap = TensorflowWriteReduce.scalar(node, 3, out);
    var least = TensorflowWriteReduce.scalar(node, 4, out);
    if (op.soft()) {
      var sigma = TensorflowWriteReduce.scalar(node, 5, out);
      var found =
          out.ops(
              "NonMaxSuppressionV5",
              step -> step.set("pad_to_max_output_size", true),
              boxes,
              scores,
              most,
              overlap,
              least,
              sigma);
      for (int i = 0; i < 3; i++) out.give(node, i, found.get(i));
      return;
    }
    var found =
        out.ops(
            "NonMaxSuppressionV4",
            step -> step.set("pad_to_max_output_size", true),
            boxes,
            scores,
            most,
            overlap,
            least);
    for (int i = 0; i < 2; i++) out.give(node, i, found.get(i));
  }
}
