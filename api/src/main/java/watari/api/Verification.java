package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.api.Feeding.Fed;
import watari.api.Pairing.Pair;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.graph.Graph;

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

    static Tolerance of(VerifySettings settings, Precision precision) {
      if (!Double.isNaN(settings.tolerance())) return new Tolerance(settings.tolerance(), true);
      if (precision.quantizes()) return new Tolerance(Double.MAX_VALUE, false);
      return new Tolerance(precision == Precision.FLOAT16 ? ROUNDING_FLOAT16 : ROUNDING, false);
    }
  }

  /// Rounding leaves a state this near, in dB.
  private static final double LEAST_OF_STATE = 20;

  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final Tolerance tolerance;
  private final VerifySettings settings;
  private final LocalCheck.Pieces pieces;
  private final List<Finding> findings;

  /// The worst error of each output, by its name.
  private final Map<String, OutputError> errors = new LinkedHashMap<>();

  private Verdict verdict = Verdict.EQUAL;

  /// Whether the nodes were all found to be right, though outputs differ.
  private boolean addsUp;

  /// @param pieces runs pieces of the result
  Verification(
      Side a,
      Side b,
      Pairing pairing,
      Tolerance tolerance,
      VerifySettings settings,
      LocalCheck.Pieces pieces,
      List<Finding> findings) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.tolerance = tolerance;
    this.settings = settings;
    this.pieces = pieces;
    this.findings = findings;
  }

  /// @throws EngineException if the source does not run: then nothing is known of the result
  Check run() throws IOException, EngineException {
    var fed = new Feeding(a, b, pairing, settings).run(sourceTaps());
    List<Side.Run> runsB;
    try {
      runsB = b.runs(fed.b(), List.of());
    } catch (EngineException e) {
      return resultDoesNotRun(e);
    }
    compare(fed, runsB);
    boolean ownReading = a.isOwnReading() || b.isOwnReading();
    boolean agrees = verdict == Verdict.EQUAL || verdict == Verdict.ROUNDING;
    if (ownReading && agrees) verdict = Verdict.CONSISTENT;
    return new Check(verdict, a.engine(), b.engine(), List.copyOf(errors.values()));
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

  /// Outputs of the result that are no outputs of the source.
  private List<String> sourceTaps() {
    return pairing.outputs().stream()
        .map(Pair::a)
        .filter(name -> !a.graph().outputNames().contains(name))
        .toList();
  }

  /// Compares call by call, until one differs.
  private void compare(Fed fed, List<Side.Run> runsB) throws IOException, EngineException {
    for (int call = 0; call < runsB.size() && verdict != Verdict.DIFFERENT; call++) {
      var different = compare(fed.runsA().get(call), runsB.get(call), call == 0);
      if (errors.isEmpty()) {
        verdict = Verdict.UNVERIFIED;
        return;
      }
      boolean isLast = call == runsB.size() - 1;
      if (verdict != Verdict.DIFFERENT && !(settings.layers() && isLast)) continue;
      var callsA = fed.a().first(call + 1);
      var callsB = fed.b().first(call + 1);
      if (call > 0 && addsUp) keepRounding(callsA, callsB, different);
      else lookInside(callsA, callsB, different);
    }
  }

  /// Nodes are known to be right: later calls differ by rounding, too, unless a state went wrong.
  private void keepRounding(Calls callsA, Calls callsB, List<Compared> different)
      throws IOException, EngineException {
    boolean isLost = different.stream().anyMatch(c -> isState(c.pair()) && isFar(c));
    if (!isLost && !new States(a, b, pairing, tolerance).areFar(callsA, callsB)) {
      verdict = Verdict.ROUNDING;
      return;
    }
    stateDiffers(callsA.count());
  }

  private void stateDiffers(int call) {
    var why = "outputs differ in call " + call + ", not before: state went wrong";
    findings.add(Finding.note("STATE_DIFFERS", why));
  }

  static boolean isFar(Compared compared) {
    return compared.error().sqnr() < LEAST_OF_STATE;
  }

  /// Compares the outputs of one call; gives those that differ.
  private List<Compared> compare(Side.Run runA, Side.Run runB, boolean isFirst) {
    var different = new ArrayList<Compared>();
    for (int i = 0; i < pairing.outputs().size(); i++) {
      var pair = pairing.outputs().get(i);
      int at = a.graph().outputNames().indexOf(pair.a());
      var wanted = at >= 0 ? Optional.of(runA.outputs().get(at)) : runA.tapped(pair.a());
      if (wanted.isEmpty()) {
        var why = "the source gives no tensor '" + pair.a() + "'";
        if (isFirst && !isState(pair)) findings.add(Finding.note("NOT_COMPARED", why));
        continue;
      }
      var compared = new Compared(pair, wanted.get(), runB.outputs().get(i), tolerance);
      errors.merge(pair.b(), compared.error(), OutputError::worse);
      compared.finding().ifPresent(findings::add);
      if (compared.verdict() == Verdict.DIFFERENT) different.add(compared);
      verdict = verdict.compareTo(compared.verdict()) > 0 ? verdict : compared.verdict();
    }
    return different;
  }

  /// Whether an output of the result is a state of the source: the next call shows whether it is
  /// right.
  private boolean isState(Pair pair) {
    var name = pair.b();
    return name.endsWith("_out")
        && a.graph().state(name.substring(0, name.length() - "_out".length())).isPresent();
  }

  /// Looks for the first node that is wrong, outputs last. Outputs that differ though no node is
  /// wrong by itself are rounding that added up.
  private void lookInside(Calls callsA, Calls callsB, List<Compared> different) {
    if (callsA.count() > 1 && verdict == Verdict.DIFFERENT) stateDiffers(callsA.count());
    boolean rounds = verdict == Verdict.DIFFERENT || isQuantized(a.graph());
    try {
      if (rounds && !tolerance.isGiven()) lookLocally(callsA, callsB, different);
      else look(callsA, callsB, different);
    } catch (IOException | EngineException e) {
      var why = "inner tensors cannot be compared: " + e.getMessage();
      findings.add(Finding.note("LAYERS_NOT_COMPARED", why));
    }
  }

  private void look(Calls callsA, Calls callsB, List<Compared> different)
      throws IOException, EngineException {
    var layers = new Layers(a, b, pairing, tolerance);
    var first = layers.firstDifference(callsA, callsB);
    if (first.isEmpty()) {
      first =
          different.stream()
              .filter(c -> c.pair().valueB().producer().isPresent())
              .findFirst()
              .map(layers::finding);
    }
    first.ifPresent(findings::add);
  }

  private void lookLocally(Calls callsA, Calls callsB, List<Compared> different)
      throws IOException, EngineException {
    Optional<Finding> fault;
    try {
      fault = new LocalCheck(a, b, pairing, tolerance, pieces).firstFault(callsA, callsB);
    } catch (EngineException e) {
      var why = "nodes cannot be compared one by one: " + e.getMessage();
      findings.add(Finding.note("NODES_NOT_COMPARED", why));
      look(callsA, callsB, different);
      return;
    }
    fault.ifPresent(findings::add);
    if (verdict != Verdict.DIFFERENT || fault.isPresent()) return;
    if (different.stream().anyMatch(compared -> compared.finding().isPresent())) return;
    if (callsA.count() > 1) return;
    var why = "rounding adds up from node to node; none differs by itself";
    findings.add(Finding.note("ROUNDING_ADDS_UP", why));
    addsUp = true;
    verdict = Verdict.ROUNDING;
  }

  static boolean isQuantized(Graph graph) {
    for (var node : graph) {
      for (var input : node.inputs()) if (input.type().isQuantized()) return true;
      for (var output : node.outputs()) if (output.type().isQuantized()) return true;
    }
    return false;
  }
}
