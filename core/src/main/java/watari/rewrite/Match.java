package watari.rewrite;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A node that a rule looks at, and the means to say what replaces it.
///
/// What the builder adds stands before the root; it is removed again if the rule leaves the root
/// alone.
public final class Match<O extends Op> {
  private static final int MOST_ORIGINS = 64;

  private final Node node;
  private final O op;
  private final Inference inference;
  private List<Origin> origins;

  public Match(Node node, O op, Inference inference) {
    this.node = node;
    this.op = op;
    this.inference = inference;
    this.origins = node.origins();
  }

  public O op() {
    return op;
  }

  public Node node() {
    return node;
  }

  public Value input(int i) {
    return node.input(i);
  }

  public Value output() {
    return node.output();
  }

  public Inference inference() {
    return inference;
  }

  /// The node that computes input `i`, if its operator is of that kind.
  public Optional<Node> producer(int i, Class<? extends Op> kind) {
    return node.producer(i, kind);
  }

  /// The same, if the root is all that uses it: it goes away with the rewrite. Its origins become
  /// the replacement's, too.
  public Optional<Node> soleProducer(int i, Class<? extends Op> kind) {
    return node.producer(i, kind).filter(this::isSolelyUsed);
  }

  /// Whether one use, and no output of the graph, hangs on each output of a node.
  public boolean isSolelyUsed(Node other) {
    return other.outputs().stream()
        .allMatch(value -> value.uses().size() <= 1 && !node.graph().isOutput(value));
  }

  /// Counts a node as part of the match, so that what replaces the root has its origins, too.
  public Node absorb(Node other) {
    var both = new LinkedHashSet<>(origins);
    both.addAll(other.origins());
    origins = both.stream().limit(MOST_ORIGINS).toList();
    return other;
  }

  /// The elements of a constant input, also where it is stored as float16 or quantized and
  /// converted by a node: then they are what that node gives.
  public Optional<TensorData> constant(int i) {
    return constantOf(input(i));
  }

  /// The real numbers of a constant value; see [#constant].
  public static Optional<TensorData> constantOf(Value value) {
    if (value.isConstant()) {
      var data = value.constant();
      return value.type().isQuantized()
          ? data.map(
              d -> d.dequantized(value.type().quantization(), watari.tensor.DataType.FLOAT32))
          : data;
    }
    var source =
        value.producer().filter(n -> !value.type().isQuantized() && n.input(0).isConstant());
    if (source.isEmpty()) return Optional.empty();
    var stored = source.get().input(0);
    return switch (source.get().op()) {
      case Cast(var to, _) -> stored.constant().map(d -> d.cast(to));
      case Convert(var to) ->
          stored.constant().map(d -> d.dequantized(stored.type().quantization(), to));
      default -> Optional.empty();
    };
  }

  /// The plain numbers of an integer input.
  public Optional<long[]> integers(int i) {
    if (!input(i).isPresent()) return Optional.empty();
    return inference
        .integers(input(i))
        .filter(all -> all.stream().allMatch(watari.tensor.Dim::isFixed))
        .map(all -> all.stream().mapToLong(watari.tensor.Dim::fixed).toArray());
  }

  /// Adds nodes before the root, with the origins of all that is absorbed so far.
  public GraphBuilder build() {
    return GraphBuilder.before(node, inference).from(origins);
  }

  public Outcome replaceWith(Value... values) {
    return new Outcome.Replaced(List.of(values));
  }

  /// Replaces a root of one output by one node, whose output has the root's quantization.
  public Outcome replaceWith(Op other, Value... inputs) {
    var value = build().add(other, inputs);
    carryQuantization(value, output().type());
    return replaceWith(value);
  }

  /// Gives a new value the storage of the quantized type that it stands for.
  public static void carryQuantization(Value value, TensorType type) {
    if (type.isQuantized()) {
      value.setType(new TensorType(type.dtype(), value.shape(), type.quantization()));
    }
  }
}
