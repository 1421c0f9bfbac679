package watari.pass.edit;

import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.Custom;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Gives a node another parameter: one of its operator, or an input that is usually constant, such
/// as `axes`; what hangs on it is inferred anew.
public final class SetAttributes implements Pass {
  private final String node;
  private final String attribute;
  private final Object value;

  /// @param node name of a node, or of what it computes
  /// @param value a number, a text, a boolean or a list of them
  public SetAttributes(String node, String attribute, Object value) {
    this.node = node;
    this.attribute = attribute;
    this.value = value;
  }

  @Override
  public String name() {
    return "set-attr";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var found = new TensorNames(graph).node(node, log);
    if (found.isEmpty()) return;
    try {
      set(graph, found.get());
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      log.add(
          EditedGraph.impossible(found.get(), String.valueOf(e.getMessage()))
              .fix("give a value that the operator takes"));
      return;
    }
    EditedGraph.inferBehind(graph, List.of(found.get()), log);
    log.fired(name());
  }

  private void set(Graph graph, Node at) {
    if (at.op() instanceof Custom) {
      throw new IllegalArgumentException(
          "the attributes of '%s' are known to its own format alone: edit the model's JSON"
              .formatted(at.op().name()));
    }
    boolean isField = OperatorFields.has(at.op(), attribute);
    var input = isField ? Optional.<Integer>empty() : OperatorNames.input(at.op(), attribute);
    if (input.isEmpty()) graph.setOp(at, OperatorFields.with(at.op(), attribute, value));
    else setInput(graph, at, input.get());
  }

  private void setInput(Graph graph, Node at, int index) {
    var old = at.input(index);
    var dtype = old.isPresent() ? old.dtype() : DataType.INT64;
    TensorData data = Literals.tensor(value, dtype);
    graph.setInputAt(at, index, graph.addConstant(at.output(0).name() + "/" + attribute, data));
  }

  static Finding unknownOperator(String name) {
    return Finding.error("NAME_UNKNOWN", "there is no operator '" + name + "' to insert")
        .fix("near names: " + String.join(", ", OperatorNames.near(name)));
  }
}
