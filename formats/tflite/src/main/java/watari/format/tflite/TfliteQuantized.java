package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.LOGISTIC;
import static watari.format.tflite.schema.BuiltinOperator.TANH;

import java.util.List;
import java.util.Set;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.MatMulOp.FullyConnected;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// What LiteRT's kernels ask of the quantization of their operands and results.
///
/// Each method throws a [Refusal] where a node does not meet it; a node without any quantized value
/// always does. Source: LiteRT's 8-bit quantization specification and the kernels' checks.
final class TfliteQuantized {
  private static final Set<DataType> ACTIVATIONS =
      Set.of(DataType.INT8, DataType.UINT8, DataType.INT16);

  private static final Set<DataType> EIGHT_BITS = Set.of(DataType.INT8, DataType.UINT8);

  /// What the kernel allows between the scale of a wide softmax and 1 / 65536.
  private static final double SOFTMAX_SCALE_TOLERANCE = 1e-3;

  /// What the kernels of convolutions allow between the bias' scale and the operands' product.
  private static final double BIAS_SCALE_TOLERANCE = 0.02;

  private TfliteQuantized() {}

  static boolean isAny(Node node, Value result) {
    return result.type().isQuantized()
        || node.inputs().stream().anyMatch(v -> v.isPresent() && v.type().isQuantized());
  }

  private static Refusal refusal(String what, TensorType type) {
    return Refusal.quantization(what + " is " + describe(type));
  }

  static String describe(TensorType type) {
    return switch (type.quantization()) {
      case Quantization.None _ -> type.toString();
      case PerTensor(float scale, long zero) ->
          type + " of scale " + scale + " and zero point " + zero;
      case PerAxis(int axis, _, _) -> type + " along axis " + axis;
      case Quantization.Blocked(int axis, int size, _, _) ->
          type + " in blocks of " + size + " along axis " + axis;
    };
  }

  /// A stored activation: one scale for the whole tensor; int16 has zero point 0.
  static PerTensor requireActivation(TensorType type, String what) {
    if (!(type.quantization() instanceof PerTensor p) || !ACTIVATIONS.contains(type.dtype())) {
      throw refusal(what, type);
    }
    if (type.dtype() == DataType.INT16 && p.zeroPoint() != 0) throw refusal(what, type);
    return p;
  }

  /// Input 0 and the output are stored alike, with scales of their own.
  static void requireUniform(Node node) {
    requireUniform(node, node.output(0));
  }

  static void requireUniform(Node node, Value result) {
    if (!isAny(node, result)) return;
    requireActivation(node.input(0).type(), "the input");
    requireActivation(result.type(), "the output");
    if (node.input(0).dtype() != result.dtype()) throw refusal("the output", result.type());
  }

  static void requireNone(Node node) {
    for (var output : node.outputs()) {
      if (output.isPresent() && isAny(node, output)) {
        throw Refusal.quantization("an operand or result is quantized");
      }
    }
  }

  /// Functions whose results always have the same scale.
  static void requireFixed(int code, Node node) {
    requireUniform(node);
    if (code == LOGISTIC) requireScale(node.output().type(), 1f / 256, true);
    if (code == TANH) requireScale(node.output().type(), 1f / 128, false);
  }

  /// A result in `[0, 1)` (or `[-1, 1)`) has the scale of that range.
  static void requireScale(TensorType type, float scaleOfEight, boolean fromZero) {
    if (!type.isQuantized()) return;
    var given = requireActivation(type, "the output");
    float scale = type.dtype() == DataType.INT16 ? 1f / 32768 : scaleOfEight;
    long zero =
        switch (type.dtype()) {
          case INT8 -> fromZero ? -128 : 0;
          case UINT8 -> fromZero ? 0 : 128;
          default -> 0;
        };
    if (given.scale() != scale || given.zeroPoint() != zero) throw refusal("the output", type);
  }

