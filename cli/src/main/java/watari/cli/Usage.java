package watari.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// What a command takes. A command declares each option once, in the order of its help, and asks
/// what was given when it runs.
///
/// Picocli could read this from annotations, by reflection and proxies: that takes as long as the
/// conversion of a small model.
final class Usage {
  private static final IVersionProvider VERSION = new Version();

  private final CommandSpec spec;

  Usage(String name, String description, Object command) {
    spec = CommandSpec.wrapWithoutInspection(command).name(name).versionProvider(VERSION);
    spec.usageMessage().description(description).sortOptions(false);
  }

  /// All of it, with the options that every command has, and commands below it.
  CommandSpec spec(Command... commands) {
    for (var command : commands) {
      var below = command.spec();
      spec.addSubcommand(below.name(), below);
    }
    return spec.addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help message and exit.")
                .build())
        .addOption(
            OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Print version information and exit.")
                .build());
  }

  /// The command line that is being run.
  CommandLine commandLine() {
    return spec.commandLine();
  }

  Supplier<Boolean> flag(String description, String... names) {
    return add(option("", description, names).type(boolean.class), false);
  }

  /// A flag that asks for something else than what the command does: nothing more is required then.
  Supplier<Boolean> inquiry(String description, String name) {
    return add(option("", description, name).type(boolean.class).help(true), false);
  }

  /// A word; empty where none is given.
  Supplier<String> word(String label, String description, String... names) {
    return add(option(label, description, names).type(String.class), "");
  }

  /// A word that is known beforehand; `initial` where none is given.
  Supplier<String> choice(String label, String description, String initial, String name) {
    return add(option(label, description, name).type(String.class), initial);
  }

  Supplier<Long> number(String label, String description, long initial, String name) {
    return add(option(label, description, name).type(long.class), initial);
  }

  Supplier<Integer> count(String label, String description, int initial, String name) {
    return add(option(label, description, name).type(int.class), initial);
  }

  /// A path; empty where none is given.
  Supplier<Path> path(String label, String description, String... names) {
    return add(option(label, description, names).type(Path.class), Path.of(""));
  }

  Supplier<Path> requiredPath(String label, String description, String... names) {
    return add(option(label, description, names).required(true).type(Path.class), Path.of(""));
  }

  /// Words between commas; the option may be repeated.
  Supplier<List<String>> words(String label, String description, String name) {
    return add(listed(option(label, description, name)), List.of());
  }

  Supplier<List<String>> requiredWords(String label, String description, String name) {
    return add(listed(option(label, description, name)).required(true), List.of());
  }

  /// Texts as they are; the option is repeated for each.
  Supplier<List<String>> texts(String label, String description, String name) {
    var option = option(label, description, name).type(List.class);
    return add(option.auxiliaryTypes(String.class), List.of());
  }

  /// Values by name; the option is repeated for each.
  Supplier<Map<String, String>> values(String label, String description, String name) {
    var option = option(label, description, name).type(Map.class);
    return add(option.auxiliaryTypes(String.class, String.class), Map.of());
  }

  /// The only parameter, or the one at a place.
  Supplier<Path> parameter(int index, String label, String description) {
    var parameter = parameter(Integer.toString(index), "1", label, description);
    return add(parameter.type(Path.class).build());
  }

  /// The only parameter, which may be missing: then it is an empty path.
  Supplier<Path> optionalParameter(String label, String description) {
    var parameter = parameter("0", "0..1", label, description).required(false);
    return add(parameter.type(Path.class).initialValue(Path.of("")).build());
  }

  /// One or more parameters.
  Supplier<List<String>> parameters(String label, String description) {
    var parameter = parameter("0..*", "1..*", label, description).type(List.class);
    return add(parameter.auxiliaryTypes(String.class).build());
  }

  private static OptionSpec.Builder option(String label, String description, String... names) {
    var option = OptionSpec.builder(names).description(description);
    return label.isEmpty() ? option : option.paramLabel(label);
  }

  private static OptionSpec.Builder listed(OptionSpec.Builder option) {
    return option.type(List.class).auxiliaryTypes(String.class).splitRegex(",");
  }

  private static PositionalParamSpec.Builder parameter(
      String index, String arity, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index)
        .arity(arity)
        .required(true)
        .paramLabel(label)
        .description(description);
  }

  private <T> Supplier<T> add(OptionSpec.Builder option, T initial) {
    var built = option.initialValue(initial).build();
    spec.addOption(built);
    return built::getValue;
  }

  private <T> Supplier<T> add(ArgSpec parameter) {
    spec.add(parameter);
    return parameter::getValue;
  }
}
