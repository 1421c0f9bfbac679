package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.MatMulOp.MatMul;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators on images that no record says.
final class OnnxReadImageOps {
  private static final long MOST_INDICES = 1 << 24;

  private OnnxReadImageOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table.on("AffineGrid", OnnxReadImageOps::affineGrid).on("Col2Im", OnnxReadImageOps::col2Im);
  }

  // ---- AffineGrid

  /// Positions in `[-1, 1]` of each element, last axis first and with a 1 behind, times `thetaᵀ`.
  private static void affineGrid(OnnxReadNode n) {
    var theta = n.in(0);
    var size = n.cast(n.in(1), DataType.INT64);
    int axes = spatialAxes(n);
    var spatial = n.slice(size, 0, 2, 2 + axes);
    var parts = new ArrayList<Value>();
    for (int axis = axes - 1; axis >= 0; axis--) {
      var along = n.cast(positions(n, dim(n, size, axis + 2)), theta.dtype());
      var placed = n.unsqueeze(along, OnnxTerms.axes(1, axes - axis));
      parts.add(n.unsqueeze(n.expand(placed, spatial), axes));
    }
    parts.add(n.unsqueeze(n.expand(n.like(theta, 1), spatial), axes));
    var grid = n.reshape(n.concat(axes, parts), -1, axes + 1);
    var moved = n.add(new MatMul(false, true), grid, theta);
    var shape = n.concat(0, n.slice(size, 0, 0, 1), spatial, n.vector(axes));
    n.give(new Reshape(false), moved, shape);
  }

  private static int spatialAxes(OnnxReadNode n) {
    var theta = n.shape(0);
    if (theta.hasRank(3) && theta.dim(1).isFixed()) return Math.toIntExact(theta.dim(1).fixed());
    var size = n.shape(1);
    if (size.hasRank(1) && size.dim(0).isFixed()) return Math.toIntExact(size.dim(0).fixed()) - 2;
    throw OnnxRefusal.unsupported(
        "the number of its spatial axes is not known", "fix the shape of theta");
  }

  private static Value dim(OnnxTerms n, Value size, int i) {
    return n.gather(size, n.scalar(i), 0);
  }

  private static Value positions(OnnxReadNode n, Value count) {
    var indices = n.cast(n.range(count), DataType.FLOAT32);
    var two = n.like(indices, 2);
    var one = n.like(indices, 1);
    if (n.flag("align_corners", false)) {
      var gaps = n.binary(Binary.Kind.MAX, n.minus(count, n.scalar(1)), n.scalar(1));
      return n.minus(n.over(n.times(indices, two), n.cast(gaps, DataType.FLOAT32)), one);
    }
    var centres = n.plus(n.times(indices, two), one);
    return n.minus(n.over(centres, n.cast(count, DataType.FLOAT32)), one);
  }

  // ---- Col2Im

  /// Every element is added where its block has it, in an image with its padding, which is then cut
  /// off. Where the sizes are computed the operator stays ONNX' own.
  private static void col2Im(OnnxReadNode n) {
    var image = n.integers(1);
    var block = n.integers(2);
    var x = n.shape(0);
    boolean isKnown = image.isPresent() && block.isPresent() && x.hasRank(3);
    if (!isKnown || !x.dim(0).isFixed() || !x.dim(1).isFixed()) {
      n.custom();
      return;
    }
    int axes = image.get().length;
    var attributes = new OnnxReadWindow(n, axes);
    var pads = n.integers("pads").isEmpty() ? OnnxReadNode.repeat(2 * axes, 0) : n.integers("pads");
    var padded = new long[axes];
    for (int i = 0; i < axes; i++) padded[i] = image.get()[i] + pads.get(i) + pads.get(i + axes);
    var indices =
        indices(
            padded,
            block.get(),
            attributes.perAxis("strides", 1),
            attributes.perAxis("dilations", 1));
    long cells = Shape.of(block.get()).elements().fixed();
    long batch = x.dim(0).fixed();
    long channels = x.dim(1).fixed() / cells;
    var columns = n.reshape(n.in(0), batch * channels, indices.length);
    var added =
        n.add(
            new ScatterNd(Reduction.ADD),
            n.expand(
                n.like(n.in(0), 0),
                n.vector(Shape.of(padded).elements().fixed(), batch * channels)),
            n.constant(TensorData.ofLongs(Shape.of(indices.length, 1), indices)),
            n.transpose(columns, 1, 0));
    var shape = new ArrayList<Long>(List.of(batch, channels));
    for (long dim : padded) shape.add(dim);
    var whole = n.add(new Reshape(false), n.transpose(added, 1, 0), n.vector(shape));
    n.give(0, cut(n, whole, image.get(), pads));
  }

  private static Value cut(OnnxReadNode n, Value whole, long[] image, List<Integer> pads) {
    var starts = new long[image.length];
    var ends = new long[image.length];
    for (int i = 0; i < image.length; i++) {
      starts[i] = pads.get(i);
      ends[i] = pads.get(i) + image[i];
    }
    var axes = n.vector(OnnxTerms.axes(2, 2 + image.length));
    return n.add(new Slice(), whole, n.vector(starts), n.vector(ends), axes);
  }

  /// The flat place of each element of each block, blocks innermost.
  private static long[] indices(
      long[] image, long[] block, List<Integer> strides, List<Integer> dilations) {
    var counts = new long[image.length];
    for (int i = 0; i < image.length; i++) {
      counts[i] = (image[i] - dilations.get(i) * (block[i] - 1) - 1) / strides.get(i) + 1;
    }
    long cells = Shape.of(block).elements().fixed();
    long blocks = Shape.of(counts).elements().fixed();
    if (cells < 1 || blocks < 1 || cells * blocks > MOST_INDICES) {
      throw OnnxRefusal.broken("it has " + blocks + " blocks of " + cells + " elements");
    }
    var indices = new long[(int) (cells * blocks)];
    for (int i = 0; i < indices.length; i++) {
      long cell = i / blocks;
      long at = i % blocks;
      long place = 0;
      long factor = 1;
      for (int axis = image.length - 1; axis >= 0; axis--) {
        long begin = at % counts[axis] * strides.get(axis);
        place += (begin + cell % block[axis] * dilations.get(axis)) * factor;
        factor *= image[axis];
        at /= counts[axis];
        cell /= block[axis];
      }
      indices[i] = place;
    }
    return indices;
  }
}
