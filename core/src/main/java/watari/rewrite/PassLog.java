package watari.rewrite;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Node;

/// What passes did: how often each rule fired, findings, and, if asked for, why rules did not fire.
public final class PassLog {
  /// A rule left a node alone.
  public record Left(String rule, String node, String reason) {}

  private final boolean explains;
  private final Map<String, Integer> fired = new LinkedHashMap<>();
  private final List<Left> left = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();

  /// @param explains whether reasons of rules that did not fire are kept
  public PassLog(boolean explains) {
    this.explains = explains;
  }

  public void fired(String rule) {
    fired.merge(rule, 1, Integer::sum);
  }

  public void left(String rule, Node node, String reason) {
    if (explains)
      left.add(new Left(rule, node.outputs().isEmpty() ? "" : node.output(0).name(), reason));
  }

  public void add(Finding finding) {
    if (!findings.contains(finding)) findings.add(finding);
  }

  /// How often each rule fired.
  public Map<String, Integer> fired() {
    return java.util.Collections.unmodifiableMap(fired);
  }

  /// How often any rule fired.
  public int firings() {
    return fired.values().stream().mapToInt(Integer::intValue).sum();
  }

  public List<Left> left() {
    return List.copyOf(left);
  }

  public boolean hasErrors() {
    return findings.stream().anyMatch(Finding::isError);
  }

  public List<Finding> findings() {
    return List.copyOf(findings);
  }
}
