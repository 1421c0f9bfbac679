package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.finding.Findings;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Reads a loop, however the source says it, as a [Loop].
///
/// What the body passes on as it came is an operand from outside. Lists that get an element in each
/// turn are what the loop stacks; other lists are carried as tensors with one axis more.
final class TensorflowReadLoop {
  /// How often the types of carried values are made more general, one by one, before nothing is
  /// said of the shapes any more.
  private static final int MOST_ATTEMPTS = 3;

  /// A loop of the source.
  interface Source {
    /// Reads the condition for what is carried into a graph.
    Held condition(GraphBuilder into, List<Held> carried);

    /// Reads what is carried into the next turn.
    List<Held> body(GraphBuilder into, List<Held> carried);

    /// Whether the body passes on what is carried at a place as it came.
    boolean keeps(int i);
  }

  private final TensorflowReadModel model;
  private final TensorflowReadGraph outside;
  private final Formula formula;
  private final String name;
  private final Source source;
  private final List<Held> initial = new ArrayList<>();

  TensorflowReadLoop(TensorflowReadGraph outside, String name, Source source, List<Held> initial) {
    this.outside = outside;
    this.model = outside.model();
    this.formula = new Formula(outside.builder());
    this.name = name;
    this.source = source;
    this.initial.addAll(initial);
  }

  /// What the loop leaves for each thing that it carries.
  List<Held> read() {
    var carried = firstTypes();
    var trial = trial(carried);
    var count = LoopCount.of(this, trial);
    var stacks = stacks(trial, count);
    carryLists(carried, trial, stacks);
    var body = settled(carried);
    return new Turns(carried, stacks, body, count).build();
  }

  List<Held> initial() {
    return initial;
  }

  Source source() {
    return source;
  }

  TensorflowReadGraph outside() {
    return outside;
  }

  // ---- what is carried

  private List<Optional<TensorType>> firstTypes() {
    var types = new ArrayList<Optional<TensorType>>();
    for (int i = 0; i < initial.size(); i++) {
      boolean isList = initial.get(i) instanceof Held.TensorList;
      if (source.keeps(i) || isList) types.add(Optional.empty());
      else types.add(Optional.of(outside.value(initial.get(i), name).type()));
    }
    return types;
  }

  /// Reads the body once to learn what it does with lists and counters; its findings are not told,
  /// as it is read again.
  private LoopBody trial(List<Optional<TensorType>> carried) {
    var found = new Findings();
    var before = model.divert(found);
    try {
      var body = LoopBody.read(name, source, initial, carried);
      boolean wantsLists =
          found.all().stream().anyMatch(each -> each.code().equals(TensorflowLists.WANTED));
      return wantsLists ? trialWithLists(carried) : body;
    } finally {
      model.divert(before);
    }
  }

  /// Lists whose elements the body takes out are carried whole.
  private LoopBody trialWithLists(List<Optional<TensorType>> carried) {
    for (int i = 0; i < initial.size(); i++) {
      boolean isList = initial.get(i) instanceof Held.TensorList && !source.keeps(i);
      if (isList) carry(carried, i, ((Held.TensorList) initial.get(i)).type().shape());
    }
    return LoopBody.read(name, source, initial, carried);
  }

  private void carry(List<Optional<TensorType>> carried, int i, Shape element) {
    var list = (Held.TensorList) initial.get(i);
    var type = list.type().with(element);
    var whole =
        TensorflowLists.stacked(
            outside.builder(),
            new Held.TensorList(list.elements(), list.count(), type, list.slot(), list.set()));
    initial.set(i, Held.TensorList.of(whole));
    carried.set(i, Optional.of(whole.type()));
  }

  /// The lists that the loop stacks: each turn sets the element of its number.
  private Set<Integer> stacks(LoopBody trial, Optional<LoopCount> count) {
    var stacks = new HashSet<Integer>();
    for (int i = 0; i < initial.size(); i++) {
      boolean isOpen =
          trial.left().get(i) instanceof Held.TensorList left
              && left.slot() == i
              && left.set().isPresent();
      if (isOpen && count.isPresent() && isStack(i, trial, count.get())) stacks.add(i);
    }
    return stacks;
  }

