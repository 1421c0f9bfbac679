package watari.format.tflite;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// The models that `make.py` made.
final class TfliteFixtures {
  private TfliteFixtures() {}

  static byte[] bytes(String name) {
    try (InputStream in = TfliteFixtures.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TfliteFile open(String name) {
    return TfliteFile.of(name, MemorySegment.ofArray(bytes(name)));
  }
}
