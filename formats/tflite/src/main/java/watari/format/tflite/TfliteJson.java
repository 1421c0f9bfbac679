package watari.format.tflite;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import watari.finding.Findings;
import watari.format.FormatJson;
import watari.format.JsonOutput;
import watari.format.JsonStyle;

/// The records of a TFLite file as JSON, in the form that `flatc` writes and reads.
///
/// Bytes that lie behind the flatbuffer come into it: JSON has no place outside. Floats are the
/// shortest decimals that read back to the same number. Source: FlatBuffers 2.0.8 and 25.2.
public final class TfliteJson implements FormatJson {
  private static final int INDENT = 2;
  private static final int OUT_BYTES = 1 << 18;

  private final TfliteSchema schema = TfliteSchema.load();

  @Override
  public String format() {
    return "tflite";
  }

  @Override
  public boolean sniff(String firstName) {
    return schema.fields("Model").stream().anyMatch(field -> field.name().equals(firstName));
  }

  @Override
  public void write(Path model, Path json, JsonStyle style, Findings findings) throws IOException {
    try (var arena = Arena.ofConfined();
        var out = new BufferedOutputStream(Files.newOutputStream(json), OUT_BYTES)) {
      var file = TfliteFile.open(model, arena);
      var form = new JsonOutput.Form(INDENT, style.isDense(), !style.isDense(), true);
      var text = new JsonOutput(out, form);
      new TfliteJsonWriter(file, schema, text, style, findings).model();
      text.newLine();
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  @Override
  public void read(Path json, Path model, Findings findings) throws IOException {
    try {
      TfliteJsonReader.read(json, model, schema, findings);
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }
}
