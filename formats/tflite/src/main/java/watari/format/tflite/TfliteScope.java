package watari.format.tflite;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ElementwiseOp.Cast;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp.Transpose;
import watari.tensor.Dim;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A subgraph while its operators are read into a graph: its own, a body's, or that of its caller.
final class TfliteScope {
  private record Moved(Value value, List<Integer> perm) {}

  private final TfliteSource source;
  private final int subgraph;
  private final TfliteTensors tensors;
  private final GraphBuilder builder;
  private final Optional<TfliteScope> caller;
  private final Map<Integer, Value> values = new HashMap<>();
  private final Map<Integer, String> handles = new HashMap<>();
  private final Map<Moved, Value> moved = new HashMap<>();
  private final Set<Integer> computed = new TreeSet<>();

  TfliteScope(
      TfliteSource source, int subgraph, GraphBuilder builder, Optional<TfliteScope> caller) {
    this.source = source;
    this.subgraph = subgraph;
    this.tensors = source.tensors(subgraph);
    this.builder = builder;
    this.caller = caller;
  }

  TfliteSource source() {
    return source;
  }

  int subgraph() {
    return subgraph;
  }

  TfliteTensors tensors() {
    return tensors;
  }

  GraphBuilder builder() {
    return builder;
  }

  /// Whether this is a body of control flow, where no state can be.
  boolean isBody() {
    return caller.isPresent()
        && (caller.get().builder.graph() != builder.graph() || caller.get().isBody());
  }

  /// The graph that bodies hang in, which has the states.
  Graph entry() {
    var scope = this;
    while (scope.caller.isPresent()) scope = scope.caller.get();
    return scope.builder.graph();
  }

  List<Integer> inputs() {
    var records = tensors.subgraph();
    return TfliteTensors.indices(records.inputsLength(), records::inputs);
  }

  List<Integer> outputs() {
    var records = tensors.subgraph();
    return TfliteTensors.indices(records.outputsLength(), records::outputs);
  }

  // ---- values

  /// Says what a tensor is.
  void define(int tensor, Value value) {
    values.put(tensor, value);
  }

  /// The value of a tensor: what computes it, or a constant of its elements.
  Value value(int tensor) {
    var known = values.get(tensor);
    if (known != null) return known;
    if (tensors.isVariable(tensor)) return variable(tensor);
    var made = constant(tensor);
    values.put(tensor, made);
    return made;
  }

  /// A value that the operators that use it keep from one call to the next.
  private Value variable(int tensor) {
    if (isBody()) {
      throw Unreadable.operator(
          "a branch or loop works on variable tensor '%s'".formatted(tensors.name(tensor)),
          "keep it outside");
    }
    var state = state(tensor);
    var read = new ReadState(state.name(), state.type());
    var hint = tensors.name(tensor);
    return builder
        .addDeclared(read, List.of(), List.of(hint), List.of(state.type()), List.of())
        .output();
  }

  /// Whether a variable tensor has no other value here.
  boolean isState(int tensor) {
    return !values.containsKey(tensor);
  }

  /// Whether a tensor has no elements of its own, is no variable, and no operator gives it any.
  boolean isMemory(int tensor) {
    var shape = tensors.type(tensor).shape();
    boolean isEmpty = shape.isFixed() && shape.elements().is(0);
    return !isEmpty
        && !values.containsKey(tensor)
        && !handles.containsKey(tensor)
        && !computed.contains(tensor)
        && !tensors.isVariable(tensor)
        && !tensors.hasData(tensor);
  }

  /// The graph's state of a variable tensor.
  State state(int tensor) {
    var known = builder.graph().state(stateName(tensor));
    if (known.isPresent()) return known.get();
    var data = tensors.hasData(tensor) ? tensors.constant(tensor) : tensors.zeros(tensor);
    return addState(tensor, data);
  }

  private String stateName(int tensor) {
    return subgraph == 0 ? tensors.name(tensor) : subgraph + "/" + tensors.name(tensor);
  }

  /// Makes the state of a variable tensor.
  ///
  /// @param data what it is before the first call
  State addState(int tensor, TensorData data) {
    var name = stateName(tensor);
    var state = new State(name, data.type().with(tensors.type(tensor).quantization()), data);
    builder.graph().addState(state);
    return state;
  }

  private Value constant(int tensor) {
    var type = tensors.type(tensor);
    if (tensors.hasData(tensor)) {
      var data = tensors.constant(tensor);
      var stored = new TensorType(data.dtype(), data.shape(), type.quantization());
      return builder.graph().addConstant(tensors.name(tensor), stored, data);
    }
    boolean empty = type.shape().isFixed() && type.shape().elements().is(0);
    if (empty && !computed.contains(tensor)) {
      return builder.graph().addConstant(tensors.name(tensor), type, tensors.zeros(tensor));
    }
    throw Unreadable.broken(
        "tensor '%s' is used before anything computes it".formatted(tensors.name(tensor)));
  }

