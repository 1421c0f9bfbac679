package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.BinaryOp;
import watari.op.Op;
import watari.pass.edit.Insertion.Operand;
import watari.pass.edit.Insertion.Place;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;

/// Puts a node into a graph: behind a tensor, before an input of a node, or beside what is there.
public final class InsertNode implements Pass {
  private final Insertion insertion;

  public InsertNode(Insertion insertion) {
    this.insertion = insertion;
  }

  @Override
  public String name() {
    return "insert";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var op = OperatorNames.of(insertion.operator());
    if (op.isEmpty()) {
      log.add(SetAttributes.unknownOperator(insertion.operator()));
      return;
    }
    try {
      insert(graph, op.get(), log);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      log.add(
          Finding.error(
                  "EDIT_IMPOSSIBLE",
                  "the new %s does not fit: %s".formatted(insertion.operator(), e.getMessage()))
              .fix("give the operator the inputs and attributes that it takes"));
    }
  }

  private void insert(Graph graph, Op plain, PassLog log) {
    var names = new TensorNames(graph);
    var spliced = spliced(names, log);
    if (spliced.isEmpty() && !(insertion.place() instanceof Place.Free)) return;
    for (var output : insertion.outputs()) {
      if (names.has(output)) {
        log.add(
            Finding.error("NAME_TAKEN", "the new node cannot be called '" + output + "'")
                .fix("choose another name"));
        return;
      }
    }
    var inputs = inputs(graph, names, spliced, plain, log);
    if (log.hasErrors()) return;
    var op = withAttributes(plain, graph, inputs);
    var node = add(graph, op, inputs);
    splice(graph, node, spliced, log);
  }

  /// The tensor that the place names.
  private Optional<Value> spliced(TensorNames names, PassLog log) {
    return switch (insertion.place()) {
      case Place.Free _ -> Optional.empty();
      case Place.After(var tensor) -> names.tensor(tensor, log);
      case Place.Before(var name, int input) -> {
        var node = names.node(name, log);
        if (node.isPresent() && !node.get().input(input).isPresent()) {
          log.add(EditedGraph.impossible(node.get(), "it has no input " + input));
          yield Optional.empty();
        }
        yield node.map(each -> each.input(input));
      }
    };
  }

  private List<Value> inputs(
      Graph graph, TensorNames names, Optional<Value> spliced, Op op, PassLog log) {
    var operands = new ArrayList<>(insertion.inputs());
    boolean isImplied = spliced.isPresent() && !operands.contains(new Operand.Spliced());
    if (isImplied) operands.add(0, new Operand.Spliced());
    var values = new ArrayList<Value>();
    for (var operand : operands) {
      switch (operand) {
        case Operand.Spliced _ -> values.add(spliced.orElse(Value.ABSENT));
        case Operand.Named(var name) ->
            values.add(names.tensorOrConstant(name, log).orElse(Value.ABSENT));
        case Operand.Input(var name, var type) -> values.add(graph.addInput(name, type));
        case Operand.Constant(var data) -> values.add(graph.addConstant("const", data));
        case Operand.Literal _ -> values.add(Value.ABSENT);
      }
    }
    for (int i = 0; i < values.size(); i++) {
      if (operands.get(i) instanceof Operand.Literal(var value)) {
        var data = Literals.tensor(value, literalType(op, value, values));
        values.set(i, graph.addConstant("const", data));
      }
    }
    return values;
  }

  /// Numbers beside a tensor are of its type, others whole numbers or floats as they are written.
  private static DataType literalType(Op op, Object value, List<Value> others) {
    var typed = others.stream().filter(other -> other.isPresent()).map(Value::dtype).findFirst();
    boolean joins = op instanceof BinaryOp || !Literals.isWhole(value);
    if (joins && typed.isPresent()) return typed.get();
    return Literals.isWhole(value) ? DataType.INT64 : DataType.FLOAT32;
  }

  /// Attributes that are inputs here, such as `axes`, become constants.
  private Op withAttributes(Op plain, Graph graph, List<Value> inputs) {
    var op = plain;
    for (Map.Entry<String, Object> each : insertion.attributes().entrySet()) {
      var input =
          OperatorFields.has(op, each.getKey())
              ? Optional.<Integer>empty()
              : OperatorNames.input(op, each.getKey());
      if (input.isEmpty()) {
        op = OperatorFields.with(op, each.getKey(), each.getValue());
        continue;
      }
      while (inputs.size() <= input.get()) inputs.add(Value.ABSENT);
      var data = Literals.tensor(each.getValue(), DataType.INT64);
      inputs.set(input.get(), graph.addConstant(each.getKey(), data));
    }
    return op;
  }

  private Node add(Graph graph, Op op, List<Value> inputs) {
    var names = insertion.outputs().isEmpty() ? List.of(insertion.operator()) : insertion.outputs();
    var known = new Inference(graph);
    for (var node : graph) known.remember(node);
    return GraphBuilder.at(graph, Optional.empty(), known)
        .from(new Origin(names.get(0), -1, insertion.operator()))
        .add(op, inputs, names, List.of());
  }

  private void splice(Graph graph, Node node, Optional<Value> spliced, PassLog log) {
    var changed = new ArrayList<Node>();
    switch (insertion.place()) {
      case Place.Free _ -> {}
      case Place.After _ -> {
        var old = spliced.orElseThrow();
        for (var use : Set.copyOf(old.uses())) {
          if (use.node() == node) continue;
          graph.setInput(use.node(), use.index(), node.output(0));
          changed.add(use.node());
        }
        for (int i = 0; i < graph.outputs().size(); i++) {
          if (graph.outputs().get(i) == old) graph.setOutput(i, node.output(0));
        }
      }
      case Place.Before(var name, int input) -> {
        var user = new TensorNames(graph).node(name, log).orElseThrow();
        graph.setInput(user, input, node.output(0));
        changed.add(user);
      }
    }
    if (!EditedGraph.order(graph, log)) return;
    EditedGraph.inferBehind(graph, changed, log);
    for (var output : node.outputs()) {
      if (!output.uses().isEmpty() || graph.isOutput(output)) continue;
      AddOutputs.add(graph, output.name(), output);
    }
    log.fired(name());
  }
}
