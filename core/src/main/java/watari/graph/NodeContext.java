package watari.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import watari.op.InferContext;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What an operator sees of the node it is inferred for.
final class NodeContext implements InferContext {
  private static final int MOST_INTEGERS = 64;

  private final List<Value> inputs;
  private final int outputs;
  private final List<Graph> bodies;
  private final Map<Value, List<Dim>> known;
  private final Supplier<Dim> unknowns;

  NodeContext(
      List<Value> inputs,
      int outputs,
      List<Graph> bodies,
      Map<Value, List<Dim>> known,
      Supplier<Dim> unknowns) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.bodies = bodies;
    this.known = known;
    this.unknowns = unknowns;
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
    if (!has(i)) throw new IllegalArgumentException("input " + i + " is missing");
    var type = inputs.get(i).type();
    return type.isQuantized() ? new TensorType(DataType.FLOAT32, type.shape()) : type;
  }

  @Override
  public Optional<TensorData> constant(int i) {
    if (!has(i)) return Optional.empty();
    return inputs.get(i).type().isQuantized() ? Optional.empty() : inputs.get(i).constant();
  }

  @Override
  public Optional<List<Dim>> integers(int i) {
    if (!has(i)) return Optional.empty();
    var value = inputs.get(i);
    var computed = known.get(value);
    if (computed != null) return Optional.of(computed);
    var type = value.type();
    boolean small =
        type.dtype().isInteger()
            && type.shape().isFixed()
            && type.shape().rank() < 2
            && type.shape().elements().fixed() <= MOST_INTEGERS;
    if (!small) {
      return value.constant().filter(NodeContext::isIntegerVector).map(NodeContext::dims);
    }
    return Optional.of(value.constant().map(NodeContext::dims).orElseGet(() -> unknownOnes(value)));
  }

  private static boolean isIntegerVector(TensorData data) {
    return data.dtype().isInteger() && data.shape().rank() < 2 && data.dtype() != DataType.UINT64;
  }

  private static List<Dim> dims(TensorData data) {
    var dims = new ArrayList<Dim>();
    for (long each : data.longs()) dims.add(Dim.of(each));
    return dims;
  }

  private List<Dim> unknownOnes(Value value) {
    var dims = new ArrayList<Dim>();
    for (long i = 0; i < value.shape().elements().fixed(); i++) dims.add(unknown());
    known.put(value, dims);
    return dims;
  }

  @Override
  public int outputCount() {
    return outputs;
  }

  @Override
  public List<TensorType> bodyOutputs(int body) {
    return bodies.get(body).outputs().stream().map(value -> outside(value.type())).toList();
  }

  /// Unknowns of a body are others than those of the same name around it.
  private TensorType outside(TensorType type) {
    if (type.shape().isFixed() || !type.shape().isRanked()) return type;
    var dims =
        type.shape().dims().stream()
            .map(dim -> dim.isFixed() || !dim.toString().contains("?") ? dim : unknown())
            .toList();
    return type.with(Shape.of(dims));
  }

  @Override
  public Dim unknown() {
    return unknowns.get();
  }
}
