package watari.engine;

/// A runtime does not load or run a model; the message is a sentence for the user.
public final class EngineException extends Exception {
  private static final long serialVersionUID = 1L;

  public EngineException(String why) {
    super(why);
  }

  public EngineException(String why, Throwable cause) {
    super(why, cause);
  }
}
