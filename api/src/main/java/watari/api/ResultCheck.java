package watari.api;

import java.io.IOException;
import java.util.List;
import watari.api.Lowering.Lowered;
import watari.api.Plan.Result;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.finding.Finding;

/// Verifies a result against its source: the source on its own runtime where that runs it, else our
/// reading of it.
final class ResultCheck {
  private final OpenModel source;
  private final Lowered lowered;
  private final Result result;
  private final VerifySettings settings;
  private final Sides sides = new Sides();

  ResultCheck(OpenModel source, Lowered lowered, Result result, VerifySettings settings) {
    this.source = source;
    this.lowered = lowered;
    this.result = result;
    this.settings = settings;
  }

  Check run(List<Finding> findings) throws IOException {
    Side b;
    try {
      b = sides.official(result.main(), result.writer().format(), lowered.model().main());
    } catch (EngineException e) {
      return unverified(findings, e);
    }
    EngineException reason;
    try {
      return compare(
          sides.official(source.path(), source.model().format(), source.model().main()),
          b,
          findings);
    } catch (EngineException e) {
      reason = e;
    }
    try {
      var check = compare(sides.ownReading(source.model().main()), b, findings);
      findings.add(
          Finding.note(
              "OWN_READING", "the source was run by watari's reading: " + reason.getMessage()));
      return check;
    } catch (EngineException e) {
      return unverified(findings, new EngineException(reason.getMessage() + "; " + e.getMessage()));
    }
  }

  private Check compare(Side a, Side b, List<Finding> findings)
      throws IOException, EngineException {
    var pairing =
        Pairing.of(source.model().main(), lowered.model().main(), lowered.layouts().get(0));
    boolean decodes =
        Verification.isQuantized(source.model().main())
            && !Verification.isQuantized(lowered.model().main());
    var tolerance = Tolerance.of(settings, result.precision(), decodes);
    return new Verification(a, b, pairing, tolerance, settings, findings).run();
  }

  private static Check unverified(List<Finding> findings, EngineException e) {
    findings.add(Finding.note("UNVERIFIED", "the result was not compared: " + e.getMessage()));
    return Check.NONE;
  }
}
