package watari.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.Check;
import watari.api.OutputError;
import watari.api.ReadSettings;
import watari.api.UsageException;
import watari.api.Verifier;
import watari.api.VerifyReport;
import watari.api.VerifySettings;

/// `watari verify`.
final class Verify implements Command {
  private final Usage usage =
      new Usage("verify", "Runs two models on the same inputs and compares their outputs.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<Path> a = usage.parameter(0, "A", "A model, or an .npz of outputs.");

  private final Supplier<Path> b = usage.parameter(1, "B", "A model, or an .npz of outputs.");

  private final Supplier<Path> data = usage.path("FILE.npz", "Inputs by name.", "--data");

  private final Supplier<Integer> samples =
      usage.count("N", "How many seeded inputs.", 1, "--samples");

  private final Supplier<Long> seed = usage.number("S", "Seed of the inputs.", 0, "--seed");

  private final Supplier<String> tolerance =
      usage.word("T", "Largest error over the range.", "--tolerance");

  private final Supplier<Boolean> layers = usage.flag("Compare inner tensors, too.", "--layers");

  private final Supplier<Path> weightsFile =
      usage.path("FILE", "Where the weights of A are.", "--weights-file");

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() {
    if (samples.get() < 1) throw new UsageException("--samples is above 0, not " + samples.get());
    double most =
        tolerance.get().isEmpty() ? Double.NaN : Words.number("--tolerance", tolerance.get());
    var settings =
        new VerifySettings(true, most, data.get(), seed.get(), samples.get(), layers.get());
    var report =
        new Verifier(settings, new ReadSettings("", weightsFile.get())).verify(a.get(), b.get());
    if (speech.isJson()) json(report);
    else print(report);
    return report.ending().exitCode();
  }

  private void json(VerifyReport report) {
    new JsonReport(speech.out())
        .write(
            "verify",
            json -> {
              json.writeStringProperty("a", a.get().toString());
              json.writeStringProperty("b", b.get().toString());
              json.writeStringProperty("verdict", report.verdict().toString());
              json.writeArrayPropertyStart("samples");
              for (var check : report.checks()) JsonReport.check(json, check);
              json.writeEndArray();
              JsonReport.findings(json, report.findings());
            });
  }

  private void print(VerifyReport report) {
    var out = new TextReport(speech, false);
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
