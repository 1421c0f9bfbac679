package watari.format.tensorflow;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import watari.format.tensorflow.TensorflowNodes.Edge;
import watari.format.tensorflow.TensorflowNodes.Entry;

/// The loops and branches of a graph that says them by single nodes, as TensorFlow 1 did.
///
/// A loop is the nodes between Enter and Exit: each thing that it carries has a Merge of its Enter
/// and its NextIteration, and a Switch by the LoopCond whose first output leaves the loop and whose
/// second one goes into the body. A branch is the nodes between Switches by one condition and the
/// Merge that takes whichever of its inputs is there.
final class TensorflowFlow {
  /// What a loop carries.
  ///
  /// @param enter what comes in
  /// @param merge the node that stands for it in the condition
  /// @param choice the Switch, whose second output stands for it in the body
  /// @param next what goes into the next turn
  record Carried(Edge enter, String merge, String choice, Edge next) {}

  /// A loop.
  ///
  /// @param constants nodes that bring in what stays the same, by their names
  record Frame(String condition, Edge test, List<Carried> carried, Map<String, Edge> constants) {}

  /// Two or more branches that a Merge joins.
  ///
  /// @param chooser what the Switches choose by
  /// @param results by the number of the branch: what it gives
  /// @param taken Switches by their names: what they take in
  record Branches(Edge chooser, Map<Integer, Edge> results, Map<String, Edge> taken) {}

  private final TensorflowNodes nodes;
  private final Map<String, Frame> frames = new HashMap<>();
  private final Map<String, Branches> branches = new HashMap<>();
  private final Map<String, List<Step>> contexts = new HashMap<>();

  /// A branch that a node is in.
  private record Step(Edge chooser, int number) {}

  TensorflowFlow(TensorflowNodes nodes) {
    this.nodes = nodes;
  }

  /// What a node depends on, looked at from outside of loops and branches.
  List<Edge> dependencies(Entry entry) {
    if (entry.op().equals("Exit") || entry.op().equals("RefExit")) {
      var all = new ArrayList<Edge>();
      var frame = frame(entry);
      frame.carried().forEach(each -> all.add(each.enter()));
      all.addAll(frame.constants().values());
      return all;
    }
    if (isMerge(entry)) {
      var found = branches(entry);
      var all = new ArrayList<>(found.taken().values());
      all.add(found.chooser());
      return all;
    }
    return entry.inputs();
  }

  static boolean isMerge(Entry entry) {
    return entry.op().equals("Merge") || entry.op().equals("RefMerge");
  }

  private static boolean isSwitch(Entry entry) {
    return switch (entry.op()) {
      case "Switch", "RefSwitch", "_SwitchN" -> true;
      default -> false;
    };
  }

  private static boolean isEnter(Entry entry) {
    return entry.op().equals("Enter") || entry.op().equals("RefEnter");
  }

  private Optional<Entry> input(Entry entry, int i) {
    return entry.inputs().size() > i ? nodes.find(entry.inputs().get(i).node()) : Optional.empty();
  }

  // ---- loops

  /// The loop that an Exit leaves.
  ///
  /// @throws TensorflowRefusal if there is none
  Frame frame(Entry exit) {
    var choice = input(exit, 0).filter(TensorflowFlow::isSwitch);
    var condition =
        choice.flatMap(each -> input(each, 1)).filter(each -> each.op().equals("LoopCond"));
    if (condition.isEmpty()) {
      throw TensorflowRefusal.broken("it leaves no loop that has a condition");
    }
    var name = condition.get().name();
    var known = frames.get(name);
    if (known != null) return known;
    var made = frame(condition.get(), choice.get());
    frames.put(name, made);
    return made;
  }

  private Frame frame(Entry condition, Entry choice) {
    var carried = new ArrayList<Carried>();
    for (var each : nodes.all()) {
      boolean isOfLoop =
          isSwitch(each)
              && each.inputs().size() == 2
              && each.inputs().get(1).node().equals(condition.name());
      if (isOfLoop) carried.add(carried(each));
    }
    var test = condition.inputs().get(0);
    var frameName = frameName(input(choice, 0).orElseThrow());
    return new Frame(condition.name(), test, carried, constants(test, carried, frameName));
  }

