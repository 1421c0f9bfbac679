package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;
import static watari.tensor.DataType.BFLOAT16;
import static watari.tensor.DataType.BOOL;
import static watari.tensor.DataType.COMPLEX64;
import static watari.tensor.DataType.FLOAT16;
import static watari.tensor.DataType.FLOAT32;
import static watari.tensor.DataType.FLOAT64;
import static watari.tensor.DataType.INT16;
import static watari.tensor.DataType.INT32;
import static watari.tensor.DataType.INT4;
import static watari.tensor.DataType.INT64;
import static watari.tensor.DataType.INT8;
import static watari.tensor.DataType.STRING;
import static watari.tensor.DataType.UINT16;
import static watari.tensor.DataType.UINT32;
import static watari.tensor.DataType.UINT8;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.format.tflite.schema.BuiltinOperator;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Which element types LiteRT's kernels take, the reference and the optimized ones alike.
///
/// Source: LiteRT 2.3, tflite/kernels.
final class TfliteKernels {
  /// Element types of the operand that decides.
  ///
  /// @param plain of numbers meant as they are
  /// @param quantized of stored integers
  private record Types(Set<DataType> plain, Set<DataType> quantized) {}

  private static final Set<DataType> EIGHT = Set.of(INT8, UINT8);
  private static final Set<DataType> NONE = EnumSet.noneOf(DataType.class);
  private static final Map<Integer, Types> TABLE = new HashMap<>();

  static {
    var integers = EnumSet.of(INT8, INT16, INT32, INT64, UINT8);
    var numbers = with(integers, FLOAT32);
    var moved = with(numbers, BOOL);
    var anyMoved = with(moved, FLOAT16, BFLOAT16, UINT16, UINT32);
    var stored = EnumSet.of(INT8, UINT8, INT16);
    var computed = EnumSet.of(FLOAT32, INT32, INT64);

    on(Set.of(FLOAT32, INT32, INT64), stored, ADD, SUB, MUL);
    on(Set.of(FLOAT32, INT32), Set.of(UINT8), DIV);
    on(Set.of(FLOAT32, INT32), NONE, FLOOR_DIV, POW, SIGN, ADD_N);
    on(computed, NONE, FLOOR_MOD, RANGE, CUMSUM);
    on(numbers, stored, MAXIMUM, MINIMUM);
    on(Set.of(FLOAT32, INT32), Set.of(INT8), SQUARED_DIFFERENCE);
    on(with(computed, BOOL), EIGHT, EQUAL, NOT_EQUAL);
    on(computed, EIGHT, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL);
    on(Set.of(BOOL), NONE, LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT);
    on(Set.of(INT8, INT16, INT32, UINT8, UINT16, UINT32), NONE, BITWISE_XOR, RIGHT_SHIFT);
    on(moved, stored, SELECT_V2);

    on(Set.of(FLOAT32, INT32), Set.of(INT8, INT16), ABS);
    on(computed, NONE, NEG);
    on(Set.of(FLOAT32), NONE, CEIL, COS, FAKE_QUANT, FLOOR, ROUND, SIN, SQUARE, ATAN2);
    on(Set.of(FLOAT32), Set.of(INT8, INT16), EXP, RSQRT);
    on(Set.of(FLOAT32), Set.of(INT8), LOG, ELU);
    // The integer kernels of SQRT round down, and stop at the first negative number.
    on(Set.of(FLOAT32), NONE, SQRT);
    on(Set.of(FLOAT32), EIGHT, GELU, HARD_SWISH, PRELU, RELU6, RELU_N1_TO_1, LOG_SOFTMAX);
    on(Set.of(FLOAT32), stored, RELU, LEAKY_RELU, LOGISTIC, TANH, SOFTMAX);
    on(Set.of(FLOAT32), NONE, RELU_0_TO_1, LOCAL_RESPONSE_NORMALIZATION, L2_POOL_2D);
    on(Set.of(FLOAT32), EIGHT, L2_NORMALIZATION);

    on(Set.of(FLOAT32), stored, CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV);
    on(Set.of(FLOAT32), NONE, CONV_3D, CONV_3D_TRANSPOSE);
    on(Set.of(FLOAT32), stored, AVERAGE_POOL_2D, MAX_POOL_2D);
    on(Set.of(FLOAT32), Set.of(INT8, INT16), BATCH_MATMUL);
    on(Set.of(FLOAT32), Set.of(INT8, UINT8, INT16), RESIZE_BILINEAR);
    on(Set.of(FLOAT32, INT8, UINT8, INT16), stored, RESIZE_NEAREST_NEIGHBOR);

    on(computed, stored, SUM, MEAN);
    on(numbers, stored, REDUCE_MAX, REDUCE_MIN);
    on(computed, Set.of(INT8, INT16), REDUCE_PROD);
    on(Set.of(BOOL), NONE, REDUCE_ANY, REDUCE_ALL);
    on(Set.of(FLOAT32, INT32, INT8, UINT8), EIGHT, ARG_MAX, ARG_MIN);
    on(with(numbers), EIGHT, TOPK_V2);

    on(with(moved, FLOAT16, BFLOAT16), stored, GATHER, GATHER_ND);
    on(Set.of(FLOAT32, INT8, UINT8, INT32, INT64, BOOL), EIGHT, SCATTER_ND);
    on(moved, NONE, ONE_HOT);
    on(Set.of(FLOAT32, BOOL, INT32, INT64, INT8, UINT8, UINT32), NONE, WHERE);
    on(numbers, NONE, UNIQUE);
    on(with(moved, STRING), stored, TILE);
    on(anyMoved, stored, TRANSPOSE);
    on(with(moved, UINT32, FLOAT16, BFLOAT16), stored, CONCATENATION);
    on(with(numbers, UINT32), stored, PACK);
    on(EnumSet.of(FLOAT32, BOOL, INT8, INT16, INT32, UINT8), stored, UNPACK);
    on(numbers, stored, SPLIT, SPLIT_V);
    on(with(moved, UINT32), stored, SLICE, STRIDED_SLICE);
    on(moved, stored, PAD, PADV2);
    on(EnumSet.of(FLOAT32, INT32, INT64, INT8, UINT8, INT16), stored, MIRROR_PAD);
    on(moved, stored, REVERSE_V2);
    on(Set.of(FLOAT32, UINT8, INT16, INT32, INT64), stored(UINT8, INT16), REVERSE_SEQUENCE);
    on(with(anyMoved, FLOAT64), stored, BROADCAST_TO);
    on(moved, stored, DYNAMIC_UPDATE_SLICE);
    on(Set.of(FLOAT32, INT8, UINT8, INT32, INT64), EIGHT, SPACE_TO_DEPTH, DEPTH_TO_SPACE);
    on(Set.of(FLOAT32, INT8, UINT8, INT32, INT64), EIGHT, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND);
    on(
        EnumSet.of(
            FLOAT32, FLOAT64, FLOAT16, BFLOAT16, BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16,
            UINT32, COMPLEX64),
        EnumSet.of(INT8, UINT8, INT16, INT32),
        CAST);
    on(Set.of(FLOAT32), EnumSet.of(INT8, UINT8, INT16, INT32), QUANTIZE);
    on(Set.of(FLOAT16), EnumSet.of(INT8, UINT8, INT16, INT4), DEQUANTIZE);
    on(Set.of(FLOAT32), NONE, RFFT2D);
    on(Set.of(COMPLEX64), NONE, REAL, IMAG, COMPLEX_ABS);
  }

