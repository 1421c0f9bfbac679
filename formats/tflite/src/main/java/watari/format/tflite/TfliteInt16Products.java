package watari.format.tflite;

import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;

/// The scales that TFLite's products of int16 and int8 really have.
///
/// Their sums are 64 bits wide, and are brought to the output's scale by a multiplier of 15 bits.
/// What that loses is up to half a step of an int16, and the same for every element of a channel:
/// it is a slightly different scale of the filter, which says exactly what is computed.
///
/// Source: LiteRT, `MultiplyByQuantizedMultiplier` of int64.
final class TfliteInt16Products {
  private TfliteInt16Products() {}

  /// The filter with the scale that counts; other filters as they are.
  ///
  /// @param bias index of the bias, which is int64 where sums are
  static Value effective(TfliteNode node, int bias, Value x, Value filter) {
    boolean isInt16 =
        x.dtype() == DataType.INT16
            && x.type().quantization() instanceof PerTensor
            && node.declared(0).dtype() == DataType.INT16
            && node.declared(0).quantization() instanceof PerTensor
            && filter.constant().isPresent()
            && (!node.has(bias) || node.in(bias).dtype() == DataType.INT64);
    if (!isInt16) return filter;
    double perStep =
        (double) ((PerTensor) x.type().quantization()).scale()
            / ((PerTensor) node.declared(0).quantization()).scale();
    var scale = effective(filter.type().quantization(), perStep);
    var data = filter.constant().orElseThrow();
    return node.builder().constant(filter.name(), data, scale);
  }

  private static Quantization effective(Quantization filter, double perStep) {
    return switch (filter) {
      case PerTensor(float scale, long zeroPoint) ->
          new PerTensor(effective(scale, perStep), zeroPoint);
      case PerAxis(int axis, var scales, var zeroPoints) ->
          new PerAxis(
              axis, scales.stream().map(scale -> effective(scale, perStep)).toList(), zeroPoints);
      case Quantization.None none -> none;
      case Quantization.Blocked blocked -> blocked;
    };
  }

  private static float effective(float scale, double perStep) {
    double multiplier = scale * perStep;
    if (!(multiplier > 0) || Double.isInfinite(multiplier)) return scale;
    int exponent = Math.getExponent(multiplier) + 1;
    long fixed = Math.round(Math.scalb(multiplier, 31 - exponent));
    if (fixed == 1L << 31) {
      fixed /= 2;
      exponent++;
    }
    long reduced = fixed < 0x7FFF0000L ? (fixed + (1 << 15)) >> 16 : 0x7FFF;
    return (float) (Math.scalb((double) reduced, exponent - 15) / perStep);
  }
}
