package watari.format.onnx;

import java.util.List;
import watari.format.ReadTable;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.PoolOp.MaxRoiPool;
import watari.op.PoolOp.MaxUnpool;
import watari.op.PoolOp.RoiAlign;
import watari.op.ReduceOp.Reduce;
import watari.tensor.Layout;

/// Windows that bring the elements below them to one.
final class OnnxReadPoolOps {
  private static final Layout LAYOUT = Layout.CHANNELS_FIRST;

  private OnnxReadPoolOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("MaxPool", OnnxReadPoolOps::maxPool)
        .on("AveragePool", n -> n.give(averagePool(n), n.in(0)))
        .on("LpPool", n -> lpPool(n, (int) n.real("p", 2)))
        .on("LpPool", 2, n -> lpPool(n, n.integer("p", 2)))
        .on("GlobalMaxPool", n -> global(n, Reduce.Kind.MAX))
        .on("GlobalAveragePool", n -> global(n, Reduce.Kind.MEAN))
        .on("GlobalLpPool", n -> globalLp(n, (int) n.real("p", 2)))
        .on("GlobalLpPool", 2, n -> globalLp(n, n.integer("p", 2)))
        .on("MaxUnpool", OnnxReadPoolOps::maxUnpool)
        .on("MaxRoiPool", OnnxReadPoolOps::maxRoiPool)
        .on("RoiAlign", n -> roiAlign(n, "output_half_pixel"))
        .on("RoiAlign", 16, n -> roiAlign(n, "half_pixel"));
  }

  private static void maxPool(OnnxReadNode n) {
    boolean columnMajor = n.integer("storage_order", 0) == 1;
    n.give(new MaxPool(OnnxReadWindow.pool(n), LAYOUT, columnMajor), n.in(0));
  }

  /// Padding that counts is made explicit.
  static AveragePool averagePool(OnnxReadNode n) {
    var window = OnnxReadWindow.pool(n);
    boolean counts = n.flag("count_include_pad", false);
    if (counts && window.padding() instanceof Padding.Same && n.shape(0).isRanked()) {
      window = window.withPadding(OnnxReadWindow.explicit(window, n.shape(0)));
    }
    return new AveragePool(window, LAYOUT, counts);
  }

  private static void lpPool(OnnxReadNode n, int p) {
    n.give(new LpPool(OnnxReadWindow.pool(n), LAYOUT, p), n.in(0));
  }

  private static void global(OnnxReadNode n, Reduce.Kind kind) {
    n.give(new Reduce(kind, true), n.in(0), n.vector(OnnxTerms.axes(2, n.rank(0))));
  }

  private static void globalLp(OnnxReadNode n, int p) {
    if (p == 1) global(n, Reduce.Kind.L1);
    else if (p == 2) global(n, Reduce.Kind.L2);
    else {
      var x = n.in(0);
      var powers = n.binary(Binary.Kind.POW, n.unary(Unary.Kind.ABS, x), n.like(x, p));
      var sum = n.reduce(Reduce.Kind.SUM, powers, true, OnnxTerms.axes(2, n.rank(0)));
      n.give(new Binary(Binary.Kind.POW), sum, n.like(x, 1.0 / p));
    }
  }

  private static void maxUnpool(OnnxReadNode n) {
    n.give(new MaxUnpool(OnnxReadWindow.pool(n)), n.inputs());
  }

  private static void maxRoiPool(OnnxReadNode n) {
    var shape = n.integers("pooled_shape");
    if (shape.size() != 2) {
      throw OnnxRefusal.broken("attribute 'pooled_shape' is " + shape + ", expected two numbers");
    }
    n.give(
        new MaxRoiPool(shape.get(0), shape.get(1), n.real("spatial_scale", 1)), n.in(0), n.in(1));
  }

  private static void roiAlign(OnnxReadNode n, String coordinates) {
    var mode = n.text("coordinate_transformation_mode", coordinates);
    n.give(
        new RoiAlign(
            n.text("mode", "avg").equals("avg"),
            mode.equals("half_pixel"),
            n.integer("output_height", 1),
            n.integer("output_width", 1),
            n.integer("sampling_ratio", 0),
            n.real("spatial_scale", 1)),
        List.of(n.in(0), n.in(1), n.in(2)));
  }
}
