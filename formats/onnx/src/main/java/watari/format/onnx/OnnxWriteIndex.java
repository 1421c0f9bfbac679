package watari.format.onnx;

import java.util.Locale;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.IndexOp.Compress;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;

/// Operators that pick, put or find elements.
final class OnnxWriteIndex {
  private OnnxWriteIndex() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(Gather.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(GatherElements.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(GatherNd.class, OnnxWriteIndex::gatherNd)
        .on(ScatterElements.class, OnnxWriteIndex::scatterElements)
        .on(ScatterNd.class, (op, node, out) -> reduction(op.reduction(), out.add(node)))
        .on(OneHot.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(NonZero.class, (_, node, out) -> out.add(node))
        .on(Unique.class, OnnxWriteIndex::unique)
        .on(Compress.class, OnnxWriteIndex::compress)
        .on(
            NonMaxSuppression.class,
            (op, node, out) -> out.add(node).i("center_point_box", op.centerPointBox()));
  }

  private static void gatherNd(GatherNd op, Node node, OnnxNodes out) {
    var made = out.add(node);
    if (op.batchDims() != 0) made.i("batch_dims", op.batchDims());
  }

  private static void scatterElements(ScatterElements op, Node node, OnnxNodes out) {
    reduction(op.reduction(), out.add(node).i("axis", op.axis()));
  }

  private static void reduction(Reduction reduction, OnnxNode made) {
    if (reduction != Reduction.REPLACE) {
      made.s("reduction", reduction.name().toLowerCase(Locale.ROOT));
    }
  }

  private static void unique(Unique op, Node node, OnnxNodes out) {
    var made = out.add(node).i("sorted", op.sorted());
    if (!op.flat()) made.i("axis", op.axis());
  }

  private static void compress(Compress op, Node node, OnnxNodes out) {
    var made = out.add(node);
    if (!op.flat()) made.i("axis", op.axis());
  }
}
