package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Model;
import watari.pass.edit.ApplyOverrides;
import watari.pass.edit.LayerOverride;
import watari.pass.edit.LayerOverride.Action;
import watari.pass.edit.SourceLayer;
import watari.rewrite.Pass;

/// Reads the files by which users of openvino2tensorflow (`layers`) and onnx2tf (`operations`)
/// correct a conversion, as they are.
final class OverrideFile {
  private static final String BROKEN = "OVERRIDE_BROKEN";

  /// Formats whose images have their channels first.
  private static final Set<String> CHANNELS_FIRST = Set.of("onnx", "openvino");

  private static final Set<String> INSERTED =
      Set.of("Transpose", "Reshape", "Cast", "Squeeze", "Unsqueeze", "Add", "Multiply");

  /// Types by the modes that change them.
  private static final Map<String, Set<String>> CHANGED =
      Map.of(
          "change_axis", Set.of("Concat", "SoftMax", "ShuffleChannels", "LogSoftmax"),
          "change_attributes", Set.of("StridedSlice"),
          "replace", Set.of("StridedSlice"),
          "change_padding_mode", Set.of("MaxPool"),
          "change_shared_axes", Set.of("PReLU"),
          "change_batch_axis", Set.of("ReverseSequence"),
          "change_seq_axis", Set.of("ReverseSequence"),
          "change_equation", Set.of("Einsum"));

  private static final List<String> SLICE_BOUNDS = List.of("begin", "end", "strides");
  private static final List<String> SLICE_MASKS =
      List.of("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask");

  private final Path file;
  private final List<LayerOverride> overrides = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();

  private OverrideFile(Path file) {
    this.file = file;
  }

  /// @throws ModelException with all that is wrong, by line and path
  static List<LayerOverride> read(Path file) throws IOException {
    var reading = new OverrideFile(file);
    reading.all(TextTree.of(Files.readString(file), file.toString(), BROKEN));
    if (!reading.findings.isEmpty()) throw new ModelException(reading.findings);
    return reading.overrides;
  }

  /// The pass that makes a file's changes of a model.
  ///
  /// @throws ModelException with all that is wrong in the file, by line and path
  static Pass pass(Path file, Model model) throws IOException {
    boolean isChannelsFirst = CHANNELS_FIRST.contains(model.format());
    var layers = SourceLayer.of(model.metadata());
    return new ApplyOverrides(read(file), layers, isChannelsFirst, file.toString());
  }

  private void all(TextTree root) {
    attempt(
        root,
        at -> {
          var parts = at.map();
          var layers = parts.get("layers");
          var operations = parts.get("operations");
          if ((layers == null) == (operations == null)) {
            throw at.fault("either 'layers' or 'operations' is expected");
          }
          var version = required(at, parts, "format_version").whole();
          if (layers != null) layers(layers, version);
          if (operations != null) operations(operations);
        });
  }

  private interface Step {
    void read(TextTree at) throws IOException;
  }