  private Carried carried(Entry choice) {
    var merge = input(choice, 0).filter(TensorflowFlow::isMerge);
    if (merge.isEmpty() || merge.get().inputs().size() != 2) {
      throw TensorflowRefusal.broken("'" + choice.name() + "' carries nothing through its loop");
    }
    Optional<Entry> enter = Optional.empty();
    Optional<Entry> next = Optional.empty();
    for (int i = 0; i < 2; i++) {
      var each = input(merge.get(), i);
      if (each.filter(TensorflowFlow::isEnter).isPresent()) enter = each;
      else next = each;
    }
    if (enter.isEmpty() || next.isEmpty()) {
      throw TensorflowRefusal.broken("'" + merge.get().name() + "' has no begin or no next turn");
    }
    return new Carried(
        enter.get().inputs().get(0), merge.get().name(), choice.name(), next.get().inputs().get(0));
  }

  private String frameName(Entry merge) {
    for (int i = 0; i < merge.inputs().size(); i++) {
      var enter = input(merge, i).filter(TensorflowFlow::isEnter);
      if (enter.isPresent()) return name(enter.get());
    }
    return "";
  }

  private static String name(Entry enter) {
    var attribute = enter.proto().getAttrMap().get("frame_name");
    return attribute == null ? "" : attribute.getS().toStringUtf8();
  }

  /// The Enters that bring in what does not change, met on the way back from the end of a turn.
  private Map<String, Edge> constants(Edge test, List<Carried> carried, String frameName) {
    var open = new ArrayDeque<String>();
    open.add(test.node());
    var seen = new HashSet<String>();
    for (var each : carried) {
      open.add(each.next().node());
      seen.add(each.merge());
      seen.add(each.choice());
    }
    var found = new LinkedHashMap<String, Edge>();
    while (!open.isEmpty()) {
      var name = open.pop();
      var entry = nodes.find(name);
      if (!seen.add(name) || entry.isEmpty()) continue;
      if (isEnter(entry.get()) && name(entry.get()).equals(frameName)) {
        found.put(name, entry.get().inputs().get(0));
      } else {
        entry.get().inputs().forEach(edge -> open.add(edge.node()));
      }
    }
    return found;
  }

  // ---- branches

  /// What a Merge joins.
  ///
  /// @throws TensorflowRefusal if no Switch tells its inputs apart
  Branches branches(Entry merge) {
    var known = branches.get(merge.name());
    if (known != null) return known;
    var steps = new ArrayList<List<Step>>();
    for (var edge : merge.inputs()) steps.add(context(edge));
    var results = new LinkedHashMap<Integer, Edge>();
    var chooser = chooser(merge, steps, results);
    var made = new Branches(chooser, results, taken(merge, chooser));
    branches.put(merge.name(), made);
    return made;
  }

  /// The innermost condition that is another for each input; the input that is in no branch is in
  /// the one that is left.
  private static Edge chooser(Entry merge, List<List<Step>> steps, Map<Integer, Edge> results) {
    var longest = longest(steps);
    for (int depth = longest.size() - 1; depth >= 0; depth--) {
      var chooser = longest.get(depth).chooser();
      results.clear();
      var rest = new ArrayList<Edge>();
      for (int i = 0; i < steps.size(); i++) {
        var step = steps.get(i).stream().filter(s -> s.chooser().equals(chooser)).findFirst();
        if (step.isPresent()) results.putIfAbsent(step.get().number(), merge.inputs().get(i));
        else rest.add(merge.inputs().get(i));
      }
      if (rest.size() == 1) results.putIfAbsent(free(results), rest.get(0));
      if (results.size() == merge.inputs().size()) return chooser;
    }
    throw TensorflowRefusal.broken("no Switch tells its inputs apart");
  }

