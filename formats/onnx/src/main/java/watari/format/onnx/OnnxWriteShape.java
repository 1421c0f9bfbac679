package watari.format.onnx;

import watari.format.OpTable;
import watari.graph.Node;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Size;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Trilu;
import watari.op.ShapeOp.Unsqueeze;

/// Operators that move elements, and those that speak of shapes.
final class OnnxWriteShape {
  private OnnxWriteShape() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(Reshape.class, OnnxWriteShape::reshape)
        .on(Flatten.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(Transpose.class, (op, node, out) -> out.add(node).ints("perm", op.perm()))
        .on(Concat.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(Split.class, OnnxWriteShape::split)
        .on(Slice.class, (_, node, out) -> out.add(node))
        .on(Squeeze.class, (_, node, out) -> out.addWithInts(node, 1, "axes", 13))
        .on(Unsqueeze.class, (_, node, out) -> out.addWithInts(node, 1, "axes", 13))
        .on(Expand.class, (_, node, out) -> out.add(node))
        .on(Tile.class, (_, node, out) -> out.add(node))
        .on(Pad.class, OnnxWriteShape::pad)
        .on(ShapeOf.class, OnnxWriteShape::shapeOf)
        .on(Size.class, (_, node, out) -> out.add(node))
        .on(Range.class, (_, node, out) -> out.add(node))
        .on(
            ReverseSequence.class,
            (op, node, out) ->
                out.add(node).i("batch_axis", op.batchAxis()).i("time_axis", op.timeAxis()))
        .on(DepthToSpace.class, OnnxWriteShape::depthToSpace)
        .on(SpaceToDepth.class, (op, node, out) -> out.add(node).i("blocksize", op.block()))
        .on(Trilu.class, (op, node, out) -> out.add(node).i("upper", op.upper()));
  }

  private static void reshape(Reshape op, Node node, OnnxNodes out) {
    var made = out.add(node);
    if (op.allowZero() && out.opset() >= 14) made.i("allowzero", 1);
  }

  private static void split(Split op, Node node, OnnxNodes out) {
    var made = out.addWithInts(node, 1, "split", 13).i("axis", op.axis());
    if (!node.input(1).isPresent() && out.opset() >= 18) {
      made.i("num_outputs", node.outputs().size());
    }
  }

  private static void pad(Pad op, Node node, OnnxNodes out) {
    out.add(node).s("mode", op.mode().name().toLowerCase(java.util.Locale.ROOT));
  }

  private static void shapeOf(ShapeOf op, Node node, OnnxNodes out) {
    var made = out.add(node);
    if (op.start() != 0) made.i("start", op.start());
    if (op.end() != Integer.MAX_VALUE) made.i("end", op.end());
  }

  private static void depthToSpace(DepthToSpace op, Node node, OnnxNodes out) {
    out.add(node).i("blocksize", op.block()).s("mode", op.channelsOutermost() ? "CRD" : "DCR");
  }
}
