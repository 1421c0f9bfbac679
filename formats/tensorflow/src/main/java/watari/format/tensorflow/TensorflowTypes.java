package watari.format.tensorflow;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import watari.format.tensorflow.schema.TensorShapeProto;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Element types and shapes of TensorFlow and ours.
///
/// Source: TensorFlow 2.21, types.proto. Quantized types, resources and variants have no
/// counterpart.
final class TensorflowTypes {
  private static final int REFERENCE = 100;

  private static final Map<watari.format.tensorflow.schema.DataType, DataType> OURS = table();

  private TensorflowTypes() {}

  /// Our type for theirs, or for a reference to theirs.
  static Optional<DataType> dtype(watari.format.tensorflow.schema.DataType theirs) {
    if (theirs == watari.format.tensorflow.schema.DataType.UNRECOGNIZED) return Optional.empty();
    int number = theirs.getNumber();
    var plain =
        number > REFERENCE
            ? watari.format.tensorflow.schema.DataType.forNumber(number - REFERENCE)
            : theirs;
    return Optional.ofNullable(plain).map(OURS::get);
  }

  static watari.format.tensorflow.schema.DataType theirs(DataType ours) {
    return OURS.entrySet().stream()
        .filter(each -> each.getValue() == ours)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("TensorFlow has no type " + ours))
        .getKey();
  }

  private static Map<watari.format.tensorflow.schema.DataType, DataType> table() {
    var table =
        new EnumMap<watari.format.tensorflow.schema.DataType, DataType>(
            watari.format.tensorflow.schema.DataType.class);
    table.put(watari.format.tensorflow.schema.DataType.DT_FLOAT, DataType.FLOAT32);
    table.put(watari.format.tensorflow.schema.DataType.DT_DOUBLE, DataType.FLOAT64);
    table.put(watari.format.tensorflow.schema.DataType.DT_HALF, DataType.FLOAT16);
    table.put(watari.format.tensorflow.schema.DataType.DT_BFLOAT16, DataType.BFLOAT16);
    table.put(watari.format.tensorflow.schema.DataType.DT_FLOAT8_E5M2, DataType.FLOAT8E5M2);
    table.put(watari.format.tensorflow.schema.DataType.DT_FLOAT8_E4M3FN, DataType.FLOAT8E4M3FN);
    table.put(watari.format.tensorflow.schema.DataType.DT_INT8, DataType.INT8);
    table.put(watari.format.tensorflow.schema.DataType.DT_INT16, DataType.INT16);
    table.put(watari.format.tensorflow.schema.DataType.DT_INT32, DataType.INT32);
    table.put(watari.format.tensorflow.schema.DataType.DT_INT64, DataType.INT64);
    table.put(watari.format.tensorflow.schema.DataType.DT_UINT8, DataType.UINT8);
    table.put(watari.format.tensorflow.schema.DataType.DT_UINT16, DataType.UINT16);
    table.put(watari.format.tensorflow.schema.DataType.DT_UINT32, DataType.UINT32);
    table.put(watari.format.tensorflow.schema.DataType.DT_UINT64, DataType.UINT64);
    table.put(watari.format.tensorflow.schema.DataType.DT_BOOL, DataType.BOOL);
    table.put(watari.format.tensorflow.schema.DataType.DT_STRING, DataType.STRING);
    table.put(watari.format.tensorflow.schema.DataType.DT_COMPLEX64, DataType.COMPLEX64);
    table.put(watari.format.tensorflow.schema.DataType.DT_COMPLEX128, DataType.COMPLEX128);
    return table;
  }

  /// Dims of which those below 0 are unknown.
  static Shape shape(String name, long[] sizes) {
    var dims = new java.util.ArrayList<Dim>();
    for (int i = 0; i < sizes.length; i++) {
      dims.add(sizes[i] < 0 ? Dim.named(name + "." + i) : Dim.of(sizes[i]));
    }
    return Shape.of(dims);
  }

  /// A shape that a file declares; dims of -1 are unknown and named after `name`.
  static Shape shape(String name, TensorShapeProto proto) {
    if (proto.getUnknownRank()) return Shape.UNKNOWN;
    var dims = new java.util.ArrayList<Dim>();
    for (int i = 0; i < proto.getDimCount(); i++) {
      long size = proto.getDim(i).getSize();
      dims.add(size < 0 ? Dim.named(name + "." + i) : Dim.of(size));
    }
    return Shape.of(dims);
  }
}
