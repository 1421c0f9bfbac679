package watari.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import tools.jackson.core.JsonGenerator;
import watari.api.Inspection;
import watari.api.Inspector;
import watari.api.ReadSettings;
import watari.finding.Finding;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// `watari inspect`.
final class Inspect implements Command {
  private final Usage usage = new Usage("inspect", "Says what is in a model.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<Path> model =
      usage.parameter(0, "MODEL", "A model of any readable format.");

  private final Supplier<String> from = usage.word("FORMAT", "The model's format.", "--from");

  private final Supplier<Path> weightsFile =
      usage.path("FILE", "Where the weights are.", "--weights-file");

  private final Supplier<Boolean> layers =
      usage.flag("Every node with its shapes and costs.", "--layers");

  private final Supplier<List<String>> targets =
      usage.words("FORMAT", "What these targets, or all, would refuse.", "--targets");

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() {
    var inspector = new Inspector(new ReadSettings(from.get(), weightsFile.get()));
    var inspection = inspector.inspect(model.get(), targets.get());
    if (speech.isJson()) json(inspection);
    else print(inspection);
    return inspection.ending().exitCode();
  }

  private void print(Inspection in) {
    var out = new TextReport(speech, layers.get() || !targets.get().isEmpty());
    out.findings(in.findings());
    if (in.format().isEmpty()) {
      out.end();
      return;
    }
    out.line(model.get() + ": " + in.format());
    for (var input : in.inputs()) out.detail("input  " + port(input));
    for (var output : in.outputs()) out.detail("output " + port(output));
    in.metadata().forEach((key, value) -> out.detail("  " + key + ": " + first(value)));
    out.line("operators: " + operators(in));
    out.line(
        String.format(
            Locale.ROOT,
            "parameters %,d; weights %,d bytes; multiply-adds %,d; peak activations %,d bytes",
            in.parameters(),
            in.weightBytes(),
            in.multiplyAdds(),
            in.peakActivationBytes()));
    if (!in.dynamicDims().isEmpty()) {
      out.line("dynamic dims: " + String.join(", ", in.dynamicDims()));
    }
    if (layers.get()) in.layers().forEach(layer -> out.line(layer(layer)));
    for (var target : in.targets()) target(target, out);
    out.end();
  }

  private static void target(Inspection.Target target, TextReport out) {
    var refusals = target.findings().stream().filter(Finding::isError).toList();
    out.line(
        target.format()
            + (target.isExpressible() ? ": can express it" : ": refuses " + refusals.size()));
    refusals.forEach(finding -> finding.toString().lines().forEach(line -> out.line("  " + line)));
  }

  private static String operators(Inspection in) {
    return in.operators().entrySet().stream()
        .map(e -> e.getKey() + " " + e.getValue())
        .collect(Collectors.joining(", "));
  }

  private static String layer(Inspection.Layer layer) {
    return layer.operator()
        + " "
        + layer.name()
        + ": "
        + String.join(", ", layer.inputs())
        + " -> "
        + String.join(", ", layer.outputs())
        + String.format(
            Locale.ROOT,
            "; parameters %,d, multiply-adds %,d",
            layer.parameters(),
            layer.multiplyAdds());
  }

  private static String port(Inspection.Tensor tensor) {
    var layout = tensor.layout().isEmpty() ? "" : ", " + tensor.layout();
    return tensor.name() + ": " + tensor.type() + layout + quantization(tensor.type());
  }

  private static String quantization(TensorType type) {
    return switch (type.quantization()) {
      case PerTensor(float scale, long zeroPoint) ->
          ", scale " + scale + ", zero point " + zeroPoint;
      case PerAxis(int axis, _, _) -> ", quantized along axis " + axis;
      default -> "";
    };
  }

  private static String first(String text) {
    return text.lines().findFirst().orElse("");
  }

  private void json(Inspection in) {
    new JsonReport(speech.out())
        .write(
            "inspect",
            json -> {
              json.writeStringProperty("model", model.get().toString());
              json.writeStringProperty("format", in.format());
              tensors(json, "inputs", in.inputs());
              tensors(json, "outputs", in.outputs());
              json.writeObjectPropertyStart("operators");
              in.operators().forEach(json::writeNumberProperty);
              json.writeEndObject();
              json.writeNumberProperty("parameters", in.parameters());
              json.writeNumberProperty("weight_bytes", in.weightBytes());
              json.writeNumberProperty("multiply_adds", in.multiplyAdds());
              json.writeNumberProperty("peak_activation_bytes", in.peakActivationBytes());
              JsonReport.strings(json, "dynamic_dims", in.dynamicDims());
              json.writeObjectPropertyStart("metadata");
              in.metadata().forEach(json::writeStringProperty);
              json.writeEndObject();
              if (layers.get()) layers(json, in);
              targets(json, in);
              JsonReport.findings(json, in.findings());
            });
  }

  private static void tensors(JsonGenerator json, String name, List<Inspection.Tensor> tensors) {
    json.writeArrayPropertyStart(name);
    for (var tensor : tensors) {
      json.writeStartObject();
      json.writeStringProperty("name", tensor.name());
      json.writeStringProperty("dtype", tensor.type().dtype().toString());
      JsonReport.shape(json, "shape", tensor.type().shape());
      json.writeStringProperty("layout", tensor.layout());
      if (tensor.type().quantization() instanceof PerTensor(float scale, long zeroPoint)) {
        json.writeNumberProperty("scale", scale);
        json.writeNumberProperty("zero_point", zeroPoint);
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void layers(JsonGenerator json, Inspection in) {
    json.writeArrayPropertyStart("layers");
    for (var layer : in.layers()) {
      json.writeStartObject();
      json.writeStringProperty("name", layer.name());
      json.writeStringProperty("operator", layer.operator());
      JsonReport.strings(json, "inputs", layer.inputs());
      JsonReport.strings(json, "outputs", layer.outputs());
      json.writeNumberProperty("parameters", layer.parameters());
      json.writeNumberProperty("multiply_adds", layer.multiplyAdds());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void targets(JsonGenerator json, Inspection in) {
    json.writeArrayPropertyStart("targets");
    for (var target : in.targets()) {
      json.writeStartObject();
      json.writeStringProperty("format", target.format());
      json.writeBooleanProperty("expressible", target.isExpressible());
      JsonReport.findings(json, target.findings());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
