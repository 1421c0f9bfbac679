package watari.testkit;

import java.util.Random;

/// Makes values of a kind from a source of random numbers.
@FunctionalInterface
public interface Gen<T> {
  T from(Random random);
}
