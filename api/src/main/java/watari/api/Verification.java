package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.api.Pairing.Pair;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Runs two models on the same inputs and compares what they give.
final class Verification {
  /// How much may differ.
  ///
  /// @param scaled the largest error over the range
  /// @param isGiven whether the user said so; then steps of quantization do not count
  record Tolerance(double scaled, boolean isGiven) {
    static final double EQUAL = 1e-6;
    static final double ROUNDING = 2e-3;
    static final double ROUNDING_FLOAT16 = 2e-2;

    /// Of a quantized source, which rounds where a decoded result does not.
    static final double ROUNDING_DECODED = 0.1;

    /// @param decodes whether the source is quantized and the result is not
    static Tolerance of(VerifySettings settings, Precision precision, boolean decodes) {
      boolean isGiven = !Double.isNaN(settings.tolerance());
      return decodes && !isGiven ? new Tolerance(ROUNDING_DECODED, false) : of(settings, precision);
    }

    static Tolerance of(VerifySettings settings, Precision precision) {
      if (!Double.isNaN(settings.tolerance())) return new Tolerance(settings.tolerance(), true);
      return new Tolerance(precision == Precision.FLOAT16 ? ROUNDING_FLOAT16 : ROUNDING, false);
    }
  }

  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final Tolerance tolerance;
  private final VerifySettings settings;
  private final List<Finding> findings;
  private List<TensorData> inputsA = List.of();
  private List<TensorData> inputsB = List.of();

