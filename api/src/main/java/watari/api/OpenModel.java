package watari.api;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import watari.finding.Finding;
import watari.graph.Model;

/// A model that was read; its weights stay mapped until it is closed.
///
/// @param path as given
/// @param weightsFile where its weights are, if not where it says; empty path for there
/// @param findings of reading; errors among them say that parts of the model could not be read
public record OpenModel(
    Path path, Path weightsFile, Model model, List<Finding> findings, Arena arena)
    implements AutoCloseable {
  public OpenModel {
    findings = List.copyOf(findings);
  }

  OpenModel with(List<Finding> others) {
    return new OpenModel(path, weightsFile, model, others, arena);
  }

  public boolean hasErrors() {
    return findings.stream().anyMatch(Finding::isError);
  }

  @Override
  public void close() {
    arena.close();
  }
}
