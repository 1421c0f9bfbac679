package watari.cli;

import java.io.PrintWriter;
import java.util.function.Supplier;

/// How much is said, in which form and where: the same options for every command.
final class Speech {
  private final Usage usage;
  private final Supplier<Boolean> json;
  private final Supplier<Boolean> quiet;
  private final Supplier<Boolean> verbose;

  Speech(Usage usage) {
    this.usage = usage;
    json = usage.flag("The report as JSON on standard output.", "--json");
    quiet = usage.flag("Say nothing but errors and what was asked for.", "-q", "--quiet");
    verbose = usage.flag("Say all there is.", "-v", "--verbose");
  }

  boolean isJson() {
    return json.get();
  }

  boolean isQuiet() {
    return quiet.get();
  }

  boolean isVerbose() {
    return verbose.get();
  }

  /// The name of the command that speaks.
  String command() {
    return usage.commandLine().getCommandName();
  }

  PrintWriter out() {
    return usage.commandLine().getOut();
  }

  PrintWriter err() {
    return usage.commandLine().getErr();
  }
}
