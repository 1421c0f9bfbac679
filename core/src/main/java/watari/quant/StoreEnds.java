package watari.quant;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Value;
import watari.op.QuantizeOp.Convert;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// Gives inputs and outputs that denote real numbers another storage; what is between stays as it
/// is.
///
/// int8 and uint8 that denote the same numbers change into each other, and both into int16; floats
/// are stored as what is inside next to them is, or by their range.
public final class StoreEnds implements Pass {
  /// How int8 and uint8 of the same meaning differ.
  private static final long OFFSET = 128;

  private final Function<String, Optional<DataType>> wanted;
  private final Map<String, Range> ranges;

  /// @param wanted FLOAT32, INT8, UINT8 or INT16 for an input's or output's name; empty to leave it
  /// @param ranges of float inputs and outputs, by name
  public StoreEnds(Function<String, Optional<DataType>> wanted, Map<String, Range> ranges) {
    this.wanted = wanted;
    this.ranges = Map.copyOf(ranges);
  }

  @Override
  public String name() {
    return "store-ends";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inference = new Inference(graph);
    for (var input : graph.inputs()) {
      wanted.apply(input.name()).ifPresent(to -> input(graph, input, to, inference, log));
    }
    for (int i = 0; i < graph.outputs().size(); i++) {
      var to = wanted.apply(graph.outputNames().get(i));
      if (to.isPresent()) output(graph, i, to.get(), inference, log);
    }
  }

  private static boolean isReal(Value value) {
    return value.type().isQuantized() || value.dtype() == DataType.FLOAT32;
  }

  // ---- inputs

  private void input(Graph graph, Value input, DataType to, Inference inference, PassLog log) {
    if (!isReal(input) || input.dtype() == to) return;
    var inside = input.type().isQuantized() ? Optional.of(input.type()) : storedInside(input);
    var type = type(to, input, inside);
    if (type.isEmpty()) {
      log.add(impossible("input", input.name(), input.type(), to));
      return;
    }
    var before = input.type();
    var users = List.copyOf(input.uses());
    input.setType(type.get());
    var builder = GraphBuilder.at(graph, graph.firstNode(), inference);
    var made =
        builder.addNamed(input.name() + "_" + before.dtype(), new Convert(before.dtype()), input);
    made.setType(before.with(made.shape()));
    for (var use : users) graph.setInput(use.node(), use.index(), made);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == input) graph.setOutput(i, made);
    }
    skipFloats(graph, input, made);
    log.fired(name());
  }

  /// The type that the nodes behind a float make of it, where they agree.
  private static Optional<TensorType> storedInside(Value input) {
    return input.uses().stream()
        .map(use -> use.node())
        .filter(node -> node.op() instanceof Convert && node.output().type().isQuantized())
        .map(node -> node.output().type())
        .findFirst();
  }

  /// `Convert(Convert(x))` through floats → one `Convert`, or `x` where it is stored so.
  private static void skipFloats(Graph graph, Value input, Value made) {
    if (made.type().isQuantized()) return;
    for (var use : List.copyOf(made.uses())) {
      var node = use.node();
      if (!(node.op() instanceof Convert) || !node.output().type().isQuantized()) continue;
      if (node.output().type().equals(input.type())) {
        graph.replaceUses(node.output(), input);
        graph.remove(node);
      } else {
        graph.setInput(node, 0, input);
      }
    }
    if (made.uses().isEmpty() && !graph.isOutput(made)) graph.remove(made.producer().orElseThrow());
  }

  // ---- outputs

  private void output(Graph graph, int i, DataType to, Inference inference, PassLog log) {
    var output = graph.outputs().get(i);
    var name = graph.outputNames().get(i);
    if (!isReal(output) || output.dtype() == to) return;
    var from = source(output);
    var inside =
        from.type().isQuantized() ? Optional.of(from.type()) : Optional.<TensorType>empty();
    var type = type(to, output, inside);
    if (type.isEmpty()) {
      log.add(impossible("output", name, output.type(), to));
      return;
    }
    var result = from;
    if (!from.type().equals(type.get())) {
      var builder = GraphBuilder.at(graph, Optional.empty(), inference);
      from.producer().ifPresent(node -> builder.from(node.origins()));
      result = builder.addNamed(output.name() + "_" + to, new Convert(to), from);
      result.setType(type.get().with(result.shape()));
    }
    graph.setOutput(i, result);
    var producer = output.producer();
    if (output.uses().isEmpty() && !graph.isOutput(output) && producer.isPresent()) {
      if (producer.get().op() instanceof Convert) graph.remove(producer.get());
    }
    log.fired(name());
  }

  /// What an output that is only decoded was before.
  private static Value source(Value output) {
    return output
        .producer()
        .filter(node -> node.op() instanceof Convert && node.input(0).type().isQuantized())
        .filter(_ -> !output.type().isQuantized())
        .map(node -> node.input(0))
        .orElse(output);
  }

  // ---- types

  private Optional<TensorType> type(DataType to, Value value, Optional<TensorType> inside) {
    if (to == DataType.FLOAT32) return Optional.of(new TensorType(to, value.shape()));
    if (inside.isPresent()) {
      return moved(inside.get(), to).map(q -> new TensorType(to, value.shape(), q));
    }
    return Optional.ofNullable(ranges.get(value.name()))
        .map(range -> new TensorType(to, value.shape(), ActivationScales.of(range, to)));
  }

  /// The same real numbers in another storage.
  private static Optional<Quantization> moved(TensorType from, DataType to) {
    if (from.dtype() == to) return Optional.of(from.quantization());
    if (!(from.quantization() instanceof PerTensor(float scale, long zero)))
      return Optional.empty();
    long centred = from.dtype() == DataType.UINT8 ? zero - OFFSET : zero;
    boolean isByte = from.dtype() == DataType.INT8 || from.dtype() == DataType.UINT8;
    if (!isByte) return Optional.empty();
    return switch (to) {
      case INT8 -> Optional.of(new PerTensor(scale, centred));
      case UINT8 -> Optional.of(new PerTensor(scale, centred + OFFSET));
      case INT16 -> Optional.of(new PerTensor(scale, 0));
      default -> Optional.empty();
    };
  }

  private static Finding impossible(String what, String name, TensorType from, DataType to) {
    var why =
        from.isQuantized()
            ? "as %s it would not hold what %s of its scale holds".formatted(to, from.dtype())
            : "nothing says the range that %s is to hold".formatted(to);
    return Finding.error("STORAGE_UNSUPPORTED", "%s '%s': %s".formatted(what, name, why))
        .fix(
            from.isQuantized()
                ? "ask for float32"
                : "give data with --calibration, or ask for float32");
  }
}
