package watari.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import watari.op.Op;

/// An operator placed in a graph: its inputs, outputs, bodies (of If, Loop and Custom) and origins.
///
/// Nodes have identity. Their place and edges are changed by [Graph] only.
public final class Node {
  private final Graph graph;
  private Op op;
  private final List<Value> inputs;
  private final List<Value> outputs;
  private List<Graph> bodies;
  private List<Origin> origins;
  @Nullable Node previous;
  @Nullable Node next;
  boolean removed;

  /// Grows along the list, so that two nodes' order is known at once; see [Graph].
  long order;

  Node(
      Graph graph,
      Op op,
      List<Value> inputs,
      List<Value> outputs,
      List<Graph> bodies,
      List<Origin> origins) {
    this.graph = graph;
    this.op = op;
    this.inputs = new ArrayList<>(inputs);
    this.outputs = new ArrayList<>(outputs);
    this.bodies = List.copyOf(bodies);
    this.origins = List.copyOf(origins);
  }

  public Graph graph() {
    return graph;
  }

  public Op op() {
    return op;
  }

  public List<Value> inputs() {
    return Collections.unmodifiableList(inputs);
  }

  public List<Value> outputs() {
    return Collections.unmodifiableList(outputs);
  }

  /// Input `i`, or [Value#ABSENT] where the node has fewer.
  public Value input(int i) {
    return i < inputs.size() ? inputs.get(i) : Value.ABSENT;
  }

  public Value output(int i) {
    return outputs.get(i);
  }

  /// Output 0 of a node with one output.
  public Value output() {
    return outputs.get(0);
  }

  public List<Graph> bodies() {
    return bodies;
  }

  public List<Origin> origins() {
    return origins;
  }

  /// The origin to name in messages.
  public Origin origin() {
    return origins.isEmpty() ? Origin.NONE : origins.get(0);
  }

  /// The node of input `i` where an operator of that kind computes it.
  public Optional<Node> producer(int i, Class<? extends Op> kind) {
    return input(i).producer().filter(node -> kind.isInstance(node.op()));
  }

  /// The node that stands before this one.
  public Optional<Node> previousNode() {
    return Optional.ofNullable(previous);
  }

  /// The node that stands behind this one.
  public Optional<Node> nextNode() {
    return Optional.ofNullable(next);
  }

  public boolean isRemoved() {
    return removed;
  }

  List<Value> mutableInputs() {
    return inputs;
  }

  void setOp(Op other) {
    op = other;
  }

  void dropBodies() {
    bodies = List.of();
  }

  void setOrigins(List<Origin> others) {
    origins = List.copyOf(others);
  }

  @Override
  public String toString() {
    return outputs + " = " + op + " " + inputs;
  }
}
