package watari.finding;

import java.util.ArrayList;
import java.util.List;

/// Collects findings during one step, so that all of them are reported together.
public final class Findings {
  private final List<Finding> all = new ArrayList<>();

  public void add(Finding finding) {
    all.add(finding);
  }

  public void addAll(List<Finding> findings) {
    all.addAll(findings);
  }

  public List<Finding> all() {
    return List.copyOf(all);
  }

  public boolean hasErrors() {
    return all.stream().anyMatch(Finding::isError);
  }

  /// Ends the step when anything in it was an error.
  ///
  /// @throws ModelException with all findings, if at least one is an error
  public void throwIfErrors() {
    if (hasErrors()) throw new ModelException(all);
  }
}
