package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Identity;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Sampling between elements.
final class OnnxReadResizeOps {
  private static final float CUBIC_COEFFICIENT = -0.75f;

  private OnnxReadResizeOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Upsample", OnnxReadResizeOps::upsampleByTwoScales)
        .on("Upsample", 7, n -> upsample(n, n.constant(scales(n.reals("scales")))))
        .on("Upsample", 9, n -> upsample(n, n.in(1)))
        .on("Resize", OnnxReadResizeOps::resizeByScales)
        .on("Resize", 11, OnnxReadResizeOps::resize)
        .on("GridSample", OnnxReadResizeOps::gridSample);
  }

  private static TensorData scales(List<Float> scales) {
    var values = new float[scales.size()];
    for (int i = 0; i < values.length; i++) values[i] = scales.get(i);
    return TensorData.ofFloats(Shape.of(values.length), values);
  }

  // ---- before opset 11

  private static void upsampleByTwoScales(OnnxReadNode n) {
    float height = n.real("height_scale", 1);
    float width = n.real("width_scale", 1);
    upsample(n, n.constant(scales(List.of(1f, 1f, height, width))));
  }

  private static void upsample(OnnxReadNode n, Value scales) {
    give(n, old(n, Nearest.FLOOR, n.rank(0)), Value.ABSENT, scales, Value.ABSENT);
  }

  /// Mode `nearest` rounded up where it shrinks, else down; each axis for itself.
  private static void resizeByScales(OnnxReadNode n) {
    int rank = n.rank(0);
    var scales = n.constant(1);
    if (mode(n) != Mode.NEAREST || scales.filter(s -> least(s) >= 1).isPresent()) {
      give(n, old(n, Nearest.FLOOR, rank), Value.ABSENT, n.in(1), Value.ABSENT);
      return;
    }
    if (scales.isEmpty()) {
      throw OnnxRefusal.unsupported(
          "its scales are computed, and how it rounds depends on them",
          "convert the model to opset 11 or later with onnx.version_converter");
    }
    var growing = new float[rank];
    var shrinking = new float[rank];
    for (int i = 0; i < rank; i++) {
      float scale = (float) scales.get().doubleAt(i);
      growing[i] = Math.max(scale, 1);
      shrinking[i] = Math.min(scale, 1);
    }
    var x = n.in(0);
    if (!isOnes(growing)) {
      x = n.add(old(n, Nearest.FLOOR, rank), x, Value.ABSENT, constant(n, growing));
    }
    n.give(old(n, Nearest.CEIL, rank), x, Value.ABSENT, constant(n, shrinking));
  }

  private static double least(TensorData scales) {
    double least = Double.POSITIVE_INFINITY;
    for (double scale : scales.doubles()) least = Math.min(least, scale);
    return least;
  }

  private static boolean isOnes(float[] values) {
    for (float value : values) if (value != 1) return false;
    return true;
  }

  private static Value constant(OnnxReadNode n, float[] values) {
    return n.constant(TensorData.ofFloats(Shape.of(values.length), values));
  }

  private static Resize old(OnnxReadNode n, Nearest nearest, int rank) {
    return new Resize(
        mode(n),
        Coordinates.ASYMMETRIC,
        nearest,
        CUBIC_COEFFICIENT,
        false,
        false,
        0,
        AspectPolicy.STRETCH,
        all(rank));
  }

  private static List<Integer> all(int rank) {
    var axes = new ArrayList<Integer>();
    for (int i = 0; i < rank; i++) axes.add(i);
    return axes;
  }

  // ---- since opset 11

  private static void resize(OnnxReadNode n) {
    int rank = rankOf(n);
    var given = n.hasAttribute("axes") ? axes(n, rank) : all(rank);
    var order = order(given);
    var op =
        new Resize(
            mode(n),
            coordinates(n),
            nearest(n),
            n.real("cubic_coeff_a", CUBIC_COEFFICIENT),
            n.flag("exclude_outside", false),
            n.flag("antialias", false),
            n.real("extrapolation_value", 0),
            policy(n),
            order.stream().map(given::get).toList());
    boolean usesRegion = op.coordinates() == Coordinates.TF_CROP_AND_RESIZE;
    var region = usesRegion ? sorted(n, filled(n, 1), order, 2) : Value.ABSENT;
    var scales = sorted(n, filled(n, 2), order, 1);
    var sizes = sorted(n, filled(n, 3), order, 1);
    if (scales.isPresent() == sizes.isPresent()) {
      throw OnnxRefusal.broken("it needs either scales or sizes");
    }
    give(n, op, region, scales, sizes);
  }

  /// Scales or sizes of all axes tell the rank, too.
  private static int rankOf(OnnxReadNode n) {
    if (n.shape(0).isRanked() || n.hasAttribute("axes")) return n.rank(0);
    for (int i = 2; i < 4; i++) {
      if (!filled(n, i).isPresent() || !n.shape(i).isFixed()) continue;
      return Math.toIntExact(n.shape(i).elements().fixed());
    }
    return n.rank(0);
  }

  private static List<Integer> axes(OnnxReadNode n, int rank) {
    return n.integers("axes").stream().map(axis -> n.axis(axis, rank)).toList();
  }

  /// The places of the axes in ascending order.
  private static List<Integer> order(List<Integer> axes) {
    var places = all(axes.size());
    places.sort(java.util.Comparator.comparing(axes::get));
    return places;
  }

  /// An input that is there and not an empty tensor, as opsets 11 and 12 had to give one.
  private static Value filled(OnnxReadNode n, int i) {
    if (!n.has(i)) return Value.ABSENT;
    var value = n.in(i);
    boolean isEmpty = value.shape().hasRank(1) && value.shape().dim(0).is(0);
    return isEmpty ? Value.ABSENT : value;
  }

  private static Value sorted(OnnxReadNode n, Value value, List<Integer> order, int times) {
    if (!value.isPresent() || order.equals(all(order.size()))) return value;
    var places = new ArrayList<>(order);
    if (times == 2) order.forEach(place -> places.add(place + order.size()));
    return n.gather(value, n.vector(places), 0);
  }

  /// Axes that keep their size by a scale of 1 are left out; positions on them do not move.
  private static void give(OnnxReadNode n, Resize op, Value region, Value scales, Value sizes) {
    var moved = moved(n, op, scales, sizes);
    if (op.coordinates() == Coordinates.TF_CROP_AND_RESIZE || moved.size() == op.axes().size()) {
      give(n, op, List.of(n.in(0), region, scales, sizes));
    } else if (moved.isEmpty()) {
      n.give(new Identity(), n.in(0));
    } else {
      var axes = moved.stream().map(op.axes()::get).toList();
      give(
          n,
          op.withAxes(axes),
          List.of(n.in(0), region, picked(n, scales, moved), picked(n, sizes, moved)));
    }
  }

  private static void give(OnnxReadNode n, Resize op, List<Value> inputs) {
    n.give(op, inputs.get(3).isPresent() ? inputs : inputs.subList(0, 3));
  }

  /// The places of the axes that change.
  private static List<Integer> moved(OnnxReadNode n, Resize op, Value scales, Value sizes) {
    var places = all(op.axes().size());
    if (op.policy() != AspectPolicy.STRETCH) return places;
    var known = scales.isPresent() ? scales.constant() : Optional.<TensorData>empty();
    var targets =
        sizes.isPresent()
            ? n.builder().inference().integers(sizes)
            : Optional.<List<watari.tensor.Dim>>empty();
    places.removeIf(place -> {
      if (known.isPresent()) return known.get().doubleAt(place) == 1;
      if (targets.isEmpty() || !n.shape(0).isRanked()) return false;
      return targets.get().get(place).equals(n.shape(0).dim(op.axes().get(place)));
    });
    return places;
  }

  private static Value picked(OnnxReadNode n, Value value, List<Integer> places) {
    if (!value.isPresent()) return value;
    var data = value.constant();
    if (data.isEmpty()) return n.gather(value, n.vector(places), 0);
    var picked = new double[places.size()];
    for (int i = 0; i < picked.length; i++) picked[i] = data.get().doubleAt(places.get(i));
    return n.constant(TensorData.ofDoubles(data.get().dtype(), Shape.of(picked.length), picked));
  }

  // ---- attributes

  private static Mode mode(OnnxReadNode n) {
    return mode(n.text("mode", "nearest"));
  }

  private static Coordinates coordinates(OnnxReadNode n) {
    var mode = n.text("coordinate_transformation_mode", "half_pixel");
    return named(Coordinates.values(), "coordinate_transformation_mode", mode);
  }

  private static Nearest nearest(OnnxReadNode n) {
    var mode = n.text("nearest_mode", "round_prefer_floor");
    return named(Nearest.values(), "nearest_mode", mode);
  }

  private static AspectPolicy policy(OnnxReadNode n) {
    var policy = n.text("keep_aspect_ratio_policy", "stretch");
    return named(AspectPolicy.values(), "keep_aspect_ratio_policy", policy);
  }

  private static <E extends Enum<E>> E named(E[] all, String attribute, String name) {
    for (var each : all) {
      if (each.name().equalsIgnoreCase(name)) return each;
    }
    throw OnnxRefusal.broken(
        "attribute '" + attribute + "' is '" + name + "', which is not a mode");
  }

  private static void gridSample(OnnxReadNode n) {
    var kind = mode(n.text("mode", "linear"));
    var outside =
        named(GridSample.Outside.values(), "padding_mode", n.text("padding_mode", "zeros"));
    n.give(
        new GridSample(kind, outside, n.flag("align_corners", false), Layout.CHANNELS_FIRST),
        n.in(0),
        n.in(1));
  }

  private static Mode mode(String name) {
    return switch (name) {
      case "nearest" -> Mode.NEAREST;
      case "linear", "bilinear" -> Mode.LINEAR;
      case "cubic", "bicubic" -> Mode.CUBIC;
      default ->
          throw OnnxRefusal.broken(
              "attribute 'mode' is '" + name + "', expected nearest, linear or cubic");
    };
  }
}
