package watari.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import watari.finding.Finding;
import watari.format.TargetPipeline;
import watari.format.TargetProfile;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Model;
import watari.graph.Value;
import watari.op.ShapeOp.Transpose;
import watari.pass.edit.NearNames;
import watari.pass.layout.LayoutReport;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Takes a model as read to one that a target can write.
final class Lowering {
  /// A model ready to be written.
  ///
  /// @param layouts of each graph
  /// @param findings of all steps; errors keep it from being written
  record Lowered(Model model, List<LayoutReport> layouts, List<Finding> findings, PassLog log) {
    boolean hasErrors() {
      return findings.stream().anyMatch(Finding::isError);
    }

    int transposes() {
      return model.graphs().stream().mapToInt(Lowering::transposes).sum();
    }
  }

  private final TargetProfile profile;
  private final ConvertOptions options;
  private final Precision precision;

  Lowering(TargetProfile profile, ConvertOptions options, Precision precision) {
    this.profile = profile;
    this.options = options;
    this.precision = precision;
  }

  /// Works on a copy.
  Lowered lower(OpenModel source) {
    var model = copy(source.model());
    var log = new PassLog(options.explain());
    var edits = new EditPasses(options.edits(), profile, precision, options.quantize());
    var pipeline =
        new TargetPipeline(profile, before(source, edits), edits.after(), wishes(), edits::storage);
    var layouts = new ArrayList<LayoutReport>();
    var refusals = new ArrayList<Finding>();
    for (var graph : model.graphs()) {
      layouts.add(pipeline.run(graph, log));
      refusals.addAll(TargetPipeline.refusals(graph, profile));
    }
    refusals.addAll(unknownLayouts(model));
    refusals.removeIf(refusal -> isKnown(refusal, source.findings()));
    var findings = new ArrayList<>(edits.findings());
    findings.addAll(log.findings());
    findings.addAll(refusals);
    return new Lowered(model, layouts, judged(findings, source), log);
  }

  /// Overrides name layers as the source has them; they come before all else.
  private List<Pass> before(OpenModel source, EditPasses edits) {
    var file = options.edits().overrides();
    if (file.toString().isEmpty()) return edits.before();
    try {
      var passes = new ArrayList<Pass>(List.of(OverrideFile.pass(file, source.model())));
      passes.addAll(edits.before());
      return passes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Names that layouts are asked for, and no entry has.
  private List<Finding> unknownLayouts(Model model) {
    var findings = new ArrayList<Finding>();
    var inputs = model.graphs().stream().flatMap(g -> g.inputs().stream()).map(Value::name);
    unknown("input", options.layout().inputs().keySet(), inputs.toList(), findings);
    var outputs = model.graphs().stream().flatMap(g -> g.outputNames().stream());
    var outputNames = outputs.toList();
    unknown("output", options.layout().outputs().keySet(), outputNames, findings);
    var ends = new ArrayList<>(outputNames);
    for (var graph : model.graphs()) graph.inputs().forEach(input -> ends.add(input.name()));
    var named = new TreeSet<>(options.quantize().ends().keySet());
    named.remove("");
    unknown("input or output", named, ends, findings);
    return findings;
  }

  private static void unknown(
      String what, Set<String> asked, List<String> known, List<Finding> findings) {
    for (var name : asked.stream().filter(n -> !known.contains(n)).sorted().toList()) {
      findings.add(
          Finding.error("NAME_UNKNOWN", "the model has no " + what + " '" + name + "'")
              .fix(what + "s: " + String.join(", ", NearNames.of(name, known))));
    }
  }

  /// All entries; of a model that is cut, or given other shapes, the main one, which is meant.
  private Model copy(Model model) {
    var edits = options.edits();
    if (!edits.cuts() && !edits.changesShapes()) return GraphCopy.of(model);
    return model.with(List.of(GraphCopy.of(model.main())));
  }

  private LayoutWishes wishes() {
    var settings = options.layout();
    return new LayoutWishes(settings.keepIo(), settings.inputs(), settings.outputs());
  }

  /// Whether reading has said already that the node is beyond us.
  private static boolean isKnown(Finding refusal, List<Finding> ofReading) {
    return refusal.index() >= 0
        && ofReading.stream()
            .anyMatch(f ->
                f.isError()
                    && f.index() == refusal.index()
                    && f.node().equals(refusal.node())
                    && f.operator().equals(refusal.operator()));
  }

  private List<Finding> judged(List<Finding> findings, OpenModel source) {
    return options.judged(Reports.inFile(findings, source.path()));
  }

  private static int transposes(Graph graph) {
    int count = 0;
    for (var node : graph) {
      if (node.op() instanceof Transpose) count++;
      for (var body : node.bodies()) count += transposes(body);
    }
    return count;
  }
}
