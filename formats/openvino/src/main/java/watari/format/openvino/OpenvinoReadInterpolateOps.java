package watari.format.openvino;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Identity;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.GridSample;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Pad;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Sampling between elements.
final class OpenvinoReadInterpolateOps {
  /// Nearest element of version 1, and of `nearest_mode` `simple`: down where an axis grows, up
  /// where it shrinks.
  private static final String SIMPLE = "simple";

  private OpenvinoReadInterpolateOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Interpolate", OpenvinoReadInterpolateOps::byAttributes)
        .on("Interpolate", 4, n -> interpolate(n, 1, 2, 3))
        .on("Interpolate", 11, OpenvinoReadInterpolateOps::byOneInput)
        .on("GridSample", 9, OpenvinoReadInterpolateOps::gridSample);
  }

  /// What an Interpolate asks for, whatever its version.
  ///
  /// @param axes in the order in which sizes or scales give them
  /// @param sizes of the output, or absent
  /// @param scales as given, or absent
  private record Asked(
      Mode mode,
      Coordinates coordinates,
      String nearest,
      boolean antialias,
      boolean excludesOutside,
      double cubeCoefficient,
      List<Integer> axes,
      Value sizes,
      Value scales) {}

  // ---- versions

  private static void byAttributes(OpenvinoReadNode n) {
    var mode = n.text("mode").toLowerCase(Locale.ROOT);
    boolean aligns = n.flag("align_corners", true);
    var x = padded(n);
    give(
        n,
        x,
        new Asked(
            mode(n, mode),
            aligns ? Coordinates.ALIGN_CORNERS : Coordinates.ASYMMETRIC,
            SIMPLE,
            antialiases(n, mode),
            false,
            -0.75,
            n.axesOf(n.integers("axes").stream().mapToLong(axis -> axis).toArray()),
            n.integers64(1),
            Value.ABSENT));
  }

  private static void byOneInput(OpenvinoReadNode n) {
    interpolate(n, 1, 1, 2);
  }

  private static void interpolate(OpenvinoReadNode n, int sizes, int scales, int axes) {
    var mode = n.text("mode").toLowerCase(Locale.ROOT);
    boolean isPillow = mode.endsWith("_pillow");
    boolean bySizes =
        switch (n.text("shape_calculation_mode").toLowerCase(Locale.ROOT)) {
          case "sizes" -> true;
          case "scales" -> false;
          default -> throw n.unknown("shape_calculation_mode", "sizes or scales");
        };
    give(
        n,
        padded(n),
        new Asked(
            mode(n, mode),
            isPillow ? Coordinates.HALF_PIXEL : coordinates(n),
            n.text("nearest_mode", "round_prefer_floor").toLowerCase(Locale.ROOT),
            isPillow || antialiases(n, mode),
            isPillow,
            // Pillow's own coefficient, whatever the layer says.
            isPillow ? -0.5 : n.real("cube_coeff", -0.75),
            axes(n, axes),
            bySizes ? n.integers64(sizes) : Value.ABSENT,
            bySizes ? Value.ABSENT : n.formula().cast(n.in(scales), DataType.FLOAT32)));
  }

  /// OpenVINO's CPU plugin takes mode `linear` for `linear_onnx`, which has no antialiasing, where
  /// there are not more than 4 axes.
  private static boolean antialiases(OpenvinoReadNode n, String mode) {
    return n.flag("antialias", false) && mode.equals("linear") && n.rank(0) > 4;
  }

  private static List<Integer> axes(OpenvinoReadNode n, int input) {
    int rank = n.rank(0);
    if (!n.has(input)) return IntStream.range(0, rank).boxed().toList();
    return n.axesOf(n.integers(input, "its axes"));
  }

  private static Mode mode(OpenvinoReadNode n, String name) {
    return switch (name) {
      case "nearest" -> Mode.NEAREST;
      case "linear", "linear_onnx", "bilinear_pillow" -> Mode.LINEAR;
      case "cubic", "bicubic_pillow" -> Mode.CUBIC;
      default ->
          throw n.unknown(
              "mode", "nearest, linear, linear_onnx, cubic, bilinear_pillow or bicubic_pillow");
    };
  }

  private static Coordinates coordinates(OpenvinoReadNode n) {
    return switch (n.text("coordinate_transformation_mode", "half_pixel")
        .toLowerCase(Locale.ROOT)) {
      case "half_pixel" -> Coordinates.HALF_PIXEL;
      case "pytorch_half_pixel" -> Coordinates.PYTORCH_HALF_PIXEL;
      case "asymmetric" -> Coordinates.ASYMMETRIC;
      case "tf_half_pixel_for_nn" -> Coordinates.TF_HALF_PIXEL_FOR_NN;
      case "align_corners" -> Coordinates.ALIGN_CORNERS;
      default ->
          throw n.unknown(
              "coordinate_transformation_mode",
              "half_pixel, pytorch_half_pixel, asymmetric, tf_half_pixel_for_nn or align_corners");
    };
  }

  /// The input with the zeros that `pads_begin` and `pads_end` add.
  private static Value padded(OpenvinoReadNode n) {
    var begins = n.integers("pads_begin");
    var ends = n.integers("pads_end");
    boolean isPlain =
        begins.stream().allMatch(pad -> pad == 0) && ends.stream().allMatch(pad -> pad == 0);
    if (isPlain) return n.in(0);
    int rank = n.rank(0);
    var pads = new long[2 * rank];
    for (int i = 0; i < rank; i++) {
      pads[i] = begins.size() > i ? begins.get(i) : 0;
      pads[rank + i] = ends.size() > i ? ends.get(i) : 0;
    }
    return n.formula().op(new Pad(Pad.Mode.CONSTANT), n.in(0), n.formula().vector(pads));
  }

  // ---- resizing

  private static void give(OpenvinoReadNode n, Value x, Asked asked) {
    int given = n.length(asked.sizes().isPresent() ? asked.sizes() : asked.scales(), "its sizes");
    if (given != asked.axes().size()) {
      throw OpenvinoRefusal.broken(
          "it has %d sizes or scales for %d axes".formatted(given, asked.axes().size()));
    }
    if (asked.mode() != Mode.NEAREST) n.floats(0);
    var growing = new ArrayList<Integer>();
    var shrinking = new ArrayList<Integer>();
    for (int i = 0; i < given; i++) {
      if (isKept(n, x, asked, i)) continue;
      boolean isSimple = asked.mode() == Mode.NEAREST && asked.nearest().equals(SIMPLE);
      (isSimple && shrinks(n, x, asked, i) ? shrinking : growing).add(i);
    }
    if (!growing.isEmpty()) x = resized(n, x, asked, growing, nearest(n, asked, false));
    if (!shrinking.isEmpty()) x = resized(n, x, asked, shrinking, nearest(n, asked, true));
    if (x == n.in(0)) n.give(new Identity(), x);
    else n.give(0, x);
  }

  /// Whether every element of an axis stays as it is.
  private static boolean isKept(OpenvinoReadNode n, Value x, Asked asked, int i) {
    boolean isExact =
        asked.coordinates() != Coordinates.TF_HALF_PIXEL_FOR_NN
            || asked.mode() == Mode.NEAREST && asked.nearest().equals("floor");
    if (!isExact) return false;
    if (asked.scales().isPresent()) return scale(asked, i).filter(scale -> scale == 1).isPresent();
    var dim = x.shape().dim(asked.axes().get(i));
    var sizes = n.known(asked.sizes());
    return sizes.isPresent() && dim.is(sizes.get()[i]);
  }

  private static Optional<Double> scale(Asked asked, int i) {
    return asked.scales().constant().map(all -> all.doubleAt(i));
  }

  private static boolean shrinks(OpenvinoReadNode n, Value x, Asked asked, int i) {
    if (asked.scales().isPresent()) {
      return scale(asked, i)
          .map(scale -> scale < 1)
          .orElseThrow(OpenvinoReadInterpolateOps::computed);
    }
    var dim = x.shape().dim(asked.axes().get(i));
    var sizes = n.known(asked.sizes());
    if (sizes.isEmpty() || !dim.isFixed()) throw computed();
    return sizes.get()[i] < dim.fixed();
  }

  private static OpenvinoRefusal computed() {
    return OpenvinoRefusal.unsupported(
        "nearest_mode 'simple' depends on whether it shrinks, which is not known",
        "fix the shapes of the model's inputs, or choose another nearest_mode");
  }

  private static Nearest nearest(OpenvinoReadNode n, Asked asked, boolean shrinks) {
    return switch (asked.nearest()) {
      case "round_prefer_floor" -> Nearest.ROUND_PREFER_FLOOR;
      case "round_prefer_ceil" -> Nearest.ROUND_PREFER_CEIL;
      case "floor" -> Nearest.FLOOR;
      case "ceil" -> Nearest.CEIL;
      case SIMPLE -> shrinks ? Nearest.CEIL : Nearest.FLOOR;
      default ->
          throw n.unknown(
              "nearest_mode", "round_prefer_floor, round_prefer_ceil, floor, ceil or simple");
    };
  }

  /// Resizes some of the axes that are asked for.
  private static Value resized(
      OpenvinoReadNode n, Value x, Asked asked, List<Integer> which, Nearest nearest) {
    var sorted = which.stream().sorted(Comparator.comparing(asked.axes()::get)).toList();
    var op =
        new Resize(
            asked.mode(),
            asked.coordinates(),
            nearest,
            (float) asked.cubeCoefficient(),
            asked.excludesOutside(),
            asked.antialias(),
            0,
            AspectPolicy.STRETCH,
            sorted.stream().map(asked.axes()::get).toList());
    var scales = picked(n, asked.scales(), sorted);
    var sizes = picked(n, asked.sizes(), sorted);
    return n.builder().add(op, List.of(x, Value.ABSENT, scales, sizes));
  }

  /// Some elements of a vector.
  private static Value picked(OpenvinoReadNode n, Value vector, List<Integer> which) {
    if (!vector.isPresent()) return vector;
    var constant = vector.constant();
    if (constant.isEmpty()) return n.formula().gather(vector, n.builder().vector(which), 0);
    var data = constant.get();
    return n.builder()
        .constant(
            TensorData.ofDoubles(
                data.dtype(),
                Shape.of(which.size()),
                which.stream().mapToDouble(data::doubleAt).toArray()));
  }

  // ---- GridSample

  private static void gridSample(OpenvinoReadNode n) {
    var mode =
        switch (n.text("mode", "bilinear").toLowerCase(Locale.ROOT)) {
          case "bilinear" -> Mode.LINEAR;
          case "bicubic" -> Mode.CUBIC;
          case "nearest" -> Mode.NEAREST;
          default -> throw n.unknown("mode", "bilinear, bicubic or nearest");
        };
    var outside =
        switch (n.text("padding_mode", "zeros").toLowerCase(Locale.ROOT)) {
          case "zeros" -> GridSample.Outside.ZEROS;
          case "border" -> GridSample.Outside.BORDER;
          case "reflection" -> GridSample.Outside.REFLECTION;
          default -> throw n.unknown("padding_mode", "zeros, border or reflection");
        };
    var op =
        new GridSample(mode, outside, n.flag("align_corners", false), OpenvinoReadConvOps.LAYOUT);
    n.give(op, n.in(0), n.in(1));
  }
}
