package watari.format.onnx;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.format.onnx.OnnxOutput.Storage;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.OperatorSetIdProto;
import watari.graph.Graph;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.op.Op;

/// Writes ONNX models of opset 11 and later.
public final class OnnxWriter implements FormatWriter {
  @Override
  public String format() {
    return "onnx";
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new OnnxProfile(options.opset());
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return OnnxWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return OnnxWriteOps.TABLE.refusals();
  }

  @Override
  public Set<String> options() {
    return Set.of("--opset", "--external-data");
  }

  @Override
  public Optional<String> misuse(WriteOptions options) {
    int asked = options.opset();
    boolean isWritable = OnnxOpset.LOWEST <= asked && asked <= OnnxFormat.NEWEST_OPSET;
    if (asked == 0 || isWritable) return Optional.empty();
    return Optional.of(
        "opset %d cannot be written; opsets: %d to %d"
            .formatted(asked, OnnxOpset.LOWEST, OnnxFormat.NEWEST_OPSET));
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".onnx"), folder.resolve(stem + ".onnx.data"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    var profile = new OnnxProfile(options.opset());
    var graph = model.main();
    int opset = profile.opset(graph);
    findings.addAll(profile.refusals(graph));
    findings.addAll(profile.changes(graph, opset));
    if (findings.hasErrors()) return;
    if (model.graphs().size() > 1) findings.add(otherEntries(model));
    attachments(model).ifPresent(findings::add);
    var output = new OnnxOutput();
    var storage = options.externalData() ? Storage.BESIDE : Storage.BESIDE_IF_LARGE;
    output.write(proto(model, graph, opset, output, options), main, storage);
  }

  private static Finding otherEntries(Model model) {
    var others = model.graphs().stream().skip(1).map(g -> g.signature().key()).toList();
    return Finding.warning(
            "SIGNATURE_DROPPED",
            "the entries '" + String.join("', '", others) + "' are not written")
        .fix(
            "an ONNX file has one entry: convert to tflite to keep all, or split the model before");
  }

  private static Optional<Finding> attachments(Model model) {
    var names =
        model.metadata().attachments().stream()
            .filter(file -> !file.isInternal() && OnnxAttachments.property(file).isEmpty())
            .map(file -> file.name().isEmpty() ? file.kind() : file.name())
            .toList();
    if (names.isEmpty()) return Optional.empty();
    return Optional.of(
        Finding.warning(
            "ATTACHMENT_DROPPED",
            "ONNX files have no place for what is attached: '" + String.join("', '", names) + "'"));
  }

  private static ModelProto proto(
      Model model, Graph graph, int opset, OnnxOutput output, WriteOptions options) {
    var writer = new OnnxModelWriter(graph, opset, output);
    var metadata = model.metadata();
    var proto = ModelProto.newBuilder().setIrVersion(irVersion(opset)).setGraph(writer.main(graph));
    producer(options.producer(), proto);
    if (!metadata.description().isEmpty()) proto.setDocString(metadata.description());
    proto.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset));
    new TreeMap<>(writer.domains())
        .forEach((domain, version) ->
            proto.addOpsetImport(
                OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
    properties(metadata, proto);
    return proto.build();
  }

  /// What the model says of itself; two of its properties have fields of their own.
  private static void properties(Metadata metadata, ModelProto.Builder proto) {
    metadata
        .properties()
        .forEach((key, text) -> {
          boolean isVersion =
              key.equals(OnnxFormat.VERSION_PROPERTY) && text.matches("-?\\d{1,18}");
          if (isVersion) proto.setModelVersion(Long.parseLong(text));
          else if (key.equals(OnnxFormat.DOMAIN_PROPERTY)) proto.setDomain(text);
          else proto.addMetadataProps(OnnxModelWriter.entry(key, text));
        });
    metadata.attachments().stream()
        .flatMap(file -> OnnxAttachments.property(file).stream())
        .forEach(
            file -> proto.addMetadataProps(OnnxModelWriter.entry(file.getKey(), file.getValue())));
    if (!metadata.license().isEmpty() && !metadata.properties().containsKey("license")) {
      proto.addMetadataProps(OnnxModelWriter.entry("license", metadata.license()));
    }
  }

  private static void producer(String producer, ModelProto.Builder proto) {
    int blank = producer.indexOf(' ');
    proto.setProducerName(blank < 0 ? producer : producer.substring(0, blank));
    if (blank >= 0) proto.setProducerVersion(producer.substring(blank + 1));
  }

  /// The oldest version of the file format that knows an opset; see `Versioning.md` of ONNX.
  private static int irVersion(int opset) {
    if (opset >= 26) return 13;
    if (opset >= 25) return 12;
    if (opset >= 23) return 11;
    if (opset >= 21) return 10;
    if (opset >= 19) return 9;
    if (opset >= 15) return 8;
    return opset >= 12 ? 7 : 6;
  }
}
