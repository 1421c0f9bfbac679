package watari.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import watari.api.Check;
import watari.api.ModelReport;
import watari.api.OutputReport;
import watari.api.Port;
import watari.api.ReplacementRule;
import watari.finding.Finding;
import watari.tensor.Shape;

/// Reports for machines, in the form that CLI.md promises.
final class JsonReport {
  private final PrintWriter out;

  JsonReport(PrintWriter out) {
    this.out = out;
  }

  /// Writes one document.
  void write(String command, Consumer<JsonGenerator> fields) {
    var factory = JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
    try (var json = factory.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeNumberProperty("version", 1);
      json.writeStringProperty("command", command);
      fields.accept(json);
      json.writeEndObject();
    }
    out.println();
    out.flush();
  }

  /// @param given the models' paths as the user wrote them
  void convert(List<String> given, List<ModelReport> reports) {
    write(
        "convert",
        json -> {
          json.writeArrayPropertyStart("results");
          for (int i = 0; i < reports.size(); i++) model(json, given.get(i), reports.get(i));
          json.writeEndArray();
        });
  }

  void rules(List<ReplacementRule> rules) {
    write(
        "convert",
        json -> {
          json.writeArrayPropertyStart("rules");
          for (var rule : rules) {
            json.writeStartObject();
            json.writeStringProperty("name", rule.name());
            json.writeStringProperty("text", rule.text());
            json.writeStringProperty("device", rule.device());
            json.writeBooleanProperty("exact", rule.isExact());
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  private static void model(JsonGenerator json, String given, ModelReport report) {
    json.writeStartObject();
    json.writeStringProperty("model", given);
    json.writeStringProperty("format", report.format());
    json.writeStringProperty("status", report.status().toString());
    json.writeStringProperty("license", report.license());
    json.writeStringProperty("origin", report.origin());
    findings(json, report.findings());
    json.writeArrayPropertyStart("outputs");
    for (var output : report.outputs()) output(json, output);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void output(JsonGenerator json, OutputReport output) {
    json.writeStartObject();
    json.writeStringProperty("format", output.format());
    json.writeStringProperty("precision", output.precision().toString());
    json.writeStringProperty("path", output.path().toString());
    json.writeStringProperty("status", output.status().toString());
    var check = output.check();
    json.writeStringProperty("verdict", check.verdict().toString());
    json.writeStringProperty("engine_a", check.engineA());
    json.writeStringProperty("engine_b", check.engineB());
    errors(json, check);
    json.writeArrayPropertyStart("interface");
    for (var port : output.ports()) port(json, port);
    json.writeEndArray();
    findings(json, output.findings());
    json.writeNumberProperty("transposes", output.transposes());
    json.writeNumberProperty("seconds", Math.round(output.seconds() * 1000) / 1000.0);
    explanation(json, output);
    json.writeEndObject();
  }

  private static void explanation(JsonGenerator json, OutputReport output) {
    var explanation = output.explanation();
    if (explanation.left().isEmpty()) return;
    json.writeObjectPropertyStart("rules");
    explanation.fired().forEach(json::writeNumberProperty);
    json.writeEndObject();
    strings(json, "left", explanation.left());
  }

  private static void port(JsonGenerator json, Port port) {
    json.writeStartObject();
    json.writeStringProperty("kind", port.isInput() ? "input" : "output");
    json.writeStringProperty("name", port.name());
    json.writeStringProperty("source_name", port.sourceName());
    shape(json, "shape", port.shape());
    shape(json, "source_shape", port.sourceShape());
    json.writeStringProperty("dtype", port.dtype().toString());
    json.writeArrayPropertyStart("permutation");
    for (int axis : port.permutation()) json.writeNumber(axis);
    json.writeEndArray();
    json.writeEndObject();
  }

  /// A verdict with the errors of each output.
  static void check(JsonGenerator json, Check check) {
    json.writeStartObject();
    json.writeStringProperty("verdict", check.verdict().toString());
    json.writeStringProperty("engine_a", check.engineA());
    json.writeStringProperty("engine_b", check.engineB());
    errors(json, check);
    json.writeEndObject();
  }

  private static void errors(JsonGenerator json, Check check) {
    json.writeArrayPropertyStart("errors");
    for (var error : check.errors()) {
      json.writeStartObject();
      json.writeStringProperty("name", error.name());
      number(json, "max_absolute", error.maxAbsolute());
      number(json, "max_relative", error.maxRelative());
      number(json, "scaled", error.scaled());
      number(json, "cosine", error.cosine());
      number(json, "sqnr", error.sqnr());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /// What JSON has no number for is null.
  static void number(JsonGenerator json, String name, double value) {
    if (Double.isFinite(value)) json.writeNumberProperty(name, value);
    else json.writeNullProperty(name);
  }

  /// Fixed dims are numbers, others are formulas; an unknown rank is null.
  static void shape(JsonGenerator json, String name, Shape shape) {
    if (!shape.isRanked()) {
      json.writeNullProperty(name);
      return;
    }
    json.writeArrayPropertyStart(name);
    for (var dim : shape.dims()) {
      if (dim.isFixed()) json.writeNumber(dim.fixed());
      else json.writeString(dim.toString());
    }
    json.writeEndArray();
  }

  static void findings(JsonGenerator json, List<Finding> findings) {
    json.writeArrayPropertyStart("findings");
    for (var finding : findings) finding(json, finding);
    json.writeEndArray();
  }

  private static void finding(JsonGenerator json, Finding finding) {
    json.writeStartObject();
    json.writeStringProperty("severity", finding.severity().name().toLowerCase(Locale.ROOT));
    json.writeStringProperty("code", finding.code());
    json.writeStringProperty("file", finding.file());
    json.writeStringProperty("node", finding.node());
    json.writeNumberProperty("index", finding.index());
    json.writeStringProperty("operator", finding.operator());
    strings(json, "inputs", finding.inputs());
    strings(json, "outputs", finding.outputs());
    json.writeStringProperty("why", finding.why());
    json.writeStringProperty("fix", finding.fix());
    json.writeEndObject();
  }

  static void strings(JsonGenerator json, String name, List<String> words) {
    json.writeArrayPropertyStart(name);
    for (var word : words) json.writeString(word);
    json.writeEndArray();
  }
}
