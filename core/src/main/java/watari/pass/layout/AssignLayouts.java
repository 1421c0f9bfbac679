package watari.pass.layout;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.IndexOp;
import watari.op.Op;
import watari.op.ShapeOp;
import watari.op.Slices;
import watari.rewrite.PassLog;
import watari.tensor.Layout;
import watari.tensor.TensorType;

/// Brings every spatial operator into the layout that the target takes, with as few Transposes as
/// can be; see [LayoutPlan] for the choice, [Roles] for what may be permuted at all.
///
/// Tensors without a proved role are left alone, and so are the inputs and outputs of bodies.
public final class AssignLayouts {
  private final Graph graph;
  private final LayoutPlan plan;
  private final List<LayoutReport.Inserted> inserted;
  private final Map<String, List<Integer>> permutations = new LinkedHashMap<>();
  private final List<List<Integer>> outputPermutations = new ArrayList<>();

  /// The layout that a value is in now; only of values with a role.
  private final Map<Value, Layout> now = new IdentityHashMap<>();

  /// The role that a value has in the source.
  private final Map<Value, Role> source = new IdentityHashMap<>();

  /// The same value in the other layout, where it was needed.
  private final Map<Value, Value> twins = new IdentityHashMap<>();

  private final Map<Node, List<Wanted>> wanted = new IdentityHashMap<>();
  private final List<Optional<Role>> outputRoles = new ArrayList<>();

  /// The layout in which a node wants an input.
  private record Wanted(int input, Layout layout) {}

  private AssignLayouts(Graph graph, LayoutPlan plan, List<LayoutReport.Inserted> inserted) {
    this.graph = graph;
    this.plan = plan;
    this.inserted = inserted;
  }

  /// Edits the graph, its bodies included.
  ///
  /// @param demand the layout in which the target takes an operator; empty where it takes both
  /// @param nativeLayout what inputs and outputs of four axes or more get, unless the wishes say
  ///   otherwise
  /// @param log counts the Transposes inserted
  public static LayoutReport run(
      Graph graph,
      Function<Op, Optional<Layout>> demand,
      Layout nativeLayout,
      LayoutWishes wishes,
      PassLog log) {
    var inserted = new ArrayList<LayoutReport.Inserted>();
    var assignment =
        new AssignLayouts(graph, LayoutPlan.of(graph, demand, nativeLayout, wishes), inserted);
    checkWishes(graph, assignment.plan.roles(), wishes, log);
    assignment.apply();
    for (var node : graph) {
      for (var body : node.bodies()) {
        inserted.addAll(run(body, demand, nativeLayout, LayoutWishes.KEEP, log).inserted());
      }
    }
    inserted.forEach(_ -> log.fired("AssignLayouts.Transpose"));
    return assignment.report();
  }

  /// A layout can be chosen only for axes of which it is proved what they are.
  private static void checkWishes(Graph graph, Roles roles, LayoutWishes wishes, PassLog log) {
    for (var input : graph.inputs()) {
      boolean isAsked = wishes.inputs().containsKey(input.name());
      if (isAsked && roles.of(input).isEmpty()) log.add(unknownAxes("input", input.name()));
    }
    for (int i = 0; i < graph.outputs().size(); i++) {
      var name = graph.outputNames().get(i);
      boolean isAsked = wishes.outputs().containsKey(name);
      if (isAsked && roles.of(graph.outputs().get(i)).isEmpty()) {
        log.add(unknownAxes("output", name));
      }
    }
  }

  private static Finding unknownAxes(String what, String name) {
    return Finding.error(
            "LAYOUT_UNKNOWN",
            "no operator shows which axis of %s '%s' is that of channels, so that its layout cannot"
                    .formatted(what, name)
                + " be chosen")
        .fix("leave out --" + what + "-layout for it");
  }

  /// The layouts of those inputs and outputs of which operators prove what each axis is, by value.
  public static Map<Value, Layout> ofPorts(Graph graph) {
    var roles = Roles.of(graph);
    Map<Value, Layout> layouts = new IdentityHashMap<>();
    Stream.concat(graph.inputs().stream(), graph.outputs().stream())
        .forEach(value ->
            roles
                .of(value)
                .filter(
                    role -> role.batch() == 1 && role.channels() == 1 && value.shape().rank() < 6)
                .ifPresent(role -> layouts.put(value, role.layout())));
    return layouts;
  }

