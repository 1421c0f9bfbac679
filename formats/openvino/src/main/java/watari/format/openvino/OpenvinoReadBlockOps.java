package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.Window;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that move blocks of an axis to another one.
final class OpenvinoReadBlockOps {
  private static final Layout LAYOUT = OpenvinoReadConvOps.LAYOUT;

  /// Elements of a patch, each of which is a slice.
  private static final int MOST_SLICES = 1024;

  private OpenvinoReadBlockOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("DepthToSpace", OpenvinoReadBlockOps::depthToSpace)
        .on("SpaceToDepth", OpenvinoReadBlockOps::spaceToDepth)
        .on("BatchToSpace", 2, OpenvinoReadBlockOps::batchToSpace)
        .on("SpaceToBatch", 2, OpenvinoReadBlockOps::spaceToBatch)
        .on("ShuffleChannels", OpenvinoReadBlockOps::shuffleChannels)
        .on("ExtractImagePatches", 3, OpenvinoReadBlockOps::extractImagePatches)
        .on("ReorgYolo", 2, OpenvinoReadBlockOps::reorgYolo);
  }

  private static boolean isDepthFirst(OpenvinoReadNode n) {
    return switch (n.text("mode").toLowerCase(Locale.ROOT)) {
      case "depth_first" -> true;
      case "blocks_first" -> false;
      default -> throw n.unknown("mode", "blocks_first or depth_first");
    };
  }

  // ---- depth

  private static void depthToSpace(OpenvinoReadNode n) {
    int block = n.integer("block_size", 1);
    boolean depthFirst = isDepthFirst(n);
    int rank = n.rank(0);
    if (rank == 4) {
      n.give(new DepthToSpace(block, depthFirst, LAYOUT), n.in(0));
      return;
    }
    int axes = rank - 2;
    var x = n.shape(0);
    long blocks = power(block, axes);
    var dims = new ArrayList<Dim>(List.of(x.dim(0)));
    if (depthFirst) dims.add(x.dim(1).floorDiv(blocks));
    for (int i = 0; i < axes; i++) dims.add(Dim.of(block));
    if (!depthFirst) dims.add(x.dim(1).floorDiv(blocks));
    dims.addAll(x.dims().subList(2, rank));
    int firstBlock = depthFirst ? 2 : 1;
    var perm = new ArrayList<>(List.of(0, depthFirst ? 1 : axes + 1));
    var to = new ArrayList<>(List.of(x.dim(0), x.dim(1).floorDiv(blocks)));
    for (int i = 0; i < axes; i++) {
      perm.add(axes + 2 + i);
      perm.add(firstBlock + i);
      to.add(x.dim(i + 2).times(block));
    }
    n.give(0, moved(n, dims, perm, to));
  }

  private static void spaceToDepth(OpenvinoReadNode n) {
    int block = n.integer("block_size", 1);
    boolean depthFirst = isDepthFirst(n);
    int rank = n.rank(0);
    if (rank == 4 && !depthFirst) {
      n.give(new SpaceToDepth(block, LAYOUT), n.in(0));
      return;
    }
    int axes = rank - 2;
    var x = n.shape(0);
    var dims = new ArrayList<>(List.of(x.dim(0), x.dim(1)));
    var blocks = new ArrayList<Integer>();
    var rest = new ArrayList<Integer>();
    var to = new ArrayList<>(List.of(x.dim(0), x.dim(1).times(power(block, axes))));
    for (int i = 0; i < axes; i++) {
      rest.add(dims.size());
      dims.add(x.dim(i + 2).floorDiv(block));
      blocks.add(dims.size());
      dims.add(Dim.of(block));
      to.add(x.dim(i + 2).floorDiv(block));
    }
    var perm = new ArrayList<>(List.of(0));
    if (depthFirst) perm.add(1);
    perm.addAll(blocks);
    if (!depthFirst) perm.add(1);
    perm.addAll(rest);
    n.give(0, moved(n, dims, perm, to));
  }

  private static long power(int block, int axes) {
    return Math.round(Math.pow(block, axes));
  }

  /// The input reshaped, transposed and reshaped again.
  private static Value moved(OpenvinoReadNode n, List<Dim> dims, List<Integer> perm, List<Dim> to) {
    var f = n.formula();
    return f.reshape(f.transpose(f.reshape(n.in(0), Shape.of(dims)), perm), Shape.of(to));
  }

  // ---- batch

  /// Blocks are given for the batch axis too, where they are 1.
  private static void spaceToBatch(OpenvinoReadNode n) {
    n.give(new SpaceToBatch(), n.in(0), blocks(n), edges(n));
  }

  private static void batchToSpace(OpenvinoReadNode n) {
    n.give(new BatchToSpace(), n.in(0), blocks(n), edges(n));
  }

  private static Value blocks(OpenvinoReadNode n) {
    var blocks = n.integers(1, "its block shape");
    if (blocks.length < 2 || blocks[0] != 1) {
      throw OpenvinoRefusal.broken("its block shape does not begin with 1, for the batch");
    }
    var behind = new long[blocks.length - 1];
    System.arraycopy(blocks, 1, behind, 0, behind.length);
    return n.formula().vector(behind);
  }

  private static Value edges(OpenvinoReadNode n) {
    var begins = n.integers(2, "what it adds or crops at the begin");
    var ends = n.integers(3, "what it adds or crops at the end");
    if (begins.length == 0 || begins.length != ends.length || begins[0] != 0 || ends[0] != 0) {
      throw OpenvinoRefusal.unsupported(
          "it adds to or crops the batch axis", "pad or slice the batch axis before it");
    }
    var edges = new long[2 * (begins.length - 1)];
    for (int i = 1; i < begins.length; i++) {
      edges[2 * i - 2] = begins[i];
      edges[2 * i - 1] = ends[i];
    }
    return n.formula().constant(TensorData.ofLongs(Shape.of(begins.length - 1, 2), edges));
  }

  // ---- channels

  private static void shuffleChannels(OpenvinoReadNode n) {
    int rank = n.rank(0);
    int axis = n.axis(n.integer("axis", 1), rank);
    long groups = n.integer("group", 1);
    var x = n.shape(0);
    var dims = new ArrayList<>(x.dims());
    dims.set(axis, Dim.of(groups));
    dims.add(axis + 1, x.dim(axis).floorDiv(groups));
    var perm = new ArrayList<Integer>();
    for (int i = 0; i <= rank; i++) perm.add(i == axis ? axis + 1 : i == axis + 1 ? axis : i);
    n.give(0, moved(n, dims, perm, x.dims()));
  }

  // ---- patches

  /// A slice for each place in the patch, all along the channel axis.
  private static void extractImagePatches(OpenvinoReadNode n) {
    var sizes = n.integers("sizes");
    var rates = n.integers("rates");
    if (sizes.size() != 2 || rates.size() != 2 || sizes.get(0) * sizes.get(1) > MOST_SLICES) {
      throw OpenvinoRefusal.broken("attribute 'sizes' is '" + sizes + "'");
    }
    var attributes = new OpenvinoReadWindow(n, 2);
    var strides = attributes.perAxis("strides", 1);
    var window = new Window(sizes, strides, rates, attributes.padding(), false);
    var pads = OpenvinoReadWindow.explicit(window, n.shape(0));
    var f = n.formula();
    var x = n.in(0);
    if (!pads.isZero()) {
      var begins = pads.begins();
      var ends = pads.ends();
      var all = f.vector(0, 0, begins.get(0), begins.get(1), 0, 0, ends.get(0), ends.get(1));
      x = f.op(new Pad(Pad.Mode.CONSTANT), x, all);
    }
    var output = window.output(n.shape(0), LAYOUT);
    var parts = new ArrayList<Value>();
    for (int row = 0; row < sizes.get(0); row++) {
      for (int column = 0; column < sizes.get(1); column++) {
        var part = part(n, x, 2, row * rates.get(0), strides.get(0), output.dim(2));
        parts.add(part(n, part, 3, column * rates.get(1), strides.get(1), output.dim(3)));
      }
    }
    n.give(0, f.concat(1, parts));
  }

  private static Value part(
      OpenvinoReadNode n, Value x, int axis, int from, int stride, Dim count) {
    if (!count.isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "its number of patches is not known", "fix the shape of the model's inputs");
    }
    long end = from + (count.fixed() - 1) * stride + 1;
    return n.formula().slice(x, axis, from, end, stride);
  }

  // ---- ReorgYolo

  /// The original program mixes up the axes of its output; what it does is a picking of elements.
  ///
  /// Source: OpenVINO ReorgYolo-2, whose definition is the loop of darknet's `reorg_cpu`.
  private static void reorgYolo(OpenvinoReadNode n) {
    var strides = n.integers("stride");
    int stride = strides.isEmpty() ? 2 : strides.get(0);
    var shape = n.shape(0);
    if (!shape.hasRank(4) || !shape.slice(1, 4).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the dims of its input are not known", "fix the shape of the model's inputs");
    }
    long channels = shape.dim(1).fixed();
    long height = shape.dim(2).fixed();
    long width = shape.dim(3).fixed();
    long outChannels = channels / ((long) stride * stride);
    if (stride < 1 || outChannels < 1) {
      throw OpenvinoRefusal.broken("it has " + channels + " channels for stride " + stride);
    }
    var source = new long[Math.toIntExact(channels * height * width)];
    for (long c = 0, i = 0; c < channels; c++) {
      for (long y = 0; y < height; y++) {
        for (long x = 0; x < width; x++, i++) {
          long offset = c / outChannels;
          long fromX = x * stride + offset % stride;
          long fromY = y * stride + offset / stride;
          source[(int) i] = fromX + width * stride * (fromY + height * stride * (c % outChannels));
        }
      }
    }
    var f = n.formula();
    var flat = f.reshape(n.in(0), Shape.of(shape.dim(0), Dim.of(source.length)));
    var picked = f.gather(flat, f.constant(TensorData.ofLongs(Shape.of(source.length), source)), 1);
    var to =
        Shape.of(
            shape.dim(0),
            Dim.of(channels * stride * stride),
            Dim.of(height / stride),
            Dim.of(width / stride));
    n.give(0, f.reshape(picked, to));
  }
}
