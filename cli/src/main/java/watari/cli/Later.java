package watari.cli;

import java.util.Set;
import watari.api.UsageException;

/// What the manual promises and is not done yet: it is refused by name, before any work.
final class Later {
  /// Commands of the manual.
  static final Set<String> COMMANDS = Set.of("view", "zoo");

  /// Options of `convert`.
  static final Set<String> OPTIONS = Set.of("--overrides");

  /// Options of `edit`.
  static final Set<String> EDITS = Set.of("--overrides");

  private Later() {}

  /// @throws UsageException if a command line asks for one of them
  static void refuse(String[] args) {
    if (args.length == 0) return;
    if (COMMANDS.contains(args[0])) throw notYet("the command '" + args[0] + "'");
    var options =
        switch (args[0]) {
          case "convert" -> OPTIONS;
          case "edit" -> EDITS;
          default -> Set.<String>of();
        };
    for (var arg : args) {
      int end = arg.indexOf('=');
      var name = end < 0 ? arg : arg.substring(0, end);
      if (options.contains(name)) throw notYet("the option '" + name + "'");
    }
  }

  private static UsageException notYet(String what) {
    return new UsageException(what + " is not there yet; see 'What it does not do yet' in README");
  }
}
