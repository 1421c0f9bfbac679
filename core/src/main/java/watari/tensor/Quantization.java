package watari.tensor;

import java.util.List;

/// How stored integers denote real numbers: `real = (stored - zeroPoint) * scale`.
public sealed interface Quantization {
  default boolean isNone() {
    return this instanceof None;
  }

  /// The stored numbers are meant as they are.
  record None() implements Quantization {}

  /// One scale and zero point for the whole tensor.
  record PerTensor(float scale, long zeroPoint) implements Quantization {
    public PerTensor {
      if (!(scale > 0)) throw new IllegalArgumentException("scale " + scale + " is not above 0");
    }
  }

  /// A scale and a zero point for each index along `axis`.
  record PerAxis(int axis, List<Float> scales, List<Long> zeroPoints) implements Quantization {
    public PerAxis {
      scales = List.copyOf(scales);
      zeroPoints = List.copyOf(zeroPoints);
      if (scales.size() != zeroPoints.size()) {
        throw new IllegalArgumentException(
            scales.size() + " scales, but " + zeroPoints.size() + " zero points");
      }
    }
  }

  /// A scale and a zero point for each run of `blockSize` elements along `axis`; `scales` and
  /// `zeroPoints` have the tensor's rank, with `ceil(dim / blockSize)` along `axis`.
  record Blocked(int axis, int blockSize, TensorData scales, TensorData zeroPoints)
      implements Quantization {}

  /// The same quantization after a transposition: axis `i` of the result was axis `perm[i]`.
  default Quantization transposed(List<Integer> perm) {
    return switch (this) {
      case None n -> n;
      case PerTensor p -> p;
      case PerAxis(int axis, var scales, var zeroPoints) ->
          new PerAxis(perm.indexOf(axis), scales, zeroPoints);
      case Blocked(int axis, int size, var scales, var zeroPoints) ->
          new Blocked(
              perm.indexOf(axis), size, scales.transposed(perm), zeroPoints.transposed(perm));
    };
  }

  /// The same quantization of a tensor whose axes are moved; not for blocked quantization.
  default Quantization withAxis(int axis) {
    return this instanceof PerAxis(_, var scales, var zeroPoints)
        ? new PerAxis(axis, scales, zeroPoints)
        : this;
  }
}
