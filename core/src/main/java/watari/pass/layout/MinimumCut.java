package watari.pass.layout;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// A minimum cut between two terminals of a directed graph with capacities.
///
/// The flow is pushed back from the sink, so that what the source still reaches in the end is the
/// smallest of its sides. Vertices far from it come first and are levelled anew now and then: on
/// the chains and meshes of networks this takes near linear time, however long they are.
///
/// Preferences are no part of the flow, or each would have to be carried through the whole graph.
/// They choose among the minimum cuts afterwards, which only differ in what neither terminal holds.
///
/// Source: A. V. Goldberg and R. E. Tarjan, "A new approach to the maximum-flow problem" (1988); B.
/// V. Cherkassky and A. V. Goldberg, "On implementing the push-relabel method" (1997).
final class MinimumCut {
  static final int SOURCE = 0;
  static final int SINK = 1;

  /// More than any sum of capacities that occurs.
  static final long INFINITE = Long.MAX_VALUE / 4;

  private int[] head = new int[16];
  private int[] next = new int[16];
  private int[] to = new int[16];
  private long[] capacity = new long[16];
  private int vertices = 2;
  private int edges;

  /// Distance from a terminal; the number of vertices where it does not reach.
  private int[] level = new int[0];

  /// What a vertex still has to get from the source, or else gives up.
  private long[] wanted = new long[0];

  /// The edge of each vertex to go on with.
  private int[] current = new int[0];

  /// Lists of the vertices that want something, one for each level.
  private int[] firstWanting = new int[0];

  private int[] nextWanting = new int[0];
  private int highest;

  private final Map<Integer, Integer> preferred = new HashMap<>();
  private boolean[] withSource = new boolean[0];

  MinimumCut() {
    Arrays.fill(head, -1);
  }

  int addVertex() {
    if (vertices == head.length) {
      head = Arrays.copyOf(head, 2 * vertices);
      Arrays.fill(head, vertices, head.length, -1);
    }
    return vertices++;
  }

  /// An edge that costs `cost` if `from` stays with the source and `to` with the sink.
  void addEdge(int from, int to, long cost) {
    if (from == to || to == SOURCE || from == SINK || cost == 0) return;
    half(from, to, cost);
    half(to, from, 0);
  }

  /// Of several minimum cuts, the one counts that has the most vertices where they prefer to be.
  void prefer(int vertex, int terminal) {
    preferred.put(vertex, terminal);
  }

  private void half(int from, int target, long cost) {
    if (edges == next.length) {
      next = Arrays.copyOf(next, 2 * edges);
      to = Arrays.copyOf(to, 2 * edges);
      capacity = Arrays.copyOf(capacity, 2 * edges);
    }
    to[edges] = target;
    capacity[edges] = cost;
    next[edges] = head[from];
    head[from] = edges++;
  }

  /// Solves; afterwards [#isWithSource] tells each vertex's side. Of several minimum cuts that
  /// agree equally with preferences it is the one with the fewest vertices at the source.
  ///
  /// @return the cost of the cut
  long solve() {
    level = new int[vertices];
    wanted = new long[vertices];
    current = new int[vertices];
    firstWanting = new int[vertices];
    nextWanting = new int[vertices];
    for (int e = head[SINK]; e >= 0; e = next[e]) pull(e, capacity[e ^ 1]);
    dischargeTowards(SOURCE);
    withSource = new boolean[vertices];
    for (int v = 0; v < vertices; v++) withSource[v] = level[v] < vertices;
    if (!preferred.isEmpty()) {
      // What the source cannot give is given up, so that a flow is left.
      dischargeTowards(SINK);
      settle(reachingSink());
    }
    return wanted[SOURCE];
  }

  /// Moves all that is wanted towards a terminal, as far as it can be.
  private void dischargeTowards(int terminal) {
    findLevels(terminal);
    int lifted = 0;
    for (int vertex = wanting(); vertex >= 0; vertex = wanting()) {
      lifted += discharge(vertex);
      if (lifted > vertices) {
        lifted = 0;
        findLevels(terminal);
      }
    }
    findLevels(terminal);
  }

