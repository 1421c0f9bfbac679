package watari.api;

/// What was asked cannot be meant, whatever the models are.
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UsageException(String why) {
    super(why);
  }
}
