package watari.format.tensorflow;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.format.tensorflow.schema.MetaGraphDef;
import watari.format.tensorflow.schema.SavedModel;
import watari.format.tensorflow.schema.SignatureDef;
import watari.graph.Graph;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Signature;

/// Reads SavedModels of TensorFlow 1 and 2: a graph for each signature, with the values of
/// variables as constants.
public final class SavedModelReader implements FormatReader {
  static final String NAME = "saved_model";

  private static final String FILE = "saved_model.pb";
  private static final String TEXT_FILE = "saved_model.pbtxt";
  private static final String SERVE = "serve";
  private static final String DEFAULT = "serving_default";

  /// A signature that says what to run first, not what the model computes.
  private static final String INITIALIZER = "__saved_model_init_op";

  @Override
  public String format() {
    return NAME;
  }

  @Override
  public Map<String, NavigableSet<Integer>> operators() {
    return TensorflowReadOps.versions();
  }

  @Override
  public boolean sniff(Path path, byte[] head) {
    if (Files.isDirectory(path)) return !file(path).equals(path);
    return TensorflowSniffer.isSavedModel(head);
  }

  /// The file in a folder, else the path itself.
  private static Path file(Path path) {
    for (var name : List.of(FILE, TEXT_FILE)) {
      if (Files.isRegularFile(path.resolve(name))) return path.resolve(name);
    }
    return path;
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var file = file(path);
    var source = open(file, arena);
    var graph = metaGraph(source.message(), path);
    var prefix = file.resolveSibling("variables").resolve("variables");
    var checkpoint = Checkpoint.open(prefix, arena);
    var variables = new SavedVariables(checkpoint, graph.getGraphDef());
    var model =
        new TensorflowReadModel(
            path.toString(),
            graph.getGraphDef().getLibrary(),
            source::data,
            variables::value,
            findings);
    var graphs = new ArrayList<Graph>();
    signatures(graph, path)
        .forEach((key, signature) -> graphs.add(read(model, graph, key, signature)));
    return new Model(NAME, graphs, metadata(graph));
  }

  private static TensorflowFile<SavedModel> open(Path file, Arena arena) throws IOException {
    var bytes = FileBytes.map(file, arena);
    return file.toString().endsWith(".pbtxt")
        ? TensorflowFile.text(file, bytes, SavedModel.newBuilder())
        : TensorflowFile.open(bytes, TensorflowShapes.SAVED_MODEL, SavedModel.parser());
  }

  /// What the graph says of itself, whatever else is in it.
  @Override
  public String producer(Path path) throws IOException {
    try (var arena = Arena.ofConfined()) {
      return metadata(metaGraph(open(file(path), arena).message(), path)).producer();
    }
  }

  private static MetaGraphDef metaGraph(SavedModel source, Path path) {
    if (source.getMetaGraphsCount() == 0) {
      throw new ModelException(
          Finding.error("FILE_BROKEN", "the SavedModel has no graph")
              .inFile(path.toString())
              .fix("save the model again"));
    }
    return source.getMetaGraphsList().stream()
        .filter(each -> each.getMetaInfoDef().getTagsList().contains(SERVE))
        .findFirst()
        .orElse(source.getMetaGraphs(0));
  }

  /// The default one first, then by their names.
  private static Map<String, SignatureDef> signatures(MetaGraphDef graph, Path path) {
    var all = new TreeMap<>(graph.getSignatureDefMap());
    all.remove(INITIALIZER);
    all.values().removeIf(each -> each.getOutputsCount() == 0);
    if (all.isEmpty()) {
      throw new ModelException(
          Finding.error("GRAPH_BROKEN", "the SavedModel has no signature that gives anything")
              .inFile(path.toString())
              .fix("save the model with signatures="));
    }
    var ordered = new LinkedHashMap<String, SignatureDef>();
    var first = all.remove(DEFAULT);
    if (first != null) ordered.put(DEFAULT, first);
    ordered.putAll(all);
    return ordered;
  }

  private static Graph read(
      TensorflowReadModel model, MetaGraphDef source, String key, SignatureDef signature) {
    var reading = new TensorflowReadMain(model, source.getGraphDef());
    var inputs = new TreeMap<>(signature.getInputsMap());
    var outputs = new TreeMap<>(signature.getOutputsMap());
    var graph = reading.signature(inputs, outputs);
    graph.setSignature(
        new Signature(key, List.copyOf(inputs.keySet()), List.copyOf(outputs.keySet())));
    return graph;
  }

  private static Metadata metadata(MetaGraphDef graph) {
    var about = graph.getMetaInfoDef();
    boolean isOurs = about.getMetaGraphVersion().startsWith("watari");
    var version = about.getTensorflowVersion();
    var theirs = version.isEmpty() ? "" : "TensorFlow " + version;
    var producer = isOurs ? about.getMetaGraphVersion() : theirs;
    return new Metadata(producer, "", "", Map.of(), List.of());
  }
}
