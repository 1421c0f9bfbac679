package watari.api;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.pass.edit.Insertion;
import watari.pass.edit.PrepareInput;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// One change of a model. Tensors are named as `inspect --layers` names them, nodes by their own
/// name or by that of what they compute.
public sealed interface Edit {
  /// Other elements of a constant, of its type and shape; a scalar fills it.
  record SetConstant(String name, TensorData elements) implements Edit {}

  /// Another parameter of a node.
  ///
  /// @param value a number, a text, a boolean or a list of them
  record SetAttribute(String node, String attribute, Object value) implements Edit {}

  /// A node goes, and its first input takes the place of its first output.
  record Delete(String node) implements Edit {}

  /// A node comes.
  record Insert(Insertion insertion) implements Edit {}

  /// Another model of any format comes behind this one.
  ///
  /// @param joints inputs of the other model by the tensor of this one that each of them becomes
  /// @param prefix put before all names of this model, with an underscore; empty for none
  /// @param otherPrefix the same for the other one
  record Merge(Path model, Map<String, String> joints, String prefix, String otherPrefix)
      implements Edit {
    public Merge {
      joints = Collections.unmodifiableMap(new LinkedHashMap<>(joints));
    }
  }

  /// All that reads `target` reads `source` from now on.
  record Connect(String source, String target) implements Edit {}

  /// Tensors become the inputs and outputs; an empty list leaves that end.
  record Cut(List<String> inputs, List<String> outputs) implements Edit {
    public Cut {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }

  /// Tensors become outputs, too.
  record AddOutputs(List<String> tensors) implements Edit {
    public AddOutputs {
      tensors = List.copyOf(tensors);
    }
  }

  /// Outputs go, and what only they need.
  record RemoveOutputs(List<String> names) implements Edit {
    public RemoveOutputs {
      names = List.copyOf(names);
    }
  }

  /// Dims of inputs; -1 leaves one as it is.
  ///
  /// @param batch dim 0 of all other inputs, or 0 to leave it
  record InputShapes(Map<String, List<Long>> dims, long batch) implements Edit {
    public InputShapes {
      dims = Collections.unmodifiableMap(new LinkedHashMap<>(dims));
    }
  }

  /// The layout in which callers give an input.
  record InputLayout(String input, Layout layout) implements Edit {}

  /// What callers did to an input is done in the graph.
  record Prepare(String input, PrepareInput.Step step) implements Edit {}

  /// Another name for an input, an output or an inner tensor.
  record Rename(String old, String name) implements Edit {}

  /// Other names for all tensors in whose names a regular expression is found.
  record RenameMatching(String pattern, String replacement) implements Edit {}

  /// One side of a cut through tensors stays: the one that computes them, or the one that reads
  /// them.
  record Split(List<String> tensors, boolean isFirst) implements Edit {
    public Split {
      tensors = List.copyOf(tensors);
    }
  }

  /// What a file of openvino2tensorflow or onnx2tf says of layers.
  record Overrides(Path file) implements Edit {}

  /// What no output needs goes.
  record Prune() implements Edit {}

  /// Equal constants become one.
  record ShareConstants() implements Edit {}

  /// Idioms are fused, constants folded.
  record Simplify() implements Edit {}

  /// The version of the operators in the result, such as ONNX' opset.
  record Opset(int opset) implements Edit {}
}
