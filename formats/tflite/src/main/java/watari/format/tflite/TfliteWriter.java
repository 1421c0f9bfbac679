package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.ByteSource;
import watari.format.FormatWriter;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.Model;
import watari.op.Op;

/// Writes TFLite models: builtin operators, and custom ones that came from a TFLite model.
public final class TfliteWriter implements FormatWriter {
  private static final String DEFAULT_KEY = "serving_default";
  private static final int INITIAL_BYTES = 1 << 16;

  @Override
  public String format() {
    return "tflite";
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return TfliteWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return TfliteWriteOps.TABLE.refusals();
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new TfliteProfile();
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".tflite"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    for (var graph : model.graphs()) refuse(graph, findings);
    if (findings.hasErrors()) return;
    file(model, options).writeTo(main);
  }

  private static void refuse(Graph graph, Findings findings) {
    for (var node : graph) {
      TfliteGraphWriter.refuse(node).ifPresent(findings::add);
      node.bodies().forEach(body -> refuse(body, findings));
    }
    for (var output : graph.outputs()) {
      var shape = output.shape();
      if (!shape.isRanked() || shape.dims().stream().noneMatch(dim -> dim.is(0))) continue;
      findings.add(
          Finding.error(
                  "OP_UNSUPPORTED",
                  "output '"
                      + output.name()
                      + "' has shape "
                      + shape
                      + ", LiteRT gives no empty outputs")
              .fix("drop it with --outputs"));
    }
    for (var input : graph.inputs()) {
      if (TfliteTypes.number(input.dtype()).isEmpty()) {
        findings.add(
            Finding.error(
                    "DTYPE_UNSUPPORTED",
                    "input '" + input.name() + "' is " + input.dtype() + ", which TFLite lacks")
                .fix("use another element type"));
      }
    }
  }

  private static ByteSource file(Model model, WriteOptions options) {
    var parts = new TfliteParts();
    var entries = new ArrayList<TfliteSubgraph>();
    for (var graph : model.graphs()) {
      entries.add(parts.open(graph.name()));
    }
    for (int i = 0; i < entries.size(); i++) {
      var graph = model.graphs().get(i);
      TfliteGraphWriter.write(graph, entries.get(i));
      parts.signatures().add(signature(graph, entries.get(i), i));
    }
    // Codes are numbered in the order of the operators that use them.
    for (var subgraph : parts.subgraphs()) subgraph.operators().forEach(parts::code);
    var metadata = new TfliteAttachments(model.metadata(), options.producer());
    var attachments = metadata.buffers(parts.output());
    var builder = new FlatBufferBuilder(INITIAL_BYTES);
    int root = new TfliteRecords(parts, builder).model(metadata.description(), attachments);
    return metadata.withFiles(parts.output().finish(builder, root));
  }

  private static TfliteParts.Signature signature(Graph graph, TfliteSubgraph subgraph, int index) {
    var given = graph.signature();
    var key = given.key().isEmpty() ? keyOf(index) : given.key();
    var inputs = given.inputs();
    if (inputs.size() != graph.inputs().size()) {
      inputs = graph.inputs().stream().map(value -> value.name()).toList();
    }
    var outputs = given.outputs();
    if (outputs.size() != graph.outputs().size()) outputs = graph.outputNames();
    return new TfliteParts.Signature(
        key, index, named(inputs, subgraph.inputs()), named(outputs, subgraph.outputs()));
  }

  private static String keyOf(int index) {
    return index == 0 ? DEFAULT_KEY : DEFAULT_KEY + "_" + index;
  }

  private static List<Map.Entry<String, Integer>> named(List<String> names, List<Integer> tensors) {
    var map = new LinkedHashMap<String, Integer>();
    for (int i = 0; i < tensors.size(); i++) map.putIfAbsent(names.get(i), tensors.get(i));
    return List.copyOf(new ArrayList<>(map.entrySet()));
  }
}
