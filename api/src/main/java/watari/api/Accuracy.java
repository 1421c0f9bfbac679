package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import watari.api.Pairing.Pair;
import watari.api.Verification.Tolerance;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.engine.Session;
import watari.finding.Finding;
import watari.tensor.TensorData;

/// What quantizing cost: source and result run on samples, those first that were not calibrated
/// with, and each output's errors are summed over all of them.
final class Accuracy {
  private static final int MOST_SAMPLES = 64;

  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final CalibrationSettings calibration;
  private final QuantizeSettings settings;
  private final Tolerance tolerance;

  Accuracy(Side a, Side b, Pairing pairing, QuantizeSettings settings, Tolerance tolerance) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.settings = settings;
    calibration = settings.calibration();
    this.tolerance = tolerance;
  }

  /// Whether the samples are for the inputs of both sides.
  boolean isPossible() {
    return pairing.inputs().size() == a.graph().inputs().size()
        && pairing.inputs().stream().allMatch(pair -> a.graph().inputs().contains(pair.valueA()))
        && pairing.outputs().stream().allMatch(pair -> a.graph().outputNames().contains(pair.a()));
  }

  Check run(List<Finding> findings) throws IOException, EngineException {
    var sums = new ArrayList<Comparison>();
    for (int i = 0; i < pairing.outputs().size(); i++) sums.add(new Comparison());
    boolean isHeldOut = calibration.samples() > 0;
    int count = isHeldOut ? compare(sums, calibration.samples()) : 0;
    if (count == 0) {
      isHeldOut = false;
      count = compare(sums, 0);
    }
    var errors = new ArrayList<OutputError>();
    for (int i = 0; i < sums.size(); i++)
      errors.add(sums.get(i).error(pairing.outputs().get(i).b()));
    findings.add(told(errors, count, isHeldOut));
    missed(errors).ifPresent(findings::add);
    boolean isRight = !settings.hasMaxDrop() || keepsAnswers(findings);
    return new Check(isRight ? verdict(errors) : Verdict.DIFFERENT, a.engine(), b.engine(), errors);
  }

  /// Whether no more right answers are lost than may be.
  private boolean keepsAnswers(List<Finding> findings) throws IOException, EngineException {
    double before = percentRight(a, List.of());
    double after = percentRight(b, pairing.inputs().stream().map(Pair::permutation).toList());
    findings.add(
        Finding.note(
            "ANSWERS",
            String.format(
                Locale.ROOT,
                "of labelled samples %.2f %% are right, of the source's answers %.2f %%",
                after,
                before)));
    if (before - after <= settings.maxDrop()) return true;
    findings.add(
        Finding.warning(
                "DROP_MISSED",
                String.format(
                    Locale.ROOT,
                    "%.2f points of right answers are lost, %.2f are to be lost at most",
                    before - after,
                    settings.maxDrop()))
            .fix("ask for int16x8 or float16, or for less"));
    return false;
  }

  private double percentRight(Side side, List<List<Integer>> moved)
      throws IOException, EngineException {
    var inputs = FittedInput.all(side.graph().inputs(), moved, calibration);
    try (var runs = new Runs(side)) {
      return settings.labelled().percentRight(runs::run, inputs);
    }
  }

  private int compare(List<Comparison> sums, int skipped) throws IOException, EngineException {
    var inputsA = a.graph().inputs();
    var inputsB = b.graph().inputs();
    var moved = pairing.inputs().stream().map(Pair::permutation).toList();
    try (var samplesA =
            Calibration.open(calibration, FittedInput.all(inputsA, List.of(), calibration));
        var samplesB = Calibration.open(calibration, FittedInput.all(inputsB, moved, calibration));
        var runnerA = new Runs(a);
        var runnerB = new Runs(b)) {
      int count = 0;
      for (int i = 0; count < MOST_SAMPLES; i++) {
        var sampleA = samplesA.next();
        var sampleB = samplesB.next();
        if (sampleA.isEmpty() || sampleB.isEmpty()) return count;
        if (i < skipped) continue;
        var resultsA = runnerA.run(sampleA.get());
        var resultsB = runnerB.run(sampleB.get());
        for (int k = 0; k < sums.size(); k++) add(sums.get(k), k, resultsA, resultsB);
        count++;
      }
      return count;
    }
  }

  /// Runs a side on samples that have nothing to do with each other: a state begins anew with each.
  private static final class Runs implements AutoCloseable {
    private final Side side;
    private Session session;

    Runs(Side side) throws IOException, EngineException {
      this.side = side;
      session = side.loader().load(List.of());
    }

    List<TensorData> run(List<TensorData> sample) throws IOException, EngineException {
      if (!side.graph().states().isEmpty()) {
        session.close();
        session = side.loader().load(List.of());
      }
      var feeds = new ArrayList<Feed>();
      for (int i = 0; i < sample.size(); i++) {
        feeds.add(new Feed(side.graph().inputs().get(i).name(), sample.get(i)));
      }
      return session.run(feeds);
    }

    @Override
    public void close() {
      session.close();
    }
  }

  private void add(Comparison sum, int k, List<TensorData> resultsA, List<TensorData> resultsB)
      throws EngineException {
    var pair = pairing.outputs().get(k);
    var realsA =
        Side.reals(resultsA.get(a.graph().outputNames().indexOf(pair.a())), pair.valueA().type());
    var realsB = Side.reals(resultsB.get(k), pair.valueB().type());
    if (!pair.permutation().isEmpty()) realsA = realsA.transposed(pair.permutation());
    if (!realsA.shape().equals(realsB.shape())) {
      throw new EngineException(
          "output '%s' is %s, but the source's %s"
              .formatted(pair.b(), realsB.shape(), realsA.shape()));
    }
    sum.add(realsA, realsB);
  }

  private Verdict verdict(List<OutputError> errors) {
    for (var error : errors) {
      if (!Double.isFinite(error.scaled())) return Verdict.DIFFERENT;
      if (settings.hasMinSqnr() && error.sqnr() < settings.minSqnr()) return Verdict.DIFFERENT;
      if (tolerance.isGiven() && error.scaled() > tolerance.scaled()) return Verdict.DIFFERENT;
    }
    return a.isOwnReading() || b.isOwnReading() ? Verdict.CONSISTENT : Verdict.ROUNDING;
  }

  private Optional<Finding> missed(List<OutputError> errors) {
    var worst = worst(errors).filter(error -> error.sqnr() < settings.minSqnr());
    return worst.map(error ->
        Finding.warning(
                "SQNR_MISSED",
                String.format(
                    Locale.ROOT,
                    "SQNR of '%s' is %.1f dB, %.1f below the %.1f dB that are asked for",
                    error.name(),
                    error.sqnr(),
                    settings.minSqnr() - error.sqnr(),
                    settings.minSqnr()))
            .fix("ask for int16x8 or float16, or for less"));
  }

  private static Finding told(List<OutputError> errors, int count, boolean isHeldOut) {
    var worst = worst(errors);
    var which = isHeldOut ? "not calibrated with" : "calibrated with";
    var why =
        String.format(
            Locale.ROOT,
            "over %d samples that it was %s, SQNR is %.1f dB and cosine %.5f",
            count,
            which,
            worst.map(OutputError::sqnr).orElse(Double.NaN),
            worst.map(OutputError::cosine).orElse(Double.NaN));
    if (errors.size() > 1) why += " at the worst output, '" + worst.orElseThrow().name() + "'";
    return Finding.note("ACCURACY", why);
  }

  static Optional<OutputError> worst(List<OutputError> errors) {
    return errors.stream().min(java.util.Comparator.comparingDouble(OutputError::sqnr));
  }
}
