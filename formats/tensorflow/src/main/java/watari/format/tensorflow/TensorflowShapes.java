package watari.format.tensorflow;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.HashMap;
import java.util.Map;
import watari.format.ProtobufShape;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.SavedModel;
import watari.format.tensorflow.schema.TensorProto;

/// The shapes of TensorFlow's messages for [watari.format.LargeFields], taken from our schema.
final class TensorflowShapes {
  static final ProtobufShape GRAPH = of(GraphDef.getDescriptor(), new HashMap<>());
  static final ProtobufShape SAVED_MODEL = of(SavedModel.getDescriptor(), new HashMap<>());

  private TensorflowShapes() {}

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
      case INT, LONG, BOOLEAN, ENUM -> {
        if (field.isRepeated()) shape.numbers(number, 0);
      }
      case STRING, BYTE_STRING -> {}
    }
  }

  /// Numbers of variable length stay in the message: nobody keeps weights in them.
  private static void elementsMayBeLarge(ProtobufShape tensor) {
    tensor
        .large(TensorProto.TENSOR_CONTENT_FIELD_NUMBER)
        .large(TensorProto.FLOAT_VAL_FIELD_NUMBER)
        .large(TensorProto.DOUBLE_VAL_FIELD_NUMBER)
        .large(TensorProto.SCOMPLEX_VAL_FIELD_NUMBER)
        .large(TensorProto.DCOMPLEX_VAL_FIELD_NUMBER);
  }
}
