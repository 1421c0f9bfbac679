package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ConvOp.DeformConv;
import watari.op.Padding;
import watari.op.ShapeOp.Pad;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Convolutions of other kinds: deformed, of bits, and back from columns.
final class OpenvinoReadSpecialConvOps {
  private static final Layout LAYOUT = OpenvinoReadConvOps.LAYOUT;

  /// Elements of a constant that is made while reading.
  private static final long MOST_ELEMENTS = 1L << 24;

  private OpenvinoReadSpecialConvOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("DeformableConvolution", n -> deformable(n, false))
        .on(
            "DeformableConvolution",
            8,
            n -> deformable(n, n.flag("bilinear_interpolation_pad", false)))
        .on("BinaryConvolution", OpenvinoReadSpecialConvOps::binary)
        .on("Col2Im", 15, OpenvinoReadSpecialConvOps::col2Im);
  }

  // ---- DeformableConvolution

  /// @param blends whether samples beyond the edge are blended with zeros; else all samples outside
  ///   are 0, and those behind the last element are that
  private static void deformable(OpenvinoReadNode n, boolean blends) {
    var attributes = new OpenvinoReadWindow(n, 2);
    var filter = n.shape(2);
    if (!filter.hasRank(4) || !filter.slice(2, 4).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the size of its kernel is not known", "fix the shape of its filter");
    }
    var kernel =
        filter.slice(2, 4).dims().stream().map(dim -> Math.toIntExact(dim.fixed())).toList();
    var window =
        new Window(
            kernel,
            attributes.perAxis("strides", 1),
            attributes.perAxis("dilations", 1),
            attributes.padding(),
            false);
    var pads =
        n.shape(0).isRanked() && window.padding() instanceof Padding.Same
            ? OpenvinoReadWindow.explicit(window, n.shape(0))
            : window.padding();
    int groups = n.integer("deformable_group", 1);
    var op =
        new DeformConv(window.strides(), window.dilations(), pads, n.integer("group", 1), groups);
    var offsets = blends ? n.in(1) : moved(n, window.withPadding(pads), groups);
    var inputs = new ArrayList<>(List.of(n.in(0), n.in(2), offsets, Value.ABSENT));
    if (n.has(3)) inputs.add(n.in(3));
    n.give(op, inputs);
  }

  /// Offsets that bring each sample where blending with zeros gives what is wanted: far outside, or
  /// onto the last element.
  private static Value moved(OpenvinoReadNode n, Window window, int groups) {
    var shape = n.shape(0);
    var output = window.output(shape, LAYOUT);
    if (!shape.slice(2, 4).isFixed() || !output.slice(2, 4).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the size of its image, '" + shape + "', is not known", "fix the input's shape");
    }
    long rows = output.dim(2).fixed();
    long columns = output.dim(3).fixed();
    int cells = window.kernel().get(0) * window.kernel().get(1);
    long size = 2L * cells * groups * rows * columns;
    if (size > MOST_ELEMENTS) throw OpenvinoRefusal.broken("it has " + size + " offsets");
    var from = new float[(int) size];
    var last = new float[(int) (2L * cells * groups)];
    for (int i = 0; i < last.length; i++) {
      int axis = i % 2;
      last[i] = shape.dim(2 + axis).fixed() - 1;
      for (int at = 0; at < rows * columns; at++) {
        long place = axis == 0 ? at / columns : at % columns;
        from[(int) (i * rows * columns + at)] = begin(window, i / 2 % cells, axis, place);
      }
    }
    var f = n.formula();
    var start = f.constant(TensorData.ofFloats(Shape.of(1, last.length, rows, columns), from));
    var limit = f.constant(TensorData.ofFloats(Shape.of(1, last.length, 1, 1), last));
    return f.sub(placed(f, f.add(n.in(1), start), limit), start);
  }

  /// Where a cell of the kernel stands before it is moved.
  private static long begin(Window window, int cell, int axis, long place) {
    int at = axis == 0 ? cell / window.kernel().get(1) : cell % window.kernel().get(1);
    int pad = ((Padding.Explicit) window.padding()).begins().get(axis);
    return place * window.strides().get(axis) - pad + (long) at * window.dilations().get(axis);
  }

  private static Value placed(Formula f, Value at, Value last) {
    var isBehind = f.binary(Binary.Kind.GREATER_EQUAL, at, f.add(last, 1));
    var isBefore = f.binary(Binary.Kind.LESS, at, f.scalar(at, 0));
    var isOutside = f.binary(Binary.Kind.OR, isBehind, isBefore);
    return f.select(isOutside, f.scalar(at, -10), f.min(at, last));
  }

  // ---- BinaryConvolution

  /// Bits that agree count 1, others -1: a convolution of ones and minus ones.
  private static void binary(OpenvinoReadNode n) {
    var mode = n.text("mode", "xnor-popcount").toLowerCase(Locale.ROOT);
    if (!mode.equals("xnor-popcount")) throw n.unknown("mode", "xnor-popcount");
    var f = n.formula();
    var filter = bits(n);
    var attributes = new OpenvinoReadWindow(n, 2);
    var window =
        new Window(
            filter.shape().slice(2, 4).dims().stream().map(d -> (int) d.fixed()).toList(),
            attributes.perAxis("strides", 1),
            attributes.perAxis("dilations", 1),
            attributes.padding(),
            false);
    var isOn = f.binary(Binary.Kind.GREATER, n.in(0), f.scalar(n.in(0), 0));
    var signs = f.select(isOn, f.scalar(n.in(0), 1), f.scalar(n.in(0), -1));
    var pads = OpenvinoReadWindow.explicit(window, n.shape(0));
    double outside = n.real("pad_value", 0);
    if (!pads.isZero() && outside != 0) {
      var all =
          f.vector(
              0,
              0,
              pads.begins().get(0),
              pads.begins().get(1),
              0,
              0,
              pads.ends().get(0),
              pads.ends().get(1));
      signs = f.op(new Pad(Pad.Mode.CONSTANT), signs, all, f.scalar(signs, outside));
      pads = Padding.none(2);
    }
    n.give(
        new Conv(window.strides(), window.dilations(), pads, 1, LAYOUT), signs, f.constant(filter));
  }

  /// The filter's bits, which lie lowest first, as 1 and -1.
  private static TensorData bits(OpenvinoReadNode n) {
    var packed = n.constant(1, "its filter");
    var shape = Shape.of(n.layer().inputs().get(1).dims().stream().map(Dim::of).toList());
    boolean fits = shape.rank() == 4 && shape.elements().fixed() <= packed.size() * 8;
    if (!fits) throw OpenvinoRefusal.broken("its filter has the shape '" + shape + "'");
    var signs = new float[Math.toIntExact(shape.elements().fixed())];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = (packed.longAt(i / 8) >> i % 8 & 1) == 1 ? 1 : -1;
    }
    return TensorData.ofFloats(shape, signs);
  }

  // ---- Col2Im

  /// Every column is put back by a transposed convolution whose filters have one 1 each.
  private static void col2Im(OpenvinoReadNode n) {
    var image = n.integers(1, "the size of its image");
    var kernel = n.integers(2, "its kernel size");
    if (image.length != 2 || kernel.length != 2) {
      throw OpenvinoRefusal.broken("its image or kernel has not two sizes");
    }
    var attributes = new OpenvinoReadWindow(n, 2);
    var strides = attributes.perAxis("strides", 1);
    var dilations = attributes.perAxis("dilations", 1);
    var begins = attributes.perAxis("pads_begin", 0);
    var ends = attributes.perAxis("pads_end", 0);
    long cells = kernel[0] * kernel[1];
    var counts = new long[2];
    var added = new ArrayList<Integer>();
    for (int i = 0; i < 2; i++) {
      long free = image[i] + begins.get(i) + ends.get(i) - dilations.get(i) * (kernel[i] - 1) - 1;
      counts[i] = Math.floorDiv(free, strides.get(i)) + 1;
      added.add(Math.toIntExact(Math.floorMod(free, strides.get(i))));
    }
    if (cells < 1 || cells > 4096 || counts[0] < 1 || counts[1] < 1) {
      throw OpenvinoRefusal.broken("its kernel does not fit into its image");
    }
    var f = n.formula();
    var x =
        f.reshape(
            n.in(0),
            Shape.of(batch(n, cells), Dim.of(cells), Dim.of(counts[0]), Dim.of(counts[1])));
    var op =
        new ConvTranspose(strides, dilations, new Padding.Explicit(begins, ends), added, 1, LAYOUT);
    var put = f.op(op, x, f.constant(ones(cells, kernel)));
    var to = new ArrayList<Dim>();
    if (n.rank(0) == 3) to.add(n.shape(0).dim(0));
    to.add(n.shape(0).dim(n.rank(0) - 2).floorDiv(cells));
    to.add(Dim.of(image[0]));
    to.add(Dim.of(image[1]));
    n.give(0, f.reshape(put, Shape.of(to)));
  }

  private static Dim batch(OpenvinoReadNode n, long cells) {
    int rank = n.rank(0);
    var channels = n.shape(0).dim(rank - 2).floorDiv(cells);
    return rank == 3 ? n.shape(0).dim(0).times(channels) : channels;
  }

  private static TensorData ones(long cells, long[] kernel) {
    var filter = new float[Math.toIntExact(cells * cells)];
    for (int i = 0; i < cells; i++) filter[(int) (i * cells + i)] = 1;
    return TensorData.ofFloats(Shape.of(cells, 1, kernel[0], kernel[1]), filter);
  }
}
