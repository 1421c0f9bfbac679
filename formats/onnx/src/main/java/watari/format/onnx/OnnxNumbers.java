package watari.format.onnx;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import watari.format.FileBytes;
import watari.format.LargeFields;
import watari.format.Varints;
import watari.format.onnx.schema.TensorProto;
import watari.tensor.DataType;

/// Packs the numbers of TensorProto's typed fields as `raw_data` would have them.
///
/// Source: ONNX 1.23, TensorProto. `int32_data` also serves the types below 32 bits: one number is
/// one unit of the packed form, a byte or 16 bits. Complex numbers are pairs in the float fields.
final class OnnxNumbers {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private OnnxNumbers() {}

  /// Number of the typed field that holds elements of a type.
  static int field(DataType dtype) {
    return switch (dtype) {
      case FLOAT32, COMPLEX64 -> TensorProto.FLOAT_DATA_FIELD_NUMBER;
      case FLOAT64, COMPLEX128 -> TensorProto.DOUBLE_DATA_FIELD_NUMBER;
      case INT64 -> TensorProto.INT64_DATA_FIELD_NUMBER;
      case UINT32, UINT64 -> TensorProto.UINT64_DATA_FIELD_NUMBER;
      case STRING -> TensorProto.STRING_DATA_FIELD_NUMBER;
      case FLOAT16,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          FLOAT4E2M1,
          INT32,
          INT16,
          INT8,
          INT4,
          INT2,
          UINT16,
          UINT8,
          UINT4,
          UINT2,
          BOOL ->
          TensorProto.INT32_DATA_FIELD_NUMBER;
    };
  }

  /// Whether the numbers of a field need decoding; those of the others are packed already.
  static boolean isOfVariableLength(int field) {
    return switch (field) {
      case TensorProto.INT32_DATA_FIELD_NUMBER,
          TensorProto.INT64_DATA_FIELD_NUMBER,
          TensorProto.UINT64_DATA_FIELD_NUMBER ->
          true;
      default -> false;
    };
  }

  /// The elements that are in a tensor's own typed field.
  static MemorySegment pack(TensorProto tensor, DataType dtype) {
    return switch (field(dtype)) {
      case TensorProto.FLOAT_DATA_FIELD_NUMBER ->
          pack(tensor.getFloatDataList().stream().map(Float::floatToRawIntBits).toList(), 4);
      case TensorProto.DOUBLE_DATA_FIELD_NUMBER ->
          pack(tensor.getDoubleDataList().stream().map(Double::doubleToRawLongBits).toList(), 8);
      case TensorProto.INT64_DATA_FIELD_NUMBER -> pack(tensor.getInt64DataList(), 8);
      case TensorProto.UINT64_DATA_FIELD_NUMBER ->
          pack(tensor.getUint64DataList(), unitBytes(dtype));
      default -> pack(tensor.getInt32DataList(), unitBytes(dtype));
    };
  }

  private static MemorySegment pack(List<? extends Number> numbers, int unitBytes) {
    var packed = MemorySegment.ofArray(new byte[Math.multiplyExact(numbers.size(), unitBytes)]);
    long i = 0;
    for (var number : numbers) put(packed, i++, unitBytes, number.longValue());
    return packed;
  }

  /// The numbers of variable length in a field that stayed in the file.
  static MemorySegment decode(
      FileBytes file, LargeFields.Field field, DataType dtype, Arena arena) {
    int unitBytes = unitBytes(dtype);
    var bytes = file.slice(field.offset(), field.sizeBytes());
    long count = 0;
    for (long i = 0; i < bytes.byteSize(); i++) if (bytes.get(JAVA_BYTE, i) >= 0) count++;
    var packed = arena.allocate(count * unitBytes, Long.BYTES);
    var numbers = new Varints(file, field.offset(), field.offset() + field.sizeBytes());
    for (long i = 0; numbers.hasNext(); i++) put(packed, i, unitBytes, numbers.next());
    return packed;
  }

  private static int unitBytes(DataType dtype) {
    return Math.max(1, dtype.bits() / Byte.SIZE);
  }

  private static void put(MemorySegment packed, long index, int unitBytes, long value) {
    switch (unitBytes) {
      case 1 -> packed.set(JAVA_BYTE, index, (byte) value);
      case 2 -> packed.setAtIndex(SHORT, index, (short) value);
      case 4 -> packed.setAtIndex(INT, index, (int) value);
      default -> packed.setAtIndex(LONG, index, value);
    }
  }
}
