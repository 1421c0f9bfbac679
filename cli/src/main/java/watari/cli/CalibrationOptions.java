package watari.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import watari.api.CalibrationSettings;
import watari.api.Precision;
import watari.api.QuantizeSettings;
import watari.api.UsageException;
import watari.tensor.DataType;

/// The options of `convert` that say how a model is quantized.
final class CalibrationOptions {
  private static final List<DataType> ENDS =
      List.of(DataType.FLOAT32, DataType.INT8, DataType.UINT8, DataType.INT16);

  private final Supplier<Path> calibration;
  private final Supplier<String> samples;
  private final Supplier<String> normalize;
  private final Supplier<String> resize;
  private final Supplier<String> channels;
  private final Supplier<String> calibrator;
  private final Supplier<Boolean> perTensor;
  private final Supplier<String> minSqnr;
  private final Supplier<String> maxDrop;
  private final Supplier<Path> labels;
  private final Supplier<Boolean> keepsBias;
  private final Supplier<Boolean> keepsChannels;
  private final Supplier<List<String>> ends;

  CalibrationOptions(Usage usage) {
    calibration =
        usage.path(
            "PATH",
            "Samples to quantize by: an .npy, an .npz by input, or a folder of images.",
            "--calibration");
    samples = usage.word("N", "So many samples at most.", "--calibration-samples");
    normalize =
        usage.word("EXPR", "Formula of x for samples, such as (x - 127.5) / 127.5", "--normalize");
    resize =
        usage.word(
            "fit|crop|stretch", "How images get the input's size; stretch is usual.", "--resize");
    channels =
        usage.word("rgb|bgr", "Which colour the model takes first; red is usual.", "--channels");
    calibrator =
        usage.word(
            "NAME",
            "How ranges are chosen: mse (usual), minmax, average, percentile or entropy.",
            "--calibrator");
    perTensor = usage.flag("One scale for all weights of a tensor.", "--per-tensor");
    minSqnr = usage.word("DB", "Keep what loses too much on floats.", "--min-sqnr");
    maxDrop =
        usage.word(
            "POINTS",
            "Keep on floats what loses more percentage points of right answers on --labels.",
            "--max-drop");
    labels = usage.path("FILE", "An .npz of inputs and 'labels', for --max-drop.", "--labels");
    keepsBias =
        usage.flag(
            "Leave the biases as they are, whatever rounding weights does to means.",
            "--no-bias-correction");
    keepsChannels =
        usage.flag("Leave channels between products as large as they are.", "--no-equalization");
    ends =
        usage.words(
            "[NAME=]TYPE", "Storage of inputs and outputs: float32, int8, uint8 or int16.", "--io");
  }

  /// @throws UsageException if an option says nothing, or means nothing for the precisions
  ///
  /// @param ranks whether operators are ranked by the noise that they bring in
  QuantizeSettings settings(List<Precision> precisions, boolean ranks) {
    boolean isGiven = !calibration.get().toString().isEmpty();
    boolean takesWeights = precisions.stream().anyMatch(Precision::quantizes);
    boolean takesData = precisions.stream().anyMatch(Precision::needsData);
    if (isGiven && !takesData) throw unused("--calibration");
    if (perTensor.get() && !takesWeights) throw unused("--per-tensor");
    refuseWithoutData("--calibration-samples", samples.get());
    refuseWithoutData("--normalize", normalize.get());
    refuseWithoutData("--resize", resize.get());
    refuseWithoutData("--channels", channels.get());
    refuseWithoutData("--calibrator", calibrator.get());
    refuseWithoutData("--min-sqnr", minSqnr.get());
    refuseWithoutData("--no-bias-correction", keepsBias.get() ? "given" : "");
    refuseWithoutData("--no-equalization", keepsChannels.get() ? "given" : "");
    refuseWithoutData("--max-drop", maxDrop.get());
    boolean hasLabels = !labels.get().toString().isEmpty();
    if (hasLabels == maxDrop.get().isEmpty()) {
      throw new UsageException("'--max-drop' and '--labels' mean nothing without each other");
    }
    var data =
        CalibrationSettings.of(
            calibration.get(),
            Math.toIntExact(Words.count("--calibration-samples", samples.get())),
            normalize.get(),
            resize.get(),
            channels.get(),
            calibrator.get(),
            perTensor.get());
    return new QuantizeSettings(
        data,
        number("--min-sqnr", minSqnr.get()),
        number("--max-drop", maxDrop.get()),
        labels.get(),
        !keepsBias.get(),
        !keepsChannels.get(),
        ranks,
        ends());
  }

  private static double number(String option, String word) {
    return word.isEmpty() ? Double.NaN : Words.number(option, word);
  }

  private static UsageException unused(String option) {
    return new UsageException(
        "'"
            + option
            + "' means nothing without a --precision that quantizes with data, or weights");
  }

  private void refuseWithoutData(String option, String value) {
    if (value.isEmpty() || !calibration.get().toString().isEmpty()) return;
    throw new UsageException("'" + option + "' means nothing without --calibration");
  }

  private Map<String, DataType> ends() {
    var types = new LinkedHashMap<String, DataType>();
    for (var end : ends.get()) {
      int at = end.lastIndexOf('=');
      types.put(at < 0 ? "" : end.substring(0, at), type(end.substring(at + 1)));
    }
    return types;
  }

  private static DataType type(String word) {
    return Arrays.stream(DataType.values())
        .filter(type -> type.name().toLowerCase(Locale.ROOT).equals(word) && ENDS.contains(type))
        .findFirst()
        .orElseThrow(() ->
            new UsageException(
                "--io is 'float32', 'int8', 'uint8' or 'int16', not '" + word + "'"));
  }
}
