package watari.api;

import java.nio.file.Path;
import java.util.List;
import watari.finding.Finding;
import watari.rewrite.PassLog;

/// Puts reports together.
final class Reports {
  private Reports() {}

  static ModelReport failed(Path path, List<Finding> findings, Ending ending) {
    return new ModelReport(
        path.toString(),
        "",
        ModelReport.Status.FAILED,
        "",
        "",
        inFile(findings, path),
        List.of(),
        ending);
  }

  static ModelReport of(OpenModel source, List<OutputReport> outputs) {
    var ending = outputs.stream().map(OutputReport::ending).reduce(Ending.DONE, Ending::worse);
    if (source.hasErrors()) ending = ending.worse(Ending.REFUSED);
    var metadata = source.model().metadata();
    return new ModelReport(
        source.path().toString(),
        source.model().format(),
        status(outputs),
        metadata.license(),
        metadata.producer(),
        source.findings(),
        outputs,
        ending);
  }

  private static ModelReport.Status status(List<OutputReport> outputs) {
    long written = count(outputs, OutputReport.Status.WRITTEN);
    if (written == outputs.size()) return ModelReport.Status.DONE;
    if (written > 0) return ModelReport.Status.PARTIAL;
    return count(outputs, OutputReport.Status.FAILED) > 0
        ? ModelReport.Status.FAILED
        : ModelReport.Status.REFUSED;
  }

  private static long count(List<OutputReport> outputs, OutputReport.Status status) {
    return outputs.stream().filter(output -> output.status() == status).count();
  }

  static List<Finding> inFile(List<Finding> findings, Path path) {
    return findings.stream().map(f -> f.file().isEmpty() ? f.inFile(path.toString()) : f).toList();
  }

  static Explanation explanation(PassLog log) {
    var left =
        log.left().stream().map(l -> l.rule() + " at " + l.node() + ": " + l.reason()).toList();
    return new Explanation(log.fired(), left);
  }
}
