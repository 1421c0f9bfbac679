package watari.format.openvino;

import java.util.ArrayList;
import java.util.Arrays;
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

  private static final String BEGINS = "what it adds or crops at the begin";
  private static final String ENDS = "what it adds or crops at the end";

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

  /// Blocks are given for all axes. Where only spatial ones are moved, they are brought before the
  /// channels, as [SpaceToBatch] has them.
  private static void spaceToBatch(OpenvinoReadNode n) {
    var blocks = blocks(n);
    var f = n.formula();
    int rank = n.rank(0);
    var toLast = Layout.CHANNELS_FIRST.permutationTo(Layout.CHANNELS_LAST, rank);
    if (movesChannels(n, blocks)) {
      n.give(0, anyToBatch(n, blocks));
      return;
    }
    var x = f.transpose(n.in(0), toLast);
    var moved = f.op(new SpaceToBatch(), x, f.vector(behind(blocks, 2)), edges(n, 2));
    n.give(0, f.transpose(moved, Layout.CHANNELS_LAST.permutationTo(Layout.CHANNELS_FIRST, rank)));
  }

  private static void batchToSpace(OpenvinoReadNode n) {
    var blocks = blocks(n);
    var f = n.formula();
    int rank = n.rank(0);
    if (movesChannels(n, blocks)) {
      n.give(0, anyToSpace(n, blocks));
      return;
    }
    var toLast = Layout.CHANNELS_FIRST.permutationTo(Layout.CHANNELS_LAST, rank);
    var x = f.transpose(n.in(0), toLast);
    var moved = f.op(new BatchToSpace(), x, f.vector(behind(blocks, 2)), edges(n, 2));
    n.give(0, f.transpose(moved, Layout.CHANNELS_LAST.permutationTo(Layout.CHANNELS_FIRST, rank)));
  }

  /// The same for blocks of any axes: padded, taken apart, and the blocks brought before the batch.
  private static Value anyToBatch(OpenvinoReadNode n, long[] blocks) {
    var f = n.formula();
    var pads = f.concat(0, List.of(n.integers64(2), n.integers64(3)));
    var x = f.op(new Pad(Pad.Mode.CONSTANT), n.in(0), pads);
    var shape = x.shape();
    var dims = new ArrayList<>(List.of(shape.dim(0)));
    var to = new ArrayList<>(List.of(shape.dim(0).times(product(blocks))));
    var before = new ArrayList<Integer>();
    var rest = new ArrayList<>(List.of(0));
    for (int i = 1; i < blocks.length; i++) {
      to.add(shape.dim(i).floorDiv(blocks[i]));
      rest.add(dims.size());
      dims.add(shape.dim(i).floorDiv(blocks[i]));
      before.add(dims.size());
      dims.add(Dim.of(blocks[i]));
    }
    before.addAll(rest);
    return f.reshape(f.transpose(f.reshape(x, Shape.of(dims)), before), Shape.of(to));
  }

  private static Value anyToSpace(OpenvinoReadNode n, long[] blocks) {
    var f = n.formula();
    var shape = n.shape(0);
    int axes = blocks.length - 1;
    var batch = shape.dim(0).floorDiv(product(blocks));
    var dims = new ArrayList<Dim>();
    for (int i = 1; i <= axes; i++) dims.add(Dim.of(blocks[i]));
    dims.add(batch);
    dims.addAll(shape.dims().subList(1, blocks.length));
    var perm = new ArrayList<>(List.of(axes));
    var to = new ArrayList<>(List.of(batch));
    for (int i = 1; i <= axes; i++) {
      perm.addAll(List.of(axes + i, i - 1));
      to.add(shape.dim(i).times(blocks[i]));
    }
    var x = moved(n, dims, perm, to);
    var begins = n.integers(2, BEGINS);
    var ends = n.integers(3, ENDS);
    for (int i = 0; i < blocks.length; i++) {
      long end = ends[i] == 0 ? Long.MAX_VALUE : -ends[i];
      if (begins[i] != 0 || ends[i] != 0) x = f.slice(x, i, begins[i], end);
    }
    return x;
  }

  private static long product(long[] blocks) {
    return Arrays.stream(blocks).reduce(1, (a, b) -> a * b);
  }

  private static long[] blocks(OpenvinoReadNode n) {
    var blocks = n.integers(1, "its block shape");
    if (blocks.length < 2 || blocks[0] != 1 || blocks.length != n.rank(0)) {
      throw OpenvinoRefusal.broken(
          "its block shape is not 1, for the batch, and a number for each other axis");
    }
    return blocks;
  }

  private static boolean movesChannels(OpenvinoReadNode n, long[] blocks) {
    if (blocks.length < 3 || blocks[1] != 1) return true;
    return n.integers(2, BEGINS)[1] != 0 || n.integers(3, ENDS)[1] != 0;
  }

  private static long[] behind(long[] all, int from) {
    return Arrays.copyOfRange(all, from, all.length);
  }

  private static Value edges(OpenvinoReadNode n, int from) {
    var begins = n.integers(2, BEGINS);
    var ends = n.integers(3, ENDS);
    if (begins.length != n.rank(0) || begins.length != ends.length) {
      throw OpenvinoRefusal.broken("what it adds or crops is not given for each axis");
    }
    if (begins[0] != 0 || ends[0] != 0) {
      throw OpenvinoRefusal.unsupported(
          "it adds to or crops the batch axis", "pad or slice the batch axis before it");
    }
    var edges = new long[2 * (begins.length - from)];
    for (int i = from; i < begins.length; i++) {
      edges[2 * (i - from)] = begins[i];
      edges[2 * (i - from) + 1] = ends[i];
    }
    return n.formula().constant(TensorData.ofLongs(Shape.of(begins.length - from, 2), edges));
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
