package watari.format.openvino;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeSet;

/// The names of all operators that OpenVINO's sets have had, as layers name their type.
///
/// Source: the headers of OpenVINO 2026.4, operators.txt beside this class.
final class OpenvinoOperators {
  private static final NavigableSet<String> NAMES = load();

  private OpenvinoOperators() {}

  static NavigableSet<String> names() {
    return NAMES;
  }

  private static NavigableSet<String> load() {
    try (var bytes = OpenvinoOperators.class.getResourceAsStream("operators.txt")) {
      var text = new String(Objects.requireNonNull(bytes).readAllBytes(), UTF_8);
      return Collections.unmodifiableNavigableSet(new TreeSet<>(text.lines().toList()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
