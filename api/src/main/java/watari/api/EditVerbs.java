package watari.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.BiFunction;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.pass.edit.Insertion;
import watari.pass.edit.Literals;
import watari.pass.edit.NearNames;
import watari.pass.edit.PrepareInput.Step;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// The verbs of edit scripts, which are the options of `watari edit`, too.
final class EditVerbs {
  private static final String BROKEN = "SCRIPT_BROKEN";

  /// What a verb makes of its value.
  private interface Verb extends BiFunction<EditVerbs, TextTree, List<Edit>> {}

  private static final Map<String, Verb> VERBS = verbs();

  private final Path file;

  /// @param file the script; empty path for a command line
  EditVerbs(Path file) {
    this.file = file;
  }

  private static Map<String, Verb> verbs() {
    var verbs = new TreeMap<String, Verb>();
    verbs.put("set-const", each(EditVerbs::setConstant));
    verbs.put("set-attr", each((_, name, value) -> setAttribute(name, value)));
    verbs.put("delete", (_, at) -> at.texts().stream().<Edit>map(Edit.Delete::new).toList());
    verbs.put("insert", (_, at) -> List.of(new Edit.Insert(insertion(at))));
    verbs.put("merge", (script, at) -> List.of(script.merge(at)));
    verbs.put("connect", each((_, name, to) -> new Edit.Connect(name, to.text())));
    verbs.put("inputs", (_, at) -> List.of(new Edit.Cut(at.texts(), List.of())));
    verbs.put("outputs", (_, at) -> List.of(new Edit.Cut(List.of(), at.texts())));
    verbs.put("cut", (_, at) -> List.of(cut(at)));
    verbs.put("add-outputs", (_, at) -> List.of(new Edit.AddOutputs(at.texts())));
    verbs.put("remove-outputs", (_, at) -> List.of(new Edit.RemoveOutputs(at.texts())));
    verbs.put("input-shape", (_, at) -> List.of(inputShape(at)));
    verbs.put("batch", (_, at) -> List.of(new Edit.InputShapes(Map.of(), batch(at))));
    verbs.put("input-layout", each((_, name, at) -> new Edit.InputLayout(name, layout(at))));
    verbs.put("permute-input", each((_, name, at) -> new Edit.Prepare(name, permute(at))));
    verbs.put("swap-channels", (_, at) -> swapChannels(at));
    verbs.put("preprocess", each((_, name, at) -> new Edit.Prepare(name, normalize(at))));
    verbs.put("rename", each((_, old, name) -> new Edit.Rename(old, name.text())));
    verbs.put("rename-regex", each((_, old, by) -> new Edit.RenameMatching(old, by.text())));
    verbs.put("overrides", (script, at) -> List.of(new Edit.Overrides(script.beside(at.text()))));
    verbs.put("prune", (_, _) -> List.of(new Edit.Prune()));
    verbs.put("share-constants", (_, _) -> List.of(new Edit.ShareConstants()));
    verbs.put("simplify", (_, _) -> List.of(new Edit.Simplify()));
    verbs.put("opset", (_, at) -> List.of(new Edit.Opset((int) batch(at))));
    return verbs;
  }

  /// What a verb makes of a name and its value.
  private interface Named {
    Edit edit(EditVerbs script, String name, TextTree value);
  }

  private static Verb each(Named named) {
    return (script, at) -> {
      var edits = new ArrayList<Edit>();
      at.map().forEach((name, value) -> edits.add(named.edit(script, name, value)));
      return edits;
    };
  }

  // ---- scripts and options

  EditScript script(String text) {
    var tree = TextTree.of(text, file.toString(), BROKEN);
    var steps = new ArrayList<EditScript.Step>();
    var findings = new ArrayList<Finding>();
    if (!tree.isList()) findings.add(broken(tree.fault("a list of edits is expected")));
    for (var item : tree.isList() ? tree.list() : List.<TextTree>of()) {
      try {
        verb(item, steps);
      } catch (TextTree.Fault e) {
        findings.add(broken(e));
      } catch (UsageException | IllegalArgumentException e) {
        findings.add(broken(item.fault(String.valueOf(e.getMessage()))));
      }
    }
    if (!findings.isEmpty()) throw new ModelException(findings);
    return new EditScript(steps);
  }

