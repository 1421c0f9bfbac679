package watari.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.engine.EngineException;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.TargetProfile;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.QuantizeOp.Convert;
import watari.quant.ChannelStatistics;
import watari.quant.EqualizeChannels;
import watari.quant.Histogram;
import watari.quant.QuantizationRules;
import watari.quant.QuantizationSettings;
import watari.quant.QuantizeActivations;
import watari.quant.Range;
import watari.quant.StoreEnds;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;

/// Quantizes a graph that the target can write: calibrates it, and stores its values as integers.
final class Quantize implements Pass {
  /// So many samples tell whether an SQNR is reached.
  private static final int RANKED_SAMPLES = 32;

  private final TargetProfile profile;
  private final Precision precision;
  private final QuantizeSettings settings;
  private final List<List<Integer>> permutations;

  /// @param permutations of the graph's inputs against the source's
  Quantize(
      TargetProfile profile,
      Precision precision,
      QuantizeSettings settings,
      List<List<Integer>> permutations) {
    this.profile = profile;
    this.precision = precision;
    this.settings = settings;
    this.permutations = permutations;
  }

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    Map<String, Range> ranges = new HashMap<>();
    var storage = precision.storage();
    if (storage.isPresent()) {
      var rules = profile.quantization(storage.get());
      if (rules.isEmpty()) return;
      if (hasQuantizedActivations(graph)) {
        log.add(
            Finding.note(
                "PRECISION_KEPT",
                "what the source has quantized keeps its scales and zero points"));
      } else if (!settings.calibration().isGiven()) {
        log.add(Calibration.missing(precision));
        return;
      } else {
        ranges.putAll(quantize(graph, rules.get(), log));
      }
    }
    new StoreEnds(this::end, ranges).run(graph, log);
    if (storage.isPresent()) {
      floats(graph, profile.quantization(storage.get()).orElseThrow()).ifPresent(log::add);
    }
  }

  private Optional<DataType> end(String name) {
    return settings
        .end(name)
        .or(() ->
            switch (precision) {
              case FULL_INT8 -> Optional.of(DataType.INT8);
              case FULL_UINT8 -> Optional.of(DataType.UINT8);
              default -> Optional.empty();
            });
  }

  static boolean hasQuantizedActivations(Graph graph) {
    for (var node : graph) {
      for (var output : node.outputs()) if (output.type().isQuantized()) return true;
    }
    return graph.inputs().stream().anyMatch(input -> input.type().isQuantized());
  }

  private Map<String, Range> quantize(Graph graph, QuantizationRules rules, PassLog log) {
    var calibration = settings.calibration();
    var inputs = FittedInput.all(graph.inputs(), permutations, calibration);
    var lint = new CalibrationLint(graph, calibration);
    Map<String, Histogram> seen;
    Map<String, ChannelStatistics> means = new HashMap<>();
    try {
      // 16 bits leave room for small channels, but their weights have 8.
      boolean equalizes = settings.equalizes() && precision != Precision.INT16X8;
      if (equalizes) equalize(graph, rules, inputs, log);
      if (settings.correctsBias()) means.putAll(ChannelStatistics.asked(graph, rules));
      seen =
          new Calibration(graph, profile.format(), calibration, inputs)
              .run(QuantizeActivations.asked(graph, rules), means, lint);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (EngineException e) {
      var why = "the model does not run on the samples: " + e.getMessage();
      throw new ModelException(Finding.error("CALIBRATION_FAILED", why));
    }
    if (lint.samples() == 0) {
      var none = Finding.error("CALIBRATION_BROKEN", "there are no samples in it");
      throw new ModelException(none.inFile(calibration.data().toString()));
    }
    var activations = precision == Precision.INT16X8 ? DataType.INT16 : DataType.INT8;
    var ranges = new HashMap<String, Range>();
    seen.forEach((name, histogram) ->
        ranges.put(name, calibration.calibrator().range(histogram, activations)));
    lint.findings(seen, ranges).forEach(log::add);
    var how =
        new QuantizationSettings(activations, calibration.perTensor(), ranges, means, Set.of());
    var floats = floats(graph, rules, how, inputs, log);
    new QuantizeActivations(rules, how.withFloats(floats)).run(graph, log);
    return ranges;
  }

  /// Some samples tell how large channels are.
  private void equalize(Graph graph, QuantizationRules rules, List<FittedInput> inputs, PassLog log)
      throws IOException, EngineException {
    var channels = EqualizeChannels.asked(graph, rules);
    if (channels.isEmpty()) return;
    var calibration = settings.calibration();
    var some = calibration.withSamples(RANKED_SAMPLES);
    new Calibration(graph, profile.format(), some, inputs)
        .run(Set.of(), channels, new CalibrationLint(graph, calibration));
    new EqualizeChannels(channels).run(graph, log);
  }

  /// The operators that stay on floats for the sake of what is asked for.
  private Set<String> floats(
      Graph graph,
      QuantizationRules rules,
      QuantizationSettings how,
      List<FittedInput> inputs,
      PassLog log) {
    if (!settings.hasGoal() && !settings.ranks()) return Set.of();
    try {
      var samples = Sensitivity.some(settings.calibration(), inputs, RANKED_SAMPLES);
      var sensitivity = new Sensitivity(graph, profile, rules, how, samples);
      var goal = goal(sensitivity, inputs);
      boolean isMet = settings.hasGoal() && goal.isMet(Set.of());
      if (isMet && !settings.ranks()) return Set.of();
      var ranking = sensitivity.ranking();
      log.add(Finding.note("SENSITIVITY", Sensitivity.sentence(ranking)));
      if (isMet || !settings.hasGoal()) return Set.of();
      var floats = Sensitivity.floatsFor(goal, ranking);
      if (!floats.isEmpty()) log.add(Finding.note("KEPT_FLOAT", Sensitivity.kept(floats, ranking)));
      return floats;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (EngineException e) {
      log.add(Finding.warning("NOT_RANKED", "operators cannot be ranked: " + e.getMessage()));
      return Set.of();
    }
  }

  private Sensitivity.Goal goal(Sensitivity sensitivity, List<FittedInput> inputs)
      throws IOException, EngineException {
    var sqnr = sensitivity.sqnr(settings.minSqnr());
    if (!settings.hasMaxDrop()) return sqnr;
    var drop = sensitivity.drop(settings.maxDrop(), settings.labelled(), inputs);
    if (!settings.hasMinSqnr()) return drop;
    return floats -> sqnr.isMet(floats) && drop.isMet(floats);
  }

  /// Operators that compute on floats still.
  private Optional<Finding> floats(Graph graph, QuantizationRules rules) {
    var names = new LinkedHashMap<String, Integer>();
    for (var node : graph) {
      if (isFloat(node, rules)) names.merge(node.op().name(), 1, Integer::sum);
    }
    if (names.isEmpty()) return Optional.empty();
    var counted = new ArrayList<String>();
    names.forEach((name, count) -> counted.add(count == 1 ? name : count + " " + name));
    return Optional.of(
        Finding.note(
            "STAYS_FLOAT",
            "these operators compute on floats, since "
                + profile.format()
                + " has no integer kernels for them, their ranges are not known, or nothing around"
                + " them is stored as integers: "
                + String.join(", ", counted)));
  }

  private boolean isFloat(Node node, QuantizationRules rules) {
    if (node.op() instanceof Convert) return false;
    boolean touches =
        node.outputs().stream().anyMatch(v -> v.type().isQuantized())
            || node.inputs().stream().anyMatch(v -> v.type().isQuantized());
    if (touches) return rules.isOfKernels() && profile.refuse(node).isPresent();
    return node.outputs().stream().anyMatch(v -> v.isPresent() && v.dtype() == DataType.FLOAT32)
        && node.inputs().stream().anyMatch(v -> v.isPresent() && !v.isConstant());
  }
}
