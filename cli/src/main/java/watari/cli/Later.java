package watari.cli;

import java.util.Set;
import watari.api.UsageException;

/// What the manual promises and is not done yet: it is refused by name, before any work.
final class Later {
  /// Commands of the manual.
  static final Set<String> COMMANDS = Set.of("edit", "view", "zoo");

  /// Options of `convert`.
  static final Set<String> OPTIONS =
      Set.of(
          "--calibration",
          "--calibration-samples",
          "--calibrator",
          "--io",
          "--labels",
          "--max-drop",
          "--min-sqnr",
          "--nms",
          "--normalize",
          "--overrides",
          "--per-tensor",
          "--resize",
          "--weights-as");

  private Later() {}

  /// @throws UsageException if a command line asks for one of them
  static void refuse(String[] args) {
    if (args.length == 0) return;
    if (COMMANDS.contains(args[0])) throw notYet("the command '" + args[0] + "'");
    if (!args[0].equals("convert")) return;
    for (var arg : args) {
      int end = arg.indexOf('=');
      var name = end < 0 ? arg : arg.substring(0, end);
      if (OPTIONS.contains(name)) throw notYet("the option '" + name + "'");
    }
  }

  private static UsageException notYet(String what) {
    return new UsageException(what + " is not there yet; see 'What it does not do yet' in README");
  }
}
