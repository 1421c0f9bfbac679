package watari.cli;

import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.Weights;

/// `watari weights`.
final class WeightFiles implements Command {
  private final Usage usage =
      new Usage(
          "weights", "Takes a model's constants out as .npy files, or puts changed ones in.", this);

  @Override
  public CommandSpec spec() {
    return usage.spec(new Extract(), new Inject());
  }

  @Override
  public Integer call() {
    throw new CommandLine.ParameterException(usage.commandLine(), "extract or inject is expected");
  }

  /// `watari weights extract`.
  static final class Extract implements Command {
    private final Usage usage =
        new Usage("extract", "Writes each constant as an .npy, and index.json.", this);
    private final Speech speech = new Speech(usage);

    private final Supplier<Path> model =
        usage.parameter(0, "MODEL", "A TFLite or ONNX file, or the .xml of an IR.");

    private final Supplier<Path> output =
        usage.requiredPath("DIR", "Folder of the constants.", "-o", "--output");

    private final Supplier<Boolean> force =
        usage.flag("Replace the folder that is there.", "--force");

    @Override
    public CommandSpec spec() {
      return usage.spec();
    }

    @Override
    public Integer call() {
      var report = new Weights().extract(model.get(), output.get(), force.get());
      FileSpeech.say(report, speech);
      return report.ending().exitCode();
    }
  }

  /// `watari weights inject`.
  static final class Inject implements Command {
    private final Usage usage =
        new Usage("inject", "Writes the model with the constants of a folder.", this);
    private final Speech speech = new Speech(usage);
    private final Supplier<Path> model = usage.parameter(0, "MODEL", "The model they came from.");
    private final Supplier<Path> folder = usage.parameter(1, "DIR", "Folder that extract made.");

    private final Supplier<Path> output =
        usage.requiredPath("OUT", "The changed model.", "-o", "--output");

    private final Supplier<Boolean> force =
        usage.flag("Replace the model that is there.", "--force");

    @Override
    public CommandSpec spec() {
      return usage.spec();
    }

    @Override
    public Integer call() {
      var report = new Weights().inject(model.get(), folder.get(), output.get(), force.get());
      FileSpeech.say(report, speech);
      return report.ending().exitCode();
    }
  }
}
