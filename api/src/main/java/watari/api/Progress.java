package watari.api;

/// Hears what a long run is doing.
public interface Progress {
  Progress NONE = new Progress() {};

  /// A step begins.
  ///
  /// @param model path as the user gave it
  /// @param step what is done, for instance `reading`
  default void step(String model, String step) {}

  /// A model is done.
  default void done(ModelReport report) {}

  /// Something went wrong that must not: a defect of this program.
  default void defect(String model, Throwable cause) {}
}
