package watari.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import watari.api.ModelReport;
import watari.api.OutputReport;
import watari.finding.Finding;
import watari.finding.Severity;

/// Reports for people: short, unless all is asked for.
final class TextReport {
  private static final int MOST_LINES = 25;

  private final Lines out;
  private final Speech speech;
  private final boolean explains;

  TextReport(PrintWriter out, Speech speech, boolean explains) {
    this.speech = speech;
    this.explains = explains;
    boolean all = speech.verbose || explains;
    this.out = new Lines(out, all ? Integer.MAX_VALUE : MOST_LINES);
  }

  void convert(List<ModelReport> reports) {
    for (var report : reports) {
      findings(report.findings());
      for (var output : report.outputs()) output(report, output);
    }
    out.end();
  }

  private void output(ModelReport report, OutputReport output) {
    findings(output.findings());
    if (speech.quiet) return;
    var line = new StringBuilder(report.model()).append(" -> ").append(output.path());
    line.append(": ").append(output.status());
    if (output.status() == OutputReport.Status.WRITTEN) line.append(summary(output));
    out.line(line.toString());
    if (!explains) return;
    output.explanation().fired().forEach((rule, n) -> out.line("  " + rule + ": " + n + " times"));
    output.explanation().left().forEach(sentence -> out.line("  left " + sentence));
  }

  private static String summary(OutputReport output) {
    var text = new StringBuilder(", ").append(output.check().verdict());
    var worst = output.check().errors().stream().mapToDouble(e -> e.scaled()).max();
    if (worst.isPresent())
      text.append(String.format(Locale.ROOT, " (error %.2g)", worst.getAsDouble()));
    if (output.transposes() > 0) text.append(", transposes ").append(output.transposes());
    return text.append(String.format(Locale.ROOT, ", %.2f s", output.seconds())).toString();
  }

  private void findings(List<Finding> findings) {
    for (var finding : findings) {
      if (speech.quiet && !finding.isError()) continue;
      if (!speech.verbose && finding.severity() == Severity.NOTE) continue;
      finding.toString().lines().forEach(out::line);
    }
  }
}
