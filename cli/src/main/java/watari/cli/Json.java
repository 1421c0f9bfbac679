package watari.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import watari.api.JsonSettings;
import watari.api.RecordsJson;

/// `watari json`.
@Command(
    name = "json",
    description = "Writes a model's own records as JSON, or a model of such JSON.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class Json implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private Speech speech;

  @Parameters(paramLabel = "MODEL", description = "A TFLite or ONNX file, or the JSON of one.")
  private Path model = Path.of("");

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE",
      description = "The JSON, or the model.")
  private Path output = Path.of("");

  @Option(
      names = "--style",
      paramLabel = "flatc|flatc-exact|compact",
      description =
          "An element a line (the default); floats with six decimals as flatc prints them, which"
              + " loses the rest; arrays on one line.")
  private String style = "flatc";

  @Option(names = "--defaults", description = "Write fields that hold their default, too.")
  private boolean defaults;

  @Option(
      names = "--json-standard",
      description = "NaN and infinities of TFLite as strings, which JSON has no word for.")
  private boolean standard;

  @Option(names = "--force", description = "Replace the file that is there.")
  private boolean force;

  @Override
  public Integer call() {
    var settings = new JsonSettings(JsonSettings.Style.named(style), defaults, standard);
    var report = new RecordsJson(settings).turn(model, output, force);
    FileSpeech.say(report, spec, speech);
    return report.ending().exitCode();
  }
}
