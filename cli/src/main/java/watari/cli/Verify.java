package watari.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import watari.api.Check;
import watari.api.OutputError;
import watari.api.ReadSettings;
import watari.api.UsageException;
import watari.api.Verifier;
import watari.api.VerifyReport;
import watari.api.VerifySettings;

/// `watari verify`.
@Command(
    name = "verify",
    description = "Runs two models on the same inputs and compares their outputs.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class Verify implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private Speech speech;

  @Parameters(index = "0", paramLabel = "A", description = "A model, or an .npz of outputs.")
  private Path a = Path.of("");

  @Parameters(index = "1", paramLabel = "B", description = "A model, or an .npz of outputs.")
  private Path b = Path.of("");

  @Option(names = "--data", paramLabel = "FILE.npz", description = "Inputs by name.")
  private Path data = Path.of("");

  @Option(names = "--samples", paramLabel = "N", description = "How many seeded inputs.")
  private int samples = 1;

  @Option(names = "--seed", paramLabel = "S", description = "Seed of the inputs.")
  private long seed;

  @Option(names = "--tolerance", paramLabel = "T", description = "Largest error over the range.")
  private String tolerance = "";

  @Option(names = "--layers", description = "Compare inner tensors, too.")
  private boolean layers;

  @Override
  public Integer call() {
    if (samples < 1) throw new UsageException("--samples is above 0, not " + samples);
    double most = tolerance.isEmpty() ? Double.NaN : Words.number("--tolerance", tolerance);
    var settings = new VerifySettings(true, most, data, seed, samples, layers);
    var report = new Verifier(settings, ReadSettings.DEFAULT).verify(a, b);
    if (speech.json) json(report);
    else print(report);
    return report.ending().exitCode();
  }

  private void json(VerifyReport report) {
    new JsonReport(spec.commandLine().getOut())
        .write(
            "verify",
            json -> {
              json.writeStringProperty("a", a.toString());
              json.writeStringProperty("b", b.toString());
              json.writeStringProperty("verdict", report.verdict().toString());
              json.writeArrayPropertyStart("samples");
              for (var check : report.checks()) JsonReport.check(json, check);
              json.writeEndArray();
              JsonReport.findings(json, report.findings());
            });
  }

  private void print(VerifyReport report) {
    var out = new TextReport(spec.commandLine(), speech, false);
    out.findings(report.findings());
    for (var check : report.checks()) sample(check, out);
    var engines = report.checks().isEmpty() ? Check.NONE : report.checks().get(0);
    out.line(report.verdict() + by(engines));
    out.end();
  }

  private static String by(Check check) {
    return check.engineA().isEmpty() ? "" : " (" + check.engineA() + " | " + check.engineB() + ")";
  }

  private static void sample(Check check, TextReport out) {
    for (var error : check.errors()) out.detail(line(error));
  }

  static String line(OutputError error) {
    return String.format(
        Locale.ROOT,
        "%s: max absolute %.3g, max relative %.3g, of the range %.3g, cosine %.6f, SQNR %.1f dB",
        error.name(),
        error.maxAbsolute(),
        error.maxRelative(),
        error.scaled(),
        error.cosine(),
        error.sqnr());
  }
}
