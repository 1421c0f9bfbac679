package watari.format.onnx;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.HashMap;
import java.util.Map;
import watari.format.ProtobufShape;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.TensorProto;

/// The shape of ONNX messages for [watari.format.LargeFields], taken from our schema.
final class OnnxShapes {
  static final ProtobufShape MODEL = of(ModelProto.getDescriptor(), new HashMap<>());

  private OnnxShapes() {}

  private static ProtobufShape of(Descriptor message, Map<Descriptor, ProtobufShape> known) {
    var found = known.get(message);
    if (found != null) return found;
    var shape = new ProtobufShape(message.getName());
    known.put(message, shape);
    for (var field : message.getFields()) describe(field, shape, known);
    if (message.equals(TensorProto.getDescriptor())) elementsMayBeLarge(shape);
    return shape;
  }

  private static void describe(
      FieldDescriptor field, ProtobufShape shape, Map<Descriptor, ProtobufShape> known) {
    int number = field.getNumber();
    switch (field.getJavaType()) {
      case MESSAGE -> shape.message(number, of(field.getMessageType(), known));
      case FLOAT -> shape.numbers(number, Float.BYTES);
      case DOUBLE -> shape.numbers(number, Double.BYTES);
      case INT, LONG, BOOLEAN, ENUM -> shape.numbers(number, 0);
      case STRING, BYTE_STRING -> {}
    }
  }

  private static void elementsMayBeLarge(ProtobufShape tensor) {
    tensor
        .large(TensorProto.RAW_DATA_FIELD_NUMBER)
        .large(TensorProto.FLOAT_DATA_FIELD_NUMBER)
        .large(TensorProto.DOUBLE_DATA_FIELD_NUMBER)
        .large(TensorProto.INT32_DATA_FIELD_NUMBER)
        .large(TensorProto.INT64_DATA_FIELD_NUMBER)
        .large(TensorProto.UINT64_DATA_FIELD_NUMBER);
  }
}