  /// A result in `[0, 1)` of the operand's own width, or of 16 bits from one of 8.
  static void requireSoftmax(Node node) {
    var from = node.input(0).type();
    var to = node.output().type();
    if (EIGHT_BITS.contains(from.dtype()) && from.isQuantized() && to.dtype() == DataType.INT16) {
      requireActivation(from, "the input");
      boolean fits =
          to.quantization() instanceof PerTensor(float scale, long zero)
              && Math.abs(scale * 65536.0 - 1) <= SOFTMAX_SCALE_TOLERANCE
              && zero == Short.MIN_VALUE;
      if (!fits) throw refusal("the output", to);
      return;
    }
    requireUniform(node);
    requireScale(to, 1f / 256, true);
  }

  static void requireBinary(Binary.Kind kind, Node node) {
    if (!isAny(node, node.output())) return;
    switch (kind) {
      case MAX, MIN -> requireMoved(node);
      case SQUARED_DIFFERENCE -> requireArithmetic(node, node.output());
      case EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL -> {
        requireActivation(node.input(0).type(), "the first operand");
        requireActivation(node.input(1).type(), "the second operand");
      }
      default -> throw Refusal.quantization("an operand of " + kind + " is quantized");
    }
  }

  static void requireArithmetic(Node node, Value result) {
    if (!isAny(node, result)) return;
    requireActivation(node.input(0).type(), "the first operand");
    requireActivation(node.input(1).type(), "the second operand");
    requireActivation(result.type(), "the result");
    boolean alike =
        node.input(0).dtype() == node.input(1).dtype() && node.input(0).dtype() == result.dtype();
    if (!alike) throw refusal("the result", result.type());
  }

  /// All inputs and outputs are stored in one way: elements are only moved.
  static void requireMoved(Node node) {
    for (var output : node.outputs()) {
      if (output.isPresent()) requireSame(node.input(0).type(), output.type());
    }
  }

  static void requireSame(TensorType a, TensorType b) {
    boolean same =
        a.dtype() == b.dtype() && (a.quantization().equals(b.quantization()) || isMovedAxis(a, b));
    if (!same) throw Refusal.quantization(describe(a) + " becomes " + describe(b));
  }

  private static boolean isMovedAxis(TensorType a, TensorType b) {
    return a.quantization() instanceof PerAxis(_, var scales, var zeros)
        && b.quantization() instanceof PerAxis(_, var otherScales, var otherZeros)
        && scales.equals(otherScales)
        && zeros.equals(otherZeros);
  }

  static void requireDequantizable(TensorType type) {
    boolean taken =
        switch (type.quantization()) {
          case PerTensor(_, long zero) ->
              type.dtype() == DataType.INT8
                  || type.dtype() == DataType.UINT8
                  || type.dtype() == DataType.INT4
                  || type.dtype() == DataType.INT16 && zero == 0;
          case PerAxis _ ->
              type.dtype() == DataType.INT8
                  || type.dtype() == DataType.UINT8
                  || type.dtype() == DataType.INT4;
          default -> false;
        };
    if (!taken) throw refusal("the input", type);
  }

  static void requireQuantizable(TensorType from, TensorType to) {
    if (!from.isQuantized()) {
      boolean taken =
          ACTIVATIONS.contains(to.dtype()) && !(to.quantization() instanceof Quantization.Blocked);
      if (from.dtype() != DataType.FLOAT32 || !taken) throw refusal("the output", to);
      return;
    }
    if (from.dtype() == DataType.INT16 && to.dtype() != DataType.INT16) {
      requireNarrowed(from, to);
      return;
    }
    requireActivation(from, "the input");
    requireActivation(to, "the output");
    boolean widens = from.dtype() != DataType.INT16 && to.dtype() == DataType.INT16;
    if (widens) throw refusal("the output", to);
  }

  /// From int16 with any zero point to int8 or int32.
  private static void requireNarrowed(TensorType from, TensorType to) {
    if (!(from.quantization() instanceof PerTensor)) throw refusal("the input", from);
    boolean fits = to.dtype() == DataType.INT8 || to.dtype() == DataType.INT32;
    if (!fits || !(to.quantization() instanceof PerTensor)) throw refusal("the output", to);
  }