  private boolean isStack(int i, LoopBody trial, LoopCount count) {
    var list = (Held.TensorList) initial.get(i);
    var put = ((Held.TensorList) trial.left().get(i)).set().orElseThrow();
    if (list.elements().isPresent() || !list.count().isPresent()) return false;
    return count.numbers(put.index()) && count.isCount(list.count()) || isOnlyElement(list, put);
  }

  /// A list of one element, which every turn sets anew.
  private boolean isOnlyElement(Held.TensorList list, Held.Put put) {
    var size = outside.folding().of(list.count());
    var index = put.index().constant();
    return size.filter(data -> data.longAt(0) == 1).isPresent()
        && index.filter(data -> data.longAt(0) == 0).isPresent();
  }

  private void carryLists(List<Optional<TensorType>> carried, LoopBody trial, Set<Integer> stacks) {
    for (int i = 0; i < initial.size(); i++) {
      boolean isRest =
          initial.get(i) instanceof Held.TensorList
              && !source.keeps(i)
              && !stacks.contains(i)
              && carried.get(i).isEmpty();
      if (!isRest) continue;
      var stated = ((Held.TensorList) initial.get(i)).type().shape();
      carry(carried, i, element(trial.left().get(i), stated));
    }
  }

  private static Shape element(Held left, Shape stated) {
    if (stated.isFixed() || !(left instanceof Held.TensorList list)) return stated;
    return list.set().map(put -> put.item().shape()).orElse(stated);
  }

  // ---- types

  /// Reads the body until what it carries leaves it with the types that it takes it in with.
  private LoopBody settled(List<Optional<TensorType>> carried) {
    for (int attempt = 1; ; attempt++) {
      var found = new Findings();
      var before = model.divert(found);
      LoopBody body;
      try {
        body = LoopBody.read(name, source, initial, carried);
      } finally {
        model.divert(before);
      }
      boolean isLast = attempt >= MOST_ATTEMPTS || !model.mayReread();
      if (!widen(carried, body, isLast)) {
        found.all().forEach(before::add);
        return body;
      }
    }
  }

  private boolean widen(List<Optional<TensorType>> carried, LoopBody body, boolean isLast) {
    boolean changed = false;
    for (int i = 0; i < carried.size(); i++) {
      if (carried.get(i).isEmpty()) continue;
      var taken = carried.get(i).get();
      var left = left(body, i).type();
      if (left.dtype() != taken.dtype() && !model.isBroken(left(body, i))) {
        throw TensorflowRefusal.broken(
            "its body takes carried value %d as %s, but leaves it as %s".formatted(i, taken, left));
      }
      var wide = widened(taken.shape(), left.shape(), i);
      if (wide.equals(taken.shape())) continue;
      carried.set(i, Optional.of(taken.with(isLast ? Shape.UNKNOWN : wide)));
      changed = true;
    }
    return changed;
  }

