package watari.pass.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MinimumCutTest {
  @Test
  void equalsBruteForceOnRandomGraphs() {
    for (long seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      int free = 1 + random.nextInt(10);
      var cost = new long[free + 2][free + 2];
      var cut = new MinimumCut();
      for (int i = 0; i < free; i++) cut.addVertex();
      for (int n = 0; n < 4 * free; n++) {
        int from = random.nextInt(free + 2);
        int to = random.nextInt(free + 2);
        if (from == to || to == MinimumCut.SOURCE || from == MinimumCut.SINK) continue;
        int capacity = 1 + random.nextInt(20);
        cost[from][to] += capacity;
        cut.addEdge(from, to, capacity);
      }
      assertThat(cut.solve()).as("seed %d", seed).isEqualTo(bruteForce(cost, free));
      assertThat(costOf(cost, cut, free))
          .as("sides, seed %d", seed)
          .isEqualTo(bruteForce(cost, free));
      assertThat(atSource(cut, free))
          .as("ties, seed %d", seed)
          .isEqualTo(fewestAtSource(cost, free));
    }
  }

  /// A preference is an edge that any real one outweighs.
  @Test
  void preferencesDecideAmongMinimumCuts() {
    for (long seed = 0; seed < 500; seed++) {
      var random = new Random(seed);
      int free = 1 + random.nextInt(10);
      var cost = new long[free + 2][free + 2];
      var cut = new MinimumCut();
      for (int i = 0; i < free; i++) cut.addVertex();
      for (int n = 0; n < 2 * free; n++) {
        int from = random.nextInt(free + 2);
        int to = random.nextInt(free + 2);
        if (from == to || to == MinimumCut.SOURCE || from == MinimumCut.SINK) continue;
        int capacity = 1 + random.nextInt(3);
        cost[from][to] += 100L * capacity;
        cut.addEdge(from, to, capacity);
      }
      for (int v = 2; v < free + 2; v++) {
        int terminal = random.nextInt(3);
        if (terminal > 1) continue;
        cut.prefer(v, terminal);
        if (terminal == MinimumCut.SOURCE) cost[terminal][v]++;
        else cost[v][terminal]++;
      }
      assertThat(cut.solve()).as("seed %d", seed).isEqualTo(bruteForce(cost, free) / 100);
      assertThat(costOf(cost, cut, free))
          .as("sides, seed %d", seed)
          .isEqualTo(bruteForce(cost, free));
      assertThat(atSource(cut, free))
          .as("ties, seed %d", seed)
          .isEqualTo(fewestAtSource(cost, free));
    }
  }

  /// All prefer the source, and most of them lead to the sink.
  @Test
  void aLargeMeshOfPreferencesIsSolvedInSeconds() {
    int length = 300_000;
    var cut = new MinimumCut();
    for (int i = 0; i < length; i++) {
      int vertex = cut.addVertex();
      cut.prefer(vertex, MinimumCut.SOURCE);
      if (i % 6 == 5) cut.addEdge(vertex, MinimumCut.SINK, 1 << 20);
      for (int other : new int[] {vertex - 1, (int) (i * 7919L / 10007)}) {
        if (other < 2) continue;
        cut.addEdge(other, vertex, 1 << 20);
        cut.addEdge(vertex, other, 1 << 20);
      }
    }

    var cost = assertTimeoutPreemptively(Duration.ofSeconds(10), cut::solve);

    assertThat(cost).isZero();
    assertThat(cut.isWithSource(2)).isFalse();
  }

  /// Each vertex has a tie with the source, and only the last one leads to the sink.
  @Test
  void aLongChainOfTiesIsSolvedInSeconds() {
    int length = 200_000;
    var cut = new MinimumCut();
    for (int i = 0; i < length; i++) {
      int vertex = cut.addVertex();
      cut.addEdge(MinimumCut.SOURCE, vertex, 1);
      if (i == 0) continue;
      cut.addEdge(vertex - 1, vertex, 1 << 20);
      cut.addEdge(vertex, vertex - 1, 1 << 20);
    }
    cut.addEdge(length + 1, MinimumCut.SINK, MinimumCut.INFINITE);

    var cost = assertTimeoutPreemptively(Duration.ofSeconds(60), cut::solve);

    assertThat(cost).isEqualTo(length);
    assertThat(cut.isWithSource(2)).isFalse();
  }

  private static int atSource(MinimumCut cut, int free) {
    int count = 0;
    for (int v = 2; v < free + 2; v++) if (cut.isWithSource(v)) count++;
    return count;
  }

  /// In a cut that costs least.
  private static int fewestAtSource(long[][] cost, int free) {
    long best = bruteForce(cost, free);
    int fewest = free;
    for (int sides = 0; sides < 1 << free; sides++) {
      int chosen = sides;
      long total = cost(cost, v -> v == 0 || v > 1 && (chosen >> (v - 2) & 1) == 1);
      if (total == best) fewest = Math.min(fewest, Integer.bitCount(sides));
    }
    return fewest;
  }

  private static long bruteForce(long[][] cost, int free) {
    long best = Long.MAX_VALUE;
    for (int sides = 0; sides < 1 << free; sides++) {
      int chosen = sides;
      best = Math.min(best, cost(cost, v -> v == 0 || v > 1 && (chosen >> (v - 2) & 1) == 1));
    }
    return best;
  }

  private static long costOf(long[][] cost, MinimumCut cut, int free) {
    return cost(cost, v -> v == 0 || v > 1 && v < free + 2 && cut.isWithSource(v));
  }

  private static long cost(long[][] cost, java.util.function.IntPredicate withSource) {
    long total = 0;
    for (int i = 0; i < cost.length; i++) {
      for (int j = 0; j < cost.length; j++) {
        if (withSource.test(i) && !withSource.test(j)) total += cost[i][j];
      }
    }
    return total;
  }
}
