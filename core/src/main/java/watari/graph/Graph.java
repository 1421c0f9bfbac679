package watari.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import watari.op.Op;
import watari.tensor.Dim;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Nodes in topological order between inputs and outputs, with named state.
///
/// A graph is mutable, but only [GraphBuilder] and the rewriting engine edit it. Each edit takes
/// time all but independent of the graph's size; nodes keep their place when others come and go.
public final class Graph implements Iterable<Node> {
  private static final long ORDER_GAP = 1 << 20;
  private static final Pattern UNKNOWN = Pattern.compile("\\?(\\d{1,18})");

  private final String name;
  private String description = "";
  private Map<String, String> properties = Map.of();
  private final Map<String, String> descriptions = new LinkedHashMap<>();
  private Signature signature = new Signature("", List.of(), List.of());
  private final List<Value> inputs = new ArrayList<>();
  private final List<Value> outputs = new ArrayList<>();
  private final List<String> outputNames = new ArrayList<>();
  private final Map<String, State> states = new LinkedHashMap<>();
  private final Map<String, Integer> names = new HashMap<>();
  private final Map<String, String> wanted = new HashMap<>();
  private @Nullable Node first;
  private @Nullable Node last;
  private int size;
  private long unknowns;
  private boolean isBody;

  public Graph(String name) {
    this.name = name;
  }

  public String name() {
    return name;
  }

  /// Free text about the graph.
  public String description() {
    return description;
  }

  public void setDescription(String text) {
    description = text;
  }

  /// Further named texts about the graph, in the file's order.
  public Map<String, String> properties() {
    return properties;
  }

  public void setProperties(Map<String, String> texts) {
    properties = Collections.unmodifiableMap(new LinkedHashMap<>(texts));
  }

  /// Free text about an input or output; empty where there is none.
  public String descriptionOf(String name) {
    return descriptions.getOrDefault(name, "");
  }

  /// What is said of inputs and outputs, by their names.
  public Map<String, String> descriptions() {
    return Collections.unmodifiableMap(descriptions);
  }

  /// Keeps what a file says of an input or output.
  public void describe(String name, String text) {
    if (!text.isEmpty()) descriptions.put(name, text);
  }

  /// Callers' names; its key is empty where the source has none.
  public Signature signature() {
    return signature;
  }

  public void setSignature(Signature other) {
    signature = other;
  }

  public List<Value> inputs() {
    return Collections.unmodifiableList(inputs);
  }

  public List<Value> outputs() {
    return Collections.unmodifiableList(outputs);
  }

  /// The names of the outputs, which stay when rewrites let other values stand for them; a writer
  /// gives them to the tensors that it writes.
  public List<String> outputNames() {
    return Collections.unmodifiableList(outputNames);
  }

  public Collection<State> states() {
    return Collections.unmodifiableCollection(states.values());
  }

  public Optional<State> state(String stateName) {
    return Optional.ofNullable(states.get(stateName));
  }

  /// Number of nodes, without those of bodies.
  public int size() {
    return size;
  }

  public Optional<Node> firstNode() {
    return Optional.ofNullable(first);
  }

  public Optional<Node> lastNode() {
    return Optional.ofNullable(last);
  }

  /// Nodes in order. The present node may be removed, and others be inserted before it, meanwhile.
  @Override
  public Iterator<Node> iterator() {
    return new Iterator<>() {
      private @Nullable Node upcoming = first;

      @Override
      public boolean hasNext() {
        while (upcoming != null && upcoming.removed) upcoming = upcoming.next;
        return upcoming != null;
      }

      @Override
      public Node next() {
        if (!hasNext()) throw new NoSuchElementException();
        Node node = Objects.requireNonNull(upcoming);
        upcoming = node.next;
        return node;
      }
    };
  }

  /// The nodes as they are now.
  public List<Node> nodes() {
    var all = new ArrayList<Node>(size);
    forEach(all::add);
    return all;
  }

  /// Whether `a` stands before `b`.
  public static boolean isBefore(Node a, Node b) {
    return a.order < b.order;
  }

  // ---- edits

  /// Appends an input.
  public Value addInput(String hint, TensorType type) {
    var value = newValue(hint, type, Optional.empty());
    inputs.add(value);
    return value;
  }

