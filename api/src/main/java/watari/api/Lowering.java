package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Model;
import watari.op.ShapeOp.Transpose;
import watari.pass.Pipelines;
import watari.pass.layout.AssignLayouts;
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
  private final PassLog log;

  Lowering(TargetProfile profile, ConvertOptions options, Precision precision) {
    this.profile = profile;
    this.options = options;
    this.precision = precision;
    this.log = new PassLog(options.explain());
  }

  /// Works on a copy.
  Lowered lower(OpenModel source) {
    var model = GraphCopy.of(source.model());
    var layouts = new ArrayList<LayoutReport>();
    var refusals = new ArrayList<Finding>();
    for (var graph : model.graphs()) {
      new EditPasses(options.edits(), profile, precision).before().forEach(p -> p.run(graph, log));
      run(Pipelines.canonical(), graph);
      new EditPasses(options.edits(), profile, precision).after().forEach(p -> p.run(graph, log));
      run(profile.decompose(), graph);
      layouts.add(assignLayouts(graph));
      run(profile.legalize(), graph);
      refuse(graph, refusals);
    }
    var findings = new ArrayList<>(log.findings());
    findings.addAll(refusals);
    return new Lowered(model, layouts, inFile(findings, source), log);
  }

  private void run(List<Pass> passes, Graph graph) {
    for (var pass : passes) pass.run(graph, log);
  }

  private LayoutReport assignLayouts(Graph graph) {
    var settings = options.layout();
    var wishes = new LayoutWishes(settings.keepIo(), settings.inputs(), settings.outputs());
    return AssignLayouts.run(graph, profile::layoutOf, profile.nativeLayout(), wishes, log);
  }

  private void refuse(Graph graph, List<Finding> refusals) {
    for (var node : graph) {
      profile.refuse(node).map(finding -> Placed.at(finding, node)).ifPresent(refusals::add);
      for (var body : node.bodies()) refuse(body, refusals);
    }
  }

  private List<Finding> inFile(List<Finding> findings, OpenModel source) {
    return findings.stream()
        .map(f -> f.file().isEmpty() ? f.inFile(source.path().toString()) : f)
        .map(f ->
            options.strict() && f.severity() == watari.finding.Severity.WARNING
                ? f.withSeverity(watari.finding.Severity.ERROR)
                : f)
        .toList();
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