  /// A convolution or product: activation, weights of one scale or one for each of the outputs,
  /// bias of the product of both scales.
  static void requireProduct(Node node, Value result, int outputAxis, boolean perAxisWeights) {
    if (!isAny(node, result) || isHybrid(node, result, outputAxis)) return;
    var x = requireActivation(node.input(0).type(), "the input");
    requireActivation(result.type(), "the output");
    if (node.input(0).dtype() != result.dtype()) throw refusal("the output", result.type());
    var weights = node.input(1).type();
    requireWeights(node.input(0).dtype(), weights, outputAxis, perAxisWeights);
    var bias = node.input(2);
    if (bias.isPresent()) requireBias(bias.type(), x.scale(), weights.quantization());
  }

  /// Whether the kernel quantizes a float input while it runs, for weights of 8 bits.
  private static boolean isHybrid(Node node, Value result, int outputAxis) {
    boolean isFloat =
        isFloat(node.input(0))
            && isFloat(result)
            && (isFloat(node.input(2)) || !node.input(2).isPresent());
    if (!isFloat || !node.input(1).isConstant() || !hasHybridKernel(node)) return false;
    var weights = node.input(1).type();
    if (weights.dtype() != DataType.INT8) return false;
    return switch (weights.quantization()) {
      case PerTensor(_, long zero) -> zero == 0 && !TfliteConvOps.isDepthwise(node);
      case PerAxis(int axis, _, var zeros) ->
          axis == outputAxis && zeros.stream().allMatch(zero -> zero == 0);
      default -> false;
    };
  }

  private static boolean isFloat(Value value) {
    return value.isPresent() && value.dtype() == DataType.FLOAT32;
  }

  /// Grouped convolutions have none, and transposed ones none everywhere.
  private static boolean hasHybridKernel(Node node) {
    return switch (node.op()) {
      case Conv conv -> conv.groups() == 1 || TfliteConvOps.isDepthwise(node);
      case FullyConnected _ -> true;
      default -> false;
    };
  }

  private static void requireWeights(
      DataType x, TensorType weights, int outputAxis, boolean perAxisWeights) {
    var dtype = weights.dtype();
    boolean fits = x == DataType.UINT8 ? dtype == DataType.UINT8 : dtype == DataType.INT8;
    if (!fits) throw refusal("the filter", weights);
    switch (weights.quantization()) {
      case PerTensor(_, long zero) -> {
        if (zero != 0 && dtype == DataType.INT8) throw refusal("the filter", weights);
      }
      case PerAxis(int axis, _, var zeros) -> {
        boolean taken =
            perAxisWeights
                && dtype == DataType.INT8
                && axis == outputAxis
                && zeros.stream().allMatch(zero -> zero == 0);
        if (!taken) throw refusal("the filter", weights);
      }
      default -> throw refusal("the filter", weights);
    }
  }

  private static void requireBias(TensorType bias, float x, Quantization weights) {
    if (bias.dtype() != DataType.INT32 && bias.dtype() != DataType.INT64) {
      throw refusal("the bias", bias);
    }
    var scales =
        switch (bias.quantization()) {
          case PerTensor(float scale, long zero) when zero == 0 -> List.of(scale);
          case PerAxis(_, var all, var zeros) when zeros.stream().allMatch(z -> z == 0) -> all;
          default -> throw refusal("the bias", bias);
        };
    for (int i = 0; i < scales.size(); i++) {
      double product = (double) x * scale(weights, i);
      if (weights instanceof PerAxis(_, var all, _) && all.size() != scales.size()) {
        throw refusal("the bias", bias);
      }
      if (Math.abs(scales.get(i) - product) > BIAS_SCALE_TOLERANCE * product) {
        throw refusal("the bias", bias);
      }
    }
  }

  private static double scale(Quantization weights, int i) {
    return switch (weights) {
      case PerTensor(float scale, _) -> scale;
      case PerAxis(_, var scales, _) -> scales.get(i);
      default -> Double.NaN;
    };
  }
}
