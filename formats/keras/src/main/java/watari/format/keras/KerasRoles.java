package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import watari.format.keras.KerasVariable.Role;

/// Which weights layers have.
final class KerasRoles {
  private KerasRoles() {}

  static List<Role> of(String... paths) {
    return Stream.of(paths).map(path -> new Role(path, true)).toList();
  }

  /// `kernel`, and `bias` unless `use_bias` is off.
  static List<Role> kernelAndBias(KerasLayer layer) {
    return withBias(layer, "kernel");
  }

  /// The arrays, and `bias` unless `use_bias` is off.
  static List<Role> withBias(KerasLayer layer, String... paths) {
    var all = new ArrayList<>(of(paths));
    if (layer.config().flag("use_bias", true)) all.addAll(of("bias"));
    return all;
  }

  static Role fixed(String path) {
    return new Role(path, false);
  }
}
