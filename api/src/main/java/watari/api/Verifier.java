package watari.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.finding.Severity;
import watari.graph.Graph;
import watari.tensor.TensorData;

/// Compares two models, or what they once gave, on the same inputs.
public final class Verifier {
  private final VerifySettings settings;
  private final ReadSettings read;
  private final List<Finding> findings = new ArrayList<>();
  private final Sides sides = new Sides();

  public Verifier(VerifySettings settings, ReadSettings read) {
    this.settings = settings;
    this.read = read;
  }

  /// Compares `a` with `b`; each is a model or an .npz of outputs. A file of weights is that of
  /// `a`.
  ///
  /// @throws UsageException if there is one, but `a` is no model
  public VerifyReport verify(Path a, Path b) {
    if (isRecorded(a) && !read.weightsFile().toString().isEmpty()) {
      throw new UsageException("--weights-file is for A, but '" + a + "' holds outputs");
    }
    try {
      var checks = isRecorded(a) || isRecorded(b) ? recorded(a, b) : models(a, b);
      boolean differs = checks.stream().anyMatch(c -> c.verdict() == Verdict.DIFFERENT);
      boolean unknown = checks.stream().allMatch(c -> c.verdict() == Verdict.UNVERIFIED);
      if (unknown) findings.replaceAll(Verifier::sayingWhy);
      var ending = unknown ? Ending.REFUSED : differs ? Ending.DIFFERENT : Ending.DONE;
      return new VerifyReport(checks, findings, ending);
    } catch (EngineException e) {
      findings.add(Finding.error("UNVERIFIED", "nothing was compared: " + e.getMessage()));
      return new VerifyReport(List.of(), findings, Ending.REFUSED);
    } catch (ModelException e) {
      findings.addAll(e.findings());
      return new VerifyReport(List.of(), findings, Ending.UNREADABLE);
    } catch (IOException e) {
      findings.add(Causes.of(e));
      return new VerifyReport(List.of(), findings, Ending.IO_FAILED);
    }
  }

  /// Who only wants to compare is told why nothing was; for a conversion it is a note.
  private static Finding sayingWhy(Finding finding) {
    return finding.code().equals("UNVERIFIED") ? finding.withSeverity(Severity.ERROR) : finding;
  }

  private static boolean isRecorded(Path path) {
    var name = path.toString();
    return name.endsWith(".npz") || name.endsWith(".npy");
  }

  private List<Check> models(Path a, Path b) throws IOException, EngineException {
    try (var modelA = Watari.read(a, read);
        var modelB = Watari.read(b, besides())) {
      var sideA = side(modelA);
      var sideB = side(modelB);
      var pairing = GuessedPairs.between(modelA.model().main(), modelB.model().main());
      var checks = new ArrayList<Check>();
      for (int sample = 0; sample < Math.max(1, settings.samples()); sample++) {
        var each =
            new VerifySettings(
                true,
                settings.tolerance(),
                settings.data(),
                settings.seed() + sample,
                1,
                settings.layers());
        var tolerance = Tolerance.of(each, Precision.KEPT);
        LocalCheck.Pieces pieces =
            part -> Sides.part(part.graph(), modelB.model().format(), /* isLegal= */ false);
        checks.add(
            new Verification(sideA, sideB, pairing, tolerance, each, pieces, findings).run());
      }
      return checks;
    }
  }

  /// The official runtime where it loads the model, else our own reading.
  private Side side(OpenModel model) throws EngineException, IOException {
    try {
      var official = sides.official(model);
      official.loader().load(List.of()).close();
      return official;
    } catch (EngineException e) {
      var why = model.path() + " is run by watari's reading: " + e.getMessage();
      findings.add(Finding.note("OWN_READING", why));
      return sides.ownReading(model);
    }
  }

  private List<Check> recorded(Path a, Path b) throws IOException, EngineException {
    var outputsA = outputs(a, read);
    var outputsB = outputs(b, besides());
    var errors = new ArrayList<OutputError>();
    var verdict = Verdict.EQUAL;
    int at = 0;
    for (var output : outputsA.entrySet()) {
      var other = outputsB.get(output.getKey());
      if (other == null && outputsA.size() == outputsB.size()) {
        other = List.copyOf(outputsB.values()).get(at);
      }
      at++;
      if (other == null) {
        var why = b + " has no output '" + output.getKey() + "'";
        findings.add(Finding.error("OUTPUT_MISSING", why));
        verdict = Verdict.DIFFERENT;
        continue;
      }
      var judged = judge(output.getKey(), output.getValue(), other, errors);
      verdict = verdict.compareTo(judged) > 0 ? verdict : judged;
    }
    return List.of(new Check(verdict, "recorded", "recorded", errors));
  }

  private Verdict judge(String name, TensorData a, TensorData b, List<OutputError> errors) {
    if (!a.shape().equals(b.shape())) {
      var why =
          "output '" + name + "' is " + b.shape() + ", but " + a.shape() + " on the other side";
      findings.add(Finding.error("SHAPE_DIFFERS", why));
      return Verdict.DIFFERENT;
    }
    var error = Comparison.of(name, a, b);
    errors.add(error);
    if (error.scaled() <= Tolerance.EQUAL) return Verdict.EQUAL;
    var tolerance = Tolerance.of(settings, Precision.KEPT);
    return error.scaled() <= tolerance.scaled() ? Verdict.ROUNDING : Verdict.DIFFERENT;
  }

  /// How the second model is read: its weights are where it says.
  private ReadSettings besides() {
    return new ReadSettings(read.format(), Path.of(""));
  }

  private Map<String, TensorData> outputs(Path path, ReadSettings how)
      throws IOException, EngineException {
    if (isRecorded(path)) return Npz.read(path);
    try (var model = Watari.read(path, how)) {
      var side = side(model);
      var feeds = new Inputs(side.graph(), settings).first(side);
      return named(side.graph(), side.run(feeds, List.of()).outputs());
    }
  }

  private static Map<String, TensorData> named(Graph graph, List<TensorData> outputs) {
    var map = new java.util.LinkedHashMap<String, TensorData>();
    for (int i = 0; i < outputs.size(); i++) map.put(graph.outputNames().get(i), outputs.get(i));
    return map;
  }
}
