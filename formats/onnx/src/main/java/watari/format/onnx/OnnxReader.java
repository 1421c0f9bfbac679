package watari.format.onnx;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.StringStringEntryProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Metadata.Attachment;
import watari.graph.Model;
import watari.graph.Value;
import watari.op.ElementwiseOp;

/// Reads ONNX models: IR versions 1 to 14, opsets 1 to 28.
public final class OnnxReader implements FormatReader {
  /// Writers put what a file says of itself in front of its graph.
  private static final int HEAD_BYTES = 4096;

  @Override
  public String format() {
    return OnnxFormat.NAME;
  }

  @Override
  public Map<String, NavigableSet<Integer>> operators() {
    return OnnxReadOps.versions();
  }

  @Override
  public NavigableSet<String> specified() {
    return OnnxOperators.names(OnnxFormat.DOMAIN);
  }

  @Override
  public Map<String, String> unread() {
    return OnnxReadOps.refusals();
  }

  @Override
  public boolean takesWeightsFile() {
    return true;
  }

  @Override
  public boolean sniff(Path path, byte[] head) {
    return OnnxSniffer.isModel(head);
  }

  @Override
  public String producer(Path path) throws IOException {
    try (var file = Files.newInputStream(path)) {
      return OnnxSniffer.producer(file.readNBytes(HEAD_BYTES));
    }
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var weights = options.weightsFile();
    if (!weights.toString().isEmpty() && !Files.exists(weights)) {
      throw new NoSuchFileException(weights.toString());
    }
    var file = OnnxFile.open(path, options, arena);
    var proto = file.model();
    checkVersions(proto, path.toString());
    var model = new OnnxReadModel(file, path.toString(), findings);
    var graph = graph(proto, model);
    boolean isUnused = options.weights().isPresent() && !file.hasExternalData();
    if (isUnused && !findings.hasErrors()) model.add(unused(options));
    return new Model(OnnxFormat.NAME, List.of(graph), metadata(proto));
  }

  private static Finding unused(ReadOptions options) {
    return Finding.warning(
            "WEIGHTS_UNUSED",
            "the model has all its weights inside, nothing is read from '%s'"
                .formatted(options.weightsFile()))
        .fix("leave out --weights-file");
  }

  // ---- versions

  private static void checkVersions(ModelProto proto, String path) {
    if (!proto.hasGraph()) {
      throw fatal("FILE_BROKEN", "the file has no graph", path, "check that it is an ONNX model");
    }
    if (proto.getIrVersion() > OnnxFormat.NEWEST_IR) {
      throw tooNew("IR version", proto.getIrVersion(), OnnxFormat.NEWEST_IR, path);
    }
    if (proto.getIrVersion() < 1) {
      var why = "the file has the IR version '" + proto.getIrVersion() + "', expected 1 or more";
      throw fatal("FILE_BROKEN", why, path, "check that it is an ONNX model");
    }
    long opset = opset(proto);
    if (opset > OnnxFormat.NEWEST_OPSET) {
      throw tooNew("opset", opset, OnnxFormat.NEWEST_OPSET, path);
    }
  }

  private static ModelException tooNew(String what, long version, int newest, String path) {
    return fatal(
        "VERSION_TOO_NEW",
        "the model has " + what + " " + version + ", the newest that Watari reads is " + newest,
        path,
        "convert it down with onnx.version_converter, or use a newer Watari");
  }

  private static ModelException fatal(String code, String why, String path, String fix) {
    return new ModelException(Finding.error(code, why).inFile(path).fix(fix));
  }

  /// The opset of ONNX' own operators. Before IR version 3 files do not say one; it is 1.
  private static long opset(ModelProto proto) {
    for (var each : proto.getOpsetImportList()) {
      if (OnnxFormat.domain(each.getDomain()).equals(OnnxFormat.DOMAIN)) return each.getVersion();
    }
    return 1;
  }

  // ---- the graph

  private static Graph graph(ModelProto proto, OnnxReadModel model) {
    var source = proto.getGraph();
    var graph = new Graph(source.getName().isEmpty() ? "main" : source.getName());
    graph.setDescription(source.getDocString());
    graph.setProperties(properties(source.getMetadataPropsList()));
    var opsets = OnnxReadModel.opsets(proto.getOpsetImportList());
    opsets.putIfAbsent(OnnxFormat.DOMAIN, 1);
    var builder = new GraphBuilder(graph);
    var reading = new OnnxReadGraph(model, builder, opsets);
    reading.declare(source);
    inputs(source, model, reading, builder);
    reading.nodes(source.getNodeList());
    outputs(source, model, reading, graph);
    return graph;
  }

