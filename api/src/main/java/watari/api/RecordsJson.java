package watari.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import watari.api.JsonSettings.Style;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.JsonStyle;

/// A model's own records as JSON, and back.
public final class RecordsJson {
  private final Formats formats = new Formats();
  private final JsonSettings settings;

  public RecordsJson(JsonSettings settings) {
    this.settings = settings;
  }

  /// Writes the JSON of a model, or the model of a JSON: whichever `model` is not.
  ///
  /// @throws UsageException if the result would take the model's place
  public FileReport turn(Path model, Path result, boolean force) {
    var step = new FileStep(model, result);
    var data = result.resolveSibling(result.getFileName() + ".data");
    return step.run(
        force, List.of(data), (temporary, findings) -> turn(model, temporary, findings));
  }

  private String turn(Path model, Path result, Findings findings) throws IOException {
    var json = formats.jsonOf(model);
    if (json.isPresent()) {
      if (!settings.equals(JsonSettings.DEFAULT)) {
        throw new UsageException("styles are of JSON that is written, and '" + model + "' is read");
      }
      json.get().read(model, result, findings);
      return json.get().format();
    }
    var format = formats.readerOf(model).format();
    var writer = formats.json(format).orElseThrow(() -> noJson(model, format));
    boolean isOnlyOfFlatc = settings.style() == Style.FLATC_EXACT || settings.quotesNonNumbers();
    if (isOnlyOfFlatc && !format.equals("tflite")) {
      throw new UsageException("'--style flatc-exact' and '--json-standard' are for TFLite alone");
    }
    writer.write(model, result, style(), findings);
    return format;
  }

  private JsonStyle style() {
    return new JsonStyle(
        settings.style() == Style.COMPACT,
        settings.style() == Style.FLATC_EXACT,
        settings.hasDefaults(),
        settings.quotesNonNumbers());
  }

  private static ModelException noJson(Path model, String format) {
    var why = "models of the format '" + format + "' have no JSON form";
    return new ModelException(
        Finding.error("FORMAT_WITHOUT_JSON", why)
            .inFile(model.toString())
            .fix("convert it to tflite or onnx first"));
  }
}