  Verification(
      Side a,
      Side b,
      Pairing pairing,
      Tolerance tolerance,
      VerifySettings settings,
      List<Finding> findings) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.tolerance = tolerance;
    this.settings = settings;
    this.findings = findings;
  }

  /// @throws EngineException if the source does not run: then nothing is known of the result
  Check run() throws IOException, EngineException {
    var runA = runSource();
    Side.Run runB;
    try {
      runB = b.run(inputsB, List.of());
    } catch (EngineException e) {
      return resultDoesNotRun(e);
    }
    return compare(runA, runB);
  }

  /// A result that its own runtime does not run is wrong; that we cannot run it says nothing of it.
  private Check resultDoesNotRun(EngineException e) {
    if (b.isOwnReading()) {
      findings.add(Finding.note("UNVERIFIED", "the result was not compared: " + e.getMessage()));
      return new Check(Verdict.UNVERIFIED, a.engine(), "", List.of());
    }
    findings.add(
        Finding.error("RESULT_DOES_NOT_RUN", String.valueOf(e.getMessage()))
            .fix("please report this with the model"));
    return new Check(Verdict.DIFFERENT, a.engine(), b.engine(), List.of());
  }

  /// Tries sizes for unknown dims until the source runs.
  private Side.Run runSource() throws IOException, EngineException {
    var inputs = new Inputs(a.graph(), settings, this::shapeA);
    EngineException last = new EngineException("nothing was tried");
    for (var candidate : inputs.candidates()) {
      inputsA = candidate;
      inputsB = pairing.inputs().stream().map(this::inputB).toList();
      try {
        return a.run(inputsA, sourceTaps());
      } catch (EngineException e) {
        last = e;
      }
    }
    throw last;
  }

  /// The source's shape of an input, with what the result knows better.
  private Shape shapeA(Value input) {
    for (var pair : pairing.inputs()) {
      var b = pair.valueB().shape();
      if (pair.valueA() != input || !b.isRanked()) continue;
      if (pair.permutation().isEmpty()) return b;
      var dims = new Dim[b.rank()];
      for (int i = 0; i < dims.length; i++) dims[pair.permutation().get(i)] = b.dim(i);
      return Shape.of(dims);
    }
    return input.shape();
  }

  private TensorData inputB(Pair pair) {
    var inputs = a.graph().inputs();
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i) != pair.valueA()) continue;
      var data = Side.as(inputsA.get(i), pair.valueA().type(), pair.valueB().type());
      return pair.permutation().isEmpty() ? data : data.transposed(pair.permutation());
    }
    var type = pair.valueB().type();
    return TensorData.filled(TensorData.scalar(type.dtype(), 0), type.shape());
  }

  /// Outputs of the result that are no outputs of the source.
  private List<String> sourceTaps() {
    return pairing.outputs().stream()
        .map(Pair::a)
        .filter(name -> !a.graph().outputNames().contains(name))
        .toList();
  }

  private Check compare(Side.Run runA, Side.Run runB) {
    var errors = new ArrayList<OutputError>();
    var different = new ArrayList<Compared>();
    var verdict = Verdict.EQUAL;
    for (int i = 0; i < pairing.outputs().size(); i++) {
      var pair = pairing.outputs().get(i);
      var wanted = of(runA, pair);
      if (wanted == null) {
        findings.add(Finding.note("NOT_COMPARED", "the source gives no tensor '" + pair.a() + "'"));
        continue;
      }
      var compared = new Compared(pair, wanted, runB.outputs().get(i), tolerance);
      errors.add(compared.error());
      compared.finding().ifPresent(findings::add);
      if (compared.verdict() == Verdict.DIFFERENT) different.add(compared);
      verdict = verdict.compareTo(compared.verdict()) > 0 ? verdict : compared.verdict();
    }
    if (errors.isEmpty()) verdict = Verdict.UNVERIFIED;
    if (verdict == Verdict.DIFFERENT || settings.layers()) verdict = withLayers(verdict, different);
    boolean ownReading = a.isOwnReading() || b.isOwnReading();
    boolean agrees = verdict == Verdict.EQUAL || verdict == Verdict.ROUNDING;
    return new Check(
        ownReading && agrees ? Verdict.CONSISTENT : verdict, a.engine(), b.engine(), errors);
  }

  /// Looks for the first node that is wrong, outputs last. Outputs of a quantized model that differ
  /// though no node is wrong are rounding that added up.
  private Verdict withLayers(Verdict verdict, List<Compared> different) {
    boolean isQuantized = isQuantized(a.graph()) || isQuantized(b.graph());
    boolean addsUp = isQuantized && !tolerance.isGiven();
    var layers = new Layers(a, b, pairing, tolerance, addsUp);
    Optional<Finding> first;
    try {
      first = layers.firstDifference(inputsA, inputsB);
    } catch (IOException | EngineException e) {
      var why = "inner tensors cannot be compared: " + e.getMessage();
      findings.add(Finding.note("LAYERS_NOT_COMPARED", why));
      return verdict;
    }
    if (first.isEmpty()) first = firstOutput(layers, different);
    first.ifPresent(findings::add);
    if (verdict != Verdict.DIFFERENT || !addsUp || first.isPresent()) return verdict;
    if (different.stream().anyMatch(compared -> compared.finding().isPresent())) return verdict;
    var why = "rounding of quantized tensors adds up; no single node differs";
    findings.add(Finding.note("ROUNDING_ADDS_UP", why));
    return Verdict.ROUNDING;
  }

  private static Optional<Finding> firstOutput(Layers layers, List<Compared> different) {
    return different.stream()
        .filter(c -> c.pair().valueB().producer().isPresent() && layers.differs(c))
        .findFirst()
        .map(c -> layers.finding(c.pair(), c));
  }

  static boolean isQuantized(Graph graph) {
    for (var node : graph) {
      for (var input : node.inputs()) if (input.type().isQuantized()) return true;
      for (var output : node.outputs()) if (output.type().isQuantized()) return true;
    }
    return false;
  }

  private @org.jspecify.annotations.Nullable TensorData of(Side.Run run, Pair pair) {
    int at = a.graph().outputNames().indexOf(pair.a());
    if (at >= 0) return run.outputs().get(at);
    int tap = run.taps().indexOf(pair.a());
    return tap >= 0 ? run.tapped().get(tap) : null;
  }
}
