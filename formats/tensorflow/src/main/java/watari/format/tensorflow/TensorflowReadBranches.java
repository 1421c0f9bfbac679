package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.If;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Reads a choice between branches, however the source says it, as an [If], or as one in another.
final class TensorflowReadBranches {
  /// A branch of the source: reads it into a graph for what it takes in, and returns what it gives.
  interface Branch {
    List<Held> read(GraphBuilder into, List<Held> taken);
  }

  private final TensorflowReadGraph outside;
  private final String name;
  private final List<Branch> branches;

  /// @param branches from the one of number 0 on
  TensorflowReadBranches(TensorflowReadGraph outside, String name, List<Branch> branches) {
    this.outside = outside;
    this.name = name;
    this.branches = branches;
  }

  /// What the chosen branch gives.
  ///
  /// @param number of the branch, a scalar; one that there is not is the last
  List<Held> read(Value number, List<Held> taken) {
    return choose(outside.builder(), number, taken, 0, name);
  }

  private List<Held> choose(
      GraphBuilder builder, Value number, List<Held> taken, int first, String prefix) {
    var formula = new Formula(builder);
    boolean isFlag = number.dtype() == DataType.BOOL;
    var plain = isFlag ? number : formula.cast(number, DataType.INT32);
    var condition =
        isFlag ? plain : formula.binary(Binary.Kind.EQUAL, plain, formula.scalar(plain, first));
    boolean choosesOn = !isFlag && first + 2 < branches.size();
    var captured = captured(taken);
    if (choosesOn && !plain.isConstant() && !captured.contains(plain)) captured.add(plain);
    var then = graph(captured, taken, isFlag ? 1 : first, prefix, false, plain);
    var otherwise = graph(captured, taken, isFlag ? 0 : first + 1, prefix, choosesOn, plain);
    var inputs = new ArrayList<Value>();
    inputs.add(TensorflowReadLoop.scalar(builder, condition));
    inputs.addAll(captured);
    int outputs = then.outputs().size();
    var names = new ArrayList<String>();
    for (int i = 0; i < outputs; i++) {
      names.add(outside.hint(new TensorflowNodes.Edge(prefix, i)));
    }
    var node = builder.add(new If(), inputs, names, List.of(then, otherwise));
    return node.outputs().stream().<Held>map(Held.Tensor::new).toList();
  }

  /// The values that the branches take from outside.
  private static List<Value> captured(List<Held> taken) {
    var all = new ArrayList<Value>();
    for (var each : taken) {
      if (each instanceof Held.Tensor(Value value) && !value.isConstant() && !all.contains(value)) {
        all.add(value);
      }
      if (each instanceof Held.TensorList list && list.elements().isPresent()) {
        if (!all.contains(list.elements())) all.add(list.elements());
      }
    }
    return all;
  }

  private Graph graph(
      List<Value> captured,
      List<Held> taken,
      int number,
      String prefix,
      boolean choosesOn,
      Value chooser) {
    var graph = new Graph(prefix + "/" + number);
    var builder = new GraphBuilder(graph);
    Map<Value, Value> inside = new java.util.IdentityHashMap<>();
    for (var value : captured) inside.put(value, builder.input(value.name(), value.type()));
    var held = new ArrayList<Held>();
    for (int i = 0; i < taken.size(); i++) {
      held.add(LoopBody.kept(builder, taken.get(i), i, inside));
    }
    var results =
        choosesOn
            ? choose(builder, inside.getOrDefault(chooser, chooser), held, number, prefix)
            : branches.get(Math.min(number, branches.size() - 1)).read(builder, held);
    for (int i = 0; i < results.size(); i++) graph.addOutput("out" + i, value(builder, results, i));
    return graph;
  }

  private static Value value(GraphBuilder builder, List<Held> results, int i) {
    return switch (results.get(i)) {
      case Held.Tensor(Value value) -> value;
      case Held.Constant(var name, var data) -> builder.constant(name, data);
      case Held.TensorList list -> TensorflowLists.stacked(builder, list);
      case Held.Complex _ ->
          throw TensorflowRefusal.unsupported(
              "a branch gives complex numbers", "let it give their parts");
      case Held.Variable _, Held.Resource _ ->
          throw TensorflowRefusal.unsupported(
              "a branch gives a resource", "export the model for inference");
    };
  }
}
