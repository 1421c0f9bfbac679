package watari.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import watari.api.Weights;

/// `watari weights`.
@Command(
    name = "weights",
    description = "Takes a model's constants out as .npy files, or puts changed ones in.",
    mixinStandardHelpOptions = true,
    subcommands = {WeightFiles.Extract.class, WeightFiles.Inject.class})
final class WeightFiles implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "extract or inject is expected");
  }

  /// `watari weights extract`.
  @Command(
      name = "extract",
      description = "Writes each constant as an .npy, and index.json.",
      mixinStandardHelpOptions = true,
      sortOptions = false)
  static final class Extract implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private Speech speech;

    @Parameters(paramLabel = "MODEL", description = "A TFLite or ONNX file, or the .xml of an IR.")
    private Path model = Path.of("");

    @Option(
        names = {"-o", "--output"},
        required = true,
        paramLabel = "DIR",
        description = "Folder of the constants.")
    private Path output = Path.of("");

    @Option(names = "--force", description = "Replace the folder that is there.")
    private boolean force;

    @Override
    public Integer call() {
      var report = new Weights().extract(model, output, force);
      FileSpeech.say(report, spec, speech);
      return report.ending().exitCode();
    }
  }

  /// `watari weights inject`.
  @Command(
      name = "inject",
      description = "Writes the model with the constants of a folder.",
      mixinStandardHelpOptions = true,
      sortOptions = false)
  static final class Inject implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Mixin private Speech speech;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The model they came from.")
    private Path model = Path.of("");

    @Parameters(index = "1", paramLabel = "DIR", description = "Folder that extract made.")
    private Path folder = Path.of("");

    @Option(
        names = {"-o", "--output"},
        required = true,
        paramLabel = "OUT",
        description = "The changed model.")
    private Path output = Path.of("");

    @Option(names = "--force", description = "Replace the model that is there.")
    private boolean force;

    @Override
    public Integer call() {
      var report = new Weights().inject(model, folder, output, force);
      FileSpeech.say(report, spec, speech);
      return report.ending().exitCode();
    }
  }
}
