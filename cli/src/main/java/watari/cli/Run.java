package watari.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
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
@Command(
    name = "run",
    description = "Runs a model and says what it gives.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class Run implements Callable<Integer> {
  private static final int TOP = 5;

  @Spec private CommandSpec spec;

  @Mixin private Speech speech;

  @Parameters(paramLabel = "MODEL", description = "A model of any readable format.")
  private Path model = Path.of("");

  @Option(names = "--from", paramLabel = "FORMAT", description = "The model's format.")
  private String from = "";

  @Option(names = "--weights-file", paramLabel = "FILE", description = "Where the weights are.")
  private Path weightsFile = Path.of("");

  @Option(names = "--data", paramLabel = "FILE.npz", description = "Inputs by name.")
  private Path data = Path.of("");

  @Option(names = "--image", paramLabel = "PHOTO", description = "An image as the input.")
  private Path image = Path.of("");

  @Option(
      names = "--normalize",
      paramLabel = "EXPR",
      description = "Formula of x for the image's numbers, such as (x - 127.5) / 127.5")
  private String normalize = "";

  @Option(names = "--seed", paramLabel = "S", description = "Seed of inputs that are not given.")
  private long seed;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT.npz",
      description = "File for the outputs.")
  private Path output = Path.of("");

  @Option(names = "--force", description = "Replace the file of the outputs.")
  private boolean force;

  @Option(names = "--labels", paramLabel = "FILE", description = "Names of classes, one a line.")
  private Path labels = Path.of("");

  @Option(names = "--repeat", paramLabel = "N", description = "Run so often, and time it.")
  private int repeat = 1;

  @Override
  public Integer call() throws IOException {
    var isGiven = !data.toString().isEmpty();
    var isImage = !image.toString().isEmpty();
    if (isGiven && isImage) throw new UsageException("--data and --image exclude each other");
    if (!normalize.isEmpty() && !isImage) throw new UsageException("--normalize needs --image");
    if (repeat < 1) throw new UsageException("--repeat is above 0, not " + repeat);
    var standing = Npz.standing(output, force);
    if (standing.isPresent()) return refused(standing.get());
    var names = labelNames();
    var settings = new VerifySettings(true, Double.NaN, data, seed, 1, false);
    var runner = new Runner(new ReadSettings(from, weightsFile), settings, repeat);
    var report =
        isImage
            ? runner.run(model, image, Normalization.of(normalize.isEmpty() ? "x" : normalize))
            : runner.run(model);
    if (report.ending() == Ending.DONE && !output.toString().isEmpty()) {
      Npz.write(output, report.outputs());
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
    if (speech.json) json(report);
    else print(report, names);
  }

  private void json(RunReport report) {
    new JsonReport(spec.commandLine().getOut())
        .write(
            "run",
            json -> {
              json.writeStringProperty("model", model.toString());
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
    var out = new TextReport(spec.commandLine(), speech, false);
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
    return labels.toString().isEmpty() ? List.of() : Files.readAllLines(labels);
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
