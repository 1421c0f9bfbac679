package watari.pass.request;

import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.op.Op;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.rewrite.Rule;
import watari.rewrite.RulePass;

/// A replacement that has a name for users.
///
/// @param text what becomes what, in one line
/// @param device who wants it
/// @param isExact whether the model computes the same; others are reported with each use
public record Requested(
    String name, String text, String device, boolean isExact, List<Rule<?>> rules) {
  public Requested {
    rules = List.copyOf(rules);
  }

  /// Applies it, and says where the model now computes something else.
  ///
  /// @param mustFire whether it is said, too, that there was nothing to change
  Pass pass(boolean mustFire) {
    return new Pass() {
      @Override
      public String name() {
        return "replace " + Requested.this.name();
      }

      @Override
      public Set<Class<? extends Op>> roots() {
        return rules.stream().map(Rule::root).collect(Collectors.toUnmodifiableSet());
      }

      @Override
      public void run(Graph graph, PassLog log) {
        replace(graph, log, mustFire);
      }
    };
  }

  private void replace(Graph graph, PassLog log, boolean mustFire) {
    var before = new TreeMap<>(log.fired());
    new RulePass("replace " + name, rules).run(graph, log);
    int fired = 0;
    for (var rule : rules) {
      fired += log.fired().getOrDefault(rule.name(), 0) - before.getOrDefault(rule.name(), 0);
    }
    if (fired == 0 && mustFire) {
      log.add(
          Finding.warning("REPLACE_UNUSED", "rule '" + name + "' found nothing to replace")
              .fix("see why with --explain, or leave it out"));
    }
    if (fired > 0 && !isExact) {
      log.add(
          Finding.warning(
              "FUNCTION_CHANGED",
              "rule '%s' changed %d nodes, and the model no longer computes quite the same"
                  .formatted(name, fired)));
    }
  }
}
