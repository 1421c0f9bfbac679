package watari.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.tensor.TensorData;

/// What a model gave.
///
/// @param outputs as stored, by name
/// @param reals the real numbers that they denote, by name
/// @param millis how long each repetition took
public record RunReport(
    String engine,
    Map<String, TensorData> outputs,
    Map<String, TensorData> reals,
    List<Double> millis,
    List<Finding> findings,
    Ending ending) {
  public RunReport {
    outputs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    reals = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(reals));
    millis = List.copyOf(millis);
    findings = List.copyOf(findings);
  }

  public static RunReport failed(List<Finding> findings, Ending ending) {
    return new RunReport("", Map.of(), Map.of(), List.of(), findings, ending);
  }
}