  private Finding broken(TextTree.Fault fault) {
    return Finding.error(BROKEN, String.valueOf(fault.getMessage()))
        .inFile(file.toString())
        .fix("docs/edit.md lists the edits and what they take");
  }

  private void verb(TextTree item, List<EditScript.Step> steps) {
    var named = item.isMap() ? item.map() : Map.of(item.text(), item);
    if (named.size() != 1) throw item.fault("one edit is expected, not " + named.keySet());
    named.forEach((name, value) -> {
      var verb = VERBS.get(name);
      if (verb == null) {
        var near = String.join(", ", NearNames.of(name, VERBS.keySet()));
        throw value.fault("there is no edit '" + name + "'; near names: " + near);
      }
      for (var edit : verb.apply(this, value)) {
        steps.add(new EditScript.Step(edit, file.toString(), value.place()));
      }
    });
  }

  static EditScript option(String verb, String text) {
    return option(verb, new TextTree(java.util.Optional.of(text), 1, ""));
  }

  static EditScript option(String verb, Map<String, String> values) {
    var all = new LinkedHashMap<String, TextTree>();
    values.forEach((name, text) -> all.put(name, value(text)));
    return option(verb, new TextTree(java.util.Optional.of(all), 1, ""));
  }

  private static TextTree value(String text) {
    boolean isList = text.matches("-?\\d+(,-?\\d+)+");
    try {
      return TextTree.of(isList ? "[" + text + "]" : text, "", BROKEN);
    } catch (ModelException _) {
      return new TextTree(java.util.Optional.of(text), 1, "");
    }
  }

  private static EditScript option(String verb, TextTree tree) {
    try {
      var edits = new EditVerbs(Path.of("")).edits(verb, tree);
      return EditScript.of(edits.toArray(Edit[]::new));
    } catch (UsageException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      var why = String.valueOf(e.getMessage()).replaceFirst("^line 1(, \\S*)?: ", "");
      throw new UsageException("--" + verb + ": " + why);
    }
  }

  private List<Edit> edits(String verb, TextTree tree) {
    return java.util.Objects.requireNonNull(VERBS.get(verb)).apply(this, tree);
  }

  // ---- values

  private Edit setConstant(String name, TextTree value) {
    return new Edit.SetConstant(name, elements(value));
  }

