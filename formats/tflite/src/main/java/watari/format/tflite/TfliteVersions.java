package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorType;

/// The lowest version of an operator that has given element types and ranks; what its options need
/// is said where they are written.
///
/// Source: LiteRT 2.3, tflite/converter/tools/versioning/op_version.cc.
final class TfliteVersions {
  private TfliteVersions() {}

  /// The highest versions that the reference and the optimized kernels both say they are, where
  /// their element types would ask for more.
  private static final Map<Integer, Integer> MOST =
      Map.of(
          ABS,
          3,
          ARG_MAX,
          2,
          ARG_MIN,
          2,
          DEPTH_TO_SPACE,
          1,
          RANGE,
          1,
          SQUEEZE,
          1,
          STRIDED_SLICE,
          4,
          TILE,
          2,
          TRANSPOSE,
          8,
          SIGN,
          2);

  static int version(int code, List<Optional<TensorType>> from, List<Optional<TensorType>> to) {
    return Math.min(wanted(code, from, to), MOST.getOrDefault(code, Integer.MAX_VALUE));
  }

  private static int wanted(
      int code, List<Optional<TensorType>> from, List<Optional<TensorType>> to) {
    var type = from.isEmpty() ? Optional.<TensorType>empty() : from.get(code == SPLIT ? 1 : 0);
    if (code == FILL && from.size() > 1) type = from.get(1);
    var dtype = type.map(TensorType::dtype).orElse(DataType.FLOAT32);
    int rank =
        from.stream().flatMap(Optional::stream).mapToInt(TfliteVersions::rank).max().orElse(0);
    return switch (code) {
      case ADD -> pick(dtype, 2, 3, 1, 4);
      case SUB -> pick(dtype, 2, 5, rank > 4 ? 3 : 1, 4);
      case MUL -> Math.max(pick(dtype, 2, 4, 1, 5), rescales(from, to) ? 3 : 1);
      case DIV -> rank > 4 ? 2 : 1;
      case MAXIMUM, MINIMUM -> Math.max(pick(dtype, 2, 4, 1, 1), rank > 4 ? 3 : 1);
      case MAX_POOL_2D, AVERAGE_POOL_2D, TANH, LOGISTIC, SOFTMAX, CONCATENATION, BATCH_MATMUL ->
          dtype == DataType.UINT32 ? 4 : pick(dtype, 2, 3, 1, 1);
      case MEAN,
          MIRROR_PAD,
          REDUCE_MAX,
          REDUCE_MIN,
          RELU6,
          RSQRT,
          PACK,
          LESS,
          GREATER_EQUAL,
          TOPK_V2 ->
          pick(dtype, 2, 3, 1, 1);
      case EXP, LOG, REDUCE_PROD, SQRT -> pick(dtype, 2, 2, 1, 1);
      case SUM,
          LOG_SOFTMAX,
          GREATER,
          LESS_EQUAL,
          SQUARED_DIFFERENCE,
          SPACE_TO_DEPTH,
          DEPTH_TO_SPACE,
          SPLIT_V,
          L2_NORMALIZATION ->
          pick(dtype, 2, 1, 1, 1);
      case CONV_2D -> convolution(from, 2, 3, 4, 5, 7);
      case DEPTHWISE_CONV_2D -> convolution(from, 4, 3, 5, 6, 7);
      case FULLY_CONNECTED -> fullyConnected(from);
      case TRANSPOSE_CONV -> from.size() == 4 ? 3 : dtype(from, 1) == DataType.INT8 ? 2 : 1;
      case ABS -> dtype == DataType.INT32 ? 5 : eight(dtype) ? 2 : dtype == DataType.INT16 ? 3 : 1;
      case SIGN -> dtype == DataType.INT32 ? 2 : 1;
      case RELU -> eight(dtype) ? 2 : dtype == DataType.INT16 ? 3 : 1;
      case LEAKY_RELU -> dtype == DataType.INT16 ? 2 : 1;
      case FLOOR_DIV -> dtype == DataType.FLOAT32 ? 2 : 1;
      case RANGE -> dtype == DataType.INT64 ? 2 : 1;
      case EQUAL, NOT_EQUAL -> dtype == DataType.STRING ? 3 : pick(dtype, 2, 4, 1, 1);
      case ARG_MAX, ARG_MIN -> dtype == DataType.BOOL ? 3 : pick(dtype, 2, 1, 1, 1);
      case GATHER -> gather(dtype);
      case GATHER_ND ->
          dtype == DataType.BOOL
              ? 5
              : dtype == DataType.INT16 ? 3 : dtype == DataType.STRING ? 2 : 1;
      case TRANSPOSE -> transpose(dtype, rank);
      case SPLIT ->
          dtype == DataType.INT16 ? 4 : dtype == DataType.INT32 ? 3 : pick(dtype, 2, 1, 1, 1);
      case UNPACK ->
          dtype == DataType.BOOL ? 3 : dtype == DataType.INT16 ? 4 : eight(dtype) ? 2 : 1;
      case SLICE ->
          dtype == DataType.UINT32
              ? 6
              : rank > 4 ? 5 : dtype == DataType.STRING ? 3 : pick(dtype, 2, 4, 1, 1);
      case STRIDED_SLICE ->
          dtype == DataType.UINT32
              ? 7
              : rank > 4 ? 4 : dtype == DataType.BOOL ? 3 : pick(dtype, 2, 1, 1, 1);
      case REVERSE_V2 -> dtype == DataType.INT8 ? 3 : dtype == DataType.BOOL ? 2 : 1;
      case RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR -> pick(dtype, 2, 4, 1, 1);
      case TILE -> dtype == DataType.INT8 ? 3 : dtype == DataType.STRING ? 2 : 1;
      case SQUEEZE -> dtype == DataType.STRING ? 2 : 1;
      case SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND -> rank(type) != 4 ? 3 : pick(dtype, 2, 4, 1, 1);
      case PAD, PADV2 -> dtype == DataType.BOOL ? 5 : rank(type) > 4 ? 4 : pick(dtype, 2, 3, 1, 1);
      case FILL -> dtype == DataType.BOOL ? 2 : pick(dtype, 3, 3, 1, 1);
      case SELECT_V2 -> dtype(from, 1) == DataType.UINT32 ? 2 : 1;
      case BROADCAST_TO -> pick(dtype, 3, 3, 2, 2);
      case DEQUANTIZE -> dequantize(type, dtype);
      case QUANTIZE -> quantize(dtype, to);
      case CAST -> cast(dtype, dtype(to, 0));
      case CUMSUM, WHERE -> 1;
      default -> 1;
    };
  }