  private static int free(Map<Integer, Edge> results) {
    int number = 0;
    while (results.containsKey(number)) number++;
    return number;
  }

  private static List<Step> longest(List<List<Step>> steps) {
    var longest = steps.get(0);
    for (var each : steps) if (each.size() > longest.size()) longest = each;
    return longest;
  }

  /// The branches that a tensor is in, the outer ones first.
  private List<Step> context(Edge edge) {
    var of = nodes.find(edge.node());
    if (of.isEmpty()) return List.of();
    resolve(of.get());
    return out(of.get(), edge.output());
  }

  private List<Step> out(Entry entry, int output) {
    var inside = contexts.getOrDefault(entry.name(), List.of());
    if (!isSwitch(entry) || isOfLoop(entry)) return inside;
    var all = new ArrayList<>(inside);
    all.add(new Step(entry.inputs().get(1), output));
    return all;
  }

  private boolean isOfLoop(Entry choice) {
    return input(choice, 1).filter(each -> each.op().equals("LoopCond")).isPresent();
  }

  /// Finds the branches of all nodes before one, without recursion.
  private void resolve(Entry last) {
    var open = new ArrayDeque<Entry>();
    var entered = new HashSet<String>();
    open.push(last);
    while (!open.isEmpty()) {
      var entry = open.peek();
      if (contexts.containsKey(entry.name())) {
        open.pop();
      } else if (entered.add(entry.name())) {
        for (var before : before(entry)) {
          if (!contexts.containsKey(before.name()) && !entered.contains(before.name())) {
            open.push(before);
          }
        }
      } else {
        contexts.put(entry.name(), joined(entry));
        open.pop();
      }
    }
  }

  /// What a node waits for; a turn of a loop does not wait for the next one.
  private List<Entry> before(Entry entry) {
    var all = new ArrayList<Entry>();
    if (entry.op().equals("NextIteration") || entry.op().equals("RefNextIteration")) return all;
    entry.inputs().forEach(edge -> nodes.find(edge.node()).ifPresent(all::add));
    entry.controls().forEach(name -> nodes.find(name).ifPresent(all::add));
    return all;
  }

  private List<Step> joined(Entry entry) {
    if (entry.op().equals("NextIteration") || entry.op().equals("RefNextIteration")) {
      return List.of();
    }
    var all = new ArrayList<List<Step>>();
    all.add(List.of());
    for (var edge : entry.inputs()) {
      nodes.find(edge.node()).ifPresent(each -> all.add(out(each, edge.output())));
    }
    if (isMerge(entry)) return common(all.subList(1, all.size()));
    for (var name : entry.controls()) {
      all.add(contexts.getOrDefault(name, List.of()));
    }
    return longest(all);
  }

  private static List<Step> common(List<List<Step>> all) {
    var first = longest(all);
    int length = first.size();
    for (var each : all) {
      int same = 0;
      while (same < Math.min(length, each.size()) && each.get(same).equals(first.get(same))) same++;
      // An input in no branch at all is a constant.
      if (!each.isEmpty()) length = Math.min(length, same);
    }
    boolean isAlone = all.stream().filter(each -> !each.isEmpty()).count() < 2;
    return first.subList(0, isAlone ? Math.max(0, length - 1) : length);
  }

  /// The Switches by a condition that are met on the way back from a Merge.
  private Map<String, Edge> taken(Entry merge, Edge chooser) {
    var open = new ArrayDeque<Edge>(merge.inputs());
    Set<String> seen = new HashSet<>();
    var found = new LinkedHashMap<String, Edge>();
    Function<Entry, Boolean> stops =
        each -> isSwitch(each) && each.inputs().size() == 2 && each.inputs().get(1).equals(chooser);
    while (!open.isEmpty()) {
      var edge = open.pop();
      var entry = nodes.find(edge.node());
      if (entry.isEmpty() || !seen.add(edge.node())) continue;
      if (stops.apply(entry.get())) found.put(entry.get().name(), entry.get().inputs().get(0));
      else open.addAll(entry.get().inputs());
    }
    return found;
  }
}
