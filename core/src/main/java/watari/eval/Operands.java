package watari.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import watari.op.InferContext;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// The inputs of one evaluation: all of them known, optional ones perhaps left out.
final class Operands implements InferContext {
  private final List<Optional<TensorData>> inputs;
  private final int outputs;
  private final AtomicLong unknowns = new AtomicLong();

  Operands(List<Optional<TensorData>> inputs, int outputs) {
    this.inputs = List.copyOf(inputs);
    this.outputs = outputs;
  }

  /// Input `i`, which is there.
  TensorData get(int i) {
    return constant(i)
        .orElseThrow(() -> new IllegalArgumentException("input " + i + " is missing"));
  }

  /// The one whole number of input `i`, or what stands for a missing one.
  long whole(int i, long otherwise) {
    return has(i) ? get(i).longAt(0) : otherwise;
  }

  /// The axes that input `i` gives, counted from 0; all axes if it is missing.
  List<Integer> axes(int i, int rank) {
    if (!has(i)) return IntStream.range(0, rank).boxed().toList();
    return watari.op.Shapes.axes(get(i).longs(), rank);
  }

  List<TensorData> present() {
    return inputs.stream().flatMap(Optional::stream).toList();
  }

  @Override
  public int inputCount() {
    return inputs.size();
  }

  @Override
  public boolean has(int i) {
    return i < inputs.size() && inputs.get(i).isPresent();
  }

  @Override
  public TensorType type(int i) {
    return get(i).type();
  }

  @Override
  public Optional<TensorData> constant(int i) {
    return i < inputs.size() ? inputs.get(i) : Optional.empty();
  }

  @Override
  public Optional<List<Dim>> integers(int i) {
    if (!has(i)) return Optional.empty();
    var data = get(i);
    if (!data.dtype().isInteger() || data.shape().rank() > 1 || data.size() > 4096) {
      return Optional.empty();
    }
    var dims = new ArrayList<Dim>();
    for (long each : data.longs()) dims.add(Dim.of(each));
    return Optional.of(dims);
  }

  @Override
  public int outputCount() {
    return outputs;
  }

  @Override
  public List<TensorType> bodyOutputs(int body) {
    throw new IllegalArgumentException("bodies are not evaluated");
  }

  @Override
  public Dim unknown() {
    return Dim.named("?" + unknowns.incrementAndGet());
  }

  /// Elements of a float type, each rounded to it.
  static TensorData reals(DataType dtype, Shape shape, java.util.function.LongToDoubleFunction at) {
    var all = new double[Math.toIntExact(shape.elements().fixed())];
    for (int i = 0; i < all.length; i++) all[i] = at.applyAsDouble(i);
    return TensorData.ofDoubles(dtype, shape, all);
  }

  /// Elements of an integer type, wrapped to it, or bools.
  static TensorData wholes(DataType dtype, Shape shape, java.util.function.LongUnaryOperator at) {
    var all = new long[Math.toIntExact(shape.elements().fixed())];
    for (int i = 0; i < all.length; i++) all[i] = at.applyAsLong(i);
    return TensorData.ofLongs(dtype, shape, all).copied();
  }
}
