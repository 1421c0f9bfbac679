package watari.house.intruder;

/// Breaks each habit once, to show that it would be seen.
public final class BadHabits {
  static int counter;

  private BadHabits() {}

  public static final class StateManager {
    private StateManager() {}
  }
}
