package watari.pass.layout;

import static org.assertj.core.api.Assertions.assertThat;

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
    }
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
