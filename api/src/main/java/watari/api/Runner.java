package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.engine.EngineException;
import watari.engine.Feed;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.graph.Graph;
import watari.tensor.TensorData;

/// Runs a model of any readable format: on its format's runtime, or by way of ONNX.
public final class Runner {
  private final ReadSettings read;
  private final VerifySettings settings;
  private final int repeat;
  private final List<Finding> findings = new ArrayList<>();
  private final Sides sides = new Sides();

  /// @param settings where inputs come from
  /// @param repeat how often the model runs; each is timed
  public Runner(ReadSettings read, VerifySettings settings, int repeat) {
    this.read = read;
    this.settings = settings;
    this.repeat = Math.max(1, repeat);
  }

  /// Runs on the data of the settings, or on seeded inputs.
  public RunReport run(Path model) {
    return guarded(model, graph -> new Inputs(graph, settings).candidates());
  }

  /// Runs on an image.
  public RunReport run(Path model, Path photo, Normalization formula) {
    return guarded(
        model,
        graph -> {
          if (graph.inputs().size() != 1) {
            throw new EngineException(
                "the model has " + graph.inputs().size() + " inputs, not one");
          }
          if (!Files.exists(photo)) throw new NoSuchFileException(photo.toString());
          return List.of(List.of(new Photo(graph.inputs().get(0)).read(photo, formula)));
        });
  }

  private interface Source {
    List<List<TensorData>> of(Graph graph) throws IOException, EngineException;
  }

  private RunReport guarded(Path path, Source source) {
    try (var model = Watari.read(path, read)) {
      return run(model, source);
    } catch (EngineException e) {
      findings.add(Finding.error("DOES_NOT_RUN", String.valueOf(e.getMessage())));
      return RunReport.failed(Reports.inFile(findings, path), Ending.REFUSED);
    } catch (ModelException e) {
      findings.addAll(e.findings());
      return RunReport.failed(Reports.inFile(findings, path), Ending.UNREADABLE);
    } catch (IOException e) {
      findings.add(Causes.of(e));
      return RunReport.failed(Reports.inFile(findings, path), Ending.IO_FAILED);
    }
  }

  private RunReport run(OpenModel model, Source source) throws IOException, EngineException {
    var graph = model.model().main();
    var candidates = source.of(graph);
    EngineException official;
    try {
      return run(sides.official(model), candidates);
    } catch (EngineException e) {
      official = e;
    }
    try {
      var report = run(sides.ownReading(model), candidates);
      findings.add(Finding.note("OWN_READING", String.valueOf(official.getMessage())));
      return report;
    } catch (EngineException e) {
      throw new EngineException(official.getMessage() + "; " + e.getMessage());
    }
  }

  private RunReport run(Side side, List<List<TensorData>> candidates)
      throws IOException, EngineException {
    var last = new EngineException("nothing was tried");
    for (var inputs : candidates) {
      try {
        return timed(side, inputs);
      } catch (EngineException e) {
        last = e;
      }
    }
    throw last;
  }

  private RunReport timed(Side side, List<TensorData> inputs) throws IOException, EngineException {
    var feeds = new ArrayList<Feed>();
    for (int i = 0; i < inputs.size(); i++) {
      feeds.add(new Feed(side.graph().inputs().get(i).name(), inputs.get(i)));
    }
    var millis = new ArrayList<Double>();
    List<TensorData> outputs = List.of();
    try (var session = side.loader().load(List.of())) {
      for (int i = 0; i < repeat; i++) {
        long began = System.nanoTime();
        outputs = session.run(feeds);
        millis.add((System.nanoTime() - began) / 1e6);
      }
    }
    Map<String, TensorData> stored = new LinkedHashMap<>();
    Map<String, TensorData> reals = new LinkedHashMap<>();
    for (int i = 0; i < side.graph().outputs().size() && i < outputs.size(); i++) {
      var name = side.graph().outputNames().get(i);
      stored.put(name, outputs.get(i));
      reals.put(name, Side.reals(outputs.get(i), side.graph().outputs().get(i).type()));
    }
    return new RunReport(side.engine(), stored, reals, millis, findings, Ending.DONE);
  }
}
