package watari.cli;

import java.util.Set;
import watari.api.UsageException;

/// What the manual promises and is not done yet: it is refused by name, before any work.
final class Later {
  /// Commands of the manual.
  static final Set<String> COMMANDS = Set.of("view", "zoo");

  private Later() {}

  /// @throws UsageException if a command line asks for one of them
  static void refuse(String[] args) {
    if (args.length == 0) return;
    if (COMMANDS.contains(args[0])) {
      throw new UsageException(
          "the command '%s' is not there yet; see 'What it does not do yet' in README"
              .formatted(args[0]));
    }
  }
}
