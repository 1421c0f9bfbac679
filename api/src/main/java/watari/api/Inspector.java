package watari.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// Says what is in a model.
public final class Inspector {
  private final ReadSettings read;
  private final Formats formats = new Formats();

  public Inspector(ReadSettings read) {
    this.read = read;
  }

  /// Inspects a model.
  ///
  /// @param targets formats of which to say what they would refuse; `all` for every one
  public Inspection inspect(Path path, List<String> targets) {
    try (var model = Watari.read(path, read, formats)) {
      return new Walk().inspection(model, targets(model, targets));
    } catch (ModelException e) {
      return failed(path, e.findings(), Ending.UNREADABLE);
    } catch (IOException e) {
      return failed(path, List.of(Causes.of(e)), Ending.IO_FAILED);
    }
  }

  private static Inspection failed(Path path, List<Finding> findings, Ending ending) {
    return Inspection.failed(path.toString(), Reports.inFile(findings, path), ending);
  }

  private List<Inspection.Target> targets(OpenModel model, List<String> names) {
    var targets = new ArrayList<Inspection.Target>();
    var wanted = names.contains("all") ? formats.writable() : names;
    for (var name : wanted) {
      var writer =
          formats
              .writer(name)
              .orElseThrow(() ->
                  new UsageException(
                      "format '"
                          + name
                          + "' cannot be written; formats: "
                          + Formats.join(formats.writable())));
      var profile = writer.profile(WriteOptions.of("model"));
      List<Finding> findings;
      try {
        var options = ConvertOptions.to(name, Path.of(""));
        findings = new Lowering(profile, options, Precision.KEPT).lower(model).findings();
      } catch (ModelException e) {
        findings = Reports.inFile(e.findings(), model.path());
      }
      targets.add(new Inspection.Target(name, findings));
    }
    return targets;
  }

  /// Counts over a model's graphs and their bodies.
  private static final class Walk {
    private final Set<Value> counted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<String, Integer> operators = new TreeMap<>();
    private final Set<String> dims = new TreeSet<>();
    private final List<Inspection.Layer> layers = new ArrayList<>();
    private long parameters;
    private long weightBytes;
    private long multiplyAdds;

    Inspection inspection(OpenModel model, List<Inspection.Target> targets) {
      var main = model.model().main();
      model.model().graphs().forEach(this::graph);
      var outputs = new ArrayList<Inspection.Tensor>();
      for (int i = 0; i < main.outputs().size(); i++) {
        outputs.add(new Inspection.Tensor(main.outputNames().get(i), main.outputs().get(i).type()));
      }
      return new Inspection(
          model.path().toString(),
          model.model().format(),
          main.inputs().stream().map(v -> new Inspection.Tensor(v.name(), v.type())).toList(),
          outputs,
          operators,
          parameters,
          weightBytes,
          multiplyAdds,
          Costs.peakBytes(main),
          List.copyOf(dims),
          metadata(model),
          layers,
          targets,
          model.findings(),
          model.hasErrors() ? Ending.REFUSED : Ending.DONE);
    }

    private void graph(Graph graph) {
      graph.inputs().forEach(input -> dims(input.shape()));
      for (var node : graph) {
        node(node);
        node.bodies().forEach(this::graph);
      }
    }

    private void node(Node node) {
      var origin = node.origin();
      var operator = origin.operator().isEmpty() ? node.op().name() : origin.operator();
      operators.merge(operator, 1, Integer::sum);
      long before = parameters;
      node.inputs().forEach(this::constant);
      node.outputs().forEach(output -> dims(output.shape()));
      long work = Costs.multiplyAdds(node);
      multiplyAdds += work;
      layers.add(
          new Inspection.Layer(
              node.outputs().isEmpty() ? origin.node() : node.output(0).name(),
              operator,
              node.inputs().stream().map(v -> v.isPresent() ? v.type().toString() : "").toList(),
              node.outputs().stream().map(v -> v.type().toString()).toList(),
              parameters - before,
              work));
    }

    private void constant(Value value) {
      var data = value.constant();
      if (data.isEmpty() || !counted.add(value)) return;
      weightBytes += data.get().sizeBytes();
      boolean isArithmetic =
          !value.type().isQuantized()
              && (value.dtype() == DataType.INT64
                  || value.dtype() == DataType.INT32
                  || value.dtype() == DataType.STRING);
      if (!isArithmetic) parameters += data.get().size();
    }

    private void dims(Shape shape) {
      if (!shape.isRanked()) return;
      for (var dim : shape.dims()) if (!dim.isFixed()) dims.add(dim.toString());
    }

    private static Map<String, String> metadata(OpenModel model) {
      var metadata = model.model().metadata();
      var all = new LinkedHashMap<String, String>();
      all.put("producer", metadata.producer());
      all.put("description", metadata.description());
      all.put("license", metadata.license());
      all.putAll(metadata.properties());
      all.values().removeIf(String::isEmpty);
      return all;
    }
  }
}
