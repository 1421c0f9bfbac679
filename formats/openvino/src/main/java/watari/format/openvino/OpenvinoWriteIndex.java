package watari.format.openvino;

import java.util.List;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What picks elements by indices, puts them there, or finds them.
final class OpenvinoWriteIndex {
  private OpenvinoWriteIndex() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Gather.class, OpenvinoWriteIndex::gather)
        .on(
            GatherElements.class,
            (op, node, out) -> out.add(node, "GatherElements", 6).set("axis", op.axis()))
        .on(
            GatherNd.class,
            (op, node, out) -> out.add(node, "GatherND", 8).set("batch_dims", op.batchDims()))
        .on(ScatterElements.class, OpenvinoWriteIndex::scatterElements)
        .on(ScatterNd.class, OpenvinoWriteIndex::scatterNd)
        .on(OneHot.class, OpenvinoWriteIndex::oneHot)
        .on(NonZero.class, (_, node, out) -> out.add(node, "NonZero", 3).set("output_type", "i64"))
        .on(Unique.class, OpenvinoWriteIndex::unique)
        .on(NonMaxSuppression.class, OpenvinoWriteIndex::nonMaxSuppression);
  }

  private static void gather(Gather op, Node node, OpenvinoNodes out) {
    var axis = out.constant(node, "axis", TensorData.scalar((long) op.axis()));
    out.add(node, "Gather", 8, out.input(node, 0), out.input(node, 1), axis)
        .set("batch_dims", op.batchDims());
  }

  private static void scatterElements(ScatterElements op, Node node, OpenvinoNodes out) {
    var axis = out.constant(node, "axis", TensorData.scalar((long) op.axis()));
    out.add(
            node,
            "ScatterElementsUpdate",
            12,
            out.input(node, 0),
            out.input(node, 1),
            out.input(node, 2),
            axis)
        .set("reduction", reduction(op.reduction()))
        .set("use_init_val", true);
  }

  private static void scatterNd(ScatterNd op, Node node, OpenvinoNodes out) {
    out.add(node, "ScatterNDUpdate", 15).set("reduction", reduction(op.reduction()));
  }

  private static String reduction(Reduction reduction) {
    return switch (reduction) {
      case REPLACE -> "none";
      case ADD -> "sum";
      case MUL -> "prod";
      case MIN -> "min";
      case MAX -> "max";
    };
  }

  /// The two values are scalars of their own.
  private static void oneHot(OneHot op, Node node, OpenvinoNodes out) {
    var values = node.input(2).constant().orElseThrow();
    var depth = TensorData.scalar(node.input(1).constant().orElseThrow().longAt(0));
    out.add(
            node,
            "OneHot",
            1,
            out.input(node, 0),
            out.constant(node, "depth", depth),
            out.constant(node, "on", values.picked(Shape.SCALAR, _ -> 1)),
            out.constant(node, "off", values.picked(Shape.SCALAR, _ -> 0)))
        .set("axis", op.axis());
  }

  private static void unique(Unique op, Node node, OpenvinoNodes out) {
    var layer = out.layer(node.origin().node(), "Unique", 10, out.input(node, 0));
    if (!op.flat()) {
      layer.input(out.constant(node, "axis", TensorData.scalar((long) op.axis())));
    }
    layer
        .set("sorted", op.sorted())
        .set("index_element_type", OpenvinoNodes.element(op.indices()))
        .set("count_element_type", OpenvinoNodes.element(op.indices()));
    for (int i = 0; i < 4; i++) {
      boolean isGiven = i < node.outputs().size() && node.output(i).isPresent();
      var dtype = i == 0 ? node.input(0).dtype() : op.indices();
      if (isGiven) out.give(node.output(i), layer);
      else layer.output(new TensorType(dtype, Shape.of(Dim.named("?"))), List.of(), "");
    }
  }

  private static void nonMaxSuppression(NonMaxSuppression op, Node node, OpenvinoNodes out) {
    var layer =
        out.layer(
            node.origin().node(),
            "NonMaxSuppression",
            9,
            out.input(node, 0),
            out.input(node, 1),
            given(node, 2, 0, DataType.INT64, out),
            given(node, 3, 0, DataType.FLOAT32, out),
            given(node, 4, -Float.MAX_VALUE, DataType.FLOAT32, out));
    layer
        .set("box_encoding", op.centerPointBox() ? "center" : "corner")
        .set("sort_result_descending", false)
        .set("output_type", "i64");
    out.give(node.output(0), layer);
    var found = node.output(0).shape();
    layer.output(new TensorType(DataType.FLOAT32, found), List.of(), "");
    layer.output(new TensorType(DataType.INT64, Shape.of(1)), List.of(), "");
  }

  private static Port given(Node node, int i, double otherwise, DataType dtype, OpenvinoNodes out) {
    return node.input(i).isPresent()
        ? out.input(node, i)
        : out.constant(node, "default" + i, TensorData.scalar(dtype, otherwise));
  }
}