  private TensorData elements(TextTree value) {
    if (value.plain() instanceof String text) {
      if (!text.endsWith(".npy")) throw value.fault("takes an .npy or numbers, not '" + text + "'");
      try {
        return Npz.read(beside(text)).values().iterator().next();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return Literals.tensor(value.plain(), DataType.FLOAT64);
  }

  private Path beside(String name) {
    return file.toString().isEmpty() ? Path.of(name) : file.resolveSibling(name);
  }

  private static Edit setAttribute(String name, TextTree value) {
    int dot = name.lastIndexOf('.');
    if (dot < 1) throw value.fault("takes NODE.ATTRIBUTE, not '" + name + "'");
    return new Edit.SetAttribute(name.substring(0, dot), name.substring(dot + 1), value.plain());
  }

  private static Insertion insertion(TextTree at) {
    return at.isMap() ? InsertionText.of(at) : InsertionText.of(at.text(), at);
  }

  private Edit merge(TextTree at) {
    if (!at.isMap()) return new Edit.Merge(beside(at.text()), Map.of(), "", "");
    var parts = at.map();
    var joints = new LinkedHashMap<String, String>();
    var connect = parts.get("connect");
    if (connect != null) connect.map().forEach((from, to) -> joints.put(from, to.text()));
    var model = parts.get("model");
    if (model == null) throw at.fault("'model' is missing");
    var prefix = parts.get("prefix");
    var prefixes = prefix == null ? List.of("", "") : prefix.texts();
    if (prefixes.size() != 2) throw at.fault("'prefix' takes two prefixes");
    return new Edit.Merge(beside(model.text()), joints, prefixes.get(0), prefixes.get(1));
  }

  private static Edit cut(TextTree at) {
    var parts = at.map();
    var inputs = parts.get("inputs");
    var outputs = parts.get("outputs");
    return new Edit.Cut(
        inputs == null ? List.of() : inputs.texts(), outputs == null ? List.of() : outputs.texts());
  }

  private static Edit inputShape(TextTree at) {
    var dims = new LinkedHashMap<String, List<Long>>();
    at.map()
        .forEach((name, value) -> {
          if (value.wholes().stream().anyMatch(dim -> dim < -1)) {
            throw value.fault("a dim is below -1 in " + value.wholes());
          }
          dims.put(name, value.wholes());
        });
    return new Edit.InputShapes(dims, 0);
  }

  private static long batch(TextTree at) {
    long number =
        at.plain() instanceof String text && text.matches("\\d{1,9}")
            ? Long.parseLong(text)
            : at.whole();
    if (number < 1 || number > Integer.MAX_VALUE) throw at.fault("takes a number above 0");
    return number;
  }

  private static Layout layout(TextTree at) {
    return switch (at.text().toLowerCase(java.util.Locale.ROOT)) {
      case "nhwc", "nwc", "ndhwc" -> Layout.CHANNELS_LAST;
      case "nchw", "ncw", "ncdhw" -> Layout.CHANNELS_FIRST;
      default -> throw at.fault("a layout is 'nhwc' or 'nchw', not '" + at.text() + "'");
    };
  }

  private static Step permute(TextTree at) {
    return new Step.Permute(at.wholes().stream().map(Math::toIntExact).toList());
  }

  private static List<Edit> swapChannels(TextTree at) {
    var edits = new ArrayList<Edit>();
    if (at.isMap()) {
      at.map()
          .forEach(
              (name, axis) -> edits.add(swap(name, OptionalInt.of(Math.toIntExact(axis.whole())))));
    } else {
      for (var name : at.texts()) edits.add(swap(name, OptionalInt.empty()));
    }
    return edits;
  }

  private static Edit swap(String name, OptionalInt axis) {
    return new Edit.Prepare(name, new Step.SwapChannels(axis));
  }

  /// `uint8 (x - 127.5) / 127.5`, or a map of `type`, `formula` and `axis`.
  private static Step normalize(TextTree at) {
    if (!at.isMap()) return normalize(at.text().strip(), OptionalInt.empty(), at);
    var parts = at.map();
    var type = parts.get("type");
    var formula = parts.get("formula");
    var axis = parts.get("axis");
    return normalize(
        (type == null ? "" : type.text() + " ") + (formula == null ? "x" : formula.text()),
        axis == null ? OptionalInt.empty() : OptionalInt.of(Math.toIntExact(axis.whole())),
        at);
  }

  private static Step normalize(String text, OptionalInt axis, TextTree at) {
    int blank = text.indexOf(' ');
    var word = blank < 0 ? text : text.substring(0, blank);
    DataType type = DataType.FLOAT32;
    var rest = text;
    for (var each : DataType.values()) {
      if (!each.toString().equals(word)) continue;
      type = each;
      rest = blank < 0 ? "x" : text.substring(blank);
    }
    var formula = Normalization.of(rest.strip());
    var scales = new ArrayList<Double>();
    var offsets = new ArrayList<Double>();
    for (int channel = 0; channel < formula.channels(); channel++) {
      double offset = formula.apply(0, channel);
      double scale = formula.apply(1, channel) - offset;
      double probe = formula.apply(200, channel);
      boolean isLine = Math.abs(probe - 200 * scale - offset) <= 1e-9 * (1 + Math.abs(probe));
      if (!isLine) throw at.fault("'" + rest.strip() + "' is no scale and offset of x");
      scales.add(scale);
      offsets.add(offset);
    }
    return new Step.Normalize(type, axis, scales, offsets);
  }
}
