package watari.format.onnx;

import java.util.ArrayList;
import java.util.Optional;
import watari.format.onnx.schema.TensorShapeProto;
import watari.format.onnx.schema.TypeProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Declared types.
final class OnnxReadTypes {
  private OnnxReadTypes() {}

  /// The tensor type that a file declares, if it is one and has an element type.
  static Optional<TensorType> tensor(String name, TypeProto type) {
    if (!type.hasTensorType()) return Optional.empty();
    var tensor = type.getTensorType();
    return OnnxTypes.dtype(tensor.getElemType())
        .map(dtype ->
            new TensorType(
                dtype, tensor.hasShape() ? shape(name, tensor.getShape()) : Shape.UNKNOWN));
  }

  private static Shape shape(String name, TensorShapeProto proto) {
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < proto.getDimCount(); i++) {
      var dim = proto.getDim(i);
      if (dim.hasDimValue() && dim.getDimValue() >= 0) dims.add(Dim.of(dim.getDimValue()));
      else if (dim.hasDimParam() && !dim.getDimParam().isBlank()) {
        dims.add(Dim.named(dim.getDimParam().replace('?', '_')));
      } else dims.add(Dim.named("?" + name + "." + i));
    }
    return Shape.of(dims);
  }

  /// What an input or output is, where it is not a tensor that Watari knows.
  static String name(ValueInfoProto info) {
    var type = info.getType();
    return switch (type.getValueCase()) {
      case TENSOR_TYPE ->
          "a tensor of element type '" + OnnxTypes.name(type.getTensorType().getElemType()) + "'";
      case SEQUENCE_TYPE -> "a sequence";
      case MAP_TYPE -> "a map";
      case OPTIONAL_TYPE -> "an optional";
      case SPARSE_TENSOR_TYPE -> "a sparse tensor";
      case OPAQUE_TYPE -> "an opaque value";
      case VALUE_NOT_SET -> "of a type that the file does not say";
    };
  }

  /// An inferred shape, with the dims that nothing but the file tells.
  ///
  /// What is inferred by name or number holds: declared types of inner values go stale when models
  /// are edited.
  static Shape refined(Shape inferred, Shape declared) {
    if (!inferred.isRanked() || !declared.isRanked()) {
      return inferred.isRanked() ? inferred : declared;
    }
    if (declared.rank() != inferred.rank()) return inferred;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < inferred.rank(); i++) {
      boolean isInvented = inferred.dim(i).toString().contains("?");
      dims.add(
          isInvented && !declared.dim(i).toString().contains("?")
              ? declared.dim(i)
              : inferred.dim(i));
    }
    return Shape.of(dims);
  }
}
