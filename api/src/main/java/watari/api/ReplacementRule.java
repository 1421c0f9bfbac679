package watari.api;

import java.util.List;
import watari.pass.edit.NearNames;
import watari.pass.request.RequestedRules;

/// A replacement of operators that a user can ask for.
///
/// @param text what becomes what
/// @param device who wants it
/// @param isExact whether the model computes the same afterwards
public record ReplacementRule(String name, String text, String device, boolean isExact) {
  /// All that there are.
  public static List<ReplacementRule> all() {
    return RequestedRules.all().stream()
        .map(rule -> new ReplacementRule(rule.name(), rule.text(), rule.device(), rule.isExact()))
        .toList();
  }

  /// @throws UsageException if there is no rule of a name
  static void requireKnown(List<String> names) {
    var known = all().stream().map(ReplacementRule::name).toList();
    for (var name : names) {
      if (known.contains(name)) continue;
      var near = String.join(", ", NearNames.of(name, known));
      throw new UsageException("there is no replacement rule '" + name + "'; near ones: " + near);
    }
  }
}
