package watari.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FormatWriter;
import watari.format.TargetPipeline;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;

/// Runs graphs on the runtime of a format, by way of a temporary file.
public final class GraphLoader {
  private static final String STEM = "graph";

  private final Engine runtime;
  private final boolean isLegal;

  private GraphLoader(Engine runtime, boolean isLegal) {
    this.runtime = runtime;
    this.isLegal = isLegal;
  }

  /// Of any graph, on ONNX Runtime.
  public static GraphLoader onnx() {
    return new GraphLoader(new OnnxRuntime(), false);
  }

  /// Of the runtime of a format.
  ///
  /// @param isLegal whether graphs can be written as they are; else they are lowered first
  /// @throws EngineException if there is none
  public static GraphLoader of(String format, boolean isLegal) throws EngineException {
    var engine = new Engines().of(format);
    if (engine.isEmpty()) throw new EngineException("no engine here runs " + format);
    return new GraphLoader(engine.get(), isLegal);
  }

  /// Name of the engine, as reports name it.
  public String name() throws EngineException {
    return runtime.name() + ", by watari's reading";
  }

  /// Loads a graph, which stays as it is; names of inputs, outputs and inner values hold.
  ///
  /// @throws EngineException if the format cannot express the graph, or the runtime refuses it
  public Session load(Graph graph, List<String> taps) throws IOException, EngineException {
    var folder = Files.createTempDirectory("watari-");
    try {
      return runtime.load(write(graph, folder), taps);
    } catch (ModelException e) {
      throw new EngineException(sentence(e.findings()), e);
    } finally {
      delete(folder);
    }
  }

  private Path write(Graph graph, Path folder) throws IOException, EngineException {
    var writer = writer();
    var options = WriteOptions.of(STEM);
    var findings = new Findings();
    var legal = isLegal ? graph : legalized(graph, writer.profile(options), findings);
    var main = writer.paths(folder, STEM).get(0);
    var model = new Model(writer.format(), List.of(legal), Metadata.EMPTY);
    writer.write(model, main, options, findings);
    findings.throwIfErrors();
    return main;
  }

  private static Graph legalized(Graph graph, TargetProfile profile, Findings findings) {
    var copy = GraphCopy.of(graph);
    new TargetPipeline(profile, List.of(), List.of(), LayoutWishes.KEEP)
        .run(copy, new PassLog(false));
    findings.addAll(TargetPipeline.refusals(copy, profile));
    findings.throwIfErrors();
    return copy;
  }

  private FormatWriter writer() throws EngineException {
    for (var writer : ServiceLoader.load(FormatWriter.class)) {
      if (writer.format().equals(runtime.format())) return writer;
    }
    throw new EngineException("no writer of " + runtime.format() + " is there");
  }

  private static String sentence(List<Finding> findings) {
    return findings.stream()
        .filter(Finding::isError)
        .limit(3)
        .map(Finding::toString)
        .collect(Collectors.joining("; ", "the format cannot express it: ", ""));
  }

  private static void delete(Path folder) throws IOException {
    var files = new ArrayList<Path>();
    try (var all = Files.walk(folder)) {
      all.forEach(files::add);
    }
    for (var file : files.reversed()) Files.deleteIfExists(file);
  }
}
