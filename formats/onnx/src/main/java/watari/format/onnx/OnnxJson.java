package watari.format.onnx;

import com.google.protobuf.Descriptors.FieldDescriptor;
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
import watari.format.onnx.schema.ModelProto;

/// The records of an ONNX file as JSON, in protobuf's mapping, which onnx2json and json2onnx use.
///
/// External data come into it, as onnx2json has them. Source: Protocol Buffers, ProtoJSON.
public final class OnnxJson implements FormatJson {
  private static final int INDENT = 2;
  private static final int OUT_BYTES = 1 << 18;

  @Override
  public String format() {
    return OnnxFormat.NAME;
  }

  @Override
  public boolean sniff(String firstName) {
    return ModelProto.getDescriptor().getFields().stream()
        .anyMatch(field -> isName(field, firstName));
  }

  private static boolean isName(FieldDescriptor field, String name) {
    return field.getJsonName().equals(name) || field.getName().equals(name);
  }

  @Override
  public void write(Path model, Path json, JsonStyle style, Findings findings) throws IOException {
    try (var arena = Arena.ofConfined();
        var out = new BufferedOutputStream(Files.newOutputStream(json), OUT_BYTES)) {
      var file = OnnxFile.open(model, arena);
      var text = new JsonOutput(out, new JsonOutput.Form(INDENT, style.isDense(), false, false));
      new OnnxJsonWriter(file, text, style.hasDefaults(), model.toString(), findings).write();
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  @Override
  public void read(Path json, Path model, Findings findings) throws IOException {
    try {
      OnnxJsonReader.read(json, model);
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }
}
