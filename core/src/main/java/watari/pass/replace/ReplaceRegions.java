package watari.pass.replace;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.DeformConv;
import watari.op.ElementwiseOp.Clip;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.MatMulOp.Det;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding;
import watari.op.PoolOp.MaxUnpool;
import watari.op.PoolOp.RoiAlign;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.GridSample.Outside;
import watari.op.ResizeOp.Mode;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.Window;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// MaxUnpool, RoiAlign, DeformConv and Det → Gather, ScatterNd, MatMul and arithmetic.
public final class ReplaceRegions {
  private static final int LARGEST_DETERMINANT = 4;

  private ReplaceRegions() {}

  public static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("ReplaceMaxUnpool", MaxUnpool.class, ReplaceRegions::maxUnpool),
        new Replacement<>("ReplaceRoiAlign", RoiAlign.class, ReplaceRegions::roiAlign),
        new Replacement<>("ReplaceDeformConv", DeformConv.class, ReplaceRegions::deformConv),
        new Replacement<>("ReplaceDet", Det.class, ReplaceRegions::det));
  }

  // ---- MaxUnpool

  /// Holds where windows do not overlap, so that no element is put down twice.
  private static Outcome maxUnpool(MaxUnpool op, Match<MaxUnpool> match, Formula f) {
    var x = match.input(0);
    var to = match.output().shape();
    if (!x.shape().isFixed() || !to.isFixed()) return Replacement.left("the shapes are not fixed");
    if (overlaps(op.window())) return Replacement.left("its windows overlap");
    var inferred = inferred(op, x.shape());
    var indices = f.reshape(f.cast(match.input(1), DataType.INT32), -1, 1);
    long total = inferred.elements().fixed();
    var zeros = f.constant(TensorData.filled(TensorData.scalar(x.dtype(), 0), Shape.of(total)));
    var flat = f.op(new ScatterNd(Reduction.ADD), zeros, indices, f.reshape(x, -1));
    var shaped = f.reshape(flat, inferred);
    if (inferred.equals(to)) return match.replaceWith(shaped);
    int rank = to.rank();
    var pads = new long[2 * rank];
    for (int i = 0; i < rank; i++) pads[rank + i] = to.dim(i).fixed() - inferred.dim(i).fixed();
    return match.replaceWith(f.op(new Pad(Pad.Mode.CONSTANT), shaped, f.vector(pads)));
  }

  private static boolean overlaps(Window window) {
    return IntStream.range(0, window.kernel().size())
        .anyMatch(i -> window.strides().get(i) < window.kernel().get(i));
  }

  private static Shape inferred(MaxUnpool op, Shape x) {
    var window = op.window();
    var pads = (Padding.Explicit) window.padding();
    var shape = x;
    for (int i = 0; i < window.kernel().size(); i++) {
      int edges = pads.begins().get(i) + pads.ends().get(i);
      var dim = x.dim(i + 2).minus(1).times(window.strides().get(i));
      shape = shape.with(i + 2, dim.plus(window.kernel().get(i) - edges));
    }
    return shape;
  }

  // ---- Det

  private static Outcome det(Det op, Match<Det> match, Formula f) {
    var x = match.input(0);
    if (!x.shape().isRanked() || !x.shape().dim(-1).isFixed()) {
      return Replacement.left("its dims are not fixed");
    }
    int n = (int) x.shape().dim(-1).fixed();
    if (n < 1 || n > LARGEST_DETERMINANT) return Replacement.left("the matrices are too large");
    var columns = IntStream.range(0, n).boxed().toList();
    return match.replaceWith(minor(x, 0, columns, f));
  }

  /// The determinant of the rows from `row` on and some columns, by the first of these rows.
  private static Value minor(Value x, int row, List<Integer> columns, Formula f) {
    Value sum = Value.ABSENT;
    for (int i = 0; i < columns.size(); i++) {
      var others = new ArrayList<>(columns);
      int column = others.get(i);
      others.subList(i, i + 1).clear();
      var line = f.gather(x, f.builder().scalar((long) row), x.shape().rank() - 2);
      var part = f.gather(line, f.builder().scalar((long) column), x.shape().rank() - 2);
      if (!others.isEmpty()) part = f.mul(part, minor(x, row + 1, others, f));
      if (!sum.isPresent()) sum = part;
      else sum = i % 2 == 0 ? f.add(sum, part) : f.sub(sum, part);
    }
    return sum;
  }

  // ---- RoiAlign

  /// Holds for the mean of a fixed number of samples.
  private static Outcome roiAlign(RoiAlign op, Match<RoiAlign> match, Formula f) {
    var x = match.input(0);
    var rois = match.input(1).shape();
    if (!x.shape().isFixed() || !rois.isFixed()) return Replacement.left("its dims are not fixed");
    int samples = op.samplingRatio();
    if (samples < 1) return Replacement.left("the number of samples depends on the regions");
    if (!op.average()) return Replacement.left("runtimes differ in what it is the maximum of");
    long count = rois.dim(0).fixed();
    var last = f.transpose(x, 0, 2, 3, 1);
    long channels = x.shape().dim(1).fixed();
    long height = x.shape().dim(2).fixed();
    long width = x.shape().dim(3).fixed();
    var image = f.reshape(last, x.shape().dim(0).fixed(), height * width, channels);
    var own = f.gather(image, f.cast(match.input(2), DataType.INT32), 0);
    var ys = places(op, match.input(1), 1, op.outputHeight(), samples, f);
    var xs = places(op, match.input(1), 0, op.outputWidth(), samples, f);
    long rows = (long) op.outputHeight() * samples;
    long columns = (long) op.outputWidth() * samples;
    var grid = Shape.of(count, rows, columns);
    var atY = f.reshape(f.expand(f.reshape(ys, count, rows, 1), grid), count, rows * columns);
    var atX = f.reshape(f.expand(f.reshape(xs, count, 1, columns), grid), count, rows * columns);
    var isInside = f.binary(Binary.Kind.AND, isNear(atY, height, f), isNear(atX, width, f));
    var at = List.of(limited(atY, height, f), limited(atX, width, f));
    var sampler = new Sampler(f, own, List.of(height, width), Outside.BORDER, 0);
    var sampled = sampler.at(at, Mode.LINEAR);
    var mask = f.op(new Unsqueeze(), isInside, f.vector(-1));
    var kept = f.select(mask, sampled, f.scalar(sampled, 0));
    var tall = f.reshape(kept, count * op.outputHeight(), samples, columns * channels);
    var flat = f.reduce(Reduce.Kind.MEAN, tall, false, List.of(1));
    var wide = f.reshape(flat, count * op.outputHeight() * op.outputWidth(), samples, channels);
    var mean = f.reduce(Reduce.Kind.MEAN, wide, false, List.of(1));
    var shaped = f.reshape(mean, count, op.outputHeight(), op.outputWidth(), channels);
    return match.replaceWith(f.transpose(shaped, 0, 3, 1, 2));
  }

  /// Places of the samples along an axis: `[R, cells · samples]`.
  private static Value places(
      RoiAlign op, Value rois, int axis, int cells, int samples, Formula f) {
    double shift = op.halfPixel() ? -0.5 : 0;
    var start = f.add(f.mul(f.slice(rois, 1, axis, axis + 1), op.spatialScale()), shift);
    var end = f.add(f.mul(f.slice(rois, 1, axis + 2L, axis + 3L), op.spatialScale()), shift);
    var size = f.sub(end, start);
    if (!op.halfPixel()) size = f.max(size, 1);
    var steps = new double[cells * samples];
    for (int i = 0; i < steps.length; i++) {
      int cell = i / samples;
      steps[i] = cell + (i % samples + 0.5) / samples;
    }
    var counted = TensorData.ofDoubles(rois.dtype(), Shape.of(1, steps.length), steps);
    return f.add(start, f.mul(f.mul(size, 1.0 / cells), f.constant(counted)));
  }

  /// Whether a place is at most an element away from the image.
  private static Value isNear(Value at, long dim, Formula f) {
    var low = f.binary(Binary.Kind.GREATER_EQUAL, at, f.scalar(at, -1));
    var high = f.binary(Binary.Kind.LESS_EQUAL, at, f.scalar(at, dim));
    return f.binary(Binary.Kind.AND, low, high);
  }

  private static Value limited(Value at, long dim, Formula f) {
    return f.op(new Clip(0, dim - 1), at);
  }

  // ---- DeformConv

  /// Samples of each place of the filter as columns, times the filter.
  private static Outcome deformConv(DeformConv op, Match<DeformConv> match, Formula f) {
    var x = match.input(0).shape();
    var filter = match.input(1).shape();
    var out = match.output().shape();
    boolean isFixed = x.isFixed() && filter.isFixed() && out.isFixed() && x.hasRank(4);
    if (!isFixed) return Replacement.left("its dims are not fixed");
    if (!(op.padding() instanceof Padding.Explicit pads))
      return Replacement.left("its pads are not");
    var dims = x.fixedDims();
    var kernel = filter.fixedDims();
    long moved = op.offsetGroups();
    long taps = kernel[2] * kernel[3];
    long places = out.dim(2).fixed() * out.dim(3).fixed();
    var split = f.reshape(match.input(0), dims[0] * moved, dims[1] / moved, dims[2] * dims[3]);
    var image = f.transpose(split, 0, 2, 1);
    var offsets = f.reshape(match.input(2), dims[0] * moved, taps, 2, places);
    var at = new ArrayList<Value>();
    for (int axis = 0; axis < 2; axis++) {
      var offset = f.reshape(f.slice(offsets, 2, axis, axis + 1L), dims[0] * moved, taps * places);
      at.add(f.add(offset, regular(op, pads, axis, kernel, out, offset.dtype(), f)));
    }
    var sampler = new Sampler(f, image, List.of(dims[2], dims[3]), Outside.ZEROS, 0);
    var samples = sampler.at(at, Mode.LINEAR);
    if (match.input(4).isPresent()) {
      samples = f.mul(samples, f.reshape(match.input(4), dims[0] * moved, taps * places, 1));
    }
    var parts = f.reshape(samples, dims[0], moved, taps, places, dims[1] / moved);
    var columns = f.reshape(f.transpose(parts, 0, 3, 1, 4, 2), dims[0], places, dims[1] * taps);
    var result = f.transpose(products(op, columns, match.input(1), kernel, f), 0, 2, 1);
    var shaped = f.reshape(result, out);
    if (!match.input(3).isPresent()) return match.replaceWith(shaped);
    return match.replaceWith(f.add(shaped, f.reshape(match.input(3), 1, kernel[0], 1, 1)));
  }

  /// Where the taps would be without offsets: `[1, taps · places]`.
  private static Value regular(
      DeformConv op,
      Padding.Explicit pads,
      int axis,
      long[] kernel,
      Shape out,
      DataType dtype,
      Formula f) {
    int width = (int) out.dim(3).fixed();
    int places = (int) out.dim(2).fixed() * width;
    var at = new double[(int) (kernel[2] * kernel[3]) * places];
    for (int i = 0; i < at.length; i++) {
      long tap = axis == 0 ? i / places / kernel[3] : i / places % kernel[3];
      int place = axis == 0 ? i % places / width : i % width;
      at[i] =
          place * op.strides().get(axis) - pads.begins().get(axis) + tap * op.dilations().get(axis);
    }
    return f.constant(TensorData.ofDoubles(dtype, Shape.of(1, at.length), at));
  }

  /// `[N, places, M]`: each group of channels with its filters.
  private static Value products(
      DeformConv op, Value columns, Value filter, long[] kernel, Formula f) {
    long inner = kernel[1] * kernel[2] * kernel[3];
    long filters = kernel[0] / op.groups();
    var all = f.reshape(filter, kernel[0], inner);
    var results = new ArrayList<Value>();
    for (int i = 0; i < op.groups(); i++) {
      var own = op.groups() == 1 ? columns : f.slice(columns, 2, i * inner, (i + 1) * inner);
      var weights = op.groups() == 1 ? all : f.slice(all, 0, i * filters, (i + 1) * filters);
      results.add(f.op(new MatMul(false, true), own, weights));
    }
    return f.concat(2, Collections.unmodifiableList(results));
  }
}
