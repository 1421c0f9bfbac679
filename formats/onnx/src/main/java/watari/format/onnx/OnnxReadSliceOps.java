package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.tensor.DataType;

/// Operators that cut parts out of tensors or add to their edges.
final class OnnxReadSliceOps {
  private OnnxReadSliceOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Slice", OnnxReadSliceOps::sliceByAttributes)
        .on("Slice", 10, OnnxReadSliceOps::slice)
        .on("Pad", n -> padByAttributes(n, "paddings"))
        .on("Pad", 2, n -> padByAttributes(n, "pads"))
        .on("Pad", 11, OnnxReadSliceOps::pad)
        .on("CenterCropPad", OnnxReadSliceOps::centerCropPad);
  }

  private static void sliceByAttributes(OnnxReadNode n) {
    var starts = n.vector(n.longs("starts"));
    var ends = n.vector(n.longs("ends"));
    if (n.hasAttribute("axes")) {
      n.give(new Slice(), n.in(0), starts, ends, n.vector(n.longs("axes")));
    } else {
      n.give(new Slice(), n.in(0), starts, ends);
    }
  }

  private static void slice(OnnxReadNode n) {
    n.give(new Slice(), n.inputs());
  }

  private static void padByAttributes(OnnxReadNode n, String pads) {
    var mode = mode(n);
    var x = n.in(0);
    float value = n.real("value", 0);
    if (mode == Pad.Mode.CONSTANT && value != 0) {
      n.give(new Pad(mode), x, n.vector(n.longs(pads)), n.like(x, value));
    } else {
      n.give(new Pad(mode), x, n.vector(n.longs(pads)));
    }
  }

  static void pad(OnnxReadNode n) {
    var inputs = new ArrayList<>(n.inputs());
    // Some exporters give the padded value as a vector of one element.
    if (n.has(2) && n.shape(2).hasRank(1)) inputs.set(2, n.squeeze(n.in(2), 0));
    n.give(new Pad(mode(n)), inputs);
  }

  private static Pad.Mode mode(OnnxReadNode n) {
    var mode = n.text("mode", "constant");
    return switch (mode) {
      case "constant" -> Pad.Mode.CONSTANT;
      case "edge" -> Pad.Mode.EDGE;
      case "reflect" -> Pad.Mode.REFLECT;
      case "wrap" -> Pad.Mode.WRAP;
      default ->
          throw OnnxRefusal.broken(
              "attribute 'mode' is '" + mode + "', expected constant, edge, reflect or wrap");
    };
  }

  /// Crops what is too large and pads what is too small, both around the centre; of an odd surplus
  /// the end gets more.
  private static void centerCropPad(OnnxReadNode n) {
    var x = n.in(0);
    var axes = axes(n, n.rank(0));
    var dims = dims(n, x, axes);
    var target = n.cast(n.in(1), DataType.INT64);
    var two = n.scalar(2);
    var zero = n.scalar(0);
    var surplus = n.binary(Binary.Kind.MAX, n.minus(dims, target), zero);
    var starts = n.over(surplus, two);
    var kept = n.binary(Binary.Kind.MIN, dims, target);
    var cut = n.add(new Slice(), x, starts, n.plus(starts, kept), n.vector(axes));
    var missing = n.binary(Binary.Kind.MAX, n.minus(target, dims), zero);
    var begins = n.over(missing, two);
    var pads = n.concat(0, begins, n.minus(missing, begins));
    n.give(new Pad(Pad.Mode.CONSTANT), cut, pads, n.like(x, 0), n.vector(axes));
  }

  private static List<Integer> axes(OnnxReadNode n, int rank) {
    var given = n.integers("axes");
    var axes = new ArrayList<Integer>();
    if (given.isEmpty()) for (int i = 0; i < rank; i++) axes.add(i);
    for (int axis : given) axes.add(n.axis(axis, rank));
    return axes;
  }

  private static Value dims(OnnxReadNode n, Value x, List<Integer> axes) {
    return n.gather(n.shapeOf(x), n.vector(axes), 0);
  }
}
