package watari.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Adds nodes to a graph, at its end or before a node, and infers their output types.
///
/// Names are hints: a value gets the hint, with a number where it is taken. Without a hint values
/// are named after the origin's node and the operator.
public final class GraphBuilder {
  private final Graph graph;
  private final Inference inference;
  private final Optional<Node> place;
  private List<Origin> origins = List.of();

  /// Appends to a graph.
  public GraphBuilder(Graph graph) {
    this(graph, new Inference(graph), Optional.empty());
  }

  private GraphBuilder(Graph graph, Inference inference, Optional<Node> place) {
    this.graph = graph;
    this.inference = inference;
    this.place = place;
  }

  /// Inserts before a node, with its origins.
  public static GraphBuilder before(Node node, Inference inference) {
    return new GraphBuilder(node.graph(), inference, Optional.of(node)).from(node.origins());
  }

  /// Inserts before a node, or appends, knowing what `inference` knows.
  public static GraphBuilder at(Graph graph, Optional<Node> place, Inference inference) {
    return new GraphBuilder(graph, inference, place);
  }

  public Graph graph() {
    return graph;
  }

  public Inference inference() {
    return inference;
  }

  /// Nodes added from now on come from there.
  public GraphBuilder from(List<Origin> nodeOrigins) {
    origins = List.copyOf(nodeOrigins);
    return this;
  }

  public GraphBuilder from(Origin origin) {
    return from(List.of(origin));
  }

  public Value input(String name, TensorType type) {
    return graph.addInput(name, type);
  }

  public Value constant(String name, TensorData data) {
    return graph.addConstant(name, data);
  }

  public Value constant(TensorData data) {
    return graph.addConstant(hint("const"), data);
  }

  /// A constant of stored integers that denote real numbers.
  public Value constant(String name, TensorData data, Quantization quantization) {
    return graph.addConstant(name, data.type().with(quantization), data);
  }

  /// A vector of int64: a shape, axes, pads.
  public Value vector(long... values) {
    return constant(TensorData.vector(values));
  }

  public Value vector(List<? extends Number> values) {
    return constant(TensorData.vector(values));
  }

  public Value scalar(long value) {
    return constant(TensorData.scalar(value));
  }

  public Value scalar(float value) {
    return constant(TensorData.scalar(value));
  }

  /// Adds a node with one output.
  ///
  /// @throws IllegalArgumentException with a sentence, if the inputs do not fit the operator
  public Value add(Op op, Value... inputs) {
    return add(op, List.of(inputs));
  }

  public Value add(Op op, List<Value> inputs) {
    return add(op, inputs, 1, List.of()).output();
  }

  /// Adds a node with one output of a name.
  public Value addNamed(String name, Op op, Value... inputs) {
    return add(op, List.of(inputs), List.of(name), List.of()).output();
  }

  /// Adds a node with one output that is stored as integers of type `stored`, which mean what
  /// `quantization` says.
  public Value addQuantized(Op op, DataType stored, Quantization quantization, Value... inputs) {
    var value = add(op, inputs);
    value.setType(new TensorType(stored, value.shape(), quantization));
    return value;
  }

  /// Adds a node with several outputs, named after its origin.
  public Node add(Op op, List<Value> inputs, int outputs, List<Graph> bodies) {
    return add(op, inputs, Collections.nCopies(outputs, hint(op.name())), bodies);
  }

  /// Adds a node with an output for each name.
  public Node add(Op op, List<Value> inputs, List<String> outputNames, List<Graph> bodies) {
    var types = inference.infer(op, inputs, outputNames.size(), bodies);
    if (types.size() < outputNames.size()) {
      throw new IllegalArgumentException(
          op.name() + " has " + types.size() + " outputs, not " + outputNames.size());
    }
    return add(op, inputs, outputNames, types.subList(0, outputNames.size()), bodies);
  }

  /// Adds a node whose outputs have the inferred types made more exact by the declared ones, which
  /// also say the quantization.
  public Node addDeclared(
      Op op,
      List<Value> inputs,
      List<String> outputNames,
      List<TensorType> declared,
      List<Graph> bodies) {
    var inferred = inference.infer(op, inputs, outputNames.size(), bodies);
    var types = new ArrayList<TensorType>();
    for (int i = 0; i < outputNames.size(); i++) {
      var shape = Inference.moreExact(inferred.get(i).shape(), declared.get(i).shape());
      var stated = declared.get(i);
      var dtype = stated.isQuantized() ? stated.dtype() : inferred.get(i).dtype();
      types.add(new TensorType(dtype, shape, stated.quantization()));
    }
    return add(op, inputs, outputNames, types, bodies);
  }

  private Node add(
      Op op, List<Value> inputs, List<String> names, List<TensorType> types, List<Graph> bodies) {
    var node = graph.insert(place, op, inputs, names, types, bodies, origins);
    inference.remember(node);
    return node;
  }

  private String hint(String what) {
    var from = origins.isEmpty() ? "" : origins.get(0).node();
    return from.isEmpty() ? what : from + "/" + what;
  }
}
