package watari.format.tensorflow;

import com.google.protobuf.ByteString;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.LargeFields;
import watari.format.tensorflow.schema.TensorProto;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Finds the elements of a TensorProto in whichever of its fields they are.
///
/// Source: TensorFlow 2.21, tensor.proto: `tensor_content` packed, or the list of the type, of
/// which the last element counts for all that are missing.
final class TensorflowElements {
  /// Elements whose bits can still be counted.
  private static final long MAX_COUNT = Long.MAX_VALUE / 128;

  /// Elements of a list that is not packed like the tensor itself; more would be a trap.
  private static final int MAX_LISTED = 1 << 24;

  private final FileBytes file;
  private final List<LargeFields.Field> large;

  TensorflowElements(FileBytes file, List<LargeFields.Field> large) {
    this.file = file;
    this.large = large;
  }

  /// @throws ModelException if the elements do not fit the tensor's type and shape
  TensorData of(TensorProto tensor) {
    var dtype =
        TensorflowTypes.dtype(tensor.getDtype())
            .orElseThrow(() -> unknown(tensor.getDtype().toString()));
    var shape = shape(tensor);
    var packed = packed(tensor);
    if (packed.isPresent() && dtype != DataType.STRING) return packed(dtype, shape, packed.get());
    var listed = large(tensor);
    if (listed.isPresent()) return listed(dtype, shape, listed.get());
    return listed(tensor, dtype, shape);
  }

  private ModelException unknown(String type) {
    return broken("a constant has the element type '" + type + "', which Watari does not know");
  }

  private ModelException broken(String why) {
    return new ModelException(
        Finding.error("TENSOR_BROKEN", why).inFile(file.name()).fix("export the model again"));
  }

  private Shape shape(TensorProto tensor) {
    long count = 1;
    var dims = new long[tensor.getTensorShape().getDimCount()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = tensor.getTensorShape().getDim(i).getSize();
      if (dims[i] < 0) throw broken("a constant has the dim '" + dims[i] + "'");
      if (dims[i] != 0 && count > MAX_COUNT / dims[i]) {
        throw broken("a constant has more than " + MAX_COUNT + " elements");
      }
      count *= dims[i];
    }
    return Shape.of(dims);
  }

  // ---- packed

  private Optional<MemorySegment> packed(TensorProto tensor) {
    var content = tensor.getTensorContent();
    if (!content.isEmpty()) {
      return Optional.of(MemorySegment.ofBuffer(content.asReadOnlyByteBuffer()));
    }
    return marked(tensor)
        .filter(field -> field.number() == TensorProto.TENSOR_CONTENT_FIELD_NUMBER)
        .map(this::slice);
  }

  private MemorySegment slice(LargeFields.Field field) {
    return file.slice(field.offset(), field.sizeBytes());
  }

  private Optional<LargeFields.Field> marked(TensorProto tensor) {
    var markers = tensor.getUnknownFields().getField(LargeFields.MARKER).getVarintList();
    if (markers.isEmpty()) return Optional.empty();
    if (markers.size() > 1) throw broken("a constant has its elements in several parts");
    return Optional.of(large.get(Math.toIntExact(markers.getFirst())));
  }

  private TensorData packed(DataType dtype, Shape shape, MemorySegment bytes) {
    long needed = dtype.sizeBytes(shape.elements().fixed());
    if (bytes.byteSize() != needed) {
      throw broken(
          "a constant has %d bytes of elements, but %s%s needs %d"
              .formatted(bytes.byteSize(), dtype, shape, needed));
    }
    return TensorData.of(dtype, shape, bytes);
  }

  // ---- listed

  private Optional<MemorySegment> large(TensorProto tensor) {
    return marked(tensor).map(this::slice);
  }

  /// A list of floats that stayed in the file: as many as the tensor has, or the first ones.
  private TensorData listed(DataType dtype, Shape shape, MemorySegment bytes) {
    int unit = dtype.bits() / Byte.SIZE;
    long count = unit == 0 ? 0 : bytes.byteSize() / unit;
    boolean isPacked = dtype.isFloat() && dtype.bits() >= 32 || dtype.isComplex();
    if (!isPacked || bytes.byteSize() % Math.max(unit, 1) != 0) {
      throw broken("a constant of type %s has its elements in a list of floats".formatted(dtype));
    }
    long needed = shape.elements().fixed();
    if (count == needed) return TensorData.of(dtype, shape, bytes);
    requireFit(dtype, shape, count, needed);
    var given = TensorData.of(dtype, Shape.of(count), bytes);
    return given.picked(shape, i -> Math.min(i, count - 1));
  }

  private void requireFit(DataType dtype, Shape shape, long count, long needed) {
    if (count > needed) {
      throw broken(
          "a constant lists %d elements, but %s%s has %d".formatted(count, dtype, shape, needed));
    }
  }

