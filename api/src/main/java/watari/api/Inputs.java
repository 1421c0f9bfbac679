package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import watari.engine.EngineException;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Tensors for the inputs of a graph: from a file, or seeded, with sizes for unknown dims.
final class Inputs {
  private final Graph graph;
  private final VerifySettings settings;
  private final Function<Value, Shape> shapeOf;
  private final Map<String, TensorData> given;

  Inputs(Graph graph, VerifySettings settings) throws IOException {
    this(graph, settings, Value::shape);
  }

  /// @param shapeOf what is known of an input's shape
  Inputs(Graph graph, VerifySettings settings, Function<Value, Shape> shapeOf) throws IOException {
    this(
        graph,
        settings,
        shapeOf,
        settings.data().toString().isEmpty() ? Map.of() : Npz.read(settings.data()));
  }

  Inputs(
      Graph graph,
      VerifySettings settings,
      Function<Value, Shape> shapeOf,
      Map<String, TensorData> given) {
    this.graph = graph;
    this.settings = settings;
    this.shapeOf = shapeOf;
    this.given = given;
  }

  /// Tensors for each size that is worth a try; one set where nothing is unknown.
  List<List<TensorData>> candidates() throws EngineException {
    return candidates(1).stream().map(calls -> calls.get(0)).toList();
  }

  /// The same for calls that follow each other; given data is given each time.
  List<List<List<TensorData>>> candidates(int calls) throws EngineException {
    var all = new ArrayList<List<List<TensorData>>>();
    for (var sizes : DimSizes.TRIES) {
      var samples = new Samples(settings.seed());
      var each = new ArrayList<List<TensorData>>();
      for (int call = 0; call < calls; call++) each.add(tensors(sizes, samples));
      all.add(each);
      if (!given.isEmpty() || sizes.of(shapes()).isEmpty()) break;
    }
    return all;
  }

  /// The first tensors that a model runs with.
  List<TensorData> first(Side side) throws IOException, EngineException {
    EngineException last = new EngineException("nothing was tried");
    for (var candidate : candidates()) {
      try {
        side.run(candidate, List.of());
        return candidate;
      } catch (EngineException e) {
        last = e;
      }
    }
    throw last;
  }

  private List<Shape> shapes() {
    return graph.inputs().stream().map(shapeOf).toList();
  }

  private List<TensorData> tensors(DimSizes tried, Samples samples) throws EngineException {
    var shapes = shapes();
    var sizes = tried.of(shapes);
    var tensors = new ArrayList<TensorData>();
    for (int i = 0; i < shapes.size(); i++) {
      var input = graph.inputs().get(i);
      tensors.add(
          given.isEmpty()
              ? samples.of(input, fixed(shapes.get(i), sizes, input.name()), sizes)
              : given(input, i).cast(input.dtype()));
    }
    return tensors;
  }

  private TensorData given(Value input, int i) throws EngineException {
    var data = given.get(input.name());
    if (data != null) return data;
    if (given.size() == graph.inputs().size()) return List.copyOf(given.values()).get(i);
    throw new EngineException("the data has no array '" + input.name() + "'");
  }

  private static Shape fixed(Shape shape, Map<String, Dim> sizes, String name)
      throws EngineException {
    if (!shape.isRanked()) {
      throw new EngineException("the rank of input '" + name + "' is not known");
    }
    var fixed = Shape.of(shape.dims().stream().map(dim -> dim.replace(sizes)).toList());
    if (!fixed.isFixed()) throw new EngineException("input '" + name + "' has the shape " + fixed);
    return fixed;
  }
}
