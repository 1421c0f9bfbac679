package watari.cli;

import static java.util.stream.Collectors.joining;

import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import watari.api.ModelReport;
import watari.api.OutputReport;
import watari.finding.Finding;
import watari.finding.Severity;

/// Reports for people: short, unless all is asked for. Results go to standard output, findings to
/// standard error.
final class TextReport {
  private static final int MOST_LINES = 25;
  private static final int MOST_RESULTS = 12;
  private static final int MOST_ALIKE = 2;

  /// Lines kept free for those that are never left out.
  private static final int RESERVE = 5;

  private final PrintWriter out;
  private final PrintWriter err;
  private final Speech speech;
  private final boolean saysAll;
  private int lines;
  private int most = MOST_LINES - RESERVE;
  private int hiddenFindings;
  private int hiddenLines;

  /// @param isLong whether more than a page was asked for
  TextReport(Speech speech, boolean isLong) {
    this.out = speech.out();
    this.err = speech.err();
    this.speech = speech;
    this.saysAll = speech.isVerbose() || isLong;
  }

  void convert(List<ModelReport> reports, boolean explains) {
    int results = reports.stream().mapToInt(report -> report.outputs().size()).sum();
    most -= Math.min(results, MOST_RESULTS);
    for (var report : reports) {
      findings(report.findings());
      for (var output : report.outputs()) findings(output.findings());
    }
    most = MOST_LINES - RESERVE;
    for (var report : reports) {
      for (var output : report.outputs()) result(report, output, explains);
    }
    if (results > MOST_RESULTS && !speech.isQuiet()) line(count(reports));
    end();
  }

  private void result(ModelReport report, OutputReport output, boolean explains) {
    if (!speech.isQuiet()) {
      var line = new StringBuilder(report.model()).append(" -> ").append(output.path());
      line.append(": ").append(output.status());
      if (output.status() == OutputReport.Status.WRITTEN) line.append(summary(output));
      detail(line.toString());
    }
    if (!explains) return;
    output.explanation().fired().forEach((rule, n) -> line("  " + rule + ": " + n + " times"));
    output.explanation().left().forEach(sentence -> line("  left " + sentence));
  }

  private static String count(List<ModelReport> reports) {
    var counts = new EnumMap<OutputReport.Status, Integer>(OutputReport.Status.class);
    for (var report : reports) {
      for (var output : report.outputs()) counts.merge(output.status(), 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .map(each -> each.getValue() + " " + each.getKey())
        .collect(joining(", "));
  }

  private static String summary(OutputReport output) {
    var text = new StringBuilder(", ").append(output.check().verdict());
    var worst = output.check().errors().stream().mapToDouble(e -> e.scaled()).max();
    if (worst.isPresent() && output.precision().quantizes()) {
      double sqnr = output.check().errors().stream().mapToDouble(e -> e.sqnr()).min().orElse(0);
      text.append(String.format(Locale.ROOT, " (SQNR %.1f dB)", sqnr));
    } else if (worst.isPresent()) {
      text.append(String.format(Locale.ROOT, " (error %.2g)", worst.getAsDouble()));
    }
    if (output.transposes() > 0) text.append(", transposes ").append(output.transposes());
    return text.append(String.format(Locale.ROOT, ", %.2f s", output.seconds())).toString();
  }

  /// Prints findings; of those that say the same of several nodes the first ones.
  void findings(List<Finding> findings) {
    var counts = new LinkedHashMap<String, Integer>();
    for (var finding : findings) {
      if (speech.isQuiet() && !finding.isError()) continue;
      if (!speech.isVerbose() && finding.severity() == Severity.NOTE) continue;
      int alike =
          counts.merge(finding.code() + finding.operator() + finding.why(), 1, Integer::sum);
      if (saysAll || alike <= MOST_ALIKE && lines < most) print(finding);
      else hiddenFindings++;
    }
  }

  private void print(Finding finding) {
    var text = finding.toString();
    lines += (int) text.lines().count();
    err.println(text);
  }

  /// Prints a line of the result, which is never left out.
  void line(String text) {
    lines++;
    out.println(text);
  }

  /// Prints a line of the result, as long as there is room on the page.
  void detail(String text) {
    if (saysAll || lines < most) line(text);
    else hiddenLines++;
  }

  void end() {
    if (hiddenLines > 0) out.println("... and " + hiddenLines + " lines more; -v shows all");
    if (hiddenFindings > 0) {
      err.println("... and " + hiddenFindings + " findings more; -v shows all");
    }
    out.flush();
    err.flush();
  }
}
