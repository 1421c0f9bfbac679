package watari.api;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.engine.Session;
import watari.format.TargetPipeline;
import watari.format.TargetProfile;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Node;
import watari.graph.Value;
import watari.quant.QuantizationRules;
import watari.quant.QuantizationSettings;
import watari.quant.QuantizeActivations;
import watari.rewrite.PassLog;
import watari.tensor.TensorData;

/// How much of the noise at a model's outputs each operator brings in when it alone is quantized,
/// and which have to stay on floats for the noise to be small enough.
final class Sensitivity {
  private static final int MOST_NAMED = 5;

  /// Other samples may be this much noisier, in dB.
  private static final double MARGIN = 1;

  /// So many samples tell operators apart.
  private static final int RANKING_SAMPLES = 8;

  private final Graph graph;
  private final TargetProfile profile;
  private final QuantizationRules rules;
  private final QuantizationSettings settings;
  private final List<List<TensorData>> samples;
  private final List<List<TensorData>> wanted = new ArrayList<>();

  /// An operator and the noise it brings in, as a share of the outputs' power.
  ///
  /// @param name of its first output
  /// @param cost how many numbers it holds and gives
  record Part(String name, String operator, double noise, long cost) {}

  /// @param graph of floats, which stays as it is
  Sensitivity(
      Graph graph,
      TargetProfile profile,
      QuantizationRules rules,
      QuantizationSettings settings,
      List<List<TensorData>> samples)
      throws IOException, EngineException {
    this.graph = graph;
    this.profile = profile;
    this.rules = rules;
    this.settings = settings;
    this.samples = samples;
    try (var session = load(graph)) {
      for (var sample : samples) wanted.add(run(session, sample));
    }
  }

  /// All operators that the table stores by ranges of their own, noisiest first.
  List<Part> ranking() throws IOException, EngineException {
    var names = new LinkedHashMap<String, Node>();
    for (var node : graph) {
      if (rules.computes(node) && !rules.isFused(node)) names.put(node.output(0).name(), node);
    }
    var parts = new ArrayList<Part>();
    for (var entry : names.entrySet()) {
      var others = new LinkedHashSet<>(names.keySet());
      others.remove(entry.getKey());
      double noise = noise(others, RANKING_SAMPLES);
      var node = entry.getValue();
      parts.add(new Part(entry.getKey(), node.op().name(), noise, cost(node)));
    }
    parts.sort(Comparator.comparingDouble(Part::noise).reversed());
    return parts;
  }

  private static long cost(Node node) {
    long cost = 0;
    for (var input : node.inputs()) if (input.isConstant()) cost += size(input);
    for (var output : node.outputs()) cost += size(output);
    return cost;
  }

  private static long size(Value value) {
    return value.shape().elements().isFixed() ? value.shape().elements().fixed() : 1;
  }

  /// What is asked of the result.
  interface Goal {
    /// @param floats names of what stays on floats
    boolean isMet(Set<String> floats) throws IOException, EngineException;
  }

  /// At every output, on samples that are like these.
  Goal sqnr(double least) {
    return floats -> noise(floats) <= Math.pow(10, -(least + MARGIN) / 10);
  }

  /// Of right answers, in percentage points.
  Goal drop(double most, LabelledSamples labelled, List<FittedInput> inputs)
      throws IOException, EngineException {
    double source;
    try (var session = load(graph)) {
      source = labelled.percentRight(sample -> run(session, sample), inputs);
    }
    return floats -> {
      var copy = quantized(floats);
      if (copy.isEmpty()) return false;
      try (var session = load(copy.get())) {
        return source - labelled.percentRight(sample -> run(session, sample), inputs) <= most;
      }
    };
  }

  /// The operators that stay on floats so that a goal is met, the cheapest that are found; all that
  /// bring in noise where it cannot be met.
  static Set<String> floatsFor(Goal goal, List<Part> ranking) throws IOException, EngineException {
    if (goal.isMet(Set.of())) return Set.of();
    double aim = ranking.stream().mapToDouble(Part::noise).sum() / 2;
    long noisy = ranking.stream().filter(part -> part.noise() > 0).count();
    while (true) {
      var floats = cheapest(aim, ranking);
      if (floats.size() >= noisy || goal.isMet(floats)) return floats;
      aim /= 2;
    }
  }

