package watari.testkit;

import java.util.Random;

/// Checks what must hold for all values, on seeded random ones.
///
/// A failure names the seed; `-Dwatari.seed=N` replays that one case.
public final class Properties {
  private static final long FIRST_SEED = 20_260_101;

  private Properties() {}

  /// A check that may throw whatever it likes.
  @FunctionalInterface
  public interface Check<T> {
    void on(T value) throws Exception;
  }

  /// Checks `times` values, each from a seed of its own.
  ///
  /// @throws AssertionError with the seed, if a check fails
  public static <T> void forAll(Gen<T> gen, int times, Check<? super T> check) {
    Long replayed = Long.getLong("watari.seed");
    if (replayed != null) {
      one(gen, replayed, check);
      return;
    }
    for (int i = 0; i < times; i++) one(gen, FIRST_SEED + i, check);
  }

  private static <T> void one(Gen<T> gen, long seed, Check<? super T> check) {
    var value = gen.from(new Random(seed));
    try {
      check.on(value);
    } catch (Exception | AssertionError e) {
      throw new AssertionError("fails with -Dwatari.seed=" + seed + " on " + value, e);
    }
  }
}