  /// The layout that an operator says it works in, where its input has such axes; empty for the
  /// others.
  public static Optional<Layout> layoutOf(Node node) {
    boolean hasAxes = AxisUse.rank(node.input(0)) < 0 || AxisUse.rank(node.input(0)) > 2;
    return hasAxes && AxisUse.ofRanked(node) instanceof AxisUse.Spatial(var layout, _, _)
        ? Optional.of(layout)
        : Optional.empty();
  }

  private LayoutReport report() {
    var inputs = new ArrayList<List<Integer>>();
    for (var input : graph.inputs()) {
      inputs.add(permutations.getOrDefault(input.name(), List.of()));
    }
    return new LayoutReport(inputs, outputPermutations, permutations, inserted);
  }

  private void apply() {
    graph.inputs().forEach(this::note);
    for (var node : graph) node.outputs().forEach(this::note);
    for (var node : graph) noteWanted(node);
    for (var output : graph.outputs()) outputRoles.add(plan.roles().of(output));
    graph.inputs().forEach(this::store);
    for (var node : graph.nodes()) rewrite(node);
    outputs();
  }

  private void note(Value value) {
    plan.roles()
        .of(value)
        .ifPresent(role -> {
          source.put(value, role);
          now.put(value, plan.makerLayout(value, role));
        });
  }

  private void noteWanted(Node node) {
    var list = new ArrayList<Wanted>();
    for (int i = 0; i < node.inputs().size(); i++) {
      var role = plan.roles().of(node.input(i));
      if (role.isEmpty()) continue;
      boolean follows = plan.follows(node, i);
      list.add(new Wanted(i, follows ? plan.layout(node) : role.get().layout()));
    }
    wanted.put(node, list);
  }

  /// Gives a value the type of the layout it is made in.
  private void store(Value value) {
    var role = source.get(value);
    if (role == null || now.get(value) == role.layout()) return;
    var perm = role.swap(value.shape().rank());
    value.setType(Constants.transposed(value, perm));
    permutations.put(value.name(), perm);
  }

  private void rewrite(Node node) {
    var role = plan.role(node);
    if (role.isPresent() && plan.roles().use(node) instanceof AxisUse.AsksShape) {
      askShape(node, role.get());
      return;
    }
    for (var each : wanted.getOrDefault(node, List.of())) {
      var value = node.input(each.input());
      graph.setInput(node, each.input(), in(value, each.layout(), node));
    }
    if (role.isPresent()) {
      if (plan.isLayoutSwap(node, role.get())) {
        dropSwap(node);
        return;
      }
      if (plan.layout(node) != role.get().layout()) swap(node, role.get());
    }
    node.outputs().forEach(this::store);
  }

  private void swap(Node node, Role role) {
    var products = plan.flattened(node);
    if (products.isPresent()) {
      var shape = node.input(0).shape();
      var from = shape.transposed(Roles.inverse(role.swap(shape.rank())));
      FlattenedWeights.permute(graph, products.get(), from, role.swap(from.rank()));
      // The dims are other ones now: a Reshape that copies some of them would go wrong.
      var batch = node.output(0).shape().dim(0);
      graph.setOp(node, new ShapeOp.Reshape(true));
      var features = node.output(0).shape().dim(1).fixed();
      var dims = List.of(batch.isFixed() ? batch.fixed() : -1L, features);
      graph.setInputAt(node, 1, Constants.vector(graph, node.output(0).name() + "/shape", dims));
      // The elements are in another order than the source's: no tensor of the source is equal.
      node.output(0).setSourceNames(List.of());
      graph.rename(node.output(0), node.output(0).name() + "_reordered");
      return;
    }
    int rank = plan.rank(node);
    fitStrangers(node, role, rank);
    new Relayout(graph, node, role, rank).apply();
  }

  /// Inputs that should have the node's role, but have another or none, are permuted for this node.
  private void fitStrangers(Node node, Role role, int rank) {
    List<Integer> inputs =
        switch (plan.roles().use(node)) {
          case AxisUse.Shared(var all, _) -> all;
          case AxisUse.Spatial(_, var all, _) -> all;
          default -> List.of();
        };
    for (int i : inputs) {
      var value = node.input(i);
      if (!value.isPresent() || value.isConstant() || follows(node, i)) continue;
      if (AxisUse.rank(value) != rank) continue;
      graph.setInput(node, i, Constants.permuted(graph, node, value, role.swap(rank)));
      if (!Constants.isPermutable(value)) {
        insertedFor(value.name(), "its axes are not known to be those of " + node.op().name());
      }
    }
  }

