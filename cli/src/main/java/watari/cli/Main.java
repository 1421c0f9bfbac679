package watari.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.Causes;
import watari.api.Ending;
import watari.api.UsageException;

/// The program `watari`.
public final class Main implements Command {
  private static final List<String> COMMANDS =
      List.of("convert", "inspect", "verify", "run", "edit", "json", "weights", "doctor");

  private final Usage usage =
      new Usage("watari", "Converts neural-network models between formats.", this);

  private Main() {}

  public static void main(String[] args) {
    int code;
    try {
      code = execute(args);
    } catch (Error e) {
      Defect.print(writer(System.err), e);
      code = Ending.DEFECT.exitCode();
    }
    System.exit(code);
  }

  /// Runs one command line and returns its exit code; both streams are the process's own.
  static int execute(String... args) {
    return execute(writer(System.out), writer(System.err), args);
  }

  /// Runs one command line and returns its exit code.
  static int execute(PrintWriter out, PrintWriter err, String... args) {
    try {
      Later.refuse(args);
    } catch (UsageException e) {
      return misused(err, e);
    }
    var line = new CommandLine(new Main().spec());
    for (var name : asked(args)) line.addSubcommand(name, command(name).spec());
    line.setOut(out).setErr(err).setExecutionExceptionHandler(Main::failed);
    line.setParameterExceptionHandler(Main::misused);
    int code = line.execute(withVerifyValue(args));
    out.flush();
    return code;
  }

  /// A command's class is looked at only when it is the one asked for, or help is.
  private static List<String> asked(String[] args) {
    if (args.length > 0 && COMMANDS.contains(args[0])) return List.of(args[0]);
    boolean wantsVersion = args.length == 1 && args[0].equals("--version");
    return wantsVersion ? List.of() : COMMANDS;
  }

  private static Command command(String name) {
    return switch (name) {
      case "convert" -> new Convert();
      case "inspect" -> new Inspect();
      case "verify" -> new Verify();
      case "run" -> new Run();
      case "edit" -> new Edit();
      case "json" -> new Json();
      case "weights" -> new WeightFiles();
      case "doctor" -> new Examine();
      default -> throw new IllegalArgumentException(name);
    };
  }

  /// `--verify` takes a value only behind `=`, so that a model may follow it.
  private static String[] withVerifyValue(String[] args) {
    var all = new ArrayList<String>();
    for (var arg : args) all.add(arg.equals("--verify") ? "--verify=" : arg);
    return all.toArray(String[]::new);
  }

  private static int failed(Exception e, CommandLine line, CommandLine.ParseResult result) {
    if (e instanceof UsageException) return misused(line.getErr(), e);
    if (e instanceof IOException io) {
      line.getErr().println(Causes.of(io));
      return Ending.IO_FAILED.exitCode();
    }
    Defect.print(line.getErr(), e);
    return Ending.DEFECT.exitCode();
  }

  /// Says what is wrong, and where the right usage stands.
  private static int misused(CommandLine.ParameterException e, String[] args) {
    var line = e.getCommandLine();
    int code = misused(line.getErr(), e);
    CommandLine.UnmatchedArgumentException.printSuggestions(e, line.getErr());
    line.getErr().println("  " + line.getCommandSpec().qualifiedName() + " --help says more");
    return code;
  }

  private static int misused(PrintWriter err, Exception e) {
    err.println("watari: " + e.getMessage());
    return CommandLine.ExitCode.USAGE;
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  /// Without a command.
  @Override
  public Integer call() {
    throw new CommandLine.ParameterException(usage.commandLine(), "a command is expected");
  }
}