  /// What brings in much noise for its cost goes first, until the rest brings in less than `aim`;
  /// then whatever turned out not to be needed comes back, the dearest first.
  static Set<String> cheapest(double aim, List<Part> ranking) {
    double noise = ranking.stream().mapToDouble(Part::noise).sum();
    var chosen = new ArrayList<Part>();
    var byValue = new ArrayList<>(ranking);
    byValue.sort(Comparator.comparingDouble((Part part) -> part.noise() / part.cost()).reversed());
    for (var part : byValue) {
      if (noise <= aim) break;
      chosen.add(part);
      noise -= part.noise();
    }
    var kept = new LinkedHashSet<String>();
    chosen.sort(Comparator.comparingLong(Part::cost).reversed());
    for (var part : chosen) {
      if (noise + part.noise() <= aim) noise += part.noise();
      else kept.add(part.name());
    }
    return kept;
  }

  /// Noise over power at the worst output when these operators stay on floats.
  private double noise(Set<String> floats) throws IOException, EngineException {
    return noise(floats, samples.size());
  }

  private double noise(Set<String> floats, int most) throws IOException, EngineException {
    var copy = quantized(floats);
    if (copy.isEmpty()) return Double.POSITIVE_INFINITY;
    var sums = new ArrayList<Comparison>();
    for (int i = 0; i < graph.outputs().size(); i++) sums.add(new Comparison());
    try (var session = load(copy.get())) {
      for (int k = 0; k < Math.min(most, samples.size()); k++) {
        var given = run(session, samples.get(k));
        for (int i = 0; i < sums.size(); i++) sums.get(i).add(wanted.get(k).get(i), given.get(i));
      }
    }
    return sums.stream()
        .mapToDouble(sum -> Math.pow(10, -sum.error("").sqnr() / 10))
        .max()
        .orElse(0);
  }

  /// Empty where the target cannot express it.
  private Optional<Graph> quantized(Set<String> floats) {
    var copy = GraphCopy.of(graph);
    var log = new PassLog(false);
    new QuantizeActivations(rules, settings.withFloats(floats)).run(copy, log);
    for (var pass : profile.legalize()) pass.run(copy, log);
    boolean isRefused = !TargetPipeline.refusals(copy, profile).isEmpty();
    return isRefused ? Optional.empty() : Optional.of(copy);
  }

  private Session load(Graph legal) throws IOException, EngineException {
    return Calibration.loader(profile.format()).load(legal, List.of());
  }

  private List<TensorData> run(Session session, List<TensorData> sample) throws EngineException {
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < sample.size(); i++) {
      feeds.add(new Feed(graph.inputs().get(i).name(), sample.get(i)));
    }
    return session.run(feeds);
  }

  /// The noisiest operators, in words.
  static String sentence(List<Part> ranking) {
    return ranking.stream()
        .limit(MOST_NAMED)
        .map(part ->
            String.format(
                Locale.ROOT,
                "%s '%s' (%.1f dB)",
                part.operator(),
                part.name(),
                -10 * Math.log10(part.noise())))
        .collect(joining(", ", "quantized alone, these cost most, in SQNR: ", ""));
  }

  /// What stays on floats, in words.
  static String kept(Set<String> floats, List<Part> ranking) {
    long all = ranking.stream().mapToLong(Part::cost).sum();
    var parts = ranking.stream().filter(part -> floats.contains(part.name())).toList();
    long cost = parts.stream().mapToLong(Part::cost).sum();
    var names =
        parts.stream()
            .limit(MOST_NAMED)
            .map(part -> part.operator() + " '" + part.name() + "'")
            .collect(joining(", "));
    return String.format(
        Locale.ROOT,
        "%d of %d operators stay on floats, with %.1f %% of weights and results, for what is asked"
            + " for: %s%s",
        parts.size(),
        ranking.size(),
        100.0 * cost / Math.max(all, 1),
        names,
        parts.size() > MOST_NAMED ? ", ..." : "");
  }

  /// Some samples, which stay in memory.
  static List<List<TensorData>> some(
      CalibrationSettings calibration, List<FittedInput> inputs, int count) throws IOException {
    var samples = new ArrayList<List<TensorData>>();
    try (var source = Calibration.open(calibration, inputs)) {
      while (samples.size() < count) {
        var sample = source.next();
        if (sample.isEmpty()) break;
        samples.add(sample.get());
      }
    }
    return samples;
  }
}
