package watari.finding;

import static java.util.stream.Collectors.joining;

import java.util.List;

/// A model cannot be read, expressed or run; carries every finding of the run.
public final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Finding> findings;

  public ModelException(List<Finding> findings) {
    var all = List.copyOf(findings);
    super(all.stream().map(Finding::toString).collect(joining(System.lineSeparator())));
    this.findings = all;
  }

  public ModelException(Finding finding) {
    this(List.of(finding));
  }

  public List<Finding> findings() {
    return findings;
  }
}
