package watari.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Value;
import watari.quant.Histogram;
import watari.quant.Range;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Looks for mistakes in calibration data.
final class CalibrationLint {
  private static final int FEW = 32;

  /// Floats that go into networks are seldom larger.
  private static final double LARGE = 64;

  private static final double MOST_CUT = 0.05;

  private final Graph graph;
  private final CalibrationSettings settings;
  private final List<Finding> findings = new ArrayList<>();
  private final double[] min;
  private final double[] max;
  private final boolean[] isUniform;
  private int samples;

  CalibrationLint(Graph graph, CalibrationSettings settings) {
    this.graph = graph;
    this.settings = settings;
    int inputs = graph.inputs().size();
    min = new double[inputs];
    max = new double[inputs];
    isUniform = new boolean[inputs];
    java.util.Arrays.fill(min, Double.POSITIVE_INFINITY);
    java.util.Arrays.fill(max, Double.NEGATIVE_INFINITY);
    java.util.Arrays.fill(isUniform, true);
  }

  int samples() {
    return samples;
  }

  void add(List<TensorData> sample) {
    samples++;
    for (int i = 0; i < sample.size(); i++) {
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      var data = sample.get(i);
      for (long at = 0; at < data.size(); at++) {
        double x = data.doubleAt(at);
        least = Math.min(least, x);
        most = Math.max(most, x);
      }
      if (least < most) isUniform[i] = false;
      min[i] = Math.min(min[i], least);
      max[i] = Math.max(max[i], most);
    }
  }

  void addLayouts(List<FittedInput> inputs) {
    for (var input : inputs) {
      if (!input.isTurned()) continue;
      warn(
          "CALIBRATION_LAYOUT",
          "samples for '%s' fit with their channels moved only".formatted(input.name()),
          "give them in the model's layout, " + input.sourceShape());
    }
  }

  /// What is suspicious, once all samples are seen.
  List<Finding> findings(Map<String, Histogram> seen, Map<String, Range> ranges) {
    if (samples < FEW) {
      warn(
          "CALIBRATION_FEW",
          "%d samples may not show all that the model is used with".formatted(samples),
          "give %d or more".formatted(FEW));
    }
    for (int i = 0; i < graph.inputs().size(); i++) input(graph.inputs().get(i), i);
    saturation(seen, ranges);
    return List.copyOf(findings);
  }

  private void input(Value input, int i) {
    if (isUniform[i] && input.shape().elements().isFixed() && !input.shape().elements().is(1)) {
      warn(
          "CALIBRATION_CONSTANT",
          "each sample for '%s' is one number all over".formatted(input.name()),
          "look whether the data was read, and scaled, as it was meant");
    }
    boolean isRaw = input.dtype() == DataType.FLOAT32 && Math.max(-min[i], max[i]) > LARGE;
    if (isRaw && settings.normalize().isEmpty()) {
      warn(
          "CALIBRATION_RANGE",
          String.format(
              Locale.ROOT,
              "samples for '%s' go from %.4g to %.4g; networks of floats mostly take -1 to 1, or 0"
                  + " to 1",
              input.name(),
              min[i],
              max[i]),
          "say how they are scaled, such as --normalize 'x / 255', or 'x' if they are right");
    }
    boolean isTiny =
        input.dtype() == DataType.FLOAT32 && !isUniform[i] && max[i] - min[i] < 1.0 / 64;
    if (isTiny) {
      warn(
          "CALIBRATION_RANGE",
          String.format(
              Locale.ROOT,
              "samples for '%s' go from %.4g to %.4g only",
              input.name(),
              min[i],
              max[i]),
          "look whether they are scaled twice");
    }
  }

  private void saturation(Map<String, Histogram> seen, Map<String, Range> ranges) {
    var cut = new ArrayList<String>();
    ranges.forEach((name, range) -> {
      var histogram = seen.get(name);
      if (histogram != null && histogram.shareOutside(range) > MOST_CUT) cut.add(name);
    });
    if (cut.isEmpty()) return;
    warn(
        "CALIBRATION_SATURATES",
        "more than 5 %% of the numbers of %d tensors lie outside what is stored, first of '%s'"
            .formatted(cut.size(), cut.get(0)),
        "choose another --calibrator, such as minmax");
  }

  private void warn(String code, String why, String fix) {
    findings.add(Finding.warning(code, why).fix(fix).inFile(settings.data().toString()));
  }
}
