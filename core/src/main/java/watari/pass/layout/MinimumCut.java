package watari.pass.layout;

import java.util.Arrays;

/// A minimum cut between two terminals of a directed graph with capacities.
///
/// Source: E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks with power
/// estimation" (1970), without recursion.
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
  private int[] level = new int[0];
  private int[] current = new int[0];
  private int[] path = new int[0];

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

  /// Solves; afterwards [#isWithSource] tells each vertex's side. Of several minimum cuts it is the
  /// one with the fewest vertices at the source.
  ///
  /// @return the cost of the cut
  long solve() {
    level = new int[vertices];
    current = new int[vertices];
    path = new int[vertices];
    long flow = 0;
    while (reaches()) {
      System.arraycopy(head, 0, current, 0, vertices);
      for (long pushed = push(); pushed > 0; pushed = push()) flow += pushed;
    }
    return flow;
  }

  boolean isWithSource(int vertex) {
    return level[vertex] > 0;
  }

  /// Numbers vertices by their distance from the source; whether the sink is reached.
  private boolean reaches() {
    Arrays.fill(level, 0);
    var queue = new int[vertices];
    int filled = 0;
    queue[filled++] = SOURCE;
    level[SOURCE] = 1;
    for (int at = 0; at < filled; at++) {
      for (int e = head[queue[at]]; e >= 0; e = next[e]) {
        if (capacity[e] > 0 && level[to[e]] == 0) {
          level[to[e]] = level[queue[at]] + 1;
          queue[filled++] = to[e];
        }
      }
    }
    return level[SINK] > 0;
  }

  /// Pushes along one path of growing levels; 0 if there is none left.
  private long push() {
    int depth = 0;
    int at = SOURCE;
    while (at != SINK) {
      int e = current[at];
      while (e >= 0 && !(capacity[e] > 0 && level[to[e]] == level[at] + 1)) e = next[e];
      current[at] = e;
      if (e >= 0) {
        path[depth++] = e;
        at = to[e];
      } else if (at == SOURCE) {
        return 0;
      } else {
        int back = path[--depth];
        at = to[back ^ 1];
        current[at] = next[current[at]];
      }
    }
    long least = INFINITE;
    for (int i = 0; i < depth; i++) least = Math.min(least, capacity[path[i]]);
    for (int i = 0; i < depth; i++) {
      capacity[path[i]] -= least;
      capacity[path[i] ^ 1] += least;
    }
    return least;
  }
}
