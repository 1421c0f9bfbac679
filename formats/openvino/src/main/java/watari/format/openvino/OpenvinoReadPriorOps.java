package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ShapeOp.Expand;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Boxes that a detector begins with.
///
/// Output `[2, n]`: the boxes (x1, y1, x2, y2 as parts of the image) of each cell of a grid, then
/// their variances. They depend on the sizes of grid and image only, and so fold to a constant
/// where these are known.
final class OpenvinoReadPriorOps {
  private static final double SAME = 1e-6;
  private static final int MOST_PRIORS = 4096;

  private OpenvinoReadPriorOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("PriorBox", n -> new Priors(n).priors(true))
        .on("PriorBox", 8, n -> new Priors(n).priors(n.flag("min_max_aspect_ratios_order", true)))
        .on("PriorBoxClustered", n -> new Priors(n).clustered());
  }

  /// A box of every cell, in pixels from the cell's centre.
  private record Prior(double x, double y, double halfWidth, double halfHeight) {}

  /// The boxes of one layer's cells, as far as they have been made.
  private static final class Priors {
    private final OpenvinoReadNode n;
    private final Formula f;
    private final List<Prior> all = new ArrayList<>();

    Priors(OpenvinoReadNode n) {
      this.n = n;
      this.f = n.formula();
    }

    private void add(double x, double y, double halfWidth, double halfHeight) {
      all.add(new Prior(x, y, halfWidth, halfHeight));
      if (all.size() > MOST_PRIORS) throw OpenvinoRefusal.broken("a cell has too many boxes");
    }

    // ---- PriorBoxClustered

    void clustered() {
      var widths = n.reals("width");
      var heights = n.reals("height");
      if (widths.size() != heights.size()) {
        throw OpenvinoRefusal.broken(
            "it has %d widths and %d heights".formatted(widths.size(), heights.size()));
      }
      for (int i = 0; i < widths.size(); i++) add(0, 0, widths.get(i) / 2, heights.get(i) / 2);
      double stepX = n.real("step_w", 0);
      double stepY = n.real("step_h", 0);
      if (stepX == 0 && stepY == 0) {
        stepX = n.real("step", 0);
        stepY = stepX;
      }
      give(n.real("offset", 0), stepX, stepY);
    }

    // ---- PriorBox

    /// @param sizesFirst the box of a maximal size comes before those of other aspects
    void priors(boolean sizesFirst) {
      double step = n.real("step", 0);
      var smallest = new ArrayList<>(n.reals("min_size"));
      boolean scalesAll = n.flag("scale_all_sizes", true);
      if (!scalesAll) {
        double height = n.integers(1, "the size of its image")[0];
        double rows = n.integers(0, "the size of its grid")[0];
        step = step == -1 ? height / rows : step * height;
        smallest.replaceAll(size -> size * height);
      }
      fixed();
      for (int i = 0; i < smallest.size(); i++) sized(smallest, i, scalesAll, sizesFirst);
      give(step == 0 ? 0.5 : n.real("offset", 0.5), step, step);
    }

    /// 1 and the aspects that are given, each once, and with `flip` their inverses.
    private List<Double> aspects() {
      var aspects = new ArrayList<>(List.of(1.0));
      for (double given : n.reals("aspect_ratio")) {
        if (aspects.stream().anyMatch(each -> Math.abs(each - given) < SAME)) continue;
        aspects.add(given);
        if (n.flag("flip", false)) aspects.add(1 / given);
      }
      return aspects;
    }

    private void sized(List<Double> smallest, int i, boolean scalesAll, boolean sizesFirst) {
      double size = smallest.get(i);
      add(0, 0, size / 2, size / 2);
      if (sizesFirst) largest(size, i);
      if (scalesAll || i == smallest.size() - 1) {
        double from = smallest.get(scalesAll ? i : 0);
        for (double aspect : aspects()) {
          if (Math.abs(aspect - 1) < SAME) continue;
          double root = Math.sqrt(aspect);
          add(0, 0, from / 2 * root, from / 2 / root);
        }
      }
      if (!sizesFirst) largest(size, i);
    }

    private void largest(double size, int i) {
      var largest = n.reals("max_size");
      if (i >= largest.size()) return;
      double half = Math.sqrt(size * largest.get(i)) / 2;
      add(0, 0, half, half);
    }

    /// Boxes of fixed sizes, several of which share a cell; they are cut at the image's edges, and
    /// so all boxes have to be.
    private void fixed() {
      var sizes = n.reals("fixed_size");
      var ratios = n.reals("fixed_ratio");
      var densities = n.reals("density");
      if (!sizes.isEmpty() && !n.flag("clip", false)) {
        throw OpenvinoRefusal.unsupported(
            "it has fixed sizes, which are cut at the image's edges, and others that are not",
            "set clip to 'true'");
      }
      for (int i = 0; i < sizes.size(); i++) {
        double size = sizes.get(i);
        int density = i < densities.size() ? densities.get(i).intValue() : 1;
        if (density < 1) throw n.unknown("density", "numbers above 0");
        for (double aspect : ratios.isEmpty() ? aspects() : ratios) dense(size, density, aspect);
      }
    }

    private void dense(double size, int density, double aspect) {
      double root = Math.sqrt(aspect);
      double shift = Math.floorDiv((long) size, density);
      for (int row = 0; row < density; row++) {
        for (int column = 0; column < density; column++) {
          double x = (shift - size) / 2 + column * shift;
          double y = (shift - size) / 2 + row * shift;
          add(x, y, size / 2 * root, size / 2 / root);
        }
      }
    }

    // ---- all cells

    /// Cell `(row, column)` has its centre at `(offset + place) · step`, the step being image over
    /// grid where it is 0.
    private void give(double offset, double stepX, double stepY) {
      var edges = new ArrayList<Value>();
      for (int side = -1; side <= 1; side += 2) {
        int sign = side;
        edges.add(edge(1, offset, stepX, p -> p.x() + sign * p.halfWidth()));
        edges.add(edge(0, offset, stepY, p -> p.y() + sign * p.halfHeight()));
      }
      var grid = f.concat(0, List.of(count(0), count(1), f.vector(all.size())));
      var spread = edges.stream().map(each -> f.op(new Expand(), each, grid)).toList();
      var boxes = f.reshape(f.stack(3, spread), -1, 4);
      if (n.flag("clip", false)) boxes = f.op(new Clip(0, 1), boxes);
      var variances = f.op(new Expand(), f.constant(variances()), f.shapeOf(boxes));
      n.give(0, f.stack(0, List.of(f.reshape(boxes, -1), f.reshape(variances, -1))));
    }

    /// Dims of the grid or the image as a vector of one.
    private Value count(int i) {
      return f.slice(n.integers64(0), 0, i, i + 1L);
    }

    private Value real(Value x) {
      return f.cast(x, DataType.FLOAT32);
    }

    /// One coordinate of every box, as a part of the image: `[1, columns, priors]` or `[rows, 1,
    /// priors]`.
    private Value edge(int axis, double offset, double step, ToDoubleFunction<Prior> inPixels) {
      var size = real(f.slice(n.integers64(1), 0, axis, axis + 1L));
      var places = f.add(real(f.range(count(axis))), offset);
      var centres = step == 0 ? f.mul(places, f.div(size, real(count(axis)))) : f.mul(places, step);
      var moved = new float[all.size()];
      for (int i = 0; i < moved.length; i++) moved[i] = (float) inPixels.applyAsDouble(all.get(i));
      var along = axis == 1 ? f.unsqueeze(centres, 0, 2) : f.unsqueeze(centres, 1, 2);
      var pixels = f.add(along, f.constant(TensorData.ofFloats(Shape.of(moved.length), moved)));
      return f.div(pixels, size);
    }

    private TensorData variances() {
      var given = n.reals("variance");
      if (given.isEmpty()) given = List.of(0.1);
      if (given.size() != 1 && given.size() != 4) throw n.unknown("variance", "1 or 4 numbers");
      var values = new float[4];
      for (int i = 0; i < 4; i++) values[i] = given.get(given.size() == 1 ? 0 : i).floatValue();
      return TensorData.ofFloats(Shape.of(1, 4), values);
    }
  }
}
