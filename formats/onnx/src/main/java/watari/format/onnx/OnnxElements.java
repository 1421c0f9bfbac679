package watari.format.onnx;

import com.google.protobuf.ByteString;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.LargeFields;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.TensorProto.DataLocation;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Finds the elements of a tensor in whichever of its fields they are.
///
/// Source: ONNX 1.23, TensorProto.
final class OnnxElements {
  /// Elements whose bits can still be counted.
  private static final long MAX_COUNT = Long.MAX_VALUE / 128;

  private final FileBytes file;
  private final List<LargeFields.Field> large;
  private final OnnxExternalData external;
  private final Arena arena;

  OnnxElements(
      FileBytes file, List<LargeFields.Field> large, OnnxExternalData external, Arena arena) {
    this.file = file;
    this.large = large;
    this.external = external;
    this.arena = arena;
  }

  TensorData of(TensorProto tensor) {
    var dtype = dtype(tensor);
    var shape = Shape.of(tensor.getDimsList().stream().mapToLong(Long::longValue).toArray());
    long count = count(tensor);
    if (dtype == DataType.STRING) return strings(tensor, shape, count);
    long needed = dtype.sizeBytes(count);
    var bytes = bytes(tensor, dtype, needed);
    if (bytes.byteSize() != needed) {
      throw broken(
          tensor,
          "has %d bytes of elements, but %s%s needs %d"
              .formatted(bytes.byteSize(), dtype, shape, needed));
    }
    return TensorData.of(dtype, shape, bytes);
  }

  private DataType dtype(TensorProto tensor) {
    int number = tensor.getDataType();
    var why = "has the element type '" + OnnxTypes.name(number) + "', which Watari does not know";
    return OnnxTypes.dtype(number).orElseThrow(() -> broken(tensor, why));
  }

  private long count(TensorProto tensor) {
    long count = 1;
    for (long dim : tensor.getDimsList()) {
      if (dim < 0) throw broken(tensor, "has the dim '" + dim + "'");
      boolean tooMany = dim != 0 && count > MAX_COUNT / dim;
      if (tooMany) throw broken(tensor, "has more than " + MAX_COUNT + " elements");
      count *= dim;
    }
    return count;
  }

  private TensorData strings(TensorProto tensor, Shape shape, long count) {
    if (tensor.getStringDataCount() != count) {
      throw broken(
          tensor,
          "has %d strings, but %s needs %d".formatted(tensor.getStringDataCount(), shape, count));
    }
    return TensorData.ofStrings(
        shape, tensor.getStringDataList().stream().map(ByteString::toByteArray).toList());
  }

  private MemorySegment bytes(TensorProto tensor, DataType dtype, long needed) {
    if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
      return external.bytes(tensor, needed);
    }
    var inline = inline(tensor, dtype);
    var markers = tensor.getUnknownFields().getField(LargeFields.MARKER).getVarintList();
    if (markers.isEmpty()) return inline;
    if (markers.size() > 1 || inline.byteSize() > 0) {
      throw broken(tensor, "has its elements in several parts, which Watari does not join");
    }
    return large(tensor, dtype, large.get(Math.toIntExact(markers.getFirst())));
  }

  private static MemorySegment inline(TensorProto tensor, DataType dtype) {
    var raw = tensor.getRawData();
    return raw.isEmpty()
        ? OnnxNumbers.pack(tensor, dtype)
        : MemorySegment.ofBuffer(raw.asReadOnlyByteBuffer());
  }

  private MemorySegment large(TensorProto tensor, DataType dtype, LargeFields.Field field) {
    if (field.number() == TensorProto.RAW_DATA_FIELD_NUMBER) return slice(field);
    if (field.number() != OnnxNumbers.field(dtype)) {
      throw broken(
          tensor,
          "of type %s has its elements in field %d instead of %d"
              .formatted(dtype, field.number(), OnnxNumbers.field(dtype)));
    }
    return OnnxNumbers.isOfVariableLength(field.number())
        ? OnnxNumbers.decode(file, field, dtype, arena)
        : slice(field);
  }

  private MemorySegment slice(LargeFields.Field field) {
    return file.slice(field.offset(), field.sizeBytes());
  }

  private ModelException broken(TensorProto tensor, String why) {
    var sentence = "tensor '" + tensor.getName() + "' " + why;
    return new ModelException(Finding.error("TENSOR_BROKEN", sentence).inFile(file.name()));
  }
}
