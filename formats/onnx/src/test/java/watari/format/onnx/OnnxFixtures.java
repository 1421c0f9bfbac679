package watari.format.onnx;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.TensorProto;

/// The models that `make.py` made.
final class OnnxFixtures {
  static final List<String> ALL = List.of("elements.onnx", "nested.onnx", "external.onnx");

  private OnnxFixtures() {}

  static Path path(String name) {
    try {
      return Path.of(Objects.requireNonNull(OnnxFixtures.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  static OnnxFile open(String name, Arena arena) throws IOException {
    return OnnxFile.open(path(name), arena);
  }

  /// All tensors of a model, at any depth.
  static List<TensorProto> tensors(ModelProto model) {
    var tensors = new ArrayList<TensorProto>();
    addGraph(model.getGraph(), tensors);
    for (var function : model.getFunctionsList()) addNodes(function.getNodeList(), tensors);
    return tensors;
  }

  private static void addGraph(GraphProto graph, List<TensorProto> tensors) {
    tensors.addAll(graph.getInitializerList());
    for (var sparse : graph.getSparseInitializerList()) {
      tensors.add(sparse.getValues());
      tensors.add(sparse.getIndices());
    }
    addNodes(graph.getNodeList(), tensors);
  }

  private static void addNodes(List<NodeProto> nodes, List<TensorProto> tensors) {
    for (var node : nodes) {
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasT()) tensors.add(attribute.getT());
        tensors.addAll(attribute.getTensorsList());
        if (attribute.hasG()) addGraph(attribute.getG(), tensors);
        for (var graph : attribute.getGraphsList()) addGraph(graph, tensors);
      }
    }
  }
}
