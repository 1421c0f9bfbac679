package watari.format.openvino;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetPipeline;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.op.Op;

/// Writes models of OpenVINO: IR version 11, operators of opset1 to opset15.
public final class OpenvinoWriter implements FormatWriter {
  @Override
  public String format() {
    return OpenvinoFormat.NAME;
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new OpenvinoProfile();
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return OpenvinoWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return OpenvinoWriteOps.TABLE.refusals();
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".xml"), folder.resolve(stem + ".bin"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    TargetPipeline.refusals(model.main(), profile(options)).forEach(findings::add);
    if (findings.hasErrors()) return;
    OpenvinoCarriers.finding(model.main()).ifPresent(findings::add);
    if (model.graphs().size() > 1) findings.add(otherEntries(model));
    attachments(model).ifPresent(findings::add);
    var bin = main.resolveSibling(OpenvinoFormat.weightsName(main.getFileName().toString()));
    try (var weights = new OpenvinoBinFile(bin)) {
      var net = OpenvinoGraphWriter.main(model, weights);
      try (var out = new BufferedOutputStream(Files.newOutputStream(main))) {
        OpenvinoXmlWriter.write(net, info(model.metadata(), options.producer()), out);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Finding otherEntries(Model model) {
    var others = model.graphs().stream().skip(1).map(g -> g.signature().key()).toList();
    return Finding.warning(
            "SIGNATURE_DROPPED",
            "the entries '" + String.join("', '", others) + "' are not written")
        .fix("an IR has one entry: convert to tflite to keep all, or split the model before");
  }

  private static Optional<Finding> attachments(Model model) {
    var names =
        model.metadata().attachments().stream()
            .filter(file -> !file.isInternal())
            .map(file -> file.name().isEmpty() ? file.kind() : file.name())
            .toList();
    if (names.isEmpty()) return Optional.empty();
    return Optional.of(
        Finding.note(
            "ATTACHMENT_DROPPED",
            "an IR has no place for what is attached: '" + String.join("', '", names) + "'"));
  }

  /// What `rt_info` says: who wrote it, then what the model says of itself.
  private static Map<String, Object> info(Metadata metadata, String producer) {
    var info = new LinkedHashMap<String, Object>();
    info.put(OpenvinoFormat.PRODUCER, producer);
    var model = new LinkedHashMap<String, Object>();
    if (!metadata.description().isEmpty()) put(model, "description", metadata.description());
    if (!metadata.license().isEmpty()) put(model, "license", metadata.license());
    metadata.properties().forEach((key, value) -> property(key, value, info, model));
    if (!model.isEmpty()) info.put("model_info", model);
    return info;
  }

  private static void property(
      String key, String value, Map<String, Object> info, Map<String, Object> model) {
    if (key.startsWith(OpenvinoFormat.LAYOUT)) return;
    if (!key.startsWith(OpenvinoFormat.PROPERTY)) {
      put(model, key, value);
      return;
    }
    var path = key.substring(OpenvinoFormat.PROPERTY.length()).split("\\.", -1);
    if (path[0].equals("model_info")) put(model, path, 1, value);
    else if (!path[0].equals("OpenVINO Runtime")) put(info, path, 0, value);
  }

  private static void put(Map<String, Object> map, String key, String value) {
    put(map, new String[] {key}, 0, value);
  }

  /// Puts a text at a path, unless something is there.
  private static void put(Map<String, Object> map, String[] path, int from, String value) {
    var inner = map;
    for (int i = from; i < path.length - 1; i++) {
      var next = inner.computeIfAbsent(path[i], _ -> new LinkedHashMap<String, Object>());
      if (!(next instanceof Map<?, ?> found)) return;
      inner = asMap(found);
    }
    inner.putIfAbsent(path[path.length - 1], value);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> asMap(Map<?, ?> map) {
    return (Map<String, Object>) map;
  }
}
