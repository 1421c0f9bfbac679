package watari.cli;

import picocli.CommandLine.Option;

/// How much is said, and in which form: the same options for every command.
final class Speech {
  @Option(names = "--json", description = "The report as JSON on standard output.")
  boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing but errors and what was asked for.")
  boolean quiet;

  @Option(
      names = {"-v", "--verbose"},
      description = "Say all there is.")
  boolean verbose;
}
