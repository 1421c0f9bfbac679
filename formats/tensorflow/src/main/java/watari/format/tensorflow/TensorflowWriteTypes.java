package watari.format.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import watari.format.tensorflow.schema.TensorProto;
import watari.format.tensorflow.schema.TensorShapeProto;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Element types, shapes and constants as TensorFlow's records say them.
final class TensorflowWriteTypes {
  private static final Map<DataType, watari.format.tensorflow.schema.DataType> PROTOS = protos();

  /// In which types numbers are computed where there is no kernel for their own, the nearest first.
  private static final Map<DataType, List<DataType>> CARRIERS =
      Map.ofEntries(
          Map.entry(DataType.INT8, List.of(DataType.INT16, DataType.INT32, DataType.INT64)),
          Map.entry(DataType.INT16, List.of(DataType.INT32, DataType.INT64)),
          Map.entry(DataType.INT32, List.of(DataType.INT64)),
          Map.entry(DataType.UINT8, List.of(DataType.INT16, DataType.INT32, DataType.INT64)),
          Map.entry(DataType.UINT16, List.of(DataType.INT32, DataType.INT64)),
          Map.entry(DataType.UINT32, List.of(DataType.INT64)),
          Map.entry(DataType.FLOAT16, List.of(DataType.FLOAT32)),
          Map.entry(DataType.BFLOAT16, List.of(DataType.FLOAT32)),
          Map.entry(DataType.FLOAT8E4M3FN, List.of(DataType.FLOAT32)),
          Map.entry(DataType.FLOAT8E5M2, List.of(DataType.FLOAT32)),
          Map.entry(DataType.BOOL, List.of(DataType.UINT8, DataType.INT32)));

  private TensorflowWriteTypes() {}

  private static Map<DataType, watari.format.tensorflow.schema.DataType> protos() {
    var all = new EnumMap<DataType, watari.format.tensorflow.schema.DataType>(DataType.class);
    for (var proto : watari.format.tensorflow.schema.DataType.values()) {
      TensorflowTypes.dtype(proto).ifPresent(dtype -> all.putIfAbsent(dtype, proto));
    }
    return all;
  }

  /// The type in which numbers flow: those of less than 8 bits take 8.
  static DataType carried(DataType dtype) {
    return switch (dtype) {
      case INT4, INT2 -> DataType.INT8;
      case UINT4, UINT2 -> DataType.UINT8;
      default -> dtype;
    };
  }

  static boolean isKnown(DataType dtype) {
    return PROTOS.containsKey(carried(dtype));
  }

  static watari.format.tensorflow.schema.DataType proto(DataType dtype) {
    var proto = PROTOS.get(dtype);
    if (proto == null) {
      throw new TensorflowRefusal(
          "DTYPE_UNSUPPORTED",
          "TensorFlow has no element type '" + dtype + "'",
          "end the model before this node with --outputs");
    }
    return proto;
  }

  /// In which types numbers of a type may be computed, the nearest first.
  static List<DataType> carriers(DataType dtype) {
    return CARRIERS.getOrDefault(dtype, List.of());
  }

  static TensorShapeProto shape(Shape shape) {
    if (!shape.isRanked()) return TensorShapeProto.newBuilder().setUnknownRank(true).build();
    var proto = TensorShapeProto.newBuilder();
    for (var dim : shape.dims()) proto.addDimBuilder().setSize(dim.value().orElse(-1));
    return proto.build();
  }

  /// A constant, whose bytes are looked at where they are.
  static TensorProto tensor(TensorData given, Arena arena) {
    var data = given.cast(carried(given.dtype()));
    var tensor =
        TensorProto.newBuilder().setDtype(proto(data.dtype())).setTensorShape(shape(data.shape()));
    if (data.dtype() == DataType.STRING) {
      for (long i = 0; i < data.size(); i++) {
        tensor.addStringVal(ByteString.copyFrom(data.bytesAt(i)));
      }
      return tensor.build();
    }
    return tensor.setTensorContent(bytes(data, arena)).build();
  }

  private static ByteString bytes(TensorData data, Arena arena) {
    MemorySegment packed = data.contiguous().orElseGet(() -> data.packed(arena));
    if (packed.byteSize() == 0) return ByteString.EMPTY;
    boolean isViewable =
        packed.isNative() || packed.heapBase().filter(byte[].class::isInstance).isPresent();
    return isViewable
        ? UnsafeByteOperations.unsafeWrap(packed.asByteBuffer())
        : ByteString.copyFrom(packed.toArray(ValueLayout.JAVA_BYTE));
  }
}
