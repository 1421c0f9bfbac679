package watari.graph;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import watari.op.Indices;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Infers types of values in the order of their nodes, and carries along what is known of integers.
///
/// One object serves one graph while it is built or edited, so that what is known is not computed
/// twice.
public final class Inference {
  private final Map<Value, List<Dim>> known = new IdentityHashMap<>();
  private final Supplier<Dim> unknowns;

  /// For a graph, whose unknown dims stay apart whatever infers them.
  public Inference(Graph graph) {
    unknowns = graph::unknownDim;
  }

  /// For single nodes of no graph: its unknowns must not be put into one.
  Inference() {
    var count = new AtomicLong();
    unknowns = () -> Dim.named("?" + count.incrementAndGet());
  }

  /// The types of a node's outputs.
  ///
  /// @throws IllegalArgumentException with a sentence, if the inputs do not fit the operator
  public List<TensorType> infer(Op op, List<Value> inputs, int outputs, List<Graph> bodies) {
    var context = new NodeContext(inputs, outputs, bodies, known, unknowns);
    Indices.requireIntegers(op, context);
    return op.infer(context);
  }

  /// The elements of an integer vector or scalar as far as they are known.
  public Optional<List<Dim>> integers(Value value) {
    return new NodeContext(List.of(value), 0, List.of(), known, unknowns).integers(0);
  }

  /// Remembers what is known of a node's first output once the node is in the graph.
  public void remember(Node node) {
    if (node.outputs().isEmpty()) return;
    var output = node.output(0);
    var type = output.type();
    boolean vector = !type.shape().isRanked() || type.shape().rank() < 2;
    if (!vector || type.dtype() != DataType.INT64 && type.dtype() != DataType.INT32) return;
    var context =
        new NodeContext(node.inputs(), node.outputs().size(), node.bodies(), known, unknowns);
    node.op().inferIntegers(context).ifPresent(dims -> known.put(output, dims));
  }

  /// Infers the whole graph anew, bodies first, and gives each value the inferred type, made more
  /// exact by what it had before; quantizations stay.
  ///
  /// @throws IllegalArgumentException with a sentence, if a node's inputs do not fit its operator
  public void inferAll(Graph graph) {
    for (var node : graph) refresh(node);
  }

  /// Infers one node's outputs anew; see [#inferAll].
  public void refresh(Node node) {
    for (var body : node.bodies()) new Inference(body).inferAll(body);
    var types = infer(node.op(), node.inputs(), node.outputs().size(), node.bodies());
    for (int i = 0; i < node.outputs().size(); i++) {
      var output = node.output(i);
      if (!output.isPresent()) continue;
      var shape = moreExact(types.get(i).shape(), output.shape());
      var dtype = output.type().isQuantized() ? output.dtype() : types.get(i).dtype();
      output.setType(new TensorType(dtype, shape, output.type().quantization()));
    }
    remember(node);
  }

  /// The inferred shape, with dims that only the declared one knows.
  ///
  /// Fixed dims win over named ones, and names that people gave over invented ones. Where two fixed
  /// dims, or ranks, differ the inferred one holds.
  public static Shape moreExact(Shape inferred, Shape declared) {
    if (!inferred.isRanked()) return declared;
    if (!declared.isRanked() || declared.rank() != inferred.rank()) return inferred;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < inferred.rank(); i++) {
      boolean isInvented = inferred.dim(i).toString().contains("?");
      boolean declaredKnows =
          declared.dim(i).isFixed() || !declared.dim(i).toString().contains("?");
      boolean takesDeclared =
          !inferred.dim(i).isFixed() && (declared.dim(i).isFixed() || isInvented && declaredKnows);
      dims.add(takesDeclared ? declared.dim(i) : inferred.dim(i));
    }
    return Shape.of(dims);
  }
}
