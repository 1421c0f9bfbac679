package watari.pass.layout;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// The axis roles of a graph's values: found at operators that have a layout, and spread from there
/// through those that do not care, forwards and backwards. Sizes of dims prove nothing.
final class Roles {
  private final Map<Value, Role> roles = new IdentityHashMap<>();
  private final Map<Node, AxisUse> uses = new IdentityHashMap<>();
  private final ArrayDeque<Node> waiting = new ArrayDeque<>();
  private final Set<Node> queued = Collections.newSetFromMap(new IdentityHashMap<>());

  private Roles() {}

  static Roles of(Graph graph) {
    var roles = new Roles();
    for (var node : graph) roles.uses.put(node, AxisUse.of(node));
    for (var node : graph) {
      if (roles.use(node) instanceof AxisUse.Spatial(var layout, var inputs, var outputs)) {
        for (int i : inputs) roles.learn(node.input(i), Role.of(layout));
        for (int i : outputs) roles.learn(node.output(i), Role.of(layout));
      }
    }
    roles.spread();
    return roles;
  }

  Optional<Role> of(Value value) {
    return Optional.ofNullable(roles.get(value));
  }

  AxisUse use(Node node) {
    return uses.getOrDefault(node, new AxisUse.Barrier());
  }

  /// The role in which a node works: that of its first operand that has one.
  Optional<Role> of(Node node) {
    return switch (use(node)) {
      case AxisUse.Spatial(var layout, _, _) -> Optional.of(Role.of(layout));
      case AxisUse.Shared(var inputs, var outputs) -> common(node, inputs, outputs);
      case AxisUse.Kept(var inputs, var outputs) -> common(node, inputs, outputs);
      case AxisUse.Permutes(var perm) ->
          of(node.input(0)).filter(role -> role.transposed(perm).isPresent());
      case AxisUse.Drops _, AxisUse.AsksShape _ -> of(node.input(0));
      case AxisUse.Regroups _ -> of(node.input(0)).filter(role -> regrouped(node, role).apart());
      case AxisUse.Barrier _ -> Optional.empty();
    };
  }

  static Role.Regrouped regrouped(Node node, Role role) {
    return regrouped(role, node.input(0).shape(), node.output(0).shape());
  }

  static Role.Regrouped regrouped(Role role, Shape from, Shape to) {
    return role.reshaped(from, to);
  }

  /// The role that output `i` has when the node works in the source's layout; empty where it has
  /// none.
  Optional<Role> output(Node node, int i, Role role) {
    return switch (use(node)) {
      case AxisUse.Spatial(_, _, var outputs) ->
          outputs.contains(i) ? Optional.of(role) : Optional.empty();
      case AxisUse.Shared(_, var outputs) ->
          outputs.contains(i) ? Optional.of(role) : Optional.empty();
      case AxisUse.Kept(_, var outputs) ->
          outputs.contains(i) ? Optional.of(role) : Optional.empty();
      case AxisUse.Permutes(var perm) -> role.transposed(perm);
      case AxisUse.Regroups _ -> regrouped(node, role).role();
      case AxisUse.Drops(var axes) -> role.without(axes, node.input(0).shape().rank());
      case AxisUse.AsksShape _, AxisUse.Barrier _ -> Optional.empty();
    };
  }

  /// Whether input `i` of a node is to be in the layout in which the node works.
  boolean takesPart(Node node, int i, Role role) {
    boolean listed =
        switch (use(node)) {
          case AxisUse.Spatial(_, var inputs, _) -> inputs.contains(i);
          case AxisUse.Shared(var inputs, _) -> inputs.contains(i);
          case AxisUse.Kept(var inputs, _) -> inputs.contains(i);
          case AxisUse.Permutes _, AxisUse.Regroups _, AxisUse.Drops _, AxisUse.AsksShape _ ->
              i == 0;
          case AxisUse.Barrier _ -> false;
        };
    return listed && of(node.input(i)).filter(role::equals).isPresent();
  }

  private Optional<Role> common(Node node, List<Integer> inputs, List<Integer> outputs) {
    for (int i : inputs) if (of(node.input(i)).isPresent()) return of(node.input(i));
    for (int i : outputs) if (of(node.output(i)).isPresent()) return of(node.output(i));
    return Optional.empty();
  }

  private void spread() {
    while (!waiting.isEmpty()) {
      var node = waiting.poll();
      queued.remove(node);
      visit(node);
    }
  }

  private void visit(Node node) {
    switch (use(node)) {
      case AxisUse.Shared(var inputs, var outputs) -> share(node, inputs, outputs);
      case AxisUse.Kept(var inputs, var outputs) -> {
        boolean lastAxis = node.op() instanceof watari.op.MatMulOp;
        var role = common(node, inputs, outputs);
        if (lastAxis && role.filter(r -> r.layout() == Layout.CHANNELS_LAST).isEmpty()) return;
        share(node, inputs, outputs);
      }
      case AxisUse.Spatial(_, var inputs, var outputs) -> share(node, inputs, outputs);
      case AxisUse.Permutes(var perm) -> {
        of(node.input(0)).flatMap(r -> r.transposed(perm)).ifPresent(r -> learn(node.output(0), r));
        of(node.output(0))
            .flatMap(r -> r.transposed(inverse(perm)))
            .ifPresent(r -> learn(node.input(0), r));
      }
      case AxisUse.Regroups _ -> {
        of(node.input(0))
            .flatMap(r -> regrouped(node, r).role())
            .ifPresent(r -> learn(node.output(0), r));
        of(node.output(0))
            .flatMap(r -> r.reshaped(node.output(0).shape(), node.input(0).shape()).role())
            .ifPresent(r -> learn(node.input(0), r));
      }
      case AxisUse.Drops(var axes) ->
          of(node.input(0))
              .flatMap(r -> r.without(axes, node.input(0).shape().rank()))
              .ifPresent(r -> learn(node.output(0), r));
      case AxisUse.AsksShape _, AxisUse.Barrier _ -> {}
    }
  }

  private void share(Node node, List<Integer> inputs, List<Integer> outputs) {
    var role = common(node, inputs, outputs);
    if (role.isEmpty()) return;
    for (int i : inputs) learn(node.input(i), role.get());
    for (int i : outputs) learn(node.output(i), role.get());
  }

  /// The first role that a value gets stays.
  private void learn(Value value, Role role) {
    int rank = AxisUse.rank(value);
    if (rank < 3 || role.spatial(rank) < 1 || value.isConstant() || roles.containsKey(value)) {
      return;
    }
    roles.put(value, role);
    value.producer().ifPresent(this::enqueue);
    for (var use : value.uses()) enqueue(use.node());
  }

  private void enqueue(Node node) {
    if (queued.add(node)) waiting.add(node);
  }

  static List<Integer> inverse(List<Integer> perm) {
    var result = new Integer[perm.size()];
    for (int i = 0; i < result.length; i++) result[perm.get(i)] = i;
    return List.of(result);
  }
}
