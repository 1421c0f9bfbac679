package watari.graph;

import java.util.List;
import java.util.Optional;

/// A model: one graph for each entry (most have one) and what is said of the whole.
///
/// @param format the format it was read from, for instance `tflite`
/// @param graphs the entries, the default one first
/// @param metadata of the whole file
public record Model(String format, List<Graph> graphs, Metadata metadata) {
  public Model {
    graphs = List.copyOf(graphs);
    if (graphs.isEmpty()) throw new IllegalArgumentException("a model has one graph at least");
  }

  /// The default entry.
  public Graph main() {
    return graphs.get(0);
  }

  /// The entry of a signature.
  public Optional<Graph> entry(String key) {
    return graphs.stream().filter(g -> g.signature().key().equals(key)).findFirst();
  }

  public Model with(Metadata other) {
    return new Model(format, graphs, other);
  }

  public Model with(List<Graph> others) {
    return new Model(format, others, metadata);
  }
}
