package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowNodes.Edge;
import watari.format.tensorflow.TensorflowReadBranches.Branch;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.format.tensorflow.schema.NameAttrList;
import watari.graph.GraphBuilder;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Constants, calls, control flow and what only passes tensors on.
final class TensorflowReadControlOps {
  private TensorflowReadControlOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Case", TensorflowReadControlOps::ofCases)
        .on("Const", n -> n.giveConstant(n.model().data(n.attribute("value").getTensor())))
        .on("Exit", TensorflowReadControlOps::exit)
        .on("IdentityN", TensorflowReadControlOps::identityN)
        .on("If", TensorflowReadControlOps::ofTwo)
        .on("Merge", TensorflowReadControlOps::merge)
        .on("PartitionedCall", n -> call(n, n.attribute("f").getFunc().getName()))
        .on("RefExit", TensorflowReadControlOps::exit)
        .on("RefMerge", TensorflowReadControlOps::merge)
        .on("StatefulPartitionedCall", n -> call(n, n.attribute("f").getFunc().getName()))
        .on("StatelessCase", TensorflowReadControlOps::ofCases)
        .on("StatelessIf", TensorflowReadControlOps::ofTwo)
        .on("StatelessWhile", TensorflowReadControlOps::loop)
        .on("While", TensorflowReadControlOps::loop);
    for (var name : PASSING) table.on(name, n -> n.hold(0, n.held(0)));
  }

  private static final List<String> PASSING =
      List.of(
          "CheckNumerics",
          "Copy",
          "CopyHost",
          "DeepCopy",
          "Identity",
          "LoopCond",
          "OptimizationBarrier",
          "PlaceholderWithDefault",
          "PreventGradient",
          "Snapshot",
          "StopGradient");

  private static void identityN(TensorflowReadNode n) {
    for (int i = 0; i < n.inputCount(); i++) n.hold(i, n.held(i));
  }

  /// Reads a function in the place of its call.
  static void call(TensorflowReadNode n, String name) {
    give(n, n.graph().call(n.model().function(name), n.allHeld(), n.name()));
  }

  private static void give(TensorflowReadNode n, List<Held> results) {
    for (int i = 0; i < results.size(); i++) n.hold(i, results.get(i));
  }

  // ---- branches that are functions

  private static void ofTwo(TensorflowReadNode n) {
    var functions =
        List.of(n.attribute("else_branch").getFunc(), n.attribute("then_branch").getFunc());
    var constant = n.constant(0);
    if (constant.isPresent()) {
      boolean holds =
          constant.get().shape().rank() > 0
              ? constant.get().size() > 0
              : constant.get().doubleAt(0) != 0;
      inPlace(n, functions.get(holds ? 1 : 0));
      return;
    }
    if (n.rank(0) != 0) {
      throw TensorflowRefusal.unsupported(
          "its condition is a tensor of shape " + n.shape(0), "export it with a scalar condition");
    }
    choose(n, functions, n.formula().cast(n.in(0), DataType.BOOL));
  }

  /// A number that no branch has is that of the last one.
  private static void ofCases(TensorflowReadNode n) {
    var functions = n.attribute("branches").getList().getFuncList();
    if (functions.isEmpty()) throw TensorflowRefusal.broken("it has no branches");
    var constant = n.constant(0);
    if (constant.isPresent() || functions.size() == 1) {
      inPlace(n, functions.get(number(constant, functions.size())));
    } else {
      choose(n, functions, n.in(0));
    }
  }

  private static int number(Optional<TensorData> chosen, int count) {
    long number = chosen.map(data -> data.longAt(0)).orElse(0L);
    return number < 0 || number >= count ? count - 1 : (int) number;
  }

  private static void inPlace(TensorflowReadNode n, NameAttrList function) {
    var arguments = n.allHeld().subList(1, n.inputCount());
    give(n, n.graph().call(n.model().function(function.getName()), arguments, n.name()));
  }

  private static void choose(
      TensorflowReadNode n, List<NameAttrList> functions, watari.graph.Value number) {
    var branches = new ArrayList<Branch>();
    for (var function : functions) {
      var definition = n.model().function(function.getName());
      branches.add((into, taken) -> n.graph().inline(definition, taken, into, n.name() + "/"));
    }
    var arguments = n.allHeld().subList(1, n.inputCount());
    give(n, new TensorflowReadBranches(n.graph(), n.name(), branches).read(number, arguments));
  }

  // ---- branches that are nodes

  private static void merge(TensorflowReadNode n) {
    var found = n.graph().nodes().flow().branches(n.entry());
    var chooser = n.graph().value(found.chooser());
    var taken = found.taken().values().stream().map(n.graph()::held).toList();
    int count = found.results().keySet().stream().mapToInt(i -> i + 1).max().orElse(0);
    var branches = new ArrayList<Branch>();
    for (int i = 0; i < count; i++) branches.add(branch(n, found, i));
    var known = n.graph().folding().of(chooser);
    if (known.isPresent()) {
      give(n, branches.get(number(known, count)).read(n.builder(), taken).subList(0, 1));
    } else {
      give(n, new TensorflowReadBranches(n.graph(), n.name(), branches).read(chooser, taken));
    }
    // Which of its inputs came is asked for by nobody but control flow.
    if (!n.graph().isKnown(new Edge(n.name(), 1))) n.hold(1, new Held.Resource("Merge"));
  }

  private static Branch branch(TensorflowReadNode n, TensorflowFlow.Branches found, int number) {
    return (into, taken) -> {
      var inside = n.graph().inside(into);
      int i = 0;
      for (var name : found.taken().keySet()) inside.put(new Edge(name, number), taken.get(i++));
      var result = found.results().get(number);
      if (result == null) {
        throw TensorflowRefusal.broken("there is no branch of number " + number);
      }
      inside.read(List.of(result));
      return List.of(inside.held(result));
    };
  }

  // ---- loops

  private static void loop(TensorflowReadNode n) {
    var source = new OfFunctions(n);
    give(n, new TensorflowReadLoop(n.graph(), n.name(), source, n.allHeld()).read());
  }

  /// A loop whose condition and body are functions.
  private record OfFunctions(TensorflowReadNode n) implements TensorflowReadLoop.Source {
    @Override
    public Held condition(GraphBuilder into, List<Held> carried) {
      return read("cond", into, carried).get(0);
    }

    @Override
    public List<Held> body(GraphBuilder into, List<Held> carried) {
      return read("body", into, carried);
    }

    private List<Held> read(String attribute, GraphBuilder into, List<Held> carried) {
      var function = n.model().function(n.attribute(attribute).getFunc().getName());
      return n.graph().inline(function, carried, into, n.name() + "/");
    }

    @Override
    public boolean keeps(int i) {
      var function = n.model().function(n.attribute("body").getFunc().getName());
      var signature = function.getSignature();
      if (i >= signature.getInputArgCount() || i >= signature.getOutputArgCount()) return false;
      var argument = new Edge(signature.getInputArg(i).getName(), 0);
      var result = function.getRetOrDefault(signature.getOutputArg(i).getName(), "");
      return source(n.model().body(function), TensorflowNodes.inFunction(result)).equals(argument);
    }
  }

  /// What nodes that only pass tensors on pass on.
  private static Edge source(TensorflowNodes nodes, Edge edge) {
    var found = edge;
    while (true) {
      var entry = nodes.find(found.node());
      if (entry.isEmpty() || !entry.get().op().equals("Identity")) return found;
      if (entry.get().inputs().isEmpty()) return found;
      found = entry.get().inputs().get(0);
    }
  }

  private static void exit(TensorflowReadNode n) {
    var frame = n.graph().nodes().flow().frame(n.entry());
    var results =
        n.graph()
            .loop(
                frame.condition(),
                () -> {
                  var initial = new ArrayList<Held>();
                  frame.carried().forEach(each -> initial.add(n.graph().held(each.enter())));
                  frame.constants().values().forEach(each -> initial.add(n.graph().held(each)));
                  var source = new OfNodes(n.graph(), frame);
                  return new TensorflowReadLoop(n.graph(), n.name(), source, initial).read();
                });
    for (int i = 0; i < frame.carried().size(); i++) {
      if (frame.carried().get(i).choice().equals(n.edge(0).node())) n.hold(0, results.get(i));
    }
  }

  /// A loop whose condition and body are nodes of the graph itself.
  private record OfNodes(TensorflowReadGraph graph, TensorflowFlow.Frame frame)
      implements TensorflowReadLoop.Source {
    private TensorflowReadGraph inside(GraphBuilder into, List<Held> carried) {
      var inside = graph.inside(into);
      int i = 0;
      for (var each : frame.carried()) {
        inside.put(new Edge(each.merge(), 0), carried.get(i));
        inside.put(new Edge(each.choice(), 1), carried.get(i++));
      }
      for (var name : frame.constants().keySet()) inside.put(new Edge(name, 0), carried.get(i++));
      return inside;
    }

    @Override
    public Held condition(GraphBuilder into, List<Held> carried) {
      var inside = inside(into, carried);
      inside.read(List.of(frame.test()));
      return inside.held(frame.test());
    }

    @Override
    public List<Held> body(GraphBuilder into, List<Held> carried) {
      var inside = inside(into, carried);
      var next = frame.carried().stream().map(TensorflowFlow.Carried::next).toList();
      inside.read(next);
      var left = new ArrayList<Held>();
      next.forEach(edge -> left.add(inside.held(edge)));
      left.addAll(carried.subList(next.size(), carried.size()));
      return left;
    }

    @Override
    public boolean keeps(int i) {
      if (i >= frame.carried().size()) return true;
      var each = frame.carried().get(i);
      return source(graph.nodes(), each.next()).equals(new Edge(each.choice(), 1));
    }
  }
}
