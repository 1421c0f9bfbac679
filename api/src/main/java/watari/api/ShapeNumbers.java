package watari.api;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.OneHot;
import watari.op.ReduceOp.TopK;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Unsqueeze;
import watari.op.SignalOp.Stft;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Numbers for inputs that operators take shapes from: those with which they give the shapes that
/// the model declares.
///
/// @param sizes of unknown dims
record ShapeNumbers(Map<String, Dim> sizes) {
  private static final int MOST_BETWEEN = 4;

  /// Whether an operator takes a shape from an input of the graph.
  static boolean areIn(Graph graph) {
    return graph.inputs().stream().anyMatch(input -> isShape(input, 0));
  }

  private static boolean isShape(Value value, int depth) {
    for (var use : value.uses()) {
      if (isPassed(use) && depth < MOST_BETWEEN && isShape(use.node().output(), depth + 1)) {
        return true;
      }
      if (isOperand(use)) return true;
    }
    return false;
  }

  private static boolean isPassed(Value.Use use) {
    return switch (use.node().op()) {
      case Cast _, Identity _, Reshape _, Squeeze _, Unsqueeze _ -> use.index() == 0;
      case Gather _ -> use.index() == 0 && use.node().input(1).isConstant();
      case Concat _ -> use.node().output().shape().hasRank(1);
      default -> false;
    };
  }

  /// The numbers of a value that an operator passes on.
  private Optional<double[]> passed(Value.Use use, int count, int depth) {
    var node = use.node();
    if (node.op() instanceof Gather) {
      var places = node.input(1).constant().orElseThrow().longs();
      return of(node.output(), places.length, depth).flatMap(all -> gathered(all, places, count));
    }
    if (!(node.op() instanceof Concat)) return of(node.output(), count, depth);
    long before = 0;
    for (int i = 0; i < use.index(); i++) before += length(node.input(i));
    long all = 0;
    for (var input : node.inputs()) all += length(input);
    int from = Math.toIntExact(before);
    return of(node.output(), Math.toIntExact(all), depth)
        .map(numbers -> Arrays.copyOfRange(numbers, from, from + count));
  }

  private long length(Value value) {
    return fixed(value.shape()).map(dims -> dims[0]).orElse(0L);
  }

  private static Optional<double[]> gathered(double[] all, long[] places, int count) {
    var numbers = new double[count];
    Arrays.fill(numbers, 1);
    for (int i = 0; i < places.length; i++) {
      int place = Math.toIntExact(places[i] < 0 ? places[i] + count : places[i]);
      if (place < 0 || place >= count) return Optional.empty();
      numbers[place] = all[i];
    }
    return Optional.of(numbers);
  }

  private static boolean isOperand(Value.Use use) {
    return switch (use.node().op()) {
      case Resize _ -> use.index() == 2 || use.index() == 3;
      case Reshape _, Expand _, Tile _, Split _, TopK _, OneHot _ -> use.index() == 1;
      case Pad _, Stft _ -> use.index() == 1 || use.index() == 3;
      case Slice _ -> use.index() >= 1;
      default -> false;
    };
  }

  /// The numbers of an input; none where no shape hangs on it, or the model does not say which.
  Optional<double[]> of(Value input, int count) {
    return of(input, count, 0);
  }

  private Optional<double[]> of(Value value, int count, int depth) {
    for (var use : value.uses()) {
      var found =
          isPassed(use) && depth < MOST_BETWEEN
              ? passed(use, count, depth + 1)
              : isOperand(use) ? operand(use, count) : Optional.<double[]>empty();
      if (found.isPresent()) return found;
    }
    return Optional.empty();
  }

  private Optional<double[]> operand(Value.Use use, int count) {
    var node = use.node();
    var from = fixed(node.input(0).shape());
    var to = node.op() instanceof Split ? splits(node) : fixed(node.output(0).shape());
    if (from.isEmpty() || to.isEmpty()) return Optional.empty();
    var numbers = new double[count];
    for (int i = 0; i < count; i++) {
      var number = number(node, use.index(), i, count, from.get(), to.get());
      if (number.isEmpty()) return Optional.empty();
      numbers[i] = number.get();
    }
    return Optional.of(numbers);
  }

  /// One of an operand's numbers.
  ///
  /// @param from dims of the operator's first input
  /// @param to dims of its output
  private static Optional<Double> number(
      Node node, int operand, int i, int count, long[] from, long[] to) {
    return switch (node.op()) {
      case Resize op -> resized(op, operand == 2, i, from, to);
      case Reshape _, Expand _, Split _ -> at(to, i);
      case Tile _ -> i < from.length && from[i] > 0 ? at(to, i).map(d -> d / from[i]) : at(to, i);
      case TopK op -> at(to, Math.floorMod(op.axis(), to.length));
      case OneHot op -> at(to, Math.floorMod(op.axis(), to.length));
      case Stft _ -> operand == 3 ? Optional.of((double) frame(node, to)) : step(node, from, to);
      case Pad _ -> pad(node, operand, i, count, from, to);
      case Slice _ -> slice(node, operand, i, to);
      default -> Optional.empty();
    };
  }

  private static Optional<Double> at(long[] dims, int i) {
    return i < dims.length ? Optional.of((double) dims[i]) : Optional.empty();
  }

