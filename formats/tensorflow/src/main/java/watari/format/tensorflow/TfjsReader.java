package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.NodeDef;
import watari.format.tensorflow.schema.SignatureDef;
import watari.format.tensorflow.schema.TensorProto;
import watari.format.tensorflow.schema.TfjsModel;
import watari.graph.Graph;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Signature;
import watari.tensor.TensorData;

/// Reads graph models of TensorFlow.js: a `model.json`, or the folder that has it, with its shards
/// of weights.
public final class TfjsReader implements FormatReader {
  static final String NAME = "tfjs";

  private static final String FILE = "model.json";
  private static final int HEAD_BYTES = 1 << 16;
  private static final String SIGNATURE = "serving_default";

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
    if (head.length > 0 && !mayBe(new String(head, UTF_8))) return false;
    var file = file(path);
    if (!Files.isRegularFile(file)) return false;
    try (var in = Files.newInputStream(file)) {
      var text = new String(in.readNBytes(HEAD_BYTES), UTF_8);
      return isGraph(text) || isManifest(text);
    } catch (IOException _) {
      return false;
    }
  }

  private static Path file(Path path) {
    return Files.isDirectory(path) ? path.resolve(FILE) : path;
  }

  private static boolean mayBe(String head) {
    var text = head.strip();
    return text.startsWith("{") || text.startsWith("[");
  }

  /// A layers model has classes in the place of nodes.
  private static boolean isGraph(String text) {
    if (!text.strip().startsWith("{")) return false;
    if (text.contains("\"graph-model\"")) return true;
    boolean isModel = text.contains("\"modelTopology\"") || text.contains("\"weightsManifest\"");
    boolean isLayers = text.contains("\"layers-model\"") || text.contains("\"class_name\"");
    return isModel && !isLayers && text.contains("\"node\"");
  }

  /// Weights alone, whose model is a program.
  private static boolean isManifest(String text) {
    return text.strip().startsWith("[")
        && text.contains("\"weights\"")
        && text.contains("\"dtype\"");
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var file = file(path);
    if (isManifest(start(file))) throw manifest(file);
    var source = parsed(file);
    var weights = new TfjsWeightFiles(file, arena).read(source.getWeightsManifestList());
    var topology = named(source.getModelTopology(), weights);
    var elements =
        new TensorflowElements(
            new FileBytes(file.toString(), MemorySegment.ofArray(new byte[0])), List.of());
    var model =
        new TensorflowReadModel(
            path.toString(),
            topology.getLibrary(),
            tensor -> data(tensor, weights, elements),
            _ -> Optional.empty(),
            findings);
    var graph = graph(new TensorflowReadMain(model, topology), signature(source));
    return new Model(NAME, List.of(graph), metadata(source));
  }

  private static TfjsModel parsed(Path file) throws IOException {
    var model = TfjsModel.newBuilder();
    try (var in = Files.newInputStream(file)) {
      TfjsJson.merge(file.toString(), in, model);
    }
    return model.build();
  }

  private static String start(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(HEAD_BYTES), UTF_8);
    }
  }

  private static ModelException manifest(Path file) {
    return new ModelException(
        Finding.error(
                "FILE_BROKEN",
                "the file lists weights of TensorFlow.js, but has no model that uses them: that is"
                    + " a program in JavaScript")
            .inFile(file.toString())
            .fix("give the model.json that the model was saved as, or convert its original"));
  }

  // ---- constants

  /// Constants with the names of their weights as their content.
  private static GraphDef named(GraphDef topology, Map<String, TensorData> weights) {
    var graph = topology.toBuilder();
    for (var node : graph.getNodeBuilderList()) name(node, weights);
    for (var function : graph.getLibraryBuilder().getFunctionBuilderList()) {
      for (var node : function.getNodeDefBuilderList()) name(node, weights);
    }
    return graph.build();
  }

  private static void name(NodeDef.Builder node, Map<String, TensorData> weights) {
    if (!node.getOp().equals("Const") || !weights.containsKey(node.getName())) return;
    var value =
        node.getAttrOrDefault(
            "value", watari.format.tensorflow.schema.AttrValue.getDefaultInstance());
    var tensor =
        TensorProto.newBuilder()
            .setDtype(value.getTensor().getDtype())
            .addStringVal(ByteString.copyFromUtf8(node.getName()));
    node.putAttr("value", value.toBuilder().setTensor(tensor).build());
  }

  /// TensorFlow.js has fewer element types than the nodes say.
  private static TensorData data(
      TensorProto tensor, Map<String, TensorData> weights, TensorflowElements elements) {
    boolean isNamed = tensor.getStringValCount() == 1 && !tensor.hasTensorShape();
    var weight = isNamed ? weights.get(tensor.getStringVal(0).toStringUtf8()) : null;
    if (weight == null) return elements.of(tensor);
    boolean isText = weight.dtype() == watari.tensor.DataType.STRING;
    return TensorflowTypes.dtype(tensor.getDtype())
        .filter(dtype -> !isText && dtype != watari.tensor.DataType.STRING)
        .map(weight::cast)
        .orElse(weight);
  }

  // ---- signature

  private static SignatureDef signature(TfjsModel source) {
    return source.hasSignature()
        ? source.getSignature()
        : source.getUserDefinedMetadata().getSignature();
  }

  /// A model without a signature takes its placeholders, and gives what nothing takes.
  private static Graph graph(TensorflowReadMain reading, SignatureDef signature) {
    if (signature.getOutputsCount() == 0) return reading.leaves();
    var inputs = new TreeMap<>(signature.getInputsMap());
    var outputs = new TreeMap<>(signature.getOutputsMap());
    var graph = reading.signature(inputs, outputs);
    graph.setSignature(
        new Signature(SIGNATURE, List.copyOf(inputs.keySet()), List.copyOf(outputs.keySet())));
    return graph;
  }

  private static Metadata metadata(TfjsModel source) {
    return new Metadata(source.getConvertedBy(), "", "", Map.of(), List.of());
  }
}