  private TfliteKernels() {}

  private static EnumSet<DataType> with(Set<DataType> some, DataType... more) {
    var all = EnumSet.copyOf(some);
    all.addAll(List.of(more));
    return all;
  }

  private static Set<DataType> stored(DataType... types) {
    return Set.of(types);
  }

  private static void on(Set<DataType> plain, Set<DataType> quantized, int... codes) {
    for (int code : codes) TABLE.put(code, new Types(plain, quantized));
  }

  /// The input whose element type decides; -1 where none does.
  private static int deciding(int code) {
    return switch (code) {
      case SPLIT, SELECT_V2 -> 1;
      case SCATTER_ND -> 1;
      case ONE_HOT -> 2;
      case TRANSPOSE_CONV, CONV_3D_TRANSPOSE -> 2;
      default -> 0;
    };
  }

  /// @throws Refusal if the kernel of an operator does not take these types
  static void require(int code, List<Optional<TensorType>> from, List<Optional<TensorType>> to) {
    var types = TABLE.get(code);
    int at = deciding(code);
    if (types == null || at >= from.size() || from.get(at).isEmpty()) return;
    var type = from.get(at).get();
    var taken = type.isQuantized() ? types.quantized() : types.plain();
    if (taken.contains(type.dtype())) return;
    throw Refusal.dtype(
        "LiteRT's %s takes no %s%s"
            .formatted(
                BuiltinOperator.name(code), type.isQuantized() ? "quantized " : "", type.dtype()),
        "change the element type before this node");
  }

  /// @throws Refusal if CAST does not know the type
  static void requireCast(DataType dtype) {
    if (java.util.Objects.requireNonNull(TABLE.get(CAST)).plain().contains(dtype)) return;
    throw Refusal.dtype("LiteRT's CAST takes no " + dtype, "use another element type");
  }
}
