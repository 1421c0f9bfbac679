package watari.format.tensorflow;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.format.tensorflow.schema.GraphDef;
import watari.graph.Graph;
import watari.graph.Model;
import watari.op.Op;

/// Writes frozen graphs: a GraphDef in its binary form, all weights constants.
///
/// Placeholders are named after the inputs; each output is an Identity that nothing takes, named
/// after it, behind all other nodes.
public final class PbWriter implements FormatWriter {
  /// What protobuf reads at most.
  static final long MOST_BYTES = Integer.MAX_VALUE;

  @Override
  public String format() {
    return PbReader.NAME;
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new TensorflowProfile(PbReader.NAME);
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return TensorflowWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return TensorflowWriteOps.TABLE.refusals();
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".pb"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    SavedModelWriter.refusals(List.of(model.main()), profile(options), findings);
    if (model.graphs().size() > 1) findings.add(otherEntries(model));
    if (findings.hasErrors()) return;
    try (var arena = Arena.ofShared()) {
      var graph = graph(model.main(), arena);
      tooLarge(graph.getSerializedSize()).ifPresent(findings::add);
      if (findings.hasErrors()) return;
      try (var out = new BufferedOutputStream(Files.newOutputStream(main))) {
        graph.writeTo(out);
      }
    }
  }

  static Optional<Finding> tooLarge(int size) {
    if (size >= 0) return Optional.empty();
    return Optional.of(
        Finding.error(
                "MODEL_TOO_LARGE",
                "the graph has more than %d bytes, which protobuf does not hold"
                    .formatted(MOST_BYTES))
            .fix("convert to saved_model with --weights-as variables"));
  }

  private static Finding otherEntries(Model model) {
    var others = model.graphs().stream().skip(1).map(g -> g.signature().key()).toList();
    return Finding.warning(
            "SIGNATURE_DROPPED",
            "the entries '" + String.join("', '", others) + "' are not written")
        .fix("a frozen graph has one entry: convert to saved_model to keep all");
  }

  private static GraphDef graph(Graph graph, Arena arena) {
    var library = new TensorflowLibrary(arena);
    var scope = new TensorflowScope(library, (hint, data, around) -> around.constant(hint, data));
    var first = new ArrayList<TensorflowStep>();
    for (var input : graph.inputs()) {
      var step = placeholder(input, scope);
      first.add(step);
      scope.give(input, step.port());
    }
    TensorflowGraphWriter.write(graph, scope);
    var outputs = TensorflowGraphWriter.outputs(graph, scope, graph.outputNames());
    outputs.forEach(port -> first.add(port.step()));
    var steps = TensorflowGraph.needed(scope, outputs);
    return TensorflowGraph.graph(steps, first, new IdentityHashMap<>())
        .setLibrary(library.build())
        .build();
  }

  static TensorflowStep placeholder(watari.graph.Value input, TensorflowScope scope) {
    return scope
        .add(new TensorflowStep(input.name(), "Placeholder", List.of()))
        .set("dtype", TensorflowWriteTypes.carried(input.dtype()))
        .set("shape", input.shape());
  }
}
