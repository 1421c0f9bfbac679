package watari.format.onnx;

import com.google.protobuf.ByteString;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.LargeFields;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.TensorProto;
import watari.op.Custom;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that only ONNX knows: kept as they are, so that they can be written back.
final class OnnxReadCustom {
  private OnnxReadCustom() {}

  static void read(OnnxReadNode node, boolean isPure) {
    var domain = OnnxFormat.domain(node.proto().getDomain());
    var attributes = new ArrayList<Custom.Attribute>();
    for (var each : node.proto().getAttributeList()) {
      var attribute = node.attributes().get(each.getName());
      if (attribute != null) attributes.add(attribute(node, attribute));
    }
    var op =
        new Custom(
            OnnxFormat.customDomain(domain),
            node.proto().getOpType(),
            node.opset(),
            attributes,
            outputs(node),
            isPure);
    node.give(op, node.inputs());
  }

  private static Custom.Attribute attribute(OnnxReadNode node, AttributeProto attribute) {
    if (attribute.hasG() || attribute.getGraphsCount() > 0) {
      throw OnnxRefusal.unsupported(
          "attribute '"
              + attribute.getName()
              + "' is a graph, which is read for If, Loop and Scan only",
          "export the model with Loop in the place of this operator");
    }
    var whole = attribute.toBuilder();
    if (attribute.hasT()) whole.setT(whole(node, attribute.getT()));
    for (int i = 0; i < attribute.getTensorsCount(); i++) {
      whole.setTensors(i, whole(node, attribute.getTensors(i)));
    }
    var bytes = whole.build().toByteArray();
    var encoded =
        TensorData.of(DataType.UINT8, Shape.of(bytes.length), MemorySegment.ofArray(bytes));
    return new Custom.Attribute(attribute.getName(), encoded);
  }

  /// A tensor with its elements in it, wherever the file has them.
  private static TensorProto whole(OnnxReadNode node, TensorProto tensor) {
    boolean isElsewhere =
        tensor.getUnknownFields().hasField(LargeFields.MARKER)
            || tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
    if (!isElsewhere) return tensor;
    var data = node.model().data(tensor);
    try (var arena = Arena.ofConfined()) {
      return TensorProto.newBuilder()
          .setName(tensor.getName())
          .setDataType(tensor.getDataType())
          .addAllDims(tensor.getDimsList())
          .setRawData(ByteString.copyFrom(data.packed(arena).asByteBuffer()))
          .build();
    }
  }

  /// The types of the outputs: those that the file declares, else what the operator's specification
  /// says of them.
  static List<TensorType> outputs(OnnxReadNode node) {
    var types = new ArrayList<TensorType>();
    for (int i = 0; i < Math.max(1, node.outputCount()); i++) {
      types.add(node.wants(i) ? output(node, i) : new TensorType(guess(node, i), Shape.UNKNOWN));
    }
    return types;
  }

  private static TensorType output(OnnxReadNode node, int i) {
    var name = node.outputName(i);
    var declared = node.scope().declared(name);
    if (declared.isEmpty()) return new TensorType(guess(node, i), Shape.UNKNOWN);
    if (declared.get().hasTensorType()) {
      return OnnxReadTypes.tensor(name, declared.get())
          .orElse(new TensorType(guess(node, i), Shape.UNKNOWN));
    }
    throw OnnxRefusal.unsupported(
        "output '" + name + "' is not a tensor, and Watari's graphs carry only tensors",
        "export the model so that this operator is not needed");
  }

  private static DataType guess(OnnxReadNode node, int i) {
    return specified(node, i).or(() -> sameAsInput(node, 0)).orElse(DataType.FLOAT32);
  }

  private static Optional<DataType> specified(OnnxReadNode node, int i) {
    var domain = OnnxFormat.domain(node.proto().getDomain());
    var operator = OnnxOperators.find(domain, node.proto().getOpType(), node.opset());
    if (operator.isEmpty()) return Optional.empty();
    if (node.hasAttribute("dtype") && i == 0) {
      return OnnxTypes.dtype(node.integer("dtype", 1));
    }
    var types = operator.get().types();
    var type = types.get(Math.min(i, types.size() - 1));
    if (type.equals("?") || type.equals("-")) return Optional.empty();
    if (Character.isDigit(type.charAt(0))) return sameAsInput(node, Integer.parseInt(type));
    return Optional.of(named(type));
  }

  private static Optional<DataType> sameAsInput(OnnxReadNode node, int i) {
    return node.has(i) ? Optional.of(node.dtype(i)) : Optional.empty();
  }

  private static DataType named(String type) {
    return switch (type) {
      case "float" -> DataType.FLOAT32;
      case "double" -> DataType.FLOAT64;
      default -> DataType.valueOf(type.toUpperCase(java.util.Locale.ROOT));
    };
  }
}