  private TensorData listed(TensorProto tensor, DataType dtype, Shape shape) {
    if (dtype == DataType.STRING) return strings(tensor, shape);
    int count = count(tensor, dtype);
    long needed = shape.elements().fixed();
    requireFit(dtype, shape, count, needed);
    if (needed == 0) return TensorData.of(dtype, shape, MemorySegment.ofArray(new byte[0]));
    if (count == 0) return TensorData.filled(zero(dtype), shape);
    if (count > MAX_LISTED) throw broken("a constant lists " + count + " elements");
    var given = elements(tensor, dtype, count);
    if (count == needed) return given.reshaped(shape);
    return given.picked(shape, i -> Math.min(i, count - 1));
  }

  private static TensorData zero(DataType dtype) {
    var bytes = MemorySegment.ofArray(new byte[Math.max(1, dtype.bits() / Byte.SIZE)]);
    return TensorData.of(dtype, Shape.SCALAR, bytes);
  }

  private static int count(TensorProto tensor, DataType dtype) {
    return switch (dtype) {
      case FLOAT32 -> tensor.getFloatValCount();
      case FLOAT64 -> tensor.getDoubleValCount();
      case FLOAT16, BFLOAT16 -> tensor.getHalfValCount();
      case INT64 -> tensor.getInt64ValCount();
      case UINT64 -> tensor.getUint64ValCount();
      case UINT32 -> tensor.getUint32ValCount();
      case BOOL -> tensor.getBoolValCount();
      case COMPLEX64 -> tensor.getScomplexValCount() / 2;
      case COMPLEX128 -> tensor.getDcomplexValCount() / 2;
      case FLOAT8E4M3FN, FLOAT8E5M2 -> tensor.getFloat8Val().size();
      default -> tensor.getIntValCount();
    };
  }

  private static TensorData elements(TensorProto tensor, DataType dtype, int count) {
    return switch (dtype) {
      case FLOAT32 -> doubles(dtype, count, tensor::getFloatVal);
      case FLOAT64 -> doubles(dtype, count, tensor::getDoubleVal);
      case FLOAT16, BFLOAT16 -> bits(dtype, count, tensor::getHalfVal);
      case INT64 -> longs(dtype, count, tensor::getInt64Val);
      case UINT64 -> longs(dtype, count, tensor::getUint64Val);
      case UINT32 -> longs(dtype, count, i -> tensor.getUint32Val(i) & 0xFFFF_FFFFL);
      case BOOL -> bits(dtype, count, i -> tensor.getBoolVal(i) ? 1 : 0);
      case COMPLEX64 -> complex(dtype, count, tensor::getScomplexVal);
      case COMPLEX128 -> complex(dtype, count, tensor::getDcomplexVal);
      case FLOAT8E4M3FN, FLOAT8E5M2 -> bits(dtype, count, tensor.getFloat8Val()::byteAt);
      default -> longs(dtype, count, tensor::getIntVal);
    };
  }

  private static TensorData doubles(DataType dtype, int count, IntToDoubleFunction element) {
    var all = IntStream.range(0, count).mapToDouble(element).toArray();
    return TensorData.ofDoubles(dtype, Shape.of(count), all);
  }

  private static TensorData longs(DataType dtype, int count, IntToLongFunction element) {
    return TensorData.ofLongs(
        dtype, Shape.of(count), IntStream.range(0, count).mapToLong(element).toArray());
  }

  /// Elements whose bits are given as integers.
  private static TensorData bits(DataType dtype, int count, IntToLongFunction element) {
    var carrier = dtype.bits() == 16 ? DataType.UINT16 : DataType.UINT8;
    var packed = longs(carrier, count, element).packed(Arena.ofAuto());
    return TensorData.of(dtype, Shape.of(count), packed);
  }

  private static TensorData complex(DataType dtype, int count, IntToDoubleFunction part) {
    var real = dtype == DataType.COMPLEX64 ? DataType.FLOAT32 : DataType.FLOAT64;
    var packed = doubles(real, 2 * count, part).packed(Arena.ofAuto());
    return TensorData.of(dtype, Shape.of(count), packed);
  }

  private TensorData strings(TensorProto tensor, Shape shape) {
    long needed = shape.elements().fixed();
    int count = tensor.getStringValCount();
    requireFit(DataType.STRING, shape, count, needed);
    if (needed > MAX_LISTED) throw broken("a constant has " + needed + " strings");
    var all = new ArrayList<byte[]>();
    for (int i = 0; i < needed; i++) {
      var text = count == 0 ? ByteString.EMPTY : tensor.getStringVal(Math.min(i, count - 1));
      all.add(text.toByteArray());
    }
    return TensorData.ofStrings(shape, all);
  }
}
