package watari.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.pass.Pipelines;
import watari.pass.fold.KeepConstantNames;
import watari.pass.layout.AssignLayouts;
import watari.pass.layout.LayoutReport;
import watari.pass.layout.LayoutWishes;
import watari.pass.replace.WriteOutCustoms;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// The way of a graph to a target: what every conversion, and every evaluation by way of a format,
/// goes through.
public final class TargetPipeline {
  private final TargetProfile profile;
  private final List<Pass> first;
  private final List<Pass> edits;
  private final LayoutWishes wishes;
  private final Function<LayoutReport, List<Pass>> storage;

  /// @param first what names values of the source: it comes before any rewrite
  /// @param edits other changes that a user asks for, on the canonical graph
  public TargetPipeline(
      TargetProfile profile, List<Pass> first, List<Pass> edits, LayoutWishes wishes) {
    this(profile, first, edits, wishes, _ -> List.of());
  }

  /// @param storage changes of how numbers are stored, on the graph that the target could write
  ///   already, by what layout assignment did to it; it is made legal again behind them
  public TargetPipeline(
      TargetProfile profile,
      List<Pass> first,
      List<Pass> edits,
      LayoutWishes wishes,
      Function<LayoutReport, List<Pass>> storage) {
    this.profile = profile;
    this.first = List.copyOf(first);
    this.edits = List.copyOf(edits);
    this.wishes = wishes;
    this.storage = storage;
  }

  /// Edits a graph of the target's own format only where the writer wants it, so that idioms and
  /// constants stay as they are; [#refusals] says what then cannot be written.
  public static void legalize(Graph graph, TargetProfile profile, PassLog log) {
    run(profile.decompose(), graph, log);
    var keep = LayoutWishes.KEEP;
    AssignLayouts.run(graph, profile::layoutOf, profile.nativeLayout(), keep, log);
    run(profile.legalize(), graph, log);
    new KeepConstantNames().run(graph, log);
  }

  /// Edits the graph until the target can write it, [#refusals] apart.
  ///
  /// @throws ModelException if a change that the user asks for cannot be made
  public LayoutReport run(Graph graph, PassLog log) {
    run(first, graph, log);
    new WriteOutCustoms(profile::has).run(graph, log);
    if (log.hasErrors()) throw new ModelException(log.findings());
    run(Pipelines.canonical(), graph, log);
    run(edits, graph, log);
    run(profile.decompose(), graph, log);
    var layouts = AssignLayouts.run(graph, profile::layoutOf, profile.nativeLayout(), wishes, log);
    run(Pipelines.afterLayout(), graph, log);
    run(profile.legalize(), graph, log);
    var stored = storage.apply(layouts);
    run(stored, graph, log);
    if (!stored.isEmpty()) run(profile.legalize(), graph, log);
    new KeepConstantNames().run(graph, log);
    return layouts;
  }

  private static void run(List<Pass> passes, Graph graph, PassLog log) {
    for (var pass : passes) pass.run(graph, log);
  }

  /// Why nodes of the graph, or of its bodies, cannot be written.
  public static List<Finding> refusals(Graph graph, TargetProfile profile) {
    var findings = new ArrayList<Finding>();
    for (var node : graph) {
      layoutFault(node, profile)
          .or(() -> profile.refuse(node))
          .ifPresent(finding -> findings.add(placed(finding, node)));
      for (var body : node.bodies()) findings.addAll(refusals(body, profile));
    }
    return findings;
  }

  /// A layout that the target does not take is left only where nothing could be transposed.
  private static Optional<Finding> layoutFault(Node node, TargetProfile profile) {
    var layout = AssignLayouts.layoutOf(node);
    var demanded = profile.layoutOf(node.op());
    if (layout.isEmpty() || demanded.isEmpty() || layout.equals(demanded)) return Optional.empty();
    return Optional.of(
        Finding.error(
                "DYNAMIC_SHAPE",
                "its layout cannot be changed, since the input's rank is not known")
            .fix("state the shapes with --input-shape"));
  }

  /// The finding with the node's place and types where it does not say them itself.
  private static Finding placed(Finding finding, Node node) {
    var placed = finding;
    if (finding.node().isEmpty() && finding.index() < 0) {
      var origin = node.origin();
      boolean isNameless = origin.node().isEmpty() && origin.index() < 0;
      var name = isNameless && !node.outputs().isEmpty() ? node.output(0).name() : origin.node();
      placed = placed.at(name, origin.index(), operator(finding, node));
    }
    if (!finding.inputs().isEmpty() || !finding.outputs().isEmpty()) return placed;
    return placed.withTypes(types(node.inputs()), types(node.outputs()));
  }

  private static String operator(Finding finding, Node node) {
    if (!finding.operator().isEmpty()) return finding.operator();
    var known = node.origin().operator();
    return known.isEmpty() ? node.op().name() : known;
  }

  private static List<String> types(List<Value> values) {
    return values.stream().map(v -> v.isPresent() ? v.type().toString() : "").toList();
  }
}
