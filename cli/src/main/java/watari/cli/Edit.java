package watari.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import watari.api.EditScript;
import watari.api.Editor;
import watari.api.Npz;
import watari.api.UsageException;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// `watari edit`.
final class Edit implements Command {
  private final Usage usage =
      new Usage("edit", "Changes a model and writes it again in its own format.", this);
  private final Speech speech = new Speech(usage);

  private final Supplier<Path> model =
      usage.parameter(0, "MODEL", "A model of any format that is written, too.");

  private final Supplier<Path> output = usage.path("OUT", "The changed model.", "-o", "--output");

  private final Supplier<Map<String, String>> constants =
      usage.values(
          "NAME=FILE.npy|VALUE", "Other elements of a constant; a number fills it.", "--set-const");

  private final Supplier<List<String>> delete =
      usage.words(
          "NODE", "Nodes that go: their first input takes the place of their output.", "--delete");

  private final Supplier<List<String>> inputs =
      usage.words("NAME", "Tensors that become the inputs.", "--inputs");

  private final Supplier<List<String>> outputs =
      usage.words("NAME", "Tensors that become the outputs.", "--outputs");

  private final Supplier<Map<String, String>> shapes =
      usage.values(
          "NAME=1,3,224,224", "Dims of an input; -1 leaves one as it is.", "--input-shape");

  private final Supplier<String> batch = usage.word("N", "Dim 0 of every input.", "--batch");

  private final Supplier<Map<String, String>> rename =
      usage.values(
          "OLD=NEW", "Another name for an input, an output or an inner tensor.", "--rename");

  private final Supplier<Boolean> dryRun =
      usage.flag("Write nothing; say what would change.", "--dry-run");

  private final Supplier<Boolean> force = usage.flag("Replace the model that is there.", "--force");

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() throws IOException {
    boolean isDry = dryRun.get();
    boolean hasOutput = !output.get().toString().isEmpty();
    if (hasOutput == isDry) throw new UsageException("edit takes either -o OUT or --dry-run");
    var script = script();
    if (script.equals(EditScript.NONE)) throw new UsageException("no edit is asked for");
    var report = new Editor(script).edit(model.get(), output.get(), force.get(), isDry);
    boolean saysDifference = (isDry || speech.isVerbose()) && !speech.isJson();
    if (saysDifference) report.difference().forEach(speech.out()::println);
    FileSpeech.say(report, isDry, speech);
    return report.file().ending().exitCode();
  }

  private EditScript script() throws IOException {
    var elements = new LinkedHashMap<String, TensorData>();
    for (var each : constants.get().entrySet()) {
      elements.put(each.getKey(), elements(each.getValue()));
    }
    var dims = new LinkedHashMap<String, List<Long>>();
    shapes.get().forEach((name, words) -> dims.put(name, Words.dims("--input-shape", words)));
    long size = Words.count("--batch", batch.get());
    return new EditScript(
        elements, delete.get(), inputs.get(), outputs.get(), dims, size, rename.get());
  }

  private static TensorData elements(String word) throws IOException {
    if (word.endsWith(".npy")) return Npz.read(Path.of(word)).values().iterator().next();
    try {
      return TensorData.scalar(DataType.FLOAT64, Double.parseDouble(word));
    } catch (NumberFormatException _) {
      throw new UsageException("--set-const takes an .npy or a number, not '" + word + "'");
    }
  }
}
