package watari.cli;

import java.nio.file.Path;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.JsonSettings;
import watari.api.RecordsJson;

/// `watari json`.
final class Json implements Command {
  private final Usage usage =
      new Usage("json", "Writes a model's own records as JSON, or a model of such JSON.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<Path> model =
      usage.parameter(0, "MODEL", "A TFLite or ONNX file, or the JSON of one.");

  private final Supplier<Path> output =
      usage.requiredPath("FILE", "The JSON, or the model.", "-o", "--output");

  private final Supplier<String> style =
      usage.choice(
          "flatc|flatc-exact|compact",
          "An element a line (the default); floats with six decimals as flatc prints them, which"
              + " loses the rest; arrays on one line.",
          "flatc",
          "--style");

  private final Supplier<Boolean> defaults =
      usage.flag("Write fields that hold their default, too.", "--defaults");

  private final Supplier<Boolean> standard =
      usage.flag(
          "NaN and infinities of TFLite as strings, which JSON has no word for.",
          "--json-standard");

  private final Supplier<Boolean> force = usage.flag("Replace the file that is there.", "--force");

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() {
    var form = JsonSettings.Style.named(style.get());
    var settings = new JsonSettings(form, defaults.get(), standard.get());
    var report = new RecordsJson(settings).turn(model.get(), output.get(), force.get());
    FileSpeech.say(report, speech);
    return report.ending().exitCode();
  }
}