  private void attempt(TextTree at, Step step) {
    try {
      step.read(at);
    } catch (TextTree.Fault e) {
      add(String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException | ArithmeticException e) {
      add(at.place() + e.getMessage());
    } catch (IOException e) {
      add(at.place() + Causes.of(e).why());
    }
  }

  private void add(String why) {
    findings.add(
        Finding.error(BROKEN, why)
            .inFile(file.toString())
            .fix("docs/edit.md says what overrides there are"));
  }

  private static TextTree required(TextTree at, Map<String, TextTree> parts, String key) {
    var part = parts.get(key);
    if (part == null) throw at.fault("'" + key + "' is missing");
    return part;
  }

  private static void requireKnown(TextTree at, Set<String> keys, Set<String> known) {
    for (var key : keys) {
      if (!known.contains(key)) throw at.fault("'" + key + "' is not known here");
    }
  }

  // ---- openvino2tensorflow

  private void layers(TextTree layers, long version) {
    if (version < 1 || version > 3)
      throw layers.fault("format_version is " + version + ", not 1 to 3");
    var seen = new HashSet<String>();
    for (var each : layers.list()) {
      attempt(
          each,
          at -> {
            var id = required(at, at.map(), "layer_id").text();
            if (!seen.add(id)) throw at.fault("layer '" + id + "' comes twice");
            overrides.add(new LayerOverride(id, layer(at, version), at.place()));
          });
    }
  }

  private Action layer(TextTree at, long version) throws IOException {
    var parts = at.map();
    var known = new HashSet<>(Set.of("layer_id", "replace_mode", "values"));
    if (version > 1) known.add("type");
    if (version > 2) known.add("input_index");
    requireKnown(at, parts.keySet(), known);
    var mode = required(at, parts, "replace_mode").text();
    var values = required(at, parts, "values");
    var type = version == 1 ? "Const" : required(at, parts, "type").text();
    if (type.equals("Const")) return constant(mode, values);
    if (mode.equals("insert_before") || mode.equals("insert_after")) {
      if (!INSERTED.contains(type)) throw at.fault("'" + type + "' cannot be inserted");
      var index = parts.get("input_index");
      int input = index == null ? 0 : Math.toIntExact(index.whole());
      boolean isBehind = mode.equals("insert_after");
      return new Action.Around(type, isBehind ? -1 : input, index != null, values.plain());
    }
    var types = CHANGED.get(mode);
    if (types == null || !types.contains(type)) {
      throw at.fault("replace_mode '" + mode + "' is none of type '" + type + "'");
    }
    return changed(mode, values);
  }

  private Action constant(String mode, TextTree values) throws IOException {
    return switch (mode) {
      case "direct" -> new Action.Constant(values.plain());
      case "npy" -> new Action.Constant(Npz.read(beside(values)).values().iterator().next());
      default -> throw values.fault("a Const is replaced 'direct' or by 'npy', not '" + mode + "'");
    };
  }

  private Path beside(TextTree at) {
    var name = at.text();
    var path = file.resolveSibling(name);
    if (!name.endsWith(".npy")) throw at.fault("an .npy is expected, not '" + name + "'");
    return Files.exists(path) ? path : Path.of(name);
  }

  private static Action changed(String mode, TextTree values) {
    return switch (mode) {
      case "change_axis" -> new Action.Field("axis", values.whole());
      case "change_batch_axis" -> new Action.Field("batch_axis", values.whole());
      case "change_seq_axis" -> new Action.Field("seq_axis", values.whole());
      case "change_equation" -> new Action.Field("equation", values.text());
      case "change_padding_mode" -> new Action.PadMode(values.text());
      case "change_shared_axes" ->
          new Action.SharedAxes(values.wholes().stream().map(Math::toIntExact).toList());
      case "change_attributes" -> new Action.StridedSlice(List.of(), five(values, values.list()));
      case "replace" -> {
        if (values.list().size() != 8)
          throw values.fault("three lists and five masks are expected");
        var bounds = values.list().subList(0, 3).stream().map(TextTree::wholes).toList();
        yield new Action.StridedSlice(bounds, five(values, values.list().subList(3, 8)));
      }
      default -> throw values.fault("'" + mode + "' is no replace_mode");
    };
  }

  private static List<Long> five(TextTree at, List<TextTree> masks) {
    if (masks.size() != 5) throw at.fault("five masks are expected, not " + masks.size());
    return masks.stream().map(TextTree::whole).toList();
  }

  // ---- onnx2tf

  private void operations(TextTree operations) {
    for (var each : operations.list()) {
      attempt(
          each,
          at -> {
            var parts = at.map();
            var name = required(at, parts, "op_name").text();
            for (var action : operation(at, parts)) {
              overrides.add(new LayerOverride(name, action, at.place()));
            }
          });
    }
  }

  private static List<Action> operation(TextTree at, Map<String, TextTree> parts) {
    var target = required(at, parts, "param_target").text();
    if (target.equals("op")) return List.of(whole(at, parts));
    requireKnown(
        at,
        parts.keySet(),
        Set.of(
            "op_name",
            "param_target",
            "param_name",
            "values",
            "pre_process_transpose_perm",
            "post_process_transpose_perm"));
    var name = required(at, parts, "param_name").text();
    var actions = new ArrayList<Action>();
    var values = parts.get("values");
    var before = parts.get("pre_process_transpose_perm");
    var behind = parts.get("post_process_transpose_perm");
    switch (target) {
      case "attributes" -> {
        if (values != null) actions.add(new Action.Field(name, values.plain()));
      }
      case "inputs" -> {
        if (values != null) actions.add(new Action.Input(name, values.plain()));
        if (before != null) actions.add(new Action.Reorder(name, true, perm(before)));
      }
      case "outputs" -> {
        if (behind != null) actions.add(new Action.Reorder(name, false, perm(behind)));
      }
      default -> throw at.fault("param_target '" + target + "' is not known");
    }
    if (actions.isEmpty()) throw at.fault("nothing is replaced: 'values' or a perm is missing");
    return actions;
  }

  private static List<Integer> perm(TextTree at) {
    return at.wholes().stream().map(Math::toIntExact).toList();
  }

  private static Action whole(TextTree at, Map<String, TextTree> parts) {
    var shape = parts.get("new_shape");
    if (shape != null) return new Action.Shape(shape.wholes());
    if (!parts.containsKey("begin")) {
      throw at.fault("'new_shape', or 'begin' and 'end', is expected");
    }
    var begin = required(at, parts, "begin").wholes();
    var end = required(at, parts, "end").wholes();
    var strides = parts.get("strides");
    var steps = strides == null ? begin.stream().map(_ -> 1L).toList() : strides.wholes();
    var masks = new ArrayList<Long>();
    for (var mask : SLICE_MASKS) {
      var part = parts.get(mask);
      masks.add(part == null ? 0L : part.whole());
    }
    var known = new HashSet<>(SLICE_MASKS);
    known.addAll(SLICE_BOUNDS);
    known.addAll(Set.of("op_name", "param_target"));
    requireKnown(at, parts.keySet(), known);
    return new Action.StridedSlice(List.of(begin, end, steps), masks);
  }
}