  /// Inserts an input at a position.
  public Value addInput(int position, String hint, TensorType type) {
    var value = newValue(hint, type, Optional.empty());
    inputs.add(position, value);
    return value;
  }

  /// Drops an input that has no use.
  public void removeInput(Value input) {
    if (!input.uses().isEmpty()) throw new IllegalStateException(input + " is used");
    inputs.remove(input);
  }

  /// Puts these inputs, which it has, first, in this order.
  public void orderInputs(List<Value> order) {
    inputs.removeAll(order);
    inputs.addAll(0, order);
  }

  /// Appends an output, named after the value.
  public void addOutput(Value value) {
    addOutput(value.name(), value);
  }

  public void addOutput(String outputName, Value value) {
    outputs.add(value);
    outputNames.add(outputName);
  }

  /// Lets another value stand for an output, whose name stays.
  public void setOutput(int i, Value value) {
    outputs.set(i, value);
  }

  /// Drops all outputs, so that others can be added.
  public void clearOutputs() {
    outputs.clear();
    outputNames.clear();
  }

  public void addState(State state) {
    states.put(state.name(), state);
  }

  public void removeState(String stateName) {
    states.remove(stateName);
  }

  public Value addConstant(String hint, TensorData data) {
    return newValue(hint, data.type(), Optional.of(data));
  }

  /// A constant whose integers denote real numbers, or whose type is otherwise stated.
  public Value addConstant(String hint, TensorType type, TensorData data) {
    return newValue(hint, type, Optional.of(data));
  }

  /// Whether a node has, or has had, this graph as one of its bodies.
  public boolean isBody() {
    return isBody;
  }

  /// Inserts a node before `place`, or at the end.
  public Node insert(
      Optional<Node> place,
      Op op,
      List<Value> nodeInputs,
      List<String> outputHints,
      List<TensorType> outputTypes,
      List<Graph> bodies,
      List<Origin> origins) {
    var made = new ArrayList<Value>();
    for (int i = 0; i < outputTypes.size(); i++) {
      made.add(newValue(outputHints.get(i), outputTypes.get(i), Optional.empty()));
    }
    var node = new Node(this, op, nodeInputs, made, bodies, origins);
    for (var body : bodies) body.isBody = true;
    made.forEach(value -> value.setProducer(Optional.of(node)));
    for (int i = 0; i < nodeInputs.size(); i++) nodeInputs.get(i).addUse(node, i);
    link(node, place.orElse(null));
    return node;
  }

  private void link(Node node, @Nullable Node before) {
    Node after = before == null ? last : before.previous;
    node.previous = after;
    node.next = before;
    if (after == null) first = node;
    else after.next = node;
    if (before == null) last = node;
    else before.previous = node;
    size++;
    place(node, after == null ? 0 : after.order);
  }

  /// Gives a node a number between those of its neighbours.
  ///
  /// Where there is none, the nodes from here on are spread as far as it takes to be sparse again:
  /// inserting takes logarithmic time on average, wherever nodes come.
  ///
  /// Source: Dietz and Sleator, "Two algorithms for maintaining order in a list", 1987, section 2.
  private static void place(Node node, long low) {
    Node next = node.next;
    if (next == null) {
      node.order = low + ORDER_GAP;
      return;
    }
    if (next.order - low < 2) spread(next, low);
    node.order = low + (next.order - low) / 2;
  }

  private static void spread(Node from, long low) {
    long count = 1;
    Node end = from.next;
    while (end != null && end.order - low <= (count + 1) * (count + 1)) {
      end = end.next;
      count++;
    }
    long gap = end == null ? ORDER_GAP : (end.order - low) / (count + 1);
    long order = low;
    for (Node node = from; node != null && node != end; node = node.next) {
      order += gap;
      node.order = order;
    }
  }

  /// Takes a node out; its outputs must have no uses.
  public void remove(Node node) {
    for (var output : node.outputs()) {
      if (!output.uses().isEmpty()) throw new IllegalStateException(output + " is used");
    }
    for (int i = 0; i < node.inputs().size(); i++) node.input(i).removeUse(node, i);
    if (node.previous == null) first = node.next;
    else node.previous.next = node.next;
    if (node.next == null) last = node.previous;
    else node.next.previous = node.previous;
    node.removed = true;
    size--;
  }

