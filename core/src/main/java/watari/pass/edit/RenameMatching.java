package watari.pass.edit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Gives all tensors in whose names an expression is found other names.
public final class RenameMatching implements Pass {
  private final Pattern pattern;
  private final String replacement;

  /// @param replacement of what matches; `$1` is its first group
  /// @throws java.util.regex.PatternSyntaxException if it is no regular expression
  public RenameMatching(String pattern, String replacement) {
    this.pattern = Pattern.compile(pattern);
    this.replacement = replacement;
  }

  @Override
  public String name() {
    return "rename-regex";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    Map<String, String> names = new LinkedHashMap<>();
    for (var old : new TensorNames(graph).computed()) {
      var name = pattern.matcher(old).replaceAll(replacement);
      if (!name.equals(old)) names.put(old, name);
    }
    if (names.isEmpty()) {
      log.add(
          Finding.error("NAME_UNKNOWN", "'" + pattern + "' is in the name of no tensor")
              .fix("inspect --layers lists the names"));
      return;
    }
    new RenameTensors(names).run(graph, log);
    log.fired(name());
  }
}
