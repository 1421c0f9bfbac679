package watari.rewrite;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import watari.graph.Graph;
import watari.op.Op;

/// Passes in stages: each stage is run again until nothing in it fires any more, within bounds.
public record Pipeline(String name, List<Stage> stages) implements Pass {
  private static final int MOST_ROUNDS = 8;

  /// Passes that make work for each other.
  public record Stage(List<Pass> passes) {
    public Stage {
      passes = List.copyOf(passes);
    }

    public static Stage of(Pass... passes) {
      return new Stage(List.of(passes));
    }
  }

  public Pipeline {
    stages = List.copyOf(stages);
  }

  public static Pipeline of(String name, Stage... stages) {
    return new Pipeline(name, List.of(stages));
  }

  @Override
  public Set<Class<? extends Op>> roots() {
    return stages.stream()
        .flatMap(stage -> stage.passes().stream())
        .flatMap(pass -> pass.roots().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var stage : stages) {
      for (int round = 0; round < MOST_ROUNDS; round++) {
        int before = log.firings();
        for (var pass : stage.passes()) pass.run(graph, log);
        if (log.firings() == before || stage.passes().size() == 1) break;
      }
    }
  }
}
