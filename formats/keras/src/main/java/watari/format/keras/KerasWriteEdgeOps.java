package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;

/// What adds to the edges of a tensor, or takes from them.
final class KerasWriteEdgeOps {
  /// All of an axis.
  private static final KerasJson WHOLE = slice(new KerasJson.Nothing(), new KerasJson.Nothing(), 1);

  private KerasWriteEdgeOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            Pad.class,
            "ZeroPadding1D, ZeroPadding2D, ZeroPadding3D of images; ops.pad",
            "pads and value are known",
            KerasWriteEdgeOps::pad)
        .on(
            Slice.class,
            "Cropping1D, Cropping2D, Cropping3D of images; x[...]",
            "starts, ends, axes and steps are known",
            (_, node, out) -> slice(node, out));
  }

  /// Whether layers of one, two or three spatial axes say it: all else stays as it is.
  private static boolean isSpatial(Value x, long[] begins, long[] ends) {
    int last = begins.length - 1;
    boolean isImage = begins.length >= 3 && begins.length <= 5 && x.dtype().isFloat();
    if (!isImage || begins[0] != 0 || ends[0] != 0) return false;
    boolean isPositive =
        LongStream.concat(Arrays.stream(begins), Arrays.stream(ends)).allMatch(n -> n >= 0);
    return isPositive && begins[last] == 0 && ends[last] == 0;
  }

  private static KerasJson pairs(long[] begins, long[] ends, int from, int to) {
    var all = new ArrayList<KerasJson>();
    for (int i = from; i < to; i++) all.add(KerasJson.of(List.of(begins[i], ends[i])));
    return new KerasJson.Items(all);
  }

  private static KerasTensor edges(
      String className,
      String setting,
      Node node,
      long[] begins,
      long[] ends,
      KerasWriteGraph out) {
    int rank = begins.length;
    var value =
        rank == 3 ? KerasJson.of(List.of(begins[1], ends[1])) : pairs(begins, ends, 1, rank - 1);
    return out.layer("%s%dD".formatted(className, rank - 2), node)
        .set(setting, value)
        .on(out.tensor(node.input(0)), node.output().type());
  }

  // ---- pads

  private static void pad(Pad op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    int rank = KerasShapes.rank(x);
    var begins = new long[rank];
    var ends = new long[rank];
    readPads(node, begins, ends);
    boolean isZero = isZero(node.input(2));
    if (op.mode() == Pad.Mode.CONSTANT && isZero && isSpatial(x, begins, ends)) {
      out.give(node, edges("ZeroPadding", "padding", node, begins, ends, out));
      return;
    }
    boolean crops =
        LongStream.concat(Arrays.stream(begins), Arrays.stream(ends)).anyMatch(n -> n < 0);
    if (crops) throw KerasRefusal.inexpressible("negative pads are left");
    var layer =
        out.operation(NUMPY, "Pad")
            .set("pad_width", pairs(begins, ends, 0, rank))
            .set("mode", mode(op.mode()))
            .with(Argument.of(out.tensor(x)));
    if (op.mode() == Pad.Mode.CONSTANT && !isZero) {
      layer.with("constant_values", Argument.of(value(node.input(2))));
    }
    out.give(node, layer.gives(node.output().type()));
  }

  private static void readPads(Node node, long[] begins, long[] ends) {
    var pads = KerasShapes.longs(node.input(1), "pads");
    int count = pads.length / 2;
    var axes =
        node.input(3).isPresent()
            ? KerasShapes.longs(node.input(3), "axes")
            : LongStream.range(0, count).toArray();
    for (int i = 0; i < count; i++) {
      int axis = KerasShapes.axis((int) axes[i], node.input(0));
      begins[axis] = pads[i];
      ends[axis] = pads[i + count];
    }
  }

  private static boolean isZero(Value value) {
    return !value.isPresent() || value.constant().filter(data -> data.isAll(0)).isPresent();
  }

  private static KerasJson value(Value value) {
    var data =
        value.constant().orElseThrow(() -> KerasRefusal.inexpressible("its value is computed"));
    return KerasWriteGraph.numbers(data.reshaped(watari.tensor.Shape.SCALAR));
  }

  private static String mode(Pad.Mode mode) {
    return switch (mode) {
      case CONSTANT -> "constant";
      case REFLECT -> "reflect";
      case SYMMETRIC -> "symmetric";
      case EDGE, WRAP ->
          throw KerasRefusal.inexpressible(
              "Keras pads in no mode " + mode.name().toLowerCase(java.util.Locale.ROOT));
    };
  }

  // ---- slices

  /// What is taken of an axis; the end is none where a walk backwards goes to the first element.
  private record Part(long start, long end, long step) {
    boolean isWhole(long dim) {
      return step == 1 && start == 0 && end == dim;
    }
  }

  private static void slice(Node node, KerasWriteGraph out) {
    var x = node.input(0);
    var parts = parts(node);
    if (isCrop(x, parts)) {
      int rank = KerasShapes.rank(x);
      var begins = new long[rank];
      var ends = new long[rank];
      parts.forEach((axis, part) -> {
        begins[axis] = part.start();
        ends[axis] = KerasShapes.fixed(x, axis) - part.end();
      });
      out.give(node, edges("Cropping", "cropping", node, begins, ends, out));
      return;
    }
    var key = new ArrayList<KerasJson>();
    int last = parts.keySet().stream().mapToInt(axis -> axis).max().orElse(-1);
    for (int i = 0; i <= last; i++) key.add(parts.containsKey(i) ? key(parts.get(i)) : WHOLE);
    if (key.isEmpty()) {
      out.give(node, out.tensor(x));
      return;
    }
    out.give(
        node,
        out.operation(NUMPY, "GetItem")
            .with(Argument.of(out.tensor(x)))
            .with(Argument.of(new KerasJson.Items(key)))
            .gives(node.output().type()));
  }

  private static boolean isCrop(Value x, Map<Integer, Part> parts) {
    int rank = KerasShapes.rank(x);
    if (rank < 3 || rank > 5 || !x.dtype().isFloat()) return false;
    return parts.entrySet().stream()
        .allMatch(part -> {
          int axis = part.getKey();
          var dim = x.shape().dim(axis);
          if (!dim.isFixed()) return false;
          boolean isInner = axis > 0 && axis < rank - 1;
          var each = part.getValue();
          if (!isInner) return each.isWhole(dim.fixed());
          return each.step() == 1 && each.end() > each.start();
        });
  }

  /// Clamped where the dim is known.
  private static Map<Integer, Part> parts(Node node) {
    var x = node.input(0);
    var starts = KerasShapes.longs(node.input(1), "starts");
    var ends = KerasShapes.longs(node.input(2), "ends");
    var axes =
        node.input(3).isPresent()
            ? KerasShapes.longs(node.input(3), "axes")
            : LongStream.range(0, starts.length).toArray();
    var steps = new long[starts.length];
    Arrays.fill(steps, 1);
    if (node.input(4).isPresent()) steps = KerasShapes.longs(node.input(4), "steps");
    var parts = new java.util.TreeMap<Integer, Part>();
    for (int i = 0; i < starts.length; i++) {
      int axis = KerasShapes.axis((int) axes[i], x);
      parts.put(axis, part(x, axis, starts[i], ends[i], steps[i]));
    }
    return parts;
  }

  private static Part part(Value x, int axis, long start, long end, long step) {
    var dim = x.shape().dim(axis);
    if (!dim.isFixed()) return new Part(start, end, step);
    long size = dim.fixed();
    long from = start < 0 ? start + size : start;
    long to = end < 0 ? end + size : end;
    if (step > 0) return new Part(clamp(from, 0, size), clamp(to, 0, size), step);
    return new Part(clamp(from, -1, size - 1), clamp(to, -1, size - 1), step);
  }

  private static long clamp(long value, long low, long high) {
    return Math.max(low, Math.min(high, value));
  }

  private static KerasJson key(Part part) {
    boolean goesBack = part.step() < 0;
    boolean toFirst = goesBack && part.end() == -1;
    boolean toLast = !goesBack && part.end() > Integer.MAX_VALUE / 2;
    var end = toFirst || toLast ? new KerasJson.Nothing() : KerasJson.of(part.end());
    return slice(KerasJson.of(part.start()), end, part.step());
  }

  private static KerasJson slice(KerasJson start, KerasJson stop, long step) {
    var config =
        KerasJson.object(
            Map.entry("start", start),
            Map.entry("stop", stop),
            Map.entry("step", step == 1 ? new KerasJson.Nothing() : KerasJson.of(step)));
    return KerasJson.object(
        Map.entry("class_name", KerasJson.of("__slice__")), Map.entry("config", config));
  }
}
