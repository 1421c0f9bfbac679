package watari.api;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.pass.edit.CutGraph;
import watari.pass.edit.DeleteNodes;
import watari.pass.edit.RenameTensors;
import watari.pass.edit.SetConstants;
import watari.pass.edit.SetInputShapes;
import watari.rewrite.Pass;
import watari.tensor.TensorData;

/// Changes of a model, in the order in which they are made: constants, deletions, cuts, shapes,
/// names.
///
/// @param constants other elements by name; a scalar fills the constant
/// @param delete nodes that go, by their name or by that of what they compute
/// @param inputs names of tensors that become the inputs; empty for the model's own
/// @param outputs names of tensors that become the outputs; empty for the model's own
/// @param inputShapes dims of inputs by name; -1 leaves a dim as it is
/// @param batch dim 0 of all other inputs, or 0 to leave it
/// @param rename new names of tensors by old ones
public record EditScript(
    Map<String, TensorData> constants,
    List<String> delete,
    List<String> inputs,
    List<String> outputs,
    Map<String, List<Long>> inputShapes,
    long batch,
    Map<String, String> rename) {
  public static final EditScript NONE =
      new EditScript(Map.of(), List.of(), List.of(), List.of(), Map.of(), 0, Map.of());

  public EditScript {
    constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
    delete = List.copyOf(delete);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    inputShapes = Collections.unmodifiableMap(new LinkedHashMap<>(inputShapes));
    rename = Collections.unmodifiableMap(new LinkedHashMap<>(rename));
  }

  List<Pass> passes() {
    var passes = new ArrayList<Pass>();
    if (!constants.isEmpty()) passes.add(new SetConstants(constants));
    if (!delete.isEmpty()) passes.add(new DeleteNodes(delete));
    if (!inputs.isEmpty() || !outputs.isEmpty()) passes.add(new CutGraph(inputs, outputs));
    if (batch > 0 || !inputShapes.isEmpty()) passes.add(new SetInputShapes(inputShapes, batch));
    if (!rename.isEmpty()) passes.add(new RenameTensors(rename));
    return passes;
  }
}
