package watari.format.tflite;

import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Functions of int16 that TFLite takes from coarse tables, so that its results are many steps away
/// from the function's: all 65536 of them.
///
/// Source: LiteRT, `LUTPopulate` and `LUTLookup` of 16 bits; `reference_integer_ops::Tanh`.
final class TfliteInt16Tables {
  private static final int SIZE = 1 << 16;
  private static final int STEPS = 512;

  /// Where the kernels' table of 65536 · sigmoid(k / 24) is one above the nearest integer.
  private static final Set<Integer> SIGMOID_ABOVE =
      Set.of(
          4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40,
          41, 43, 44, 45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135);

  private TfliteInt16Tables() {}

  /// Whether TFLite has a table for a function.
  static boolean has(Unary.Kind kind) {
    return switch (kind) {
      case EXP, RSQRT, TANH -> true;
      default -> false;
    };
  }

  /// The stored results for all stored inputs, from the least on.
  static TensorData table(Unary.Kind kind, PerTensor in, PerTensor out) {
    var all = new long[SIZE];
    var steps = kind == Unary.Kind.TANH ? new int[0] : steps(function(kind), in, out);
    for (int i = 0; i < SIZE; i++) {
      int stored = i - SIZE / 2;
      all[i] = kind == Unary.Kind.TANH ? tanh(stored, in.scale()) : between(stored, steps);
    }
    return TensorData.ofLongs(DataType.INT16, Shape.of(SIZE), all);
  }

  private static DoubleUnaryOperator function(Unary.Kind kind) {
    if (kind == Unary.Kind.EXP) return x -> (float) Math.exp(x);
    return x -> x <= 0 ? Float.MAX_VALUE : 1 / (float) Math.sqrt(x);
  }

  /// The function at 513 places, each moved so that the error half way to the next is shared.
  private static int[] steps(DoubleUnaryOperator function, PerTensor in, PerTensor out) {
    float least = in.scale() * (Short.MIN_VALUE - in.zeroPoint());
    float most = in.scale() * (Short.MAX_VALUE - in.zeroPoint());
    float step = (most - least) / STEPS;
    float outLeast = out.scale() * (Short.MIN_VALUE - out.zeroPoint());
    float outMost = out.scale() * (Short.MAX_VALUE - out.zeroPoint());
    float inverse = SIZE / (outMost - outLeast);
    var all = new int[STEPS + 1];
    for (int i = 0; i < STEPS; i++) {
      float at = least + i * step;
      float value = (float) function.applyAsDouble(at) * inverse;
      float middle = (float) function.applyAsDouble(at + step / 2) * inverse;
      float next = (float) function.applyAsDouble(least + (i + 1) * step) * inverse;
      float error = round((next + round(value)) / 2) - round(middle);
      all[i] = stored(round(value) - round(error / 2));
    }
    all[STEPS] = stored(round((float) function.applyAsDouble(most) * inverse));
    return all;
  }

  /// To the nearest integer, ties away from 0.
  private static float round(float x) {
    return (float) Math.copySign(Math.floor(Math.abs((double) x) + 0.5), x);
  }

  private static int stored(float x) {
    return Float.isNaN(x) ? Short.MAX_VALUE : (int) Math.clamp(x, Short.MIN_VALUE, Short.MAX_VALUE);
  }

  private static int between(int stored, int... steps) {
    int index = STEPS / 2 + (stored >> 7);
    int slope = steps[index + 1] - steps[index];
    return (short) (steps[index] + ((slope * (stored & 0x7f) + 64) >> 7));
  }

  /// `2 · sigmoid(2x) - 1`, by a table in steps of 1/24 of the sigmoid's argument.
  private static int tanh(int stored, float scale) {
    double log = Math.log(scale) / Math.log(2);
    int shift = 12 + (int) Math.rint(log);
    boolean isPower = Math.abs(log - Math.rint(log)) < 1e-3 && (shift == 0 || shift == 1);
    int multiplier = 3 << Math.clamp(shift, 0, 1);
    if (isPower) shift = 0;
    else {
      double factor = (double) scale * 4096 * 3;
      for (shift = 0; factor <= 32767 / 2.0 && shift <= 30; shift++) factor *= 2;
      multiplier = (int) factor;
    }
    int half = shift > 0 ? 1 << (shift - 1) : 0;
    int x = (stored * multiplier + half) >> shift;
    int size = Math.abs(x);
    int place = size >> 8;
    int found = 0xFFFF << 8;
    if (place < 255) {
      int low = sigmoid(place);
      found = (low << 8) + (size & 0xFF) * (sigmoid(place + 1) - low);
    }
    int result = found - (1 << 23);
    return (x >= 0 ? result + (1 << 7) : -result + (1 << 7) - 1) >> 8;
  }

  private static int sigmoid(int place) {
    long nearest = Math.round(65536 / (1 + Math.exp(-place / 24.0)));
    return (int) Math.min(nearest, 65535) + (SIGMOID_ABOVE.contains(place) ? 1 : 0);
  }
}
