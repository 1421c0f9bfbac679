package watari.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
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
import watari.api.UsageException;
import watari.api.VerifySettings;
import watari.api.WriteSettings;
import watari.tensor.Layout;

/// `watari convert`.
@Command(
    name = "convert",
    description = "Converts models to other formats and precisions.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class Convert implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private Speech speech;

  @Parameters(arity = "1..*", paramLabel = "MODEL", description = "Files or folders of models.")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--to",
      required = true,
      split = ",",
      paramLabel = "FORMAT",
      description = "Formats of the results.")
  private List<String> formats = new ArrayList<>();

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "DIR",
      description = "Folder of the results.")
  private Path folder = Path.of("");

  @Option(
      names = "--precision",
      split = ",",
      paramLabel = "P",
      description = "float32, float16, ...; without it storage is kept.")
  private List<String> precisions = new ArrayList<>();

  @Option(names = "--from", paramLabel = "FORMAT", description = "The models' format.")
  private String from = "";

  @Option(names = "--weights-file", paramLabel = "FILE", description = "Where the weights are.")
  private Path weightsFile = Path.of("");

  @Option(names = "--force", description = "Replace results of other programs, too.")
  private boolean force;

  @Option(names = "--dequantize", description = "Decode quantized numbers to float32.")
  private boolean dequantize;

  @Option(
      names = "--state",
      paramLabel = "zero|io",
      description =
          "Where the target keeps no state: it starts anew at each call (zero, the default), or"
              + " becomes inputs and outputs (io).")
  private String state = "zero";

  @Option(names = "--batch", paramLabel = "N", description = "Dim 0 of every input.")
  private String batch = "";

  @Option(
      names = "--input-shape",
      paramLabel = "NAME=1,3,224,224",
      description = "Dims of an input; -1 leaves one as it is.")
  private Map<String, String> inputShapes = new LinkedHashMap<>();

  @Option(
      names = "--keep-dynamic",
      description = "Refuse where a dim of an input that is not known would become a number.")
  private boolean keepDynamic;

  @Option(names = "--keep-io-layout", description = "Inputs and outputs as the source has them.")
  private boolean keepIoLayout;

  @Option(names = "--input-layout", paramLabel = "NAME=nhwc|nchw", description = "Of one input.")
  private Map<String, String> inputLayouts = new LinkedHashMap<>();

  @Option(names = "--output-layout", paramLabel = "NAME=nhwc|nchw", description = "Of one output.")
  private Map<String, String> outputLayouts = new LinkedHashMap<>();

  @Option(
      names = "--inputs",
      split = ",",
      paramLabel = "NAME",
      description = "Tensors that become the inputs.")
  private List<String> inputs = new ArrayList<>();

  @Option(
      names = "--outputs",
      split = ",",
      paramLabel = "NAME",
      description = "Tensors that become the outputs.")
  private List<String> outputs = new ArrayList<>();

  @Option(
      names = "--replace",
      split = ",",
      paramLabel = "RULE",
      description = "Replace operators by what a device can run; see --list-rules.")
  private List<String> replace = new ArrayList<>();

  @Option(names = "--list-rules", help = true, description = "Say which replacements there are.")
  private boolean listsRules;

  @Option(names = "--opset", paramLabel = "N", description = "ONNX opset.")
  private String opset = "";

  @Option(names = "--external-data", description = "ONNX weights in a file of their own.")
  private boolean externalData;

  @Option(names = "--strict", description = "Make an error of every lossy step.")
  private boolean strict;

  @Option(names = "--explain", description = "Say which rules fired or did not, and why.")
  private boolean explain;

  @Option(
      names = "--verify",
      paramLabel = "TOLERANCE",
      description = "Compare result and source (the default); largest error over the range.")
  private String verify = "";

  @Option(names = "--no-verify", description = "Do not run the models.")
  private boolean noVerify;

  @Option(names = "--data", paramLabel = "FILE.npz", description = "Inputs to verify with.")
  private Path data = Path.of("");

  @Override
  public Integer call() {
    if (listsRules) return listRules();
    var paths = models.stream().map(Path::of).toList();
    List<ModelReport> reports;
    try (var progress = new Narrator(speech, spec.commandLine().getErr(), paths.size())) {
      reports = new Converter(options(), progress).convert(paths);
    }
    print(reports);
    return reports.stream().map(ModelReport::ending).reduce(Ending.DONE, Ending::worse).exitCode();
  }

  private int listRules() {
    var out = spec.commandLine().getOut();
    if (speech.json) {
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
    var out = spec.commandLine().getOut();
    if (speech.json) new JsonReport(out).convert(models, reports);
    else new TextReport(spec.commandLine(), speech, explain).convert(reports, explain);
  }

  private ConvertOptions options() {
    return new ConvertOptions(
        formats,
        precisions(),
        new ReadSettings(from, weightsFile),
        edits(),
        new LayoutSettings(keepIoLayout, layouts(inputLayouts), layouts(outputLayouts)),
        new WriteSettings(
            folder, force, Math.toIntExact(Words.count("--opset", opset)), externalData),
        verification(),
        strict,
        explain);
  }

  private List<Precision> precisions() {
    if (precisions.isEmpty()) return List.of(Precision.KEPT);
    return precisions.stream()
        .map(name ->
            Precision.named(name)
                .filter(p -> p != Precision.KEPT)
                .orElseThrow(() -> new UsageException("there is no precision '" + name + "'")))
        .toList();
  }

  private Edits edits() {
    var handling =
        switch (state) {
          case "zero" -> StateHandling.ZERO;
          case "io" -> StateHandling.IO;
          default -> throw new UsageException("--state is 'zero' or 'io', not '" + state + "'");
        };
    var shapes = new LinkedHashMap<String, List<Long>>();
    inputShapes.forEach((name, dims) -> shapes.put(name, Words.dims("--input-shape", dims)));
    long size = Words.count("--batch", batch);
    return new Edits(size, shapes, keepDynamic, inputs, outputs, handling, dequantize, replace);
  }

  private static Map<String, Layout> layouts(Map<String, String> words) {
    var layouts = new LinkedHashMap<String, Layout>();
    words.forEach((name, word) -> layouts.put(name, Words.layout(word)));
    return layouts;
  }

  private VerifySettings verification() {
    if (noVerify) {
      if (verify.isEmpty() && data.toString().isEmpty()) return VerifySettings.OFF;
      throw new UsageException("--verify and --data are nothing beside --no-verify");
    }
    double tolerance = verify.isEmpty() ? Double.NaN : Words.number("--verify", verify);
    return new VerifySettings(true, tolerance, data, 0, 1, false);
  }
}
