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
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;

/// Runs any graph on ONNX Runtime, by way of a temporary ONNX file.
public final class OnnxLowering {
  private static final String STEM = "graph";

  private final Engine runtime = new OnnxRuntime();

  /// Name of the engine, as reports name it.
  public String name() throws EngineException {
    return runtime.name() + ", by watari's reading";
  }

  /// Loads a graph, which stays as it is; names of inputs, outputs and inner values hold.
  ///
  /// @throws EngineException if ONNX cannot express the graph, or the runtime refuses it
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

  private static Path write(Graph graph, Path folder) throws IOException, EngineException {
    var writer = writer();
    var options = WriteOptions.of(STEM);
    var profile = writer.profile(options);
    var copy = GraphCopy.of(graph);
    new TargetPipeline(profile, List.of(), List.of(), LayoutWishes.KEEP)
        .run(copy, new PassLog(false));
    var findings = new Findings();
    findings.addAll(TargetPipeline.refusals(copy, profile));
    findings.throwIfErrors();
    var main = writer.paths(folder, STEM).get(0);
    writer.write(new Model("onnx", List.of(copy), Metadata.EMPTY), main, options, findings);
    findings.throwIfErrors();
    return main;
  }

  private static FormatWriter writer() throws EngineException {
    for (var writer : ServiceLoader.load(FormatWriter.class)) {
      if (writer.format().equals("onnx")) return writer;
    }
    throw new EngineException("no writer of ONNX is there");
  }

  private static String sentence(List<Finding> findings) {
    return findings.stream()
        .filter(Finding::isError)
        .limit(3)
        .map(Finding::toString)
        .collect(Collectors.joining("; ", "ONNX cannot express it: ", ""));
  }

  private static void delete(Path folder) throws IOException {
    var files = new ArrayList<Path>();
    try (var all = Files.walk(folder)) {
      all.forEach(files::add);
    }
    for (var file : files.reversed()) Files.deleteIfExists(file);
  }
}
