package watari.api;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import watari.quant.Calibrator;

/// Data to quantize by, and how ranges are chosen from it.
///
/// @param data an .npy, an .npz of arrays by input, a folder of images, or records of TensorFlow;
///   empty path for none
/// @param samples how many at most; 0 for all
/// @param normalize formula for what goes into the model; empty for the numbers as they are
/// @param resize how images get the input's size
/// @param isBgr whether the model takes blue before red
/// @param calibrator chooses ranges; least squares of errors are usual
/// @param perTensor whether weights have one scale for the whole tensor
public record CalibrationSettings(
    Path data,
    int samples,
    String normalize,
    Resize resize,
    boolean isBgr,
    Calibrator calibrator,
    boolean perTensor) {
  public static final CalibrationSettings NONE =
      new CalibrationSettings(Path.of(""), 0, "", Resize.STRETCH, false, Calibrator.MSE, false);

  private static final int COLOURS = 3;

  /// How an image gets another size.
  public enum Resize {
    /// All of it, with black bars.
    FIT,
    /// The middle of it.
    CROP,
    /// All of it, in other proportions.
    STRETCH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// From the words of options; empty ones for what is usual.
  ///
  /// @throws UsageException if one of them says nothing
  public static CalibrationSettings of(
      Path data,
      int samples,
      String normalize,
      String resize,
      String channels,
      String calibrator,
      boolean perTensor) {
    if (!normalize.isEmpty()) requireNumbers(normalize);
    var size =
        Arrays.stream(Resize.values())
            .filter(each -> each.toString().equals(resize.isEmpty() ? "stretch" : resize))
            .findFirst()
            .orElseThrow(() ->
                new UsageException("--resize is 'fit', 'crop' or 'stretch', not '" + resize + "'"));
    if (!channels.isEmpty() && !channels.equals("rgb") && !channels.equals("bgr")) {
      throw new UsageException("--channels is 'rgb' or 'bgr', not '" + channels + "'");
    }
    var chosen =
        Calibrator.named(calibrator.isEmpty() ? NONE.calibrator.toString() : calibrator)
            .orElseThrow(() ->
                new UsageException(
                    "--calibrator is one of %s, not '%s'"
                        .formatted(Arrays.toString(Calibrator.values()), calibrator)));
    return new CalibrationSettings(
        data, samples, normalize, size, channels.equals("bgr"), chosen, perTensor);
  }

  private static void requireNumbers(String normalize) {
    var formula = Normalization.of(normalize);
    for (int channel = 0; channel < COLOURS; channel++) {
      if (Double.isFinite(formula.apply(1, channel))) continue;
      throw new UsageException(
          "formula '" + normalize + "' gives no number for x = 1; look for a division by zero");
    }
  }

  CalibrationSettings withSamples(int most) {
    int count = samples == 0 ? most : Math.min(samples, most);
    return new CalibrationSettings(data, count, normalize, resize, isBgr, calibrator, perTensor);
  }

  CalibrationSettings withData(Path other) {
    return new CalibrationSettings(other, samples, normalize, resize, isBgr, calibrator, perTensor);
  }

  boolean isGiven() {
    return !data.toString().isEmpty();
  }
}
