package watari.format.onnx;

import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
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
import watari.tensor.DataType;

/// Operators that pick elements by indices, put them there, or find them.
final class OnnxReadIndexOps {
  private OnnxReadIndexOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Gather", n -> n.give(new Gather(n.integer("axis", 0), 0), n.in(0), n.in(1)))
        .on("GatherElements", OnnxReadIndexOps::gatherElements)
        .on("GatherND", n -> n.give(new GatherNd(n.integer("batch_dims", 0)), n.in(0), n.in(1)))
        .on("Scatter", OnnxReadIndexOps::scatterElements)
        .on("ScatterElements", OnnxReadIndexOps::scatterElements)
        .on("ScatterND", OnnxReadIndexOps::scatterNd)
        .on("TensorScatter", OnnxReadIndexOps::tensorScatter)
        .on("OneHot", OnnxReadIndexOps::oneHot)
        .on("NonZero", n -> n.give(new NonZero(), n.in(0)))
        .on("Unique", OnnxReadIndexOps::unique)
        .on("Compress", OnnxReadIndexOps::compress)
        .on("NonMaxSuppression", OnnxReadIndexOps::nonMaxSuppression);
  }

  private static void gatherElements(OnnxReadNode n) {
    n.give(new GatherElements(n.integer("axis", 0)), n.in(0), n.in(1));
  }

  private static void scatterElements(OnnxReadNode n) {
    n.give(new ScatterElements(n.integer("axis", 0), reduction(n)), n.in(0), n.in(1), n.in(2));
  }

  private static void scatterNd(OnnxReadNode n) {
    n.give(new ScatterNd(reduction(n)), n.in(0), n.in(1), n.in(2));
  }

  private static Reduction reduction(OnnxReadNode n) {
    var name = n.text("reduction", "none");
    return switch (name) {
      case "none" -> Reduction.REPLACE;
      case "add" -> Reduction.ADD;
      case "mul" -> Reduction.MUL;
      case "min" -> Reduction.MIN;
      case "max" -> Reduction.MAX;
      default ->
          throw OnnxRefusal.broken(
              "attribute 'reduction' is '" + name + "', expected none, add, mul, min or max");
    };
  }

  /// `update` put into the cache along `axis`, from a position on that each sample has for itself;
  /// in mode `circular` what passes the end goes to the begin.
  private static void tensorScatter(OnnxReadNode n) {
    var cache = n.in(0);
    var update = n.in(1);
    int rank = n.rank(0);
    int axis = n.axis(n.integer("axis", -2), rank);
    var steps = n.range(n.squeeze(n.dim(update, axis), 0));
    var positions = n.unsqueeze(steps, OnnxTerms.axes(1, rank - axis));
    if (n.has(2)) {
      var starts = n.unsqueeze(n.cast(n.in(2), DataType.INT64), OnnxTerms.axes(1, rank));
      positions = n.plus(starts, positions);
    }
    if (n.text("mode", "linear").equals("circular")) {
      positions = n.binary(Binary.Kind.FLOOR_MOD, positions, n.dim(cache, axis));
    }
    var indices = n.expand(positions, n.shapeOf(update));
    n.give(new ScatterElements(axis, Reduction.REPLACE), cache, indices, update);
  }

  private static void oneHot(OnnxReadNode n) {
    var indices = integers(n, 0);
    var depth = integers(n, 1);
    n.give(new OneHot(n.integer("axis", -1), true), indices, depth, n.in(2));
  }

  /// ONNX allows floats here.
  private static Value integers(OnnxReadNode n, int i) {
    return n.dtype(i).isInteger() ? n.in(i) : n.cast(n.in(i), DataType.INT64);
  }

  private static void unique(OnnxReadNode n) {
    boolean flat = !n.hasAttribute("axis");
    int axis = flat ? 0 : n.axis(n.integer("axis", 0), n.rank(0));
    n.give(new Unique(flat, axis, n.flag("sorted", true), DataType.INT64), n.in(0));
  }

  private static void compress(OnnxReadNode n) {
    boolean flat = !n.hasAttribute("axis");
    int axis = flat ? 0 : n.axis(n.integer("axis", 0), n.rank(0));
    n.give(new Compress(flat, axis), n.in(0), n.in(1));
  }

  private static void nonMaxSuppression(OnnxReadNode n) {
    var op = new NonMaxSuppression(n.flag("center_point_box", false));
    n.give(op, n.inputs(), 1, List.of());
  }
}
