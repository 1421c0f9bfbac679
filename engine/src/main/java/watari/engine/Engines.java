package watari.engine;

import java.util.List;
import java.util.Optional;

/// The runtimes that are built in, and those that are used where they are installed.
public final class Engines {
  private final List<Engine> all;

  public Engines() {
    this(
        List.of(new OnnxRuntime(), new TfliteRuntime(), new OpenvinoRuntime(new OpenvinoPlaces())));
  }

  /// Some runtimes.
  public Engines(List<Engine> all) {
    this.all = List.copyOf(all);
  }

  public List<Engine> all() {
    return all;
  }

  /// The runtime that runs files of a format.
  public Optional<Engine> of(String format) {
    return all.stream().filter(engine -> engine.format().equals(format)).findFirst();
  }
}
