package watari.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.Ending;
import watari.api.Normalization;
import watari.api.Npz;
import watari.api.ReadSettings;
import watari.api.RunReport;
import watari.api.Runner;
import watari.api.UsageException;
import watari.api.VerifySettings;
import watari.finding.Finding;
import watari.tensor.TensorData;

/// `watari run`.
final class Run implements Command {
  private static final int TOP = 5;

  private final Usage usage = new Usage("run", "Runs a model and says what it gives.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<Path> model =
      usage.parameter(0, "MODEL", "A model of any readable format.");

  private final Supplier<String> from = usage.word("FORMAT", "The model's format.", "--from");

  private final Supplier<Path> weightsFile =
      usage.path("FILE", "Where the weights are.", "--weights-file");

  private final Supplier<Path> inputs = usage.path("FILE.npz", "Inputs by name.", "--data");

  private final Supplier<Path> image = usage.path("PHOTO", "An image as the input.", "--image");

  private final Supplier<String> normalize =
      usage.word(
          "EXPR",
          "Formula of x for the image's numbers, such as (x - 127.5) / 127.5",
          "--normalize");

  private final Supplier<Long> seed =
      usage.number("S", "Seed of inputs that are not given.", 0, "--seed");

  private final Supplier<Path> output =
      usage.path("OUT.npz", "File for the outputs.", "-o", "--output");

  private final Supplier<Boolean> force = usage.flag("Replace the file of the outputs.", "--force");

  private final Supplier<Path> labels =
      usage.path("FILE", "Names of classes, one a line.", "--labels");

  private final Supplier<Integer> repeat =
      usage.count("N", "Run so often, and time it.", 1, "--repeat");

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() throws IOException {
    var isGiven = !inputs.get().toString().isEmpty();
    var isImage = !image.get().toString().isEmpty();
    if (isGiven && isImage) throw new UsageException("--data and --image exclude each other");
    if (!normalize.get().isEmpty() && !isImage)
      throw new UsageException("--normalize needs --image");
    if (repeat.get() < 1) throw new UsageException("--repeat is above 0, not " + repeat.get());
    var standing = Npz.standing(output.get(), force.get());
    if (standing.isPresent()) return refused(standing.get());
    var names = labelNames();
    var settings = new VerifySettings(true, Double.NaN, inputs.get(), seed.get(), 1, false);
    var runner =
        new Runner(new ReadSettings(from.get(), weightsFile.get()), settings, repeat.get());
    var report =
        isImage
            ? runner.run(
                model.get(),
                image.get(),
                Normalization.of(normalize.get().isEmpty() ? "x" : normalize.get()))
            : runner.run(model.get());
    if (report.ending() == Ending.DONE && !output.get().toString().isEmpty()) {
      Npz.write(output.get(), report.outputs());
    }
    say(report, names);
    return report.ending().exitCode();
  }

  private int refused(Finding finding) {
    var report = RunReport.failed(List.of(finding), Ending.IO_FAILED);
    say(report, List.of());
    return report.ending().exitCode();
  }

  private void say(RunReport report, List<String> names) {
    if (speech.isJson()) json(report);
    else print(report, names);
  }

  private void json(RunReport report) {
    new JsonReport(speech.out())
        .write(
            "run",
            json -> {
              json.writeStringProperty("model", model.get().toString());
              json.writeStringProperty("engine", report.engine());
              json.writeArrayPropertyStart("outputs");
              report
                  .reals()
                  .forEach((name, data) -> {
                    json.writeStartObject();
                    json.writeStringProperty("name", name);
                    json.writeStringProperty("dtype", data.dtype().toString());
                    JsonReport.shape(json, "shape", data.shape());
                    var range = range(data);
                    JsonReport.number(json, "min", range[0]);
                    JsonReport.number(json, "max", range[1]);
                    json.writeEndObject();
                  });
              json.writeEndArray();
              json.writeArrayPropertyStart("milliseconds");
              for (double millis : report.millis()) json.writeNumber(millis);
              json.writeEndArray();
              JsonReport.findings(json, report.findings());
            });
  }

  private void print(RunReport report, List<String> names) {
    var out = new TextReport(speech, false);
    out.findings(report.findings());
    report
        .reals()
        .forEach((name, data) -> {
          var range = range(data);
          out.detail(
              String.format(
                  Locale.ROOT, "%s: %s, from %.6g to %.6g", name, data.type(), range[0], range[1]));
          if (!names.isEmpty()) top(data, names).forEach(out::detail);
        });
    if (!report.millis().isEmpty()) out.line(latency(report));
    out.end();
  }

  private String latency(RunReport report) {
    var sorted = report.millis().stream().sorted().toList();
    var text = new StringBuilder(report.engine());
    text.append(String.format(Locale.ROOT, ": %.2f ms", sorted.get(sorted.size() / 2)));
    if (sorted.size() > 1) {
      text.append(
          String.format(
              Locale.ROOT,
              " (median of %d; from %.2f to %.2f ms)",
              sorted.size(),
              sorted.get(0),
              sorted.get(sorted.size() - 1)));
    }
    return text.toString();
  }

  private List<String> labelNames() throws IOException {
    return labels.get().toString().isEmpty() ? List.of() : Files.readAllLines(labels.get());
  }

  private static List<String> top(TensorData data, List<String> names) {
    int size = Math.toIntExact(Math.min(data.size(), Integer.MAX_VALUE));
    var best =
        IntStream.range(0, size)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -data.doubleAt(i)))
            .limit(TOP)
            .toList();
    var lines = new ArrayList<String>();
    for (int i : best) {
      var name = i < names.size() ? names.get(i) : "#" + i;
      lines.add(String.format(Locale.ROOT, "  %.4f  %s", data.doubleAt(i), name));
    }
    return lines;
  }

  private static double[] range(TensorData data) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (long i = 0; i < data.size(); i++) {
      low = Math.min(low, data.doubleAt(i));
      high = Math.max(high, data.doubleAt(i));
    }
    return new double[] {low, high};
  }
}
