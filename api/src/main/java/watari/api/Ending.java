package watari.api;

/// How a step ended, best first, as far as the order tells what a run's ending is: the worst of its
/// steps'.
public enum Ending {
  DONE(0),
  /// Done, but the result differs from its source.
  DIFFERENT(1),
  /// The model has something that the target cannot express.
  REFUSED(4),
  /// The model cannot be read.
  UNREADABLE(3),
  /// Reading or writing failed for reasons outside the model.
  IO_FAILED(5),
  /// A defect of this program.
  DEFECT(70);

  private final int exitCode;

  Ending(int exitCode) {
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }

  public Ending worse(Ending other) {
    return other.compareTo(this) > 0 ? other : this;
  }
}
