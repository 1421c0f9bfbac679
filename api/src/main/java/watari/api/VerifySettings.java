package watari.api;

import java.nio.file.Path;

/// How results are compared with their source.
///
/// @param enabled whether they are
/// @param tolerance the largest error over the range of the source's output that is let pass; NaN
///   for what the precision allows
/// @param data an .npz of inputs by name; empty path for seeded ones
/// @param seed of the inputs
/// @param samples how many inputs are tried
/// @param layers whether inner tensors are compared, also where the outputs agree
public record VerifySettings(
    boolean enabled, double tolerance, Path data, long seed, int samples, boolean layers) {
  public static final VerifySettings OFF =
      new VerifySettings(false, Double.NaN, Path.of(""), 0, 1, false);
  public static final VerifySettings DEFAULT =
      new VerifySettings(true, Double.NaN, Path.of(""), 0, 1, false);
}
