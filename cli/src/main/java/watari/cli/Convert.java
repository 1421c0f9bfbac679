package watari.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.ConvertOptions;
import watari.api.Converter;
import watari.api.Edits;
import watari.api.Edits.StateHandling;
import watari.api.Ending;
import watari.api.LayoutSettings;
import watari.api.ModelReport;
import watari.api.Precision;
import watari.api.ReadSettings;
import watari.api.ReplacementRule;
import watari.api.SpecialOperators;
import watari.api.UsageException;
import watari.api.VerifySettings;
import watari.api.WriteSettings;
import watari.tensor.Layout;

/// `watari convert`.
final class Convert implements Command {
  private final Usage usage =
      new Usage("convert", "Converts models to other formats and precisions.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<List<String>> models =
      usage.parameters("MODEL", "Files or folders of models.");

  private final Supplier<List<String>> formats =
      usage.requiredWords("FORMAT", "Formats of the results.", "--to");

  private final Supplier<Path> folder =
      usage.requiredPath("DIR", "Folder of the results.", "-o", "--output");

  private final Supplier<List<String>> precisions =
      usage.words("P", "float32, float16, ...; without it storage is kept.", "--precision");

  private final Supplier<String> from = usage.word("FORMAT", "The models' format.", "--from");

  private final Supplier<Path> weightsFile =
      usage.path("FILE", "Where the weights are.", "--weights-file");

  private final Supplier<Boolean> force =
      usage.flag("Replace results of other programs, too.", "--force");

  private final Supplier<Boolean> dequantize =
      usage.flag("Decode quantized numbers to float32.", "--dequantize");

  private final Supplier<String> state =
      usage.choice(
          "zero|io",
          "Where the target keeps no state: it starts anew at each call (zero, the default), or"
              + " becomes inputs and outputs (io).",
          "zero",
          "--state");

  private final Supplier<String> batch = usage.word("N", "Dim 0 of every input.", "--batch");

  private final Supplier<Map<String, String>> inputShapes =
      usage.values(
          "NAME=1,3,224,224", "Dims of an input; -1 leaves one as it is.", "--input-shape");

  private final Supplier<Boolean> keepDynamic =
      usage.flag(
          "Refuse where a dim of an input that is not known would become a number.",
          "--keep-dynamic");

  private final Supplier<Boolean> keepIoLayout =
      usage.flag("Inputs and outputs as the source has them.", "--keep-io-layout");

  private final Supplier<Map<String, String>> inputLayouts =
      usage.values("NAME=nhwc|nchw", "Of one input.", "--input-layout");

  private final Supplier<Map<String, String>> outputLayouts =
      usage.values("NAME=nhwc|nchw", "Of one output.", "--output-layout");

  private final Supplier<List<String>> inputs =
      usage.words("NAME", "Tensors that become the inputs.", "--inputs");

  private final Supplier<List<String>> outputs =
      usage.words("NAME", "Tensors that become the outputs.", "--outputs");

  private final Supplier<String> custom =
      usage.choice(
          "keep|standard",
          "Custom operators: as the target has them (keep, the default), or written out in standard"
              + " operators wherever they are known (standard).",
          "keep",
          "--custom");

  private final Supplier<String> nms =
      usage.choice(
          "keep|strip|fixed-size|tflite",
          "Detection heads: as they are (keep, the default), ended before boxes are suppressed"
              + " (strip), with places for as many detections as there can be (fixed-size), or as"
              + " TFLite_Detection_PostProcess gives them (tflite).",
          "keep",
          "--nms");

  private final Supplier<List<String>> replace =
      usage.words(
          "RULE", "Replace operators by what a device can run; see --list-rules.", "--replace");

  private final Supplier<Boolean> listsRules =
      usage.inquiry("Say which replacements there are.", "--list-rules");

  private final Supplier<Path> overrides =
      usage.path(
          "FILE",
          "Corrections of layers, as openvino2tensorflow or onnx2tf take them.",
          "--overrides");

  private final Supplier<String> opset = usage.word("N", "ONNX opset.", "--opset");

  private final Supplier<Boolean> externalData =
      usage.flag("ONNX weights in a file of their own.", "--external-data");

  private final Supplier<String> weightsAs =
      usage.word(
          "constants|variables",
          "Weights of a SavedModel: constants (the default), or variables that can be trained.",
          "--weights-as");

  private final Supplier<Boolean> strict =
      usage.flag("Make an error of every lossy step.", "--strict");

  private final Supplier<Boolean> explain =
      usage.flag("Say which rules fired or did not, and why.", "--explain");

  private final Supplier<String> verify =
      usage.word(
          "TOLERANCE",
          "Compare result and source (the default); largest error over the range.",
          "--verify");

  private final Supplier<Boolean> noVerify = usage.flag("Do not run the models.", "--no-verify");

  private final Supplier<Path> data = usage.path("FILE.npz", "Inputs to verify with.", "--data");

  private final CalibrationOptions calibration = new CalibrationOptions(usage);

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() {
    if (listsRules.get()) return listRules();
    var paths = models.get().stream().map(Path::of).toList();
    List<ModelReport> reports;
    try (var progress = new Narrator(speech, paths.size())) {
      reports = new Converter(options(), progress).convert(paths);
    }
    print(reports);
    return reports.stream().map(ModelReport::ending).reduce(Ending.DONE, Ending::worse).exitCode();
  }

  private int listRules() {
    var out = speech.out();
    if (speech.isJson()) {
      new JsonReport(out).rules(ReplacementRule.all());
      return 0;
    }
    for (var rule : ReplacementRule.all()) {
      var changes = rule.isExact() ? "" : "; changes the function";
      out.println(rule.name() + ": " + rule.text() + " (" + rule.device() + changes + ")");
    }
    out.flush();
    return 0;
  }

  private void print(List<ModelReport> reports) {
    var out = speech.out();
    if (speech.isJson()) new JsonReport(out).convert(models.get(), reports);
    else new TextReport(speech, explain.get()).convert(reports, explain.get());
  }

  private ConvertOptions options() {
    return new ConvertOptions(
        formats.get(),
        precisions(),
        new ReadSettings(from.get(), weightsFile.get()),
        edits(),
        new LayoutSettings(
            keepIoLayout.get(), layouts(inputLayouts.get()), layouts(outputLayouts.get())),
        new WriteSettings(
            folder.get(),
            force.get(),
            Math.toIntExact(Words.count("--opset", opset.get())),
            externalData.get(),
            weightsAs.get()),
        calibration.settings(precisions(), explain.get()),
        verification(),
        strict.get(),
        explain.get());
  }

  private List<Precision> precisions() {
    if (precisions.get().isEmpty()) return List.of(Precision.KEPT);
    return precisions.get().stream()
        .map(name ->
            Precision.named(name)
                .filter(p -> p != Precision.KEPT)
                .orElseThrow(() -> new UsageException("there is no precision '" + name + "'")))
        .toList();
  }

  private Edits edits() {
    var handling =
        switch (state.get()) {
          case "zero" -> StateHandling.ZERO;
          case "io" -> StateHandling.IO;
          default ->
              throw new UsageException("--state is 'zero' or 'io', not '" + state.get() + "'");
        };
    var shapes = new LinkedHashMap<String, List<Long>>();
    inputShapes.get().forEach((name, dims) -> shapes.put(name, Words.dims("--input-shape", dims)));
    long size = Words.count("--batch", batch.get());
    return new Edits(
        size,
        shapes,
        keepDynamic.get(),
        inputs.get(),
        outputs.get(),
        handling,
        dequantize.get(),
        replace.get(),
        special(),
        overrides.get());
  }

  private SpecialOperators special() {
    var customs =
        switch (custom.get()) {
          case "keep" -> SpecialOperators.Customs.KEEP;
          case "standard" -> SpecialOperators.Customs.STANDARD;
          default ->
              throw new UsageException(
                  "--custom is 'keep' or 'standard', not '" + custom.get() + "'");
        };
    return new SpecialOperators(customs, detections());
  }

  private SpecialOperators.Detections detections() {
    return switch (nms.get()) {
      case "keep" -> SpecialOperators.Detections.KEEP;
      case "strip" -> SpecialOperators.Detections.STRIP;
      case "fixed-size" -> SpecialOperators.Detections.FIXED_SIZE;
      case "tflite" -> SpecialOperators.Detections.TFLITE;
      default ->
          throw new UsageException(
              "--nms is 'keep', 'strip', 'fixed-size' or 'tflite', not '" + nms.get() + "'");
    };
  }

  private static Map<String, Layout> layouts(Map<String, String> words) {
    var layouts = new LinkedHashMap<String, Layout>();
    words.forEach((name, word) -> layouts.put(name, Words.layout(word)));
    return layouts;
  }

  private VerifySettings verification() {
    if (noVerify.get()) {
      if (verify.get().isEmpty() && data.get().toString().isEmpty()) return VerifySettings.OFF;
      throw new UsageException("--verify and --data are nothing beside --no-verify");
    }
    double tolerance = verify.get().isEmpty() ? Double.NaN : Words.number("--verify", verify.get());
    return new VerifySettings(true, tolerance, data.get(), 0, 1, false);
  }
}
