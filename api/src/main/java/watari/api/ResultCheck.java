package watari.api;

import java.io.IOException;
import java.util.List;
import watari.api.Lowering.Lowered;
import watari.api.Plan.Result;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.op.Custom;

/// Verifies a result against its source: each on its own runtime where that is there, and, of the
/// source, runs it; else our reading of it.
final class ResultCheck {
  private final OpenModel source;
  private final Lowered lowered;
  private final Result result;
  private final VerifySettings settings;
  private final QuantizeSettings quantize;
  private final Sides sides = new Sides();

  ResultCheck(OpenModel source, Lowered lowered, Result result, ConvertOptions options) {
    this.source = source;
    this.lowered = lowered;
    this.result = result;
    settings = options.verify();
    quantize = options.quantize();
  }

  Check run(List<Finding> findings) throws IOException {
    Side b;
    try {
      b = sideOfResult(findings);
    } catch (EngineException e) {
      return unverified(findings, e);
    }
    EngineException reason;
    try {
      return compare(sides.official(source), b, findings);
    } catch (EngineException e) {
      reason = e;
    }
    try {
      var check = compare(sides.ownReading(source), besideOwnReading(b), findings);
      findings.add(
          Finding.note(
              "OWN_READING", "the source was run by watari's reading: " + reason.getMessage()));
      return check;
    } catch (EngineException e) {
      return unverified(findings, new EngineException(reason.getMessage() + "; " + e.getMessage()));
    }
  }

  /// Who runs the result where the source's own runtime does not run the source: it lacks operators
  /// that the result has, too.
  private Side besideOwnReading(Side official) throws EngineException {
    var graph = lowered.model().main();
    boolean hasCustoms = graph.nodes().stream().anyMatch(node -> node.op() instanceof Custom);
    if (!hasCustoms) return official;
    return sides.ownReading(result.main(), result.writer().format(), graph);
  }

  private Side sideOfResult(List<Finding> findings) throws EngineException {
    var graph = lowered.model().main();
    var format = result.writer().format();
    EngineException reason;
    try {
      return sides.official(result.main(), format, graph);
    } catch (EngineException e) {
      reason = e;
    }
    try {
      var side = sides.ownReading(result.main(), format, graph);
      findings.add(
          Finding.note(
              "OWN_READING", "the result is run by watari's reading: " + reason.getMessage()));
      return side;
    } catch (EngineException e) {
      throw new EngineException(reason.getMessage() + "; " + e.getMessage());
    }
  }

  private Check compare(Side a, Side b, List<Finding> findings)
      throws IOException, EngineException {
    var pairing =
        Pairing.of(source.model().main(), lowered.model().main(), lowered.layouts().get(0));
    var tolerance = Tolerance.of(settings, result.precision());
    if (quantize.calibration().isGiven()
        && settings.data().toString().isEmpty()
        && result.precision().needsData()) {
      var accuracy = new Accuracy(a, b, pairing, quantize, tolerance);
      if (accuracy.isPossible()) return accuracy.run(findings);
    }
    LocalCheck.Pieces pieces =
        part -> Sides.part(part.graph(), result.writer().format(), /* isLegal= */ true);
    return new Verification(a, b, pairing, tolerance, settings, pieces, findings).run();
  }

  private static Check unverified(List<Finding> findings, EngineException e) {
    findings.add(Finding.note("UNVERIFIED", "the result was not compared: " + e.getMessage()));
    return Check.NONE;
  }
}
