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
import watari.graph.Value;
import watari.op.Custom;
import watari.pass.layout.AssignLayouts;
import watari.tensor.DataType;
import watari.tensor.Layout;
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
      var layouts = AssignLayouts.ofPorts(main);
      var inputs = main.inputs().stream().map(v -> tensor(v.name(), v, layouts)).toList();
      var outputs = new ArrayList<Inspection.Tensor>();
      for (int i = 0; i < main.outputs().size(); i++) {
        outputs.add(tensor(main.outputNames().get(i), main.outputs().get(i), layouts));
      }
      return new Inspection(
          model.path().toString(),
          model.model().format(),
          inputs,
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

    private static Inspection.Tensor tensor(String name, Value value, Map<Value, Layout> layouts) {
      var layout = layouts.get(value);
      return new Inspection.Tensor(
          name, value.type(), layout == null ? "" : word(layout, value.shape().rank()));
    }

    private static String word(Layout layout, int rank) {
      var spatial = List.of("w", "hw", "dhw").get(rank - 3);
      return layout == Layout.CHANNELS_FIRST ? "nc" + spatial : "n" + spatial + "c";
    }

    private void graph(Graph graph) {
      graph.inputs().forEach(input -> dims(input.shape()));
      for (var operator : SourceOperator.of(graph)) {
        operator(operator, graph);
        for (var node : operator.nodes()) {
          if (!(node.op() instanceof Custom)) node.bodies().forEach(this::graph);
        }
      }
    }

    private void operator(SourceOperator operator, Graph graph) {
      operators.merge(operator.name(), 1, Integer::sum);
      long before = parameters;
      operator.inputs().forEach(this::constant);
      var outputs = operator.outputs(graph);
      outputs.forEach(output -> dims(output.shape()));
      long work = operator.nodes().stream().mapToLong(Costs::multiplyAdds).sum();
      multiplyAdds += work;
      layers.add(
          new Inspection.Layer(
              outputs.isEmpty() ? operator.origin().node() : outputs.get(0).name(),
              operator.name(),
              types(operator.inputs()),
              types(outputs),
              parameters - before,
              work));
    }

    private static List<String> types(List<Value> values) {
      return values.stream().map(value -> value.type().toString()).toList();
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
