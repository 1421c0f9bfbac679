package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.Shapes;
import watari.tensor.Shape;

/// What Keras has to know of shapes while a model is built.
final class KerasShapes {
  private KerasShapes() {}

  /// Dims with -1 for the one that is open; empty where there are more.
  static Optional<List<Long>> target(Shape shape) {
    if (!shape.isRanked() || shape.unknownDims() > 1) return Optional.empty();
    var dims = new ArrayList<Long>();
    for (var dim : shape.dims()) dims.add(dim.isFixed() ? dim.fixed() : -1);
    return Optional.of(dims);
  }

  static KerasRefusal open(Shape shape) {
    return new KerasRefusal(
        "DYNAMIC_SHAPE",
        "shape " + shape + " has dims that are not known",
        "state the shapes with --input-shape, or --batch");
  }

  static int rank(Value value) {
    if (value.shape().isRanked()) return value.shape().rank();
    throw new KerasRefusal(
        "DYNAMIC_SHAPE",
        "the rank of '" + value.name() + "' is not known",
        "state the shapes with --input-shape");
  }

  static int axis(int axis, Value value) {
    return Shapes.axis(axis, rank(value));
  }

  static long fixed(Value value, int axis) {
    var dim = value.shape().dim(axis);
    if (dim.isFixed()) return dim.fixed();
    throw open(value.shape());
  }

  /// Whether both have their first axis in common, as the batch of a layer.
  static boolean keepsBatch(Shape from, Shape to) {
    return from.isRanked()
        && to.isRanked()
        && from.rank() > 0
        && to.rank() > 0
        && from.dim(0).equals(to.dim(0));
  }

  /// The numbers of a constant of integers.
  static long[] longs(Value value, String what) {
    return value
        .constant()
        .orElseThrow(() ->
            new KerasRefusal(
                "DYNAMIC_SHAPE",
                "its " + what + " are computed",
                "state the shapes with --input-shape, or --batch"))
        .longs();
  }

  static List<Long> list(long[] all) {
    return java.util.Arrays.stream(all).boxed().toList();
  }
}