  /// The name of the resource that a tensor is a handle of.
  Optional<String> handle(int tensor) {
    return Optional.ofNullable(handles.get(tensor));
  }

  void defineHandle(int tensor, String resource) {
    handles.put(tensor, resource);
  }

  /// A value with its axes moved: a constant is moved itself, also below a conversion.
  Value transposed(Value value, Integer... perm) {
    var key = new Moved(value, List.of(perm));
    var known = moved.get(key);
    if (known != null) return known;
    var made = transpose(value, key.perm());
    moved.put(key, made);
    return made;
  }

  private Value transpose(Value value, List<Integer> perm) {
    if (value.constant().isPresent()) {
      var data = value.constant().get().transposed(perm);
      var type = data.type().with(value.type().quantization().transposed(perm));
      return builder.graph().addConstant(value.name(), type, data);
    }
    var producer = value.producer();
    boolean converts =
        producer.isPresent()
            && (producer.get().op() instanceof Cast || producer.get().op() instanceof Convert)
            && producer.get().input(0).isConstant();
    if (converts && !value.type().isQuantized()) {
      return builder.add(producer.get().op(), transposed(producer.get().input(0), perm));
    }
    var made = builder.add(new Transpose(perm), value);
    if (value.type().isQuantized()) {
      made.setType(
          new TensorType(
              value.dtype(), made.shape(), value.type().quantization().transposed(perm)));
    }
    return made;
  }

  private Value transposed(Value value, List<Integer> perm) {
    return transposed(value, perm.toArray(Integer[]::new));
  }

  /// Dims that nothing else has, for an output of which only the rank is known.
  Shape unknownShape(int tensor, int rank) {
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < rank; i++) dims.add(Dim.named("?" + subgraph + "." + tensor + "." + i));
    return Shape.of(dims);
  }

  // ---- operators

  /// Reads all operators; those that cannot be read become findings.
  void read() {
    source.enter(subgraph);
    var operators = source.operators(subgraph);
    for (var operator : operators) {
      for (int i = 0; i < operator.outputsLength(); i++) computed.add(operator.outputs(i));
    }
    for (int i = 0; i < operators.size(); i++) {
      var operator = operators.get(i);
      var code = source.code(operator);
      var node =
          new TfliteNode(this, operator, i, TfliteSource.name(code), Math.max(code.version(), 1));
      read(node, TfliteSource.isCustom(code));
    }
    source.leave();
  }

  private void read(TfliteNode node, boolean isCustom) {
    builder.from(node.origin());
    try {
      var table = isCustom ? TfliteReadOps.CUSTOM : TfliteReadOps.BUILTIN;
      var entry = table.entry(node.name(), node.version());
      if (entry.isPresent()) entry.get().read(node);
      else TfliteCustom.read(node, isCustom);
    } catch (Unreadable e) {
      refuse(node, e.code(), e.why(), e.fix());
    } catch (IllegalArgumentException | ArithmeticException | IllegalStateException e) {
      refuse(node, "FILE_BROKEN", String.valueOf(e.getMessage()), "export the model again");
    }
  }

  private void refuse(TfliteNode node, String code, String why, String fix) {
    var origin = node.origin();
    var finding =
        Finding.error(code, why)
            .inFile(source.path())
            .at(origin.node(), origin.index(), origin.operator())
            .withTypes(
                types(node.inputCount(), node.operator()::inputs),
                types(node.outputCount(), node.operator()::outputs))
            .fix(fix);
    source.findings().add(finding);
    TfliteCustom.standIn(node);
  }

  private List<String> types(int count, java.util.function.IntUnaryOperator at) {
    var all = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      int tensor = at.applyAsInt(i);
      if (tensor < 0) continue;
      var known = values.get(tensor);
      all.add(known == null ? declared(tensor) : known.type().toString());
    }
    return all;
  }

  private String declared(int tensor) {
    try {
      return tensors.type(tensor).toString();
    } catch (Unreadable _) {
      return TfliteReadTypes.name(tensors.tensor(tensor).type()).toLowerCase(java.util.Locale.ROOT);
    }
  }

  /// The scale of the products of two quantized values, along the outputs of a filter.
  static Quantization product(Quantization x, Quantization filter) {
    if (!(x instanceof Quantization.PerTensor(float scale, _))) return new Quantization.None();
    return switch (filter) {
      case Quantization.PerTensor(float other, _) -> new Quantization.PerTensor(scale * other, 0);
      case Quantization.PerAxis(_, var scales, _) ->
          new Quantization.PerAxis(
              0,
              scales.stream().map(each -> each * scale).toList(),
              scales.stream().map(_ -> 0L).toList());
      case Quantization.None _, Quantization.Blocked _ -> new Quantization.None();
    };
  }
}