  /// Initializers that are inputs, too, are constants: before IR version 4 all had to be.
  private static void inputs(
      GraphProto source, OnnxReadModel model, OnnxReadGraph reading, GraphBuilder builder) {
    var constants = constantNames(source);
    for (var info : source.getInputList()) {
      if (constants.contains(info.getName())) continue;
      if (info.getName().isEmpty() || reading.scope().isDefined(info.getName())) {
        model.add(
            Finding.error("GRAPH_BROKEN", "two inputs have the name '" + info.getName() + "'")
                .fix("give each input a name of its own"));
        continue;
      }
      var type = OnnxReadTypes.tensor(info.getName(), info.getType());
      if (type.isEmpty()) {
        model.add(notTensor("input", info));
        reading.standIn(info.getName());
        continue;
      }
      reading.scope().put(info.getName(), builder.input(info.getName(), type.get()));
      builder.graph().describe(info.getName(), info.getDocString());
    }
  }

  private static Set<String> constantNames(GraphProto source) {
    var names = new HashSet<String>();
    source.getInitializerList().forEach(tensor -> names.add(tensor.getName()));
    source.getSparseInitializerList().forEach(each -> names.add(each.getValues().getName()));
    return names;
  }

  private static Finding notTensor(String what, ValueInfoProto info) {
    return Finding.error(
            "DTYPE_UNSUPPORTED",
            "%s '%s' is %s, and Watari's graphs take and give only tensors of known types"
                .formatted(what, info.getName(), OnnxReadTypes.name(info)))
        .fix("export the model with tensors as inputs and outputs");
  }

  private static void outputs(
      GraphProto source, OnnxReadModel model, OnnxReadGraph reading, Graph graph) {
    var scope = reading.scope();
    for (var info : source.getOutputList()) {
      var name = info.getName();
      boolean isTensor = scope.sequence(name).isEmpty() && scope.optional(name).isEmpty();
      if (!isTensor || info.hasType() && !info.getType().hasTensorType()) {
        model.add(notTensor("output", info));
      } else if (!scope.isDefined(name)) {
        model.add(
            Finding.error("GRAPH_BROKEN", "nothing computes the output '" + name + "'")
                .fix("check the model with onnx.checker"));
      } else {
        graph.addOutput(name, quantized(scope.stored(name)));
        graph.describe(name, info.getDocString());
      }
    }
  }

  /// An output holds the same integers whether they denote real numbers or not.
  private static Value quantized(Value value) {
    var cast = value.producer().filter(node -> node.op() instanceof ElementwiseOp.Cast);
    if (cast.isEmpty()) return value;
    var from = cast.get().input(0);
    return from.type().isQuantized() && from.dtype() == value.dtype() ? from : value;
  }

  // ---- what the model says of itself

  private static Metadata metadata(ModelProto proto) {
    var properties = new LinkedHashMap<String, String>();
    if (!proto.getDomain().isEmpty()) properties.put(OnnxFormat.DOMAIN_PROPERTY, proto.getDomain());
    if (proto.getModelVersion() != 0) {
      properties.put(OnnxFormat.VERSION_PROPERTY, Long.toString(proto.getModelVersion()));
    }
    properties(proto.getMetadataPropsList()).forEach(properties::putIfAbsent);
    var producer = (proto.getProducerName() + " " + proto.getProducerVersion()).strip();
    var files = OnnxAttachments.take(properties);
    files.add(Attachment.version(OnnxFormat.NAME, opset(proto)));
    return new Metadata(producer, proto.getDocString(), license(properties), properties, files);
  }

  private static Map<String, String> properties(List<StringStringEntryProto> entries) {
    var properties = new LinkedHashMap<String, String>();
    entries.forEach(each -> properties.put(each.getKey(), each.getValue()));
    return properties;
  }

  private static String license(Map<String, String> properties) {
    for (var key : List.of("license", "model_license")) {
      var text = properties.get(key);
      if (text != null) return text;
    }
    return "";
  }
}