  private static Shape widened(Shape taken, Shape left, int value) {
    if (!taken.isRanked()) return taken;
    if (!left.isRanked() || left.rank() != taken.rank()) return Shape.UNKNOWN;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < taken.rank(); i++) {
      boolean isWide = taken.dim(i).toString().startsWith("?");
      boolean holds = isWide || taken.dim(i).equals(left.dim(i));
      dims.add(holds ? taken.dim(i) : Dim.named("?carried" + value + "." + i));
    }
    return Shape.of(dims);
  }

  /// What a body leaves at a place, as a value of its graph.
  private Value left(LoopBody body, int i) {
    var what = body.left().get(i);
    return switch (what) {
      case Held.Tensor(Value value) -> value;
      case Held.Constant(var constant, var data) -> body.builder().constant(constant, data);
      case Held.TensorList list -> TensorflowLists.stacked(body.builder(), list);
      case Held.Complex _ ->
          throw TensorflowRefusal.unsupported(
              "its body leaves complex numbers", "let it leave their parts");
      case Held.Variable _, Held.Resource _ ->
          throw TensorflowRefusal.unsupported(
              "its body changes a resource", "export the model for inference");
    };
  }

  // ---- the loop

  /// The loop as it is written down.
  private final class Turns {
    private final List<Integer> places = new ArrayList<>();
    private final List<Integer> stacks;
    private final LoopBody body;
    private final Optional<LoopCount> count;

    Turns(
        List<Optional<TensorType>> carried,
        Set<Integer> stacks,
        LoopBody body,
        Optional<LoopCount> count) {
      for (int i = 0; i < carried.size(); i++) if (carried.get(i).isPresent()) places.add(i);
      this.stacks = stacks.stream().sorted().toList();
      this.body = body;
      this.count = count;
    }

    List<Held> build() {
      outputs();
      var inputs = new ArrayList<Value>();
      inputs.add(count.map(each -> each.trips(formula)).orElse(Value.ABSENT));
      inputs.add(count.isPresent() ? Value.ABSENT : firstCondition());
      for (int i : places) inputs.add(outside.value(initial.get(i), name));
      inputs.addAll(captured());
      var op = new Loop(places.size(), stacks.size());
      int outputs = places.size() + stacks.size();
      var names = new ArrayList<String>();
      for (int i = 0; i < outputs; i++) names.add(outside.hint(edge(i)));
      var node = outside.builder().add(op, inputs, names, List.of(body.graph()));
      return results(node);
    }

    private TensorflowNodes.Edge edge(int output) {
      int place = output < places.size() ? places.get(output) : stacks.get(output - places.size());
      return new TensorflowNodes.Edge(name, place);
    }

    /// The values from outside, in the order of their parameters.
    private List<Value> captured() {
      var all = new ArrayList<Value>();
      var parameters = body.graph().inputs();
      for (int i = 2 + places.size(); i < parameters.size(); i++) {
        var parameter = parameters.get(i);
        all.add(
            body.parameters().entrySet().stream()
                .filter(each -> each.getValue() == parameter)
                .findFirst()
                .orElseThrow()
                .getKey());
      }
      return all;
    }

    private Value firstCondition() {
      var condition = source.condition(outside.builder(), initial);
      return scalar(outside.builder(), outside.value(condition, name));
    }

    private void outputs() {
      var left = new ArrayList<Value>();
      for (int i : places) left.add(left(body, i));
      Graph graph = body.graph();
      graph.addOutput("again", again());
      for (int k = 0; k < places.size(); k++)
        graph.addOutput("carried" + places.get(k), left.get(k));
      for (int i : stacks) {
        var put = ((Held.TensorList) body.left().get(i)).set().orElseThrow();
        graph.addOutput("stacked" + i, put.item());
      }
    }

    private Value again() {
      if (count.isPresent()) {
        return body.builder().constant("again", TensorData.scalar(DataType.BOOL, 1));
      }
      var condition = source.condition(body.builder(), body.left());
      var value =
          switch (condition) {
            case Held.Tensor(Value each) -> each;
            case Held.Constant(var constant, var data) -> body.builder().constant(constant, data);
            default -> throw TensorflowRefusal.broken("its condition is no tensor");
          };
      return scalar(body.builder(), value);
    }

    private List<Held> results(watari.graph.Node node) {
      var results = new ArrayList<Held>(initial);
      for (int k = 0; k < places.size(); k++) {
        int i = places.get(k);
        boolean isList = initial.get(i) instanceof Held.TensorList;
        results.set(
            i, isList ? Held.TensorList.of(node.output(k)) : new Held.Tensor(node.output(k)));
      }
      for (int k = 0; k < stacks.size(); k++) {
        var all = node.output(places.size() + k);
        int i = stacks.get(k);
        var list = (Held.TensorList) initial.get(i);
        var put = ((Held.TensorList) body.left().get(i)).set().orElseThrow();
        boolean isLast = isOnlyElement(list, put);
        results.set(
            i, Held.TensorList.of(isLast ? formula.slice(all, 0, -1, Integer.MAX_VALUE) : all));
      }
      return results;
    }
  }

  static Value scalar(GraphBuilder builder, Value condition) {
    var formula = new Formula(builder);
    var one = condition.shape().hasRank(0) ? condition : formula.reshape(condition);
    return formula.cast(one, DataType.BOOL);
  }
}
