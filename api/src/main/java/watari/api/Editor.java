package watari.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Value;
import watari.op.Custom;
import watari.op.Op;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;
import watari.tensor.Layout;

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

  /// Writes both sides of a cut through tensors, `NAME_1` and `NAME_2` for a result `NAME`.
  ///
  /// Nothing is written if one of them cannot be.
  public List<EditReport> split(
      Path model, Path result, List<String> tensors, boolean force, boolean isDry) {
    var halves = new ArrayList<Editor>();
    for (boolean isFirst : new boolean[] {true, false}) {
      halves.add(new Editor(script.then(EditScript.of(new Edit.Split(tensors, isFirst)))));
    }
    var reports = new ArrayList<EditReport>();
    for (var half : halves) {
      var report = half.edit(model, result, force, /* isDry= */ true);
      reports.add(report);
      if (report.file().ending() != Ending.DONE) return List.of(report);
    }
    if (isDry) return reports;
    reports.clear();
    for (int i = 0; i < halves.size(); i++) {
      reports.add(halves.get(i).edit(model, numbered(result, i + 1), force, /* isDry= */ false));
    }
    return reports;
  }

  private static Path numbered(Path result, int number) {
    var name = String.valueOf(result.getFileName());
    int dot = name.lastIndexOf('.');
    int end = dot < 0 ? name.length() : dot;
    return result.resolveSibling(name.substring(0, end) + "_" + number + name.substring(end));
  }

  /// Writes a model of what the script inserts alone.
  ///
  /// @param format of the model
  public EditReport generate(String format, Path result, boolean force) {
    var difference = new ArrayList<String>();
    var empty = new Model(format, List.of(new Graph(Plan.stem(result))), Metadata.EMPTY);
    var parent = Objects.requireNonNull(result.toAbsolutePath().normalize().getParent());
    var paths = writer(format).paths(parent, Plan.stem(result));
    var report =
        new FileStep(Path.of(""), result)
            .run(
                force,
                paths.subList(1, paths.size()),
                (temporary, findings) -> {
                  write(empty, temporary, difference, findings, /* isDry= */ false);
                  return format;
                });
    return new EditReport(report, difference);
  }

  private FileReport dry(Path model, List<String> difference) {
    var findings = new Findings();
    var format = "";
    var ending = Ending.DONE;
    try (var open = Watari.read(model)) {
      format = open.model().format();
      findings.addAll(open.findings());
      write(open.model(), model, difference, findings, /* isDry= */ true);
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
      write(open.model(), result, difference, findings, /* isDry= */ false);
      return open.model().format();
    }
  }

  /// Changes a copy and writes it; the first entry is the one that is meant.
  private void write(
      Model source, Path result, List<String> difference, Findings findings, boolean isDry)
      throws IOException {
    var writer = writer(source.format());
    try (var steps = new EditSteps(script)) {
      var copy = GraphCopy.of(source);
      var before = lines(copy.main());
      steps.run(copy.main(), source, findings);
      if (findings.hasErrors()) return;
      var after = lines(copy.main());
      for (var line : before) if (!after.contains(line)) difference.add("- " + line);
      for (var line : after) if (!before.contains(line)) difference.add("+ " + line);
      var asked = steps.last(Edit.Opset.class).map(Edit.Opset::opset);
      int kept = Math.max(source.metadata().version(source.format()), steps.mergedVersion());
      var tried = new Findings();
      var options = options(source, asked.orElse(kept), result);
      finish(GraphCopy.of(copy), writer, options, result, tried, isDry);
      boolean isTooOld = tried.hasErrors() && asked.isEmpty() && kept > 0;
      if (!isTooOld) {
        findings.addAll(tried.all());
        return;
      }
      findings.add(opsetChanged(kept));
      finish(copy, writer, options(source, 0, result), result, findings, isDry);
    }
  }

  private static Finding opsetChanged(int kept) {
    return Finding.warning(
            "OPSET_CHANGED",
            "opset %d cannot say all of the model, a newer one is used".formatted(kept))
        .fix("choose one with --opset");
  }

  private void finish(
      Model edited,
      FormatWriter writer,
      WriteOptions options,
      Path result,
      Findings findings,
      boolean isDry)
      throws IOException {
    var written = lowered(edited, writer, options, findings);
    if (isDry || findings.hasErrors()) return;
    writer.write(written, result, options, findings);
  }

  /// What a script does not speak of stays, the producer among it.
  private static WriteOptions options(Model source, int opset, Path result) {
    var known = source.metadata().producer();
    var producer = known.isEmpty() ? Watari.producer() : known;
    return new WriteOptions(opset, false, Plan.stem(result), producer);
  }

  /// The model as it is, where the writer takes it so; else in its canonical form.
  private Model lowered(
      Model edited, FormatWriter writer, WriteOptions options, Findings findings) {
    var profile = writer.profile(options);
    var layouts = layouts();
    if (layouts.isEmpty()) {
      var plain = GraphCopy.of(edited);
      var log = new PassLog(/* explains= */ false);
      boolean isWritable = true;
      for (var graph : plain.graphs()) {
        TargetPipeline.legalize(graph, profile, log);
        isWritable &= TargetPipeline.refusals(graph, profile).isEmpty();
      }
      if (isWritable && !log.hasErrors()) return plain;
    }
    var log = new PassLog(/* explains= */ false);
    var wishes = new LayoutWishes(/* keepIo= */ true, layouts, Map.of());
    for (var graph : edited.graphs()) {
      new TargetPipeline(profile, List.of(), List.of(), wishes).run(graph, log);
      findings.addAll(TargetPipeline.refusals(graph, profile));
    }
    findings.addAll(log.findings().stream().filter(Finding::isError).toList());
    return edited;
  }

  private Map<String, Layout> layouts() {
    var layouts = new LinkedHashMap<String, Layout>();
    for (var step : script.steps()) {
      if (step.edit() instanceof Edit.InputLayout(var input, var layout))
        layouts.put(input, layout);
    }
    return layouts;
  }

  /// Each input, output and node of a graph.
  private static Set<String> lines(Graph graph) {
    var lines = new LinkedHashSet<String>();
    for (var input : graph.inputs()) lines.add("input " + typed(input, input.name()));
    for (var node : graph) {
      var inputs = node.inputs().stream().map(Editor::named).collect(Collectors.joining(", "));
      var outputs =
          node.outputs().stream().map(v -> typed(v, v.name())).collect(Collectors.joining(", "));
      lines.add(node.op().name() + fields(node.op()) + "(" + inputs + ") -> " + outputs);
    }
    for (int i = 0; i < graph.outputs().size(); i++) {
      lines.add("output " + typed(graph.outputs().get(i), graph.outputNames().get(i)));
    }
    return lines;
  }

  /// The parameters of an operator, but for the kind, which is its name.
  private static String fields(Op op) {
    if (op instanceof Custom) return "";
    var text = op.toString();
    int from = text.indexOf('[');
    var fields = from < 0 ? "" : text.substring(from).replaceFirst("^\\[kind=\\w+(, )?", "[");
    return fields.equals("[]") ? "" : fields;
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
