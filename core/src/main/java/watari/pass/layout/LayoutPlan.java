package watari.pass.layout;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Decides in which layout each node works, so that the Transposes left cost least.
///
/// Each node with a role is a vertex of a minimum cut, the source side standing for channels-first.
/// What has its layout fixed is one of the terminals; ties keep the source's layout. A value whose
/// maker and users differ costs one Transpose, which serves all users: an auxiliary vertex for each
/// value and direction.
final class LayoutPlan {
  /// What a Transpose costs beside its bytes.
  private static final long FIXED_COST = 1 << 16;

  /// The dim that an unknown one counts as.
  private static final long UNKNOWN_DIM = 64;

  /// A Transpose that only moves axes of dim 1 is a Reshape, which costs next to nothing.
  private static final long COST_OF_RESHAPE = 1;

  private static final long UNIT = 4 * COST_OF_RESHAPE;

  private final Graph graph;
  private final Function<Op, Optional<Layout>> demand;
  private final Layout nativeLayout;
  private final LayoutWishes wishes;
  private final Roles roles;
  private final MinimumCut cut = new MinimumCut();
  private final Map<Node, Integer> vertices = new IdentityHashMap<>();
  private final Map<Node, Role> nodeRoles = new IdentityHashMap<>();
  private final Map<Node, Integer> ranks = new IdentityHashMap<>();
  private final Map<Node, List<Node>> flattened = new IdentityHashMap<>();

  private LayoutPlan(
      Graph graph,
      Function<Op, Optional<Layout>> demand,
      Layout nativeLayout,
      LayoutWishes wishes) {
    this.graph = graph;
    this.demand = demand;
    this.nativeLayout = nativeLayout;
    this.wishes = wishes;
    this.roles = Roles.of(graph);
  }

  static LayoutPlan of(
      Graph graph,
      Function<Op, Optional<Layout>> demand,
      Layout nativeLayout,
      LayoutWishes wishes) {
    var plan = new LayoutPlan(graph, demand, nativeLayout, wishes);
    for (var node : graph) plan.addVertex(node);
    for (var input : graph.inputs()) plan.addEdges(input);
    for (var node : graph) node.outputs().forEach(plan::addEdges);
    plan.cut.solve();
    return plan;
  }

  Roles roles() {
    return roles;
  }

  /// The role in which a node works, if it has a choice of layouts or demands one.
  Optional<Role> role(Node node) {
    return Optional.ofNullable(nodeRoles.get(node));
  }

  /// The rank that the tensors of a node with a role have in the source.
  int rank(Node node) {
    return ranks.getOrDefault(node, 0);
  }

  private int rankOf(Node node, Role role) {
    for (int i = 0; i < node.inputs().size(); i++) {
      if (roles.takesPart(node, i, role)) return node.input(i).shape().rank();
    }
    return node.output(0).shape().rank();
  }

  /// The layout in which a node with a role is to work.
  Layout layout(Node node) {
    return side(vertices.getOrDefault(node, MinimumCut.SOURCE));
  }

  /// The products whose weights a reshape's change of layout permutes.
  Optional<List<Node>> flattened(Node node) {
    return Optional.ofNullable(flattened.get(node));
  }

  private Layout side(int vertex) {
    if (vertex == MinimumCut.SOURCE) return Layout.CHANNELS_FIRST;
    if (vertex == MinimumCut.SINK) return Layout.CHANNELS_LAST;
    return cut.isWithSource(vertex) ? Layout.CHANNELS_FIRST : Layout.CHANNELS_LAST;
  }

  private static int terminal(Layout layout) {
    return layout == Layout.CHANNELS_FIRST ? MinimumCut.SOURCE : MinimumCut.SINK;
  }

  private void addVertex(Node node) {
    var role = roles.of(node).or(() -> flattening(node));
    if (role.isEmpty()) return;
    nodeRoles.put(node, role.get());
    ranks.put(node, rankOf(node, role.get()));
    vertices.put(node, vertex(node, role.get()));
  }

  private Optional<Role> flattening(Node node) {
    if (!(roles.use(node) instanceof AxisUse.Regroups)) return Optional.empty();
    var role = roles.of(node.input(0)).filter(r -> r.batch() == 1);
    if (role.isEmpty()) return role;
    var products = FlattenedWeights.products(node);
    products.ifPresent(all -> flattened.put(node, all));
    return products.isPresent() ? role : Optional.empty();
  }

  private int vertex(Node node, Role role) {
    if (roles.use(node) instanceof AxisUse.Spatial) {
      var demanded = demand.apply(node.op());
      if (demanded.isPresent()) return terminal(demanded.get());
    }
    boolean hasChoice =
        flattened.containsKey(node)
            || Relayout.isPossible(node, role, roles) && outputsFollow(node, role);
    if (!hasChoice) return terminal(role.layout());
    int vertex = cut.addVertex();
    if (!isLayoutSwap(node, role)) cut.prefer(vertex, terminal(role.layout()));
    return vertex;
  }

