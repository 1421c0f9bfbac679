package watari.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FormatWriter;
import watari.format.TargetPipeline;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Model;
import watari.graph.Value;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;

/// Changes a model and writes it again, in its own format.
public final class Editor {
  private final Formats formats = new Formats();
  private final EditScript script;

  public Editor(EditScript script) {
    this.script = script;
  }

  /// Writes the changed model.
  ///
  /// @param isDry whether nothing is written, and only the difference is wanted
  /// @throws UsageException if the result would take the model's place
  public EditReport edit(Path model, Path result, boolean force, boolean isDry) {
    var difference = new ArrayList<String>();
    if (isDry) return new EditReport(dry(model, difference), difference);
    var report =
        new FileStep(model, result)
            .run(
                force,
                beside(model, result),
                (temporary, findings) -> edit(model, temporary, difference, findings));
    return new EditReport(report, difference);
  }

  private FileReport dry(Path model, List<String> difference) {
    var findings = new Findings();
    var format = "";
    var ending = Ending.DONE;
    try (var open = Watari.read(model)) {
      format = open.model().format();
      findings.addAll(open.findings());
      edited(open, difference, findings);
      if (findings.hasErrors()) ending = Ending.REFUSED;
    } catch (ModelException e) {
      findings.addAll(e.findings());
      ending = Ending.UNREADABLE;
    } catch (IOException e) {
      findings.add(Causes.of(e));
      ending = Ending.IO_FAILED;
    }
    return new FileReport(model, format, model, Reports.inFile(findings.all(), model), ending);
  }

  private List<Path> beside(Path model, Path result) {
    try {
      var writer = writer(formats.readerOf(model).format());
      var parent = result.toAbsolutePath().normalize().getParent();
      var paths = writer.paths(Objects.requireNonNull(parent), Plan.stem(result));
      return paths.subList(1, paths.size());
    } catch (IOException | ModelException _) {
      return List.of(); // The step itself tells what is wrong with the model.
    }
  }

  private FormatWriter writer(String format) {
    return formats
        .writer(format)
        .orElseThrow(() -> new UsageException("format '" + format + "' cannot be written"));
  }

  private String edit(Path model, Path result, List<String> difference, Findings findings)
      throws IOException {
    try (var open = Watari.read(model)) {
      findings.addAll(open.findings());
      var edited = edited(open, difference, findings);
      if (findings.hasErrors()) return open.model().format();
      var writer = writer(open.model().format());
      var options = new WriteOptions(0, false, Plan.stem(result), Watari.producer());
      lower(edited, writer, options, findings);
      if (!findings.hasErrors()) writer.write(edited, result, options, findings);
      return writer.format();
    }
  }

  /// A copy with the changes; the first entry is the one that is meant.
  private Model edited(OpenModel open, List<String> difference, Findings findings) {
    var copy = GraphCopy.of(open.model());
    var before = lines(copy.main());
    var log = new PassLog(/* explains= */ false);
    for (var pass : script.passes()) {
      pass.run(copy.main(), log);
      if (log.hasErrors()) break;
    }
    findings.addAll(log.findings());
    if (log.hasErrors()) return copy;
    var after = lines(copy.main());
    for (var line : before) if (!after.contains(line)) difference.add("- " + line);
    for (var line : after) if (!before.contains(line)) difference.add("+ " + line);
    return copy;
  }

  private static void lower(
      Model model, FormatWriter writer, WriteOptions options, Findings findings) {
    var profile = writer.profile(options);
    var log = new PassLog(/* explains= */ false);
    for (var graph : model.graphs()) {
      new TargetPipeline(profile, List.of(), List.of(), LayoutWishes.KEEP).run(graph, log);
      findings.addAll(TargetPipeline.refusals(graph, profile));
    }
    findings.addAll(log.findings().stream().filter(Finding::isError).toList());
  }

  /// Each input, output and node of a graph.
  private static Set<String> lines(Graph graph) {
    var lines = new LinkedHashSet<String>();
    for (var input : graph.inputs()) lines.add("input " + typed(input, input.name()));
    for (var node : graph) {
      var inputs = node.inputs().stream().map(Editor::named).collect(Collectors.joining(", "));
      var outputs =
          node.outputs().stream().map(v -> typed(v, v.name())).collect(Collectors.joining(", "));
      lines.add(node.op().name() + "(" + inputs + ") -> " + outputs);
    }
    for (int i = 0; i < graph.outputs().size(); i++) {
      lines.add("output " + typed(graph.outputs().get(i), graph.outputNames().get(i)));
    }
    return lines;
  }

  private static String named(Value value) {
    return value
        .constant()
        .filter(data -> data.size() == 1)
        .map(Object::toString)
        .orElse(value.name());
  }

  private static String typed(Value value, String name) {
    return value.isPresent() ? name + ": " + value.type() : "";
  }
}
