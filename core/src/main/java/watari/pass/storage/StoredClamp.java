package watari.pass.storage;

import java.util.Optional;
import watari.op.ElementwiseOp.Clip;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// The stored integers that are left of a quantized type when the real numbers are clamped before
/// they are rounded: rounding keeps the order of numbers, so that the clamp may as well come after
/// it.
///
/// @param min at least the least that the type stores
/// @param max at most the greatest
public record StoredClamp(long min, long max) {

  /// Empty where the type has not one scale for the whole tensor.
  public static Optional<StoredClamp> of(Clip clip, TensorType type) {
    if (!(type.quantization() instanceof PerTensor p)) return Optional.empty();
    return Optional.of(new StoredClamp(stored(clip.min(), p, type), stored(clip.max(), p, type)));
  }

  private static long stored(double bound, PerTensor p, TensorType type) {
    double steps = Math.rint((float) bound / p.scale()) + p.zeroPoint();
    return (long) Math.clamp(steps, type.dtype().min(), type.dtype().max());
  }

  /// A clamp of the same result whose bounds reach the ends of what the type stores, where the
  /// given one's are within half a step of them.
  public static Clip widened(Clip clip, TensorType type) {
    if (!(type.quantization() instanceof PerTensor p)) return clip;
    float least = (float) (type.dtype().min() - p.zeroPoint()) * p.scale();
    float most = (float) (type.dtype().max() - p.zeroPoint()) * p.scale();
    boolean reachesLeast = stored(clip.min(), p, type) == type.dtype().min();
    boolean reachesMost = stored(clip.max(), p, type) == type.dtype().max();
    return new Clip(
        reachesLeast ? Math.min(clip.min(), least) : clip.min(),
        reachesMost ? Math.max(clip.max(), most) : clip.max());
  }
}
