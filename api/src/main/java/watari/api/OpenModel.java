package watari.api;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import watari.finding.Finding;
import watari.graph.Model;

/// A model that was read; its weights stay mapped until it is closed.
///
/// @param path as given
/// @param file what runtimes load: the same, or what was made of JSON
/// @param weightsFile where its weights are, if not where it says; empty path for there
/// @param findings of reading; errors among them say that parts of the model could not be read
/// @param scratch what goes away with the model
public record OpenModel(
    Path path,
    Path file,
    Path weightsFile,
    Model model,
    List<Finding> findings,
    Arena arena,
    Scratch scratch)
    implements AutoCloseable {
  /// Files that are needed for as long as the model is open.
  public interface Scratch {
    Scratch NONE = () -> {};

    void clear();
  }

  public OpenModel {
    findings = List.copyOf(findings);
  }

  OpenModel with(List<Finding> others) {
    return new OpenModel(path, file, weightsFile, model, others, arena, scratch);
  }

  public boolean hasErrors() {
    return findings.stream().anyMatch(Finding::isError);
  }

  @Override
  public void close() {
    arena.close();
    scratch.clear();
  }
}