  /// Whether each output has the role that the node gives it: one that has another, or cannot have
  /// one, would be permuted without its users knowing.
  private boolean outputsFollow(Node node, Role role) {
    for (int i = 0; i < node.outputs().size(); i++) {
      var given = roles.output(node, i, role);
      if (given.isPresent() && !given.equals(roles.of(node.output(i)))) return false;
    }
    return true;
  }

  /// Whether a node is a Transpose between the two layouts: it vanishes where both ends agree.
  boolean isLayoutSwap(Node node, Role role) {
    return roles.use(node) instanceof AxisUse.Permutes(var perm)
        && role.transposed(perm).filter(role.swapped()::equals).isPresent();
  }

  /// The layout that a value is made in.
  int maker(Value value, Role role) {
    var node = value.producer();
    if (node.isEmpty()) return terminal(inputLayout(value, role));
    int index = node.get().outputs().indexOf(value);
    boolean follows =
        role(node.get())
            .flatMap(r -> roles.output(node.get(), index, r))
            .filter(role::equals)
            .isPresent();
    return follows ? vertices.getOrDefault(node.get(), 0) : terminal(role.layout());
  }

  /// The layout that a use wants.
  private int user(Value.Use use, Role role) {
    return follows(use.node(), use.index())
        ? vertices.getOrDefault(use.node(), 0)
        : terminal(role.layout());
  }

  /// Whether a node takes an input in the layout in which it works.
  boolean follows(Node node, int input) {
    return role(node).filter(role -> roles.takesPart(node, input, role)).isPresent();
  }

  private boolean asksShape(Value.Use use) {
    return roles.use(use.node()) instanceof AxisUse.AsksShape;
  }

  private void addEdges(Value value) {
    var role = roles.of(value);
    if (role.isEmpty()) return;
    int maker = maker(value, role.get());
    var users = new ArrayList<Integer>();
    for (var use : value.uses()) if (!asksShape(use)) users.add(user(use, role.get()));
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == value) users.add(terminal(outputLayout(i, role.get())));
    }
    if (users.isEmpty()) return;
    long cost = cost(value, role.get());
    if (users.size() == 1) {
      cut.addEdge(maker, users.get(0), cost);
      cut.addEdge(users.get(0), maker, cost);
      return;
    }
    int toLast = cut.addVertex();
    int toFirst = cut.addVertex();
    cut.addEdge(maker, toLast, cost);
    cut.addEdge(toFirst, maker, cost);
    for (int user : users) {
      cut.addEdge(toLast, user, MinimumCut.INFINITE);
      cut.addEdge(user, toFirst, MinimumCut.INFINITE);
    }
  }

  private static long cost(Value value, Role role) {
    int rank = value.shape().rank();
    if (movesNothing(value, role.swap(rank))) return COST_OF_RESHAPE;
    long bytes = Math.max(1, value.dtype() == DataType.STRING ? 64 : value.dtype().bits() / 8);
    for (int axis = 0; axis < rank; axis++) {
      var dim = value.shape().dim(axis);
      long count = dim.isFixed() ? dim.fixed() : axis == 0 ? 1 : UNKNOWN_DIM;
      bytes = Math.min(bytes * Math.max(count, 1), Integer.MAX_VALUE);
    }
    return (FIXED_COST + bytes) * UNIT;
  }

  /// Whether a permutation only moves axes of dim 1, and can be written as a Reshape.
  static boolean movesNothing(Value value, List<Integer> perm) {
    return value.shape().isUnmovedBy(perm) && value.shape().unknownDims() <= 1;
  }

  Layout inputLayout(Value input, Role role) {
    var asked = wishes.inputs().get(input.name());
    return ioLayout(Optional.ofNullable(asked), role, input.shape().rank());
  }

  Layout outputLayout(int index, Role role) {
    var asked = wishes.outputs().get(graph.outputNames().get(index));
    return ioLayout(Optional.ofNullable(asked), role, graph.outputs().get(index).shape().rank());
  }

  /// Images (4 axes) and volumes take the target's layout; sound and states (3 axes) stay.
  private Layout ioLayout(Optional<Layout> asked, Role role, int rank) {
    if (asked.isPresent()) return asked.get();
    boolean isPlain = role.batch() == 1 && role.channels() == 1;
    return wishes.keepIo() || rank < 4 || !isPlain ? role.layout() : nativeLayout;
  }

  Layout makerLayout(Value value, Role role) {
    return side(maker(value, role));
  }
}