  private boolean follows(Node node, int input) {
    return wanted.getOrDefault(node, List.of()).stream()
        .anyMatch(w -> w.input() == input && w.layout() == plan.layout(node));
  }

  /// The value in a layout: itself, or its one Transpose, made before `user`.
  private Value in(Value value, Layout layout, Node user) {
    var have = now.get(value);
    if (have == null || have == layout) return value;
    var twin = twins.get(value);
    if (twin != null) return twin;
    var made = transpose(value, Optional.of(user));
    insertedFor(
        value.name(),
        user.origin().operator() + " '" + user.origin().node() + "' takes it " + words(layout));
    return made;
  }

  private void insertedFor(String value, String reason) {
    inserted.add(new LayoutReport.Inserted(value, reason));
  }

  private static String words(Layout layout) {
    return layout == Layout.CHANNELS_FIRST ? "channels-first" : "channels-last";
  }

  private Value transpose(Value value, Optional<Node> place) {
    var role = java.util.Objects.requireNonNull(source.get(value));
    var have = java.util.Objects.requireNonNull(now.get(value));
    int rank = value.shape().rank();
    var perm = new Role(have, role.batch(), role.channels()).swap(rank);
    var type = Constants.transposed(value, perm);
    var twin = insert(value, perm, type, place);
    source.put(twin, role);
    now.put(twin, have.other());
    twins.put(value, twin);
    twins.put(twin, value);
    twin.setSourceNames(List.of(value.name()));
    if (have.other() != role.layout()) permutations.put(twin.name(), role.swap(rank));
    return twin;
  }

  private Value insert(Value value, List<Integer> perm, TensorType type, Optional<Node> place) {
    boolean reshapes = LayoutPlan.movesNothing(value, perm);
    Op op = reshapes ? new ShapeOp.Reshape(true) : new ShapeOp.Transpose(perm);
    var inputs = new ArrayList<Value>(List.of(value));
    if (reshapes) {
      var dims = type.shape().dims().stream().map(d -> d.isFixed() ? d.fixed() : -1L).toList();
      inputs.add(Constants.vector(graph, value.name() + "/shape", dims));
    }
    var name = value.name() + (type.shape().rank() == 4 ? suffix(value) : "_swapped");
    var origins = value.producer().map(Node::origins).orElse(List.of());
    return graph
        .insert(place, op, inputs, List.of(name), List.of(type), List.of(), origins)
        .output();
  }

  private String suffix(Value value) {
    return now.get(value) == Layout.CHANNELS_FIRST ? "_nhwc" : "_nchw";
  }

  /// A Transpose of the source that only changes the layout: its users take its input.
  private void dropSwap(Node node) {
    var output = node.output(0);
    var input = node.input(0);
    var names = new java.util.LinkedHashSet<>(input.sourceNames());
    names.add(output.name());
    input.setSourceNames(List.copyOf(names));
    graph.replaceUses(output, input);
    graph.remove(node);
  }

  /// Dims of a tensor that is now permuted, in the source's order.
  private void askShape(Node node, Role role) {
    var value = node.input(0);
    if (now.get(value) == role.layout()) return;
    if (!(node.op() instanceof ShapeOp.ShapeOf(int start, int end, var to))) return;
    int rank = value.shape().rank();
    var inverse = Roles.inverse(role.swap(rank));
    int from = (int) Slices.clamp(start, rank, 1);
    int until = (int) Math.max(from, Slices.clamp(end, rank, 1));
    var all =
        Constants.insert(
            graph,
            node,
            new ShapeOp.ShapeOf(to),
            List.of(value),
            TensorType.of(to, rank),
            node.output(0).name() + "/all");
    var order = Constants.vector(graph, "order", inverse.subList(from, until));
    graph.setOp(node, new IndexOp.Gather(0, 0));
    graph.setInput(node, 0, all);
    graph.setInputAt(node, 1, order);
  }

  private void outputs() {
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (outputRoles.get(i).isEmpty()) {
        outputPermutations.add(List.of());
        continue;
      }
      var role = outputRoles.get(i).get();
      var layout = plan.outputLayout(i, role);
      var value = graph.outputs().get(i);
      if (now.get(value) != layout) {
        var twin = twins.get(value);
        if (twin == null) {
          twin = transpose(value, Optional.empty());
          insertedFor(
              value.name(), "output " + graph.outputNames().get(i) + " is " + words(layout));
        }
        graph.setOutput(i, twin);
      }
      boolean isPermuted = layout != role.layout();
      outputPermutations.add(isPermuted ? role.swap(value.shape().rank()) : List.of());
    }
  }
}
