package watari.engine;

import java.util.List;
import java.util.Optional;

/// The runtimes that are built in.
public final class Engines {
  private final List<Engine> all = List.of(new OnnxRuntime(), new TfliteRuntime());

  public List<Engine> all() {
    return all;
  }

  /// The runtime that runs files of a format.
  public Optional<Engine> of(String format) {
    return all.stream().filter(engine -> engine.format().equals(format)).findFirst();
  }
}