  /// Moves a node before another; the caller keeps the order topological.
  public void move(Node node, Node before) {
    if (node.previous == null) first = node.next;
    else node.previous.next = node.next;
    if (node.next == null) last = node.previous;
    else node.next.previous = node.previous;
    size--;
    link(node, before);
  }

  public void setInput(Node node, int index, Value value) {
    node.input(index).removeUse(node, index);
    node.mutableInputs().set(index, value);
    value.addUse(node, index);
  }

  /// Sets an input that the node may not have so far; those between are absent.
  public void setInputAt(Node node, int index, Value value) {
    while (node.inputs().size() <= index) node.mutableInputs().add(Value.ABSENT);
    setInput(node, index, value);
  }

  /// Gives a node another operator for the same inputs and outputs.
  public void setOp(Node node, Op op) {
    node.setOp(op);
  }

  /// Leaves a node its operator alone.
  public void dropBodies(Node node) {
    node.dropBodies();
  }

  public void setOrigins(Node node, List<Origin> origins) {
    node.setOrigins(origins);
  }

  /// Lets every use of `old`, graph outputs included, use `by`.
  public void replaceUses(Value old, Value by) {
    for (var use : List.copyOf(old.uses())) setInput(use.node(), use.index(), by);
    outputs.replaceAll(output -> output == old ? by : output);
  }

  /// Whether the value is an output of the graph.
  public boolean isOutput(Value value) {
    return outputs.contains(value);
  }

  /// A name that no value of this graph has: the hint, or the hint with a number.
  public String freshName(String hint) {
    var base = hint.isEmpty() ? "value" : hint;
    if (names.putIfAbsent(base, 1) == null) return base;
    while (true) {
      int number = names.merge(base, 1, Integer::sum) - 1;
      var numbered = base + "_" + number;
      if (names.putIfAbsent(numbered, 1) != null) continue;
      wanted.put(numbered, wanted.getOrDefault(base, base));
      return numbered;
    }
  }

  /// The name that a value would have, had it been free.
  public String wantedName(Value value) {
    return wanted.getOrDefault(value.name(), value.name());
  }

  /// Gives a value the name that it was to have; the caller knows that no value in use has it.
  public void takeWantedName(Value value) {
    var name = wantedName(value);
    free(value.name());
    names.putIfAbsent(name, 1);
    value.setName(name);
  }

  private void free(String name) {
    names.remove(name);
    wanted.remove(name);
  }

  /// Gives a value another name, or that with a number; its old one becomes free. Graph inputs keep
  /// theirs.
  public void rename(Value value, String hint) {
    free(value.name());
    value.setName(freshName(hint));
  }

  /// Gives a value the name of one that is no longer in the graph.
  public void takeName(Value value, Value gone) {
    free(value.name());
    value.setName(gone.name());
    gone.setName("");
  }

  /// A dim that nothing else in this graph has, whichever pass asks for it.
  public Dim unknownDim() {
    return Dim.named("?" + ++unknowns);
  }

  /// Types may bring unknowns of another graph, which those made here must not meet.
  private void reserveUnknowns(TensorType type) {
    for (var dim : type.shape().dims()) {
      if (dim.isFixed()) continue;
      var numbers = UNKNOWN.matcher(dim.toString());
      while (numbers.find()) unknowns = Math.max(unknowns, Long.parseLong(numbers.group(1)));
    }
  }

  /// Lets a constant stand for a value everywhere, outputs of the graph included, under the value's
  /// name.
  public Value replaceByConstant(Value old, TensorData data) {
    names.remove(old.name());
    var value = addConstant(old.name(), old.type().with(data.shape()), data);
    value.setSourceNames(old.sourceNames());
    replaceUses(old, value);
    return value;
  }

  private Value newValue(String hint, TensorType type, Optional<TensorData> constant) {
    reserveUnknowns(type);
    return new Value(freshName(hint), type, constant);
  }

  /// The graph as text, a line for each node: for tests and debugging.
  @Override
  public String toString() {
    var text = new StringBuilder(name).append(inputs).append('\n');
    for (var node : this) text.append("  ").append(node).append('\n');
    return text.append("  return ").append(outputs).append('\n').toString();
  }
}
