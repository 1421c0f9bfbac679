package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.ResizeOp.GridSample;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// GridSample → elements gathered from the flattened spatial axes at computed places, weighed and
/// added up.
///
/// Holds in every mode where the image's spatial dims are fixed.
public final class ReplaceGridSample {
  private ReplaceGridSample() {}

  public static Rule<GridSample> gridSample() {
    return new Replacement<>("ReplaceGridSample", GridSample.class, ReplaceGridSample::replace);
  }

  private static Outcome replace(GridSample op, Match<GridSample> match, Formula f) {
    var x = match.input(0);
    var grid = match.input(1);
    if (!x.shape().isRanked() || !grid.shape().isRanked()) {
      return Replacement.left("the ranks are not known");
    }
    int axes = x.shape().rank() - 2;
    boolean isLast = op.layout() == Layout.CHANNELS_LAST;
    var last = isLast ? x : f.transpose(x, toLast(axes));
    var spatial = last.shape().slice(1, axes + 1);
    var places = grid.shape().slice(0, axes + 1);
    if (!spatial.isFixed() || unknowns(last.shape()) > 1 || unknowns(places) > 1) {
      return Replacement.left("its dims are not fixed");
    }
    var batch = last.shape().dim(0);
    var channels = last.shape().dim(-1);
    var image = f.reshape(last, Shape.of(batch, spatial.elements(), channels));
    var count = places.product(1, axes + 1);
    double edges = op.alignCorners() ? 0 : -0.5;
    var sampler =
        new Sampler(
            f, image, spatial.dims().stream().map(Dim::fixed).toList(), op.outside(), edges);
    var at = new ArrayList<Value>();
    for (int i = 0; i < axes; i++) {
      var part = f.slice(grid, axes + 1, axes - 1L - i, axes - i);
      at.add(place(op, f.reshape(part, Shape.of(places.dim(0), count)), spatial.dim(i), f));
    }
    var samples = f.reshape(sampler.at(at, op.mode()), places.concat(Shape.of(channels)));
    return match.replaceWith(isLast ? samples : f.transpose(samples, toFirst(axes)));
  }

  private static long unknowns(Shape shape) {
    return shape.dims().stream().filter(dim -> !dim.isFixed()).count();
  }

  /// `[-1, 1]` to places of elements.
  private static Value place(GridSample op, Value at, Dim dim, Formula f) {
    var raised = f.add(at, 1);
    if (op.alignCorners()) return f.mul(f.mul(raised, 0.5), dim.fixed() - 1);
    return f.mul(f.add(f.mul(raised, dim.fixed()), -1), 0.5);
  }

  static List<Integer> toLast(int axes) {
    var perm = new ArrayList<>(IntStream.rangeClosed(2, axes + 1).boxed().toList());
    perm.add(0, 0);
    perm.add(1);
    return perm;
  }

  static List<Integer> toFirst(int axes) {
    var perm = new ArrayList<>(IntStream.rangeClosed(1, axes).boxed().toList());
    perm.add(0, axes + 1);
    perm.add(0, 0);
    return perm;
  }
}
