package watari.format.tflite;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.SignatureDef;
import watari.format.tflite.schema.TensorMap;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Model;
import watari.graph.Signature;
import watari.graph.Value;
import watari.pass.edit.LiftStates;

/// Reads TFLite files, every signature as an entry of the model.
public final class TfliteReader implements FormatReader {
  /// What a tensor of the graph is called by callers; empty for none.
  private record Entry(
      int subgraph, String key, Map<Integer, String> inputs, Map<Integer, String> outputs) {}

  @Override
  public String format() {
    return "tflite";
  }

  @Override
  public Map<String, NavigableSet<Integer>> operators() {
    var all = new TreeMap<>(TfliteReadOps.BUILTIN.versions());
    all.putAll(TfliteReadOps.CUSTOM.versions());
    return all;
  }

  @Override
  public NavigableSet<String> specified() {
    var names = new TreeSet<>(List.of(BuiltinOperator.names));
    names.removeAll(Set.of("CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"));
    return names;
  }

  @Override
  public Map<String, String> unread() {
    return TfliteReadOps.BUILTIN.refusals();
  }

  @Override
  public boolean sniff(Path path, byte[] head) {
    return TfliteFile.isTflite(head);
  }

  @Override
  public String producer(Path path) throws IOException {
    try (var arena = Arena.ofShared()) {
      return TfliteMetadata.read(TfliteFile.open(path, arena), path).producer();
    }
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var file = TfliteFile.open(path, arena);
    var source = new TfliteSource(file, path.toString(), findings);
    source.variables().prepare();
    var graphs = new ArrayList<Graph>();
    for (var entry : entries(source)) graphs.add(graph(source, entry));
    return new Model(format(), graphs, TfliteMetadata.read(file, path));
  }

  /// The signatures, that of the first subgraph in front; without any the first subgraph.
  private static List<Entry> entries(TfliteSource source) {
    var model = source.file().model();
    if (model.subgraphsLength() == 0) throw source.broken("the file has no subgraph");
    var entries = new ArrayList<Entry>();
    for (int i = 0; i < model.signatureDefsLength(); i++) {
      entries.add(entry(source, Objects.requireNonNull(model.signatureDefs(i))));
    }
    if (entries.isEmpty()) entries.add(new Entry(0, "", Map.of(), Map.of()));
    entries.sort((a, b) -> Boolean.compare(a.subgraph() != 0, b.subgraph() != 0));
    return entries;
  }

  private static Entry entry(TfliteSource source, SignatureDef signature) {
    int subgraph = (int) signature.subgraphIndex();
    source.tensors(subgraph);
    var inputs = new HashMap<Integer, String>();
    for (int i = 0; i < signature.inputsLength(); i++) alias(inputs, signature.inputs(i));
    var outputs = new HashMap<Integer, String>();
    for (int i = 0; i < signature.outputsLength(); i++) alias(outputs, signature.outputs(i));
    var key = signature.signatureKey();
    return new Entry(subgraph, key == null ? "" : key, inputs, outputs);
  }

  private static void alias(
      Map<Integer, String> names, @org.jspecify.annotations.Nullable TensorMap map) {
    if (map == null || map.name() == null) return;
    names.put((int) map.tensorIndex(), map.name());
  }

  private static Graph graph(TfliteSource source, Entry entry) {
    var tensors = source.tensors(entry.subgraph());
    var given = tensors.subgraph().name();
    var graph = new Graph(given == null || given.isEmpty() ? "main" : given);
    var scope =
        new TfliteScope(source, entry.subgraph(), new GraphBuilder(graph), Optional.empty());
    var inputNames = new ArrayList<String>();
    for (int tensor : scope.inputs()) {
      if (TfliteVariables.isHandle(scope, tensor)) continue;
      var input = graph.addInput(tensors.name(tensor), tensors.inputType(tensor));
      scope.define(tensor, input);
      inputNames.add(entry.inputs().getOrDefault(tensor, tensors.name(tensor)));
    }
    scope.read();
    var outputNames = outputs(scope, graph, entry);
    graph.setSignature(new Signature(entry.key(), inputNames, outputNames));
    if (!graph.states().isEmpty()) LiftStates.run(graph);
    return graph;
  }

  /// Adds the outputs under the names of their tensors, and gives the names for callers.
  private static List<String> outputs(TfliteScope scope, Graph graph, Entry entry) {
    var aliases = new ArrayList<String>();
    var taken = new HashSet<String>();
    for (int tensor : scope.outputs()) {
      var value = output(scope, tensor);
      if (value.isEmpty()) continue;
      var name = scope.tensors().name(tensor);
      var free = name;
      for (int i = 1; !taken.add(free); i++) free = name + "_" + i;
      graph.addOutput(free, value.get());
      aliases.add(entry.outputs().getOrDefault(tensor, free));
    }
    return aliases;
  }

  private static Optional<Value> output(TfliteScope scope, int tensor) {
    try {
      return Optional.of(scope.value(tensor));
    } catch (Unreadable e) {
      var finding = Finding.error(e.code(), e.why()).inFile(scope.source().path());
      if (!scope.source().findings().hasErrors()) {
        scope.source().findings().add(finding.fix(e.fix()));
      }
      return Optional.empty();
    } catch (ModelException e) {
      scope.source().findings().addAll(e.findings());
      return Optional.empty();
    }
  }
}
