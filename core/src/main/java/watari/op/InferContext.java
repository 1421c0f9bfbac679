package watari.op;

import java.util.List;
import java.util.Optional;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What an operator may know of its inputs while it infers its outputs. Quantized inputs appear as
/// what they denote, FLOAT32; an output that is stated to be quantized is stored otherwise than
/// inferred.
public interface InferContext {
  int inputCount();

  /// Whether input `i` is there; optional inputs may be left out.
  boolean has(int i);

  /// The type of an input that is there.
  TensorType type(int i);

  /// The elements of a constant input.
  Optional<TensorData> constant(int i);

  /// The elements of an integer input of rank 0 or 1 as far as they are known: each a number, an
  /// expression of named dims, or an unknown of its own. Empty if not even their count is known.
  Optional<List<Dim>> integers(int i);

  /// How many outputs the node has.
  int outputCount();

  /// The declared types of a body's outputs.
  List<TensorType> bodyOutputs(int body);

  /// An unknown that nothing else has.
  Dim unknown();

  default Shape shape(int i) {
    return type(i).shape();
  }

  default DataType dtype(int i) {
    return type(i).dtype();
  }

  default Shape unknownShape(int rank) {
    var dims = new Dim[rank];
    for (int i = 0; i < rank; i++) dims[i] = unknown();
    return Shape.of(dims);
  }

  /// The elements of an integer input when all are plain numbers.
  default Optional<long[]> fixedIntegers(int i) {
    if (!has(i)) return Optional.empty();
    return integers(i)
        .filter(all -> all.stream().allMatch(Dim::isFixed))
        .map(all -> all.stream().mapToLong(Dim::fixed).toArray());
  }
}
