package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.ConvertOptions;
import watari.api.Ending;
import watari.api.ReadSettings;
import watari.api.Verdict;
import watari.api.Verifier;
import watari.api.VerifySettings;
import watari.api.Watari;

/// An int8 TFLite model that goes to ONNX and comes back is the model that it was.
class QuantizedCrossingTest {
  private static final Path SAMPLE =
      Path.of(System.getProperty("watari.root", "..")).resolve("samples/digits_int8.tflite");

  @TempDir private Path folder;

  private Path converted(Path source, String format) {
    var options = ConvertOptions.to(format, folder.resolve(format));
    var report = Watari.convert(List.of(source), options).getFirst();
    assertThat(report.ending()).as("%s", report).isEqualTo(Ending.DONE);
    return report.outputs().getFirst().path();
  }

  /// Each node with the types of its operands and results: scales and zero points among them.
  private static List<String> nodes(Path model) throws IOException {
    try (var open = Watari.read(model)) {
      return open.model().main().nodes().stream()
          .map(node ->
              node.op().name() + " " + types(node.inputs()) + " -> " + types(node.outputs()))
          .toList();
    }
  }

  private static List<String> types(List<watari.graph.Value> values) {
    return values.stream()
        .map(value -> value.isPresent() ? value.type() + " " + value.type().quantization() : "none")
        .toList();
  }

  @Test
  void scalesAndZeroPointsAreBitEqualAndSoAreTheOutputs() throws IOException {
    var back = converted(converted(SAMPLE, "onnx"), "tflite");

    assertThat(nodes(back)).isEqualTo(nodes(SAMPLE)).isNotEmpty();
    var settings = new VerifySettings(true, Double.NaN, Path.of(""), 5, 1, false);
    var report = new Verifier(settings, ReadSettings.DEFAULT).verify(SAMPLE, back);
    assertThat(report.verdict()).as("%s", report.findings()).isEqualTo(Verdict.EQUAL);
  }
}