  private static int pick(DataType dtype, int int8, int int16, int other, int int64) {
    return switch (dtype) {
      case INT8 -> int8;
      case INT16 -> int16;
      case INT64 -> int64;
      default -> other;
    };
  }

  private static boolean eight(DataType dtype) {
    return dtype == DataType.INT8 || dtype == DataType.UINT8;
  }

  private static int rank(TensorType type) {
    return type.shape().isRanked() ? type.shape().rank() : 0;
  }

  private static int rank(Optional<TensorType> type) {
    return type.map(TfliteVersions::rank).orElse(0);
  }

  private static DataType dtype(List<Optional<TensorType>> types, int i) {
    return i < types.size()
        ? types.get(i).map(TensorType::dtype).orElse(DataType.FLOAT32)
        : DataType.FLOAT32;
  }

  private static boolean rescales(List<Optional<TensorType>> from, List<Optional<TensorType>> to) {
    if (scale(from.get(0)) == 0 || scale(from.get(1)) == 0 || scale(to.get(0)) == 0) return false;
    return scale(from.get(0)) * scale(from.get(1)) / scale(to.get(0)) >= 1;
  }

  private static float scale(Optional<TensorType> type) {
    return type.map(TensorType::quantization)
        .filter(Quantization.PerTensor.class::isInstance)
        .map(q -> ((Quantization.PerTensor) q).scale())
        .orElse(0f);
  }

  private static boolean isPerAxis(Optional<TensorType> type) {
    return type.filter(t -> t.quantization() instanceof Quantization.PerAxis).isPresent();
  }

  private static int convolution(
      List<Optional<TensorType>> from, int hybrid, int int8, int int16, int perAxis, int int4) {
    var filter = dtype(from, 1);
    return switch (dtype(from, 0)) {
      case INT8 -> filter == DataType.INT4 ? int4 : int8;
      case INT16 -> int16;
      case FLOAT32 -> filter != DataType.INT8 ? 1 : isPerAxis(from.get(1)) ? perAxis : hybrid;
      default -> 1;
    };
  }

  private static int fullyConnected(List<Optional<TensorType>> from) {
    var weights = dtype(from, 1);
    return switch (dtype(from, 0)) {
      case INT8 -> weights == DataType.INT4 ? 10 : 4;
      case INT16 -> 7;
      case FLOAT32 -> weights != DataType.INT8 ? 1 : isPerAxis(from.get(1)) ? 12 : 3;
      default -> 1;
    };
  }

  private static int gather(DataType dtype) {
    return switch (dtype) {
      case INT16 -> 4;
      case BOOL -> 3;
      case INT8 -> 2;
      default -> 1;
    };
  }

  private static int transpose(DataType dtype, int rank) {
    if (dtype == DataType.FLOAT16) return 9;
    if (rank > 6 || dtype == DataType.BFLOAT16) return 8;
    if (rank > 5) return 6;
    if (dtype == DataType.INT16) return 5;
    if (rank > 4) return 4;
    return dtype == DataType.BOOL ? 3 : dtype == DataType.INT8 ? 2 : 1;
  }

  private static int dequantize(Optional<TensorType> type, DataType dtype) {
    return switch (dtype) {
      case INT4 -> 6;
      case INT16, FLOAT16 -> 3;
      case INT8 -> isPerAxis(type) ? 5 : 2;
      default -> 1;
    };
  }

  private static int quantize(DataType from, List<Optional<TensorType>> to) {
    if (isPerAxis(to.get(0))) return 3;
    return dtype(to, 0) == DataType.INT16 || from == DataType.INT16 ? 2 : 1;
  }

  private static int cast(DataType from, DataType to) {
    return Math.max(cast(from), cast(to));
  }

  private static int cast(DataType dtype) {
    return switch (dtype) {
      case FLOAT8E4M3FN, FLOAT8E5M2 -> 9;
      case UINT4 -> 8;
      case BFLOAT16 -> 7;
      case INT4, INT2 -> 6;
      case FLOAT64, FLOAT16 -> 5;
      case UINT16 -> 4;
      case INT8, INT16, UINT32 -> 3;
      default -> 1;
    };
  }
}