  private static Optional<Double> resized(
      Resize op, boolean isScale, int i, long[] from, long[] to) {
    if (i >= op.axes().size()) return Optional.empty();
    int axis = op.axes().get(i);
    if (!isScale && op.policy() != AspectPolicy.STRETCH) return fitted(op, axis, from, to);
    if (!isScale) return at(to, axis);
    if (from[axis] == 0) return Optional.empty();
    float scale = (float) to[axis] / from[axis];
    return Optional.of(
        (double) (Math.floor(scale * from[axis]) < to[axis] ? Math.nextUp(scale) : scale));
  }

  /// A size where one axis decides about all.
  private static Optional<Double> fitted(Resize op, int axis, long[] from, long[] to) {
    for (int deciding : op.axes()) {
      double scale = (double) to[deciding] / from[deciding];
      boolean fits = op.axes().stream().allMatch(i -> Math.floor(from[i] * scale + 0.5) == to[i]);
      if (!fits) continue;
      if (axis == deciding) return at(to, axis);
      double size = from[axis] * scale;
      return Optional.of(
          op.policy() == AspectPolicy.NOT_LARGER ? Math.ceil(size) : Math.max(1, Math.floor(size)));
    }
    return Optional.empty();
  }

  /// Samples of a frame.
  private static long frame(Node node, long[] to) {
    boolean isOneSided = node.op() instanceof Stft(boolean oneSided) && oneSided;
    var window = node.inputs().size() > 2 ? node.input(2) : Value.ABSENT;
    if (window.isPresent() && window.shape().isFixed()) return window.shape().fixedDims()[0];
    return known(node, 3, 0, isOneSided ? 2 * (to[2] - 1) : to[2]);
  }

  /// The longest step that gives as many frames.
  private static Optional<Double> step(Node node, long[] from, long[] to) {
    long rest = from[1] - frame(node, to);
    long frames = to[1];
    if (rest < 0 || frames < 1) return Optional.empty();
    long step = frames == 1 ? rest + 1 : rest / (frames - 1);
    return step > 0 && rest / step + 1 == frames ? Optional.of((double) step) : Optional.empty();
  }

  /// All begins, then all ends; what is added stands on both sides.
  private static Optional<Double> pad(
      Node node, int operand, int i, int count, long[] from, long[] to) {
    if (operand == 3) return Optional.of((double) i);
    int axes = count / 2;
    int axis = axis(node, 3, i % Math.max(axes, 1));
    if (axis >= from.length) return Optional.empty();
    long added = to[axis] - from[axis];
    return Optional.of((double) (i < axes ? added / 2 : added - added / 2));
  }

  private static Optional<Double> slice(Node node, int operand, int i, long[] to) {
    int axis = axis(node, 3, i);
    if (axis >= to.length) return Optional.empty();
    long step = known(node, 4, i, 1);
    long length = to[axis] * step;
    return switch (operand) {
      case 1 -> Optional.of((double) Math.max(0, known(node, 2, i, length) - length));
      case 2 -> Optional.of((double) (known(node, 1, i, 0) + length));
      case 3 -> Optional.of((double) i);
      default -> Optional.of(1.0);
    };
  }

  private static int axis(Node node, int operand, int i) {
    int rank = node.input(0).shape().rank();
    return (int) Math.floorMod(known(node, operand, i, i), (long) Math.max(rank, 1));
  }

  /// A number of a constant operand.
  private static long known(Node node, int operand, int i, long otherwise) {
    var value = operand < node.inputs().size() ? node.input(operand) : Value.ABSENT;
    return value.isPresent()
        ? value.constant().filter(d -> i < d.size()).map(d -> d.longAt(i)).orElse(otherwise)
        : otherwise;
  }

  private Optional<long[]> splits(Node node) {
    if (!(node.op() instanceof Split(int axis))) return Optional.empty();
    var sizes = LongStream.builder();
    for (var output : node.outputs()) {
      var dims = fixed(output.shape());
      if (dims.isEmpty()) return Optional.empty();
      sizes.add(dims.get()[Math.floorMod(axis, dims.get().length)]);
    }
    return Optional.of(sizes.build().toArray());
  }

  private Optional<long[]> fixed(Shape shape) {
    if (!shape.isRanked()) return Optional.empty();
    var dims = Shape.of(shape.dims().stream().map(dim -> dim.replace(sizes)).toList());
    return dims.isFixed() ? Optional.of(dims.fixedDims()) : Optional.empty();
  }

  /// An output whose shape is not the one that the model declares.
  static Optional<String> misfit(Graph graph, List<TensorData> outputs) {
    for (int i = 0; i < outputs.size(); i++) {
      var declared = graph.outputs().get(i).shape();
      var given = outputs.get(i).shape();
      boolean fits = !declared.isRanked() || declared.rank() == given.rank();
      for (int axis = 0; fits && declared.isRanked() && axis < given.rank(); axis++) {
        var dim = declared.dim(axis);
        fits = !dim.isFixed() || dim.equals(given.dim(axis));
      }
      if (fits) continue;
      return Optional.of(
          "with drawn numbers '%s' is %s, the model declares %s: give numbers that fit with --data"
              .formatted(graph.outputNames().get(i), given, declared));
    }
    return Optional.empty();
  }
}