  /// Decides for the vertices that the source does not reach, and that do not reach the sink: what
  /// they still reach is on their side.
  private void settle(boolean[] withSink) {
    var choice = new MinimumCut();
    var free = new int[vertices];
    for (int v = 2; v < vertices; v++) {
      if (withSource[v] || withSink[v]) continue;
      free[v] = choice.addVertex();
      if (preferred.getOrDefault(v, SINK) == SOURCE) choice.addEdge(SOURCE, free[v], 1);
      if (preferred.getOrDefault(v, SOURCE) == SINK) choice.addEdge(free[v], SINK, 1);
    }
    for (int e = 0; e < edges; e++) {
      int from = free[to[e ^ 1]];
      if (from > 0 && free[to[e]] > 0 && capacity[e] > 0) {
        choice.addEdge(from, free[to[e]], INFINITE);
      }
    }
    var _ = choice.solve();
    for (int v = 2; v < vertices; v++) {
      if (free[v] > 0) withSource[v] = choice.isWithSource(free[v]);
    }
  }

  private boolean[] reachingSink() {
    var reaching = new boolean[vertices];
    var queue = new int[vertices];
    int filled = 0;
    queue[filled++] = SINK;
    reaching[SINK] = true;
    for (int at = 0; at < filled; at++) {
      for (int e = head[queue[at]]; e >= 0; e = next[e]) {
        if (capacity[e ^ 1] == 0 || reaching[to[e]]) continue;
        reaching[to[e]] = true;
        queue[filled++] = to[e];
      }
    }
    return reaching;
  }

  boolean isWithSource(int vertex) {
    return withSource[vertex];
  }

  /// Finds each vertex's distance from a terminal, and lists those that want something from it.
  private void findLevels(int terminal) {
    Arrays.fill(level, vertices);
    Arrays.fill(firstWanting, -1);
    System.arraycopy(head, 0, current, 0, vertices);
    highest = 0;
    var queue = new int[vertices];
    int filled = 0;
    queue[filled++] = terminal;
    level[terminal] = 0;
    for (int at = 0; at < filled; at++) {
      int vertex = queue[at];
      if (vertex > SINK && wanted[vertex] > 0) list(vertex);
      for (int e = head[vertex]; e >= 0; e = next[e]) {
        if (capacity[e] == 0 || level[to[e]] < vertices) continue;
        level[to[e]] = level[vertex] + 1;
        queue[filled++] = to[e];
      }
    }
  }

  private void list(int vertex) {
    nextWanting[vertex] = firstWanting[level[vertex]];
    firstWanting[level[vertex]] = vertex;
    highest = Math.max(highest, level[vertex]);
  }

  /// Takes a vertex of the highest level from the lists; -1 if they are empty.
  private int wanting() {
    while (highest > 0 && firstWanting[highest] < 0) highest--;
    int vertex = highest > 0 ? firstWanting[highest] : -1;
    if (vertex >= 0) firstWanting[highest] = nextWanting[vertex];
    return vertex;
  }

  /// Lets neighbours one level below owe what a vertex wants, and lifts it while there are none.
  ///
  /// @return how often it was lifted
  private int discharge(int vertex) {
    int lifted = 0;
    while (wanted[vertex] > 0 && level[vertex] < vertices) {
      int e = current[vertex];
      if (e < 0) {
        lift(vertex);
        lifted++;
      } else if (capacity[e ^ 1] > 0 && level[vertex] == level[to[e]] + 1) {
        boolean isListed = to[e] == SOURCE || to[e] == SINK || wanted[to[e]] > 0;
        long amount = Math.min(wanted[vertex], capacity[e ^ 1]);
        wanted[vertex] -= amount;
        pull(e, amount);
        if (!isListed) list(to[e]);
      } else {
        current[vertex] = next[e];
      }
    }
    return lifted;
  }

  /// Lets what lies at the other end of an edge owe an amount to the vertex that the edge is of.
  private void pull(int e, long amount) {
    capacity[e ^ 1] -= amount;
    capacity[e] += amount;
    wanted[to[e]] = Math.min(wanted[to[e]] + amount, INFINITE);
  }

  private void lift(int vertex) {
    int least = vertices;
    for (int e = head[vertex]; e >= 0; e = next[e]) {
      if (capacity[e ^ 1] > 0) least = Math.min(least, level[to[e]] + 1);
    }
    level[vertex] = least;
    current[vertex] = head[vertex];
  }
}
