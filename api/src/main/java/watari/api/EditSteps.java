package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.graph.Graph;
import watari.graph.Model;
import watari.graph.Validator;
import watari.pass.Pipelines;
import watari.pass.edit.AddOutputs;
import watari.pass.edit.ConnectTensors;
import watari.pass.edit.CutGraph;
import watari.pass.edit.DeleteNodes;
import watari.pass.edit.InsertNode;
import watari.pass.edit.MergeGraph;
import watari.pass.edit.PrepareInput;
import watari.pass.edit.PruneGraph;
import watari.pass.edit.RemoveOutputs;
import watari.pass.edit.RenameMatching;
import watari.pass.edit.RenameTensors;
import watari.pass.edit.SetAttributes;
import watari.pass.edit.SetConstants;
import watari.pass.edit.SetInputShapes;
import watari.pass.edit.ShareConstants;
import watari.pass.edit.SplitGraph;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Makes the changes of a script, one after the other, until one cannot be made.
final class EditSteps implements AutoCloseable {
  private final EditScript script;
  private final List<OpenModel> others = new ArrayList<>();
  private int mergedVersion;

  EditSteps(EditScript script) {
    this.script = script;
  }

  /// The newest version of the format's operators among the models that were merged.
  int mergedVersion() {
    return mergedVersion;
  }

  void run(Graph graph, Model source, Findings findings) throws IOException {
    for (var step : script.steps()) {
      var log = new PassLog(/* explains= */ false);
      try {
        for (var pass : passes(step.edit(), source)) pass.run(graph, log);
        if (!log.hasErrors()) Validator.check(graph).forEach(fault -> log.add(unfit(fault)));
      } catch (ModelException e) {
        e.findings().forEach(log::add);
      }
      log.findings().forEach(found -> findings.add(placed(found, step)));
      if (log.hasErrors()) return;
    }
  }

  private static Finding unfit(String fault) {
    return Finding.error("EDIT_IMPOSSIBLE", "the graph does not fit after the edit: " + fault);
  }

  private static Finding placed(Finding found, EditScript.Step step) {
    if (step.file().isEmpty()) return found;
    return new Finding(
        found.severity(),
        found.code(),
        step.file(),
        found.node(),
        found.index(),
        found.operator(),
        found.inputs(),
        found.outputs(),
        step.place() + found.why(),
        found.fix());
  }

  private List<Pass> passes(Edit edit, Model source) throws IOException {
    return switch (edit) {
      case Edit.SetConstant(var name, var data) -> List.of(new SetConstants(Map.of(name, data)));
      case Edit.SetAttribute(var node, var attribute, var value) ->
          List.of(new SetAttributes(node, attribute, value));
      case Edit.Delete(var node) -> List.of(new DeleteNodes(List.of(node)));
      case Edit.Insert(var insertion) -> List.of(new InsertNode(insertion));
      case Edit.Merge merge -> List.of(merge(merge, source.format()));
      case Edit.Connect(var from, var to) -> List.of(new ConnectTensors(from, to));
      case Edit.Cut(var inputs, var outputs) -> List.of(new CutGraph(inputs, outputs));
      case Edit.AddOutputs(var tensors) -> List.of(new AddOutputs(tensors));
      case Edit.RemoveOutputs(var names) -> List.of(new RemoveOutputs(names));
      case Edit.InputShapes(var dims, long batch) -> List.of(new SetInputShapes(dims, batch));
      case Edit.Prepare(var input, var step) -> List.of(new PrepareInput(input, step));
      case Edit.Rename(var old, var name) -> List.of(new RenameTensors(Map.of(old, name)));
      case Edit.RenameMatching(var pattern, var by) -> List.of(new RenameMatching(pattern, by));
      case Edit.Split(var tensors, boolean first) -> List.of(new SplitGraph(tensors, first));
      case Edit.Overrides(var file) -> List.of(OverrideFile.pass(file, source));
      case Edit.Prune _ -> List.of(new PruneGraph());
      case Edit.ShareConstants _ -> List.of(new ShareConstants());
      case Edit.Simplify _ -> Pipelines.canonical();
      case Edit.InputLayout _, Edit.Opset _ -> List.of(); // The writing of the result is told.
    };
  }

  @SuppressWarnings("MustBeClosedChecker") // closed with this
  private Pass merge(Edit.Merge merge, String format) throws IOException {
    var other = Watari.read(merge.model());
    others.add(other);
    var broken = other.findings().stream().filter(Finding::isError).toList();
    if (!broken.isEmpty()) throw new ModelException(broken);
    mergedVersion = Math.max(mergedVersion, other.model().metadata().version(format));
    return new MergeGraph(
        other.model().main(), merge.joints(), merge.prefix(), merge.otherPrefix());
  }

  /// The last edit of a kind.
  <E extends Edit> Optional<E> last(Class<E> kind) {
    return script.steps().stream()
        .map(EditScript.Step::edit)
        .filter(kind::isInstance)
        .map(kind::cast)
        .reduce((_, next) -> next);
  }

  @Override
  public void close() {
    others.forEach(OpenModel::close);
  }
}
