package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Shapes that are computed while the model runs, as int32 vectors.
///
/// A dim that is not fixed is `factor · d + offset`, `d` being a dim of a tensor that is there.
final class TfliteDims {
  /// @param axis where `value` has the dim that the wanted one is computed from
  private record Source(Value value, int axis, long factor, long offset) {}

  private TfliteDims() {}

  /// @param sources tensors whose dims may be taken
  /// @throws Refusal if a dim is none of theirs
  static int vector(Shape shape, List<Value> sources, TfliteSubgraph out) {
    if (shape.isFixed()) {
      return out.ints(shape.dims().stream().map(d -> Math.toIntExact(d.fixed())).toList());
    }
    if (!shape.isRanked()) throw Refusal.dynamic("the rank is not known");
    var parts = new ArrayList<Integer>();
    for (var dim : shape.dims()) {
      parts.add(dim.isFixed() ? out.ints(Math.toIntExact(dim.fixed())) : dim(dim, sources, out));
    }
    if (parts.size() == 1) return parts.get(0);
    int made = out.temporary(TensorType.of(DataType.INT32, parts.size()));
    out.add(CONCATENATION, TfliteOptions.concatenation(0), parts, List.of(made));
    return made;
  }

  private static int dim(Dim dim, List<Value> sources, TfliteSubgraph out) {
    var found = source(dim, sources);
    if (found.isEmpty()) {
      throw Refusal.dynamic("its dim '" + dim + "' is no dim of what it takes");
    }
    var source = found.get();
    int all = TfliteShapeOps.shape(source.value(), DataType.INT32, out);
    var one = TensorType.of(DataType.INT32, 1);
    int made = out.temporary(one);
    out.add(
        GATHER, TfliteOptions.gather(0, 0), List.of(all, out.ints(source.axis())), List.of(made));
    made = with(MUL, TfliteOptions.mul((byte) 0), made, source.factor(), 1, out);
    return with(ADD, TfliteOptions.add((byte) 0), made, source.offset(), 0, out);
  }

  private static int with(
      int code, TfliteOptions options, int x, long number, long neutral, TfliteSubgraph out) {
    if (number == neutral) return x;
    int made = out.temporary(TensorType.of(DataType.INT32, 1));
    out.add(code, options, List.of(x, out.ints(Math.toIntExact(number))), List.of(made));
    return made;
  }

  private static Optional<Source> source(Dim dim, List<Value> sources) {
    for (var value : sources) {
      if (!value.isPresent() || !value.shape().isRanked()) continue;
      for (int axis = 0; axis < value.shape().rank(); axis++) {
        var from = value.shape().dim(axis);
        var factor = from.isFixed() ? Optional.<Long>empty() : factor(dim, from);
        if (factor.isEmpty()) continue;
        var rest = dim.minus(from.times(factor.get()));
        if (rest.isFixed()) {
          return Optional.of(new Source(value, axis, factor.get(), rest.fixed()));
        }
      }
    }
    return Optional.empty();
  }

  /// How often `from` is in `dim`, by their first unknown.
  private static Optional<Long> factor(Dim dim, Dim from) {
    for (var term : from.terms().entrySet()) {
      if (term.getKey().isEmpty()) continue;
      long wanted = dim.terms().getOrDefault(term.getKey(), 0L);
      boolean isWhole = wanted != 0 && wanted % term.getValue() == 0;
      return isWhole ? Optional.of(wanted / term.getValue()) : Optional.empty();
    }
    return Optional.empty();
  }
}
