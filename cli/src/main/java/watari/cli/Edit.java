package watari.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.Edit.Connect;
import watari.api.Edit.Cut;
import watari.api.Edit.InputShapes;
import watari.api.Edit.Merge;
import watari.api.EditReport;
import watari.api.EditScript;
import watari.api.Editor;
import watari.api.Ending;
import watari.api.FileReport;
import watari.api.UsageException;
import watari.finding.ModelException;

/// `watari edit`.
final class Edit implements Command {
  private final Usage usage =
      new Usage("edit", "Changes a model and writes it again in its own format.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<Path> model =
      usage.optionalParameter("MODEL", "A model of any format that is written, too.");

  private final Supplier<Path> output = usage.path("OUT", "The changed model.", "-o", "--output");

  private final Supplier<String> generated =
      usage.word("FORMAT", "Without MODEL: a new one of what --insert says.", "--new");

  private final Supplier<Path> script =
      usage.path("EDITS.yaml", "Edits in a file, which come first.", "--script");

  /// Options that a script has as verbs, in the order in which they are done.
  private final Map<String, Supplier<Map<String, String>>> named = new LinkedHashMap<>();

  private final Map<String, Supplier<List<String>>> listed = new LinkedHashMap<>();
  private final Map<String, Supplier<Boolean>> plain = new LinkedHashMap<>();

  {
    named("set-const", "NAME=FILE.npy|VALUE", "Other elements; a number fills the constant.");
    named("set-attr", "NODE.ATTR=VALUE", "Another parameter of a node.");
    listed.put(
        "delete",
        usage.words(
            "NODE",
            "Nodes that go: their first input takes the place of their output.",
            "--delete"));
    listed.put(
        "insert",
        usage.texts(
            "'NAME = Op(INPUT,...) [after T|before N]'",
            "A new node; may be repeated.",
            "--insert"));
  }

  private final Supplier<Path> merged =
      usage.path("OTHER", "A model that comes behind; see --connect.", "--merge");

  private final Supplier<Map<String, String>> connect =
      usage.values(
          "A=B",
          "Tensor A is input B of the other model; without --merge, all that reads B reads A.",
          "--connect");

  private final Supplier<List<String>> prefix =
      usage.words("P,Q", "Prefixes for the names of both models.", "--prefix");

  private final Supplier<List<String>> inputs =
      usage.words("NAME", "Tensors that become the inputs.", "--inputs");

  private final Supplier<List<String>> outputs =
      usage.words("NAME", "Tensors that become the outputs.", "--outputs");

  private final Supplier<List<String>> added =
      usage.words("NAME", "Tensors that become outputs, too.", "--add-outputs");

  private final Supplier<List<String>> removed =
      usage.words("NAME", "Outputs that go.", "--remove-outputs");

  private final Supplier<Map<String, String>> shapes =
      usage.values(
          "NAME=1,3,224,224", "Dims of an input; -1 leaves one as it is.", "--input-shape");

  private final Supplier<String> batch = usage.word("N", "Dim 0 of every input.", "--batch");

  private final Supplier<List<String>> splitAt =
      usage.words("NAME", "Write what is before and what is behind these tensors.", "--split-at");

  {
    named("permute-input", "NAME=PERM", "Callers give an input with its axes in this order.");
    named("input-layout", "NAME=nhwc|nchw", "Callers give an input in this layout.");
    listed.put(
        "swap-channels",
        usage.words("NAME", "Callers give an input as BGR for RGB.", "--swap-channels"));
    named("preprocess", "NAME='[TYPE] FORMULA'", "Scale an input in the model.");
    named("rename", "OLD=NEW", "Another name for an input, an output or an inner tensor.");
    named("rename-regex", "PATTERN=NEW", "The same for all tensors whose names match.");
    plain.put("prune", usage.flag("Remove what no output needs.", "--prune"));
    plain.put("share-constants", usage.flag("Let equal constants be one.", "--share-constants"));
    plain.put("simplify", usage.flag("Fuse idioms and fold constants.", "--simplify"));
  }

  private final Supplier<Path> overrides =
      usage.path(
          "FILE",
          "Corrections of layers, as openvino2tensorflow or onnx2tf take them.",
          "--overrides");

  private final Supplier<String> opset = usage.word("N", "ONNX opset of the result.", "--opset");

  private final Supplier<Boolean> dryRun =
      usage.flag("Write nothing; say what would change.", "--dry-run");

  private final Supplier<Boolean> force = usage.flag("Replace the model that is there.", "--force");

  private void named(String verb, String label, String description) {
    named.put(verb, usage.values(label, description, "--" + verb));
  }

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() throws IOException {
    boolean isDry = dryRun.get();
    boolean hasOutput = !output.get().toString().isEmpty();
    if (hasOutput == isDry) throw new UsageException("edit takes either -o OUT or --dry-run");
    EditScript edits;
    try {
      edits = script();
    } catch (ModelException e) {
      FileSpeech.say(
          new FileReport(model.get(), "", output.get(), e.findings(), Ending.REFUSED), speech);
      return Ending.REFUSED.exitCode();
    }
    boolean isSplit = !splitAt.get().isEmpty();
    if (edits.equals(EditScript.NONE) && !isSplit) {
      throw new UsageException("no edit is asked for");
    }
    var code = Ending.DONE;
    for (var report : reports(edits, isDry)) {
      boolean saysDifference = (isDry || speech.isVerbose()) && !speech.isJson();
      if (saysDifference) report.difference().forEach(speech.out()::println);
      FileSpeech.say(report, isDry, speech);
      code = code.worse(report.file().ending());
    }
    return code.exitCode();
  }

  private List<EditReport> reports(EditScript edits, boolean isDry) {
    var editor = new Editor(edits);
    boolean hasModel = !model.get().toString().isEmpty();
    if (hasModel == !generated.get().isEmpty()) {
      throw new UsageException("edit takes either a MODEL or --new FORMAT");
    }
    if (!hasModel) {
      if (isDry) throw new UsageException("--new takes -o OUT, not --dry-run");
      return List.of(editor.generate(generated.get(), output.get(), force.get()));
    }
    if (splitAt.get().isEmpty()) {
      return List.of(editor.edit(model.get(), output.get(), force.get(), isDry));
    }
    return editor.split(model.get(), output.get(), splitAt.get(), force.get(), isDry);
  }

  private EditScript script() throws IOException {
    boolean hasScript = !script.get().toString().isEmpty();
    var edits = hasScript ? EditScript.read(script.get()) : EditScript.NONE;
    if (!overrides.get().toString().isEmpty()) {
      edits = edits.then(EditScript.of(new watari.api.Edit.Overrides(overrides.get())));
    }
    for (var verb : List.of("set-const", "set-attr")) edits = edits.then(named(verb));
    edits = edits.then(listed("delete"));
    for (var each : given(listed, "insert")) {
      edits = edits.then(EditScript.option("insert", each));
    }
    edits = edits.then(joined()).then(ends());
    for (var verb : List.of("permute-input", "input-layout")) edits = edits.then(named(verb));
    edits = edits.then(listed("swap-channels"));
    for (var verb : List.of("preprocess", "rename", "rename-regex"))
      edits = edits.then(named(verb));
    for (var flag : plain.entrySet()) {
      if (flag.getValue().get()) edits = edits.then(EditScript.option(flag.getKey(), "true"));
    }
    return opset.get().isEmpty() ? edits : edits.then(EditScript.option("opset", opset.get()));
  }

  private static <T> T given(Map<String, Supplier<T>> options, String verb) {
    return Objects.requireNonNull(options.get(verb)).get();
  }

  private EditScript named(String verb) {
    var values = given(named, verb);
    return values.isEmpty() ? EditScript.NONE : EditScript.option(verb, values);
  }

  private EditScript listed(String verb) {
    var edits = EditScript.NONE;
    for (var each : given(listed, verb)) edits = edits.then(EditScript.option(verb, each));
    return edits;
  }

  private EditScript joined() {
    if (!merged.get().toString().isEmpty()) {
      var prefixes = prefix.get().isEmpty() ? List.of("", "") : prefix.get();
      if (prefixes.size() != 2) throw new UsageException("--prefix takes two prefixes, P,Q");
      return EditScript.of(
          new Merge(merged.get(), connect.get(), prefixes.get(0), prefixes.get(1)));
    }
    if (!prefix.get().isEmpty()) throw new UsageException("--prefix is nothing without --merge");
    var edits = new ArrayList<watari.api.Edit>();
    connect.get().forEach((source, target) -> edits.add(new Connect(source, target)));
    return EditScript.of(edits.toArray(watari.api.Edit[]::new));
  }

  /// Cuts, and shapes of inputs.
  private EditScript ends() {
    var edits = new ArrayList<watari.api.Edit>();
    boolean cuts = !inputs.get().isEmpty() || !outputs.get().isEmpty();
    if (cuts) edits.add(new Cut(inputs.get(), outputs.get()));
    if (!added.get().isEmpty()) edits.add(new watari.api.Edit.AddOutputs(added.get()));
    if (!removed.get().isEmpty()) edits.add(new watari.api.Edit.RemoveOutputs(removed.get()));
    var dims = new LinkedHashMap<String, List<Long>>();
    shapes.get().forEach((name, words) -> dims.put(name, Words.dims("--input-shape", words)));
    long size = Words.count("--batch", batch.get());
    if (size > 0 || !dims.isEmpty()) edits.add(new InputShapes(dims, size));
    return EditScript.of(edits.toArray(watari.api.Edit[]::new));
  }
}
