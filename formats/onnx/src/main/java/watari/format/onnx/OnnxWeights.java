package watari.format.onnx;

import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWeights;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.TensorProto.DataLocation;
import watari.tensor.TensorData;

/// The initializers of an ONNX file, and the tensors of its nodes. An id is the initializer's name,
/// or `output.attribute` of the node's first output; what is in a body has those of the nodes
/// around it, and the attribute, in front: `y.then_branch/w`.
public final class OnnxWeights implements FormatWeights {
  /// What stands in a tensor's place.
  private interface Change {
    TensorProto of(String id, String name, TensorProto tensor);
  }

  @Override
  public String format() {
    return OnnxFormat.NAME;
  }

  @Override
  public List<Path> beside(Path result) {
    return List.of(result.resolveSibling(result.getFileName() + ".data"));
  }

  @Override
  public List<Weight> list(Path model, Arena arena, Findings findings) throws IOException {
    var file = OnnxFile.open(model, arena);
    var weights = new ArrayList<Weight>();
    graph(
        file.model().getGraph(),
        "",
        (id, name, tensor) -> {
          if (tensor.getDataType() == TensorProto.DataType.STRING.getNumber()) {
            var why = "constant '" + id + "' holds texts and stays as it is";
            findings.add(Finding.note("WEIGHT_SKIPPED", why));
          } else {
            weights.add(new Weight(id, name, file.data(tensor)));
          }
          return tensor;
        });
    return weights;
  }

  /// The graph with each tensor in the place of the one it is given.
  private static GraphProto graph(GraphProto graph, String path, Change change) {
    var changed = graph.toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      var tensor = graph.getInitializer(i);
      changed.setInitializer(i, change.of(path + tensor.getName(), tensor.getName(), tensor));
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      changed.setNode(i, node(graph.getNode(i), path, change));
    }
    return changed.build();
  }

  private static NodeProto node(NodeProto node, String path, Change change) {
    if (node.getAttributeList().stream().noneMatch(a -> a.hasT() || a.hasG())) return node;
    var changed = node.toBuilder();
    var first = node.getOutputCount() == 0 ? node.getName() : node.getOutput(0);
    for (int i = 0; i < node.getAttributeCount(); i++) {
      var attribute = node.getAttribute(i);
      var id = path + first + "." + attribute.getName();
      if (attribute.hasT()) {
        var tensor = change.of(id, first, attribute.getT());
        changed.setAttribute(i, attribute.toBuilder().setT(tensor));
      }
      if (attribute.hasG()) {
        var body = graph(attribute.getG(), id + "/", change);
        changed.setAttribute(i, attribute.toBuilder().setG(body));
      }
    }
    return changed.build();
  }

  @Override
  public void inject(Path model, Path result, Map<String, TensorData> changed, Findings findings)
      throws IOException {
    try (var arena = Arena.ofConfined()) {
      var file = OnnxFile.open(model, arena);
      var output = new OnnxOutput(file);
      var graph =
          graph(
              file.model().getGraph(),
              "",
              (id, _, tensor) -> {
                boolean isOutside = tensor.getDataLocation() == DataLocation.EXTERNAL;
                var data = changed.get(id);
                if (data == null && !isOutside) return tensor;
                return replaced(tensor, data == null ? file.data(tensor) : data, output);
              });
      var storage =
          file.hasExternalData() ? OnnxOutput.Storage.BESIDE : OnnxOutput.Storage.BESIDE_IF_LARGE;
      output.write(file.model().toBuilder().setGraph(graph).build(), result, storage);
    }
  }

  /// Everything about a tensor but its elements stays.
  private static TensorProto replaced(TensorProto tensor, TensorData data, OnnxOutput output) {
    var bare =
        tensor.toBuilder()
            .clearFloatData()
            .clearInt32Data()
            .clearInt64Data()
            .clearDoubleData()
            .clearUint64Data()
            .clearRawData()
            .clearExternalData()
            .clearDataLocation()
            .setUnknownFields(UnknownFieldSet.getDefaultInstance());
    var made = output.initializer(tensor.getName(), data).toBuilder().clearDims().clearDataType();
    if (!tensor.hasName()) made.clearName();
    return bare.mergeFrom(made.build()).build();
  }
}
