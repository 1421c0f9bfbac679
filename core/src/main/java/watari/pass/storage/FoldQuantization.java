package watari.pass.storage;

import java.util.List;
import java.util.Optional;
import watari.eval.StoredMovement;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.QuantizeOp;
import watari.op.QuantizeOp.Convert;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Transpose;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorType;

/// Dequantize → float operator → quantize becomes the operator on quantized values.
///
/// An operator takes quantized operands where all its real operands are dequantized ones; it gives
/// a quantized result where that result goes into one quantizing `Convert` only and the operator
/// takes quantized operands, or clamps what such an operator gives. Quantized operands denote the
/// very reals that the dequantizing nodes made, and a quantized result is rounded as the quantizing
/// node did, so that nothing changes. Movements alone go before the dequantizing node, so that it
/// reaches what computes.
public final class FoldQuantization implements Pass {
  @Override
  public String name() {
    return "fold-quantization";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inference = new Inference(graph);
    for (var node : graph) {
      for (var body : node.bodies()) run(body, log);
      inference.remember(node);
      if (RawStorage.isSeenBy(node.op()) || node.op() instanceof QuantizeOp) continue;
      boolean quantized = takeQuantized(node, log);
      if (!quantized && !clampsQuantized(node)) continue;
      for (var output : node.outputs()) storeQuantized(output, log);
      if (quantized) moveBeforeDequantize(node, inference, log);
    }
  }

  /// Whether all real operands are quantized now, one at least.
  private boolean takeQuantized(Node node, PassLog log) {
    int quantized = 0;
    for (int i = 0; i < node.inputs().size(); i++) {
      var input = node.input(i);
      if (!input.isPresent() || isParameter(node.op(), i)) continue;
      if (input.type().isQuantized() || dequantized(input).isPresent()) quantized++;
      else if (input.dtype().isFloat()) return false;
    }
    if (quantized == 0) return false;
    for (int i = 0; i < node.inputs().size(); i++) {
      if (isParameter(node.op(), i)) continue;
      var source = dequantized(node.input(i));
      if (source.isEmpty()) continue;
      node.graph().setInput(node, i, source.get());
      log.fired(name());
    }
    return true;
  }

  /// Floats that are no data: they stay as they are.
  private static boolean isParameter(Op op, int input) {
    return switch (op) {
      case Pad _ -> input == 2;
      case Resize _ -> input > 0;
      default -> false;
    };
  }

  /// The quantized value of which a float32 value is the dequantized form.
  private static Optional<Value> dequantized(Value value) {
    if (value.dtype() != DataType.FLOAT32 || value.type().isQuantized()) return Optional.empty();
    return value
        .producer()
        .filter(node -> node.op() instanceof Convert)
        .map(node -> node.input(0))
        .filter(source -> source.type().isQuantized());
  }

  /// Whether the node limits what an operator on quantized values gives to it alone.
  private static boolean clampsQuantized(Node node) {
    boolean clamps =
        node.op() instanceof Clip
            || node.op() instanceof Unary(var kind) && kind == Unary.Kind.RELU;
    if (!clamps || node.input(0).uses().size() != 1) return false;
    if (node.graph().isOutput(node.input(0))) return false;
    return node.input(0)
        .producer()
        .filter(from -> !RawStorage.isSeenBy(from.op()))
        .filter(from -> from.input(0).type().isQuantized())
        .isPresent();
  }

  private void storeQuantized(Value output, PassLog log) {
    if (output.dtype() != DataType.FLOAT32 || output.type().isQuantized()) return;
    var convert = quantizing(output);
    if (convert.isEmpty()) return;
    var graph = convert.get().graph();
    var stored = convert.get().output();
    output.setType(stored.type().with(Inference.moreExact(output.shape(), stored.shape())));
    graph.replaceUses(stored, output);
    graph.remove(convert.get());
    output.setSourceNames(stored.sourceNames());
    graph.takeName(output, stored);
    log.fired(name());
  }

  /// The quantizing node that alone uses a value.
  private static Optional<Node> quantizing(Value value) {
    if (!value.isPresent() || value.uses().size() != 1) return Optional.empty();
    var user = value.uses().iterator().next().node();
    if (!(user.op() instanceof Convert) || user.graph().isOutput(value)) return Optional.empty();
    return Optional.of(user).filter(node -> node.output().type().isQuantized());
  }

  /// `Move(Dequantize(x))`, now `Move(x)` to floats → `Dequantize(Move(x))`.
  private void moveBeforeDequantize(Node node, Inference inference, PassLog log) {
    if (!StoredMovement.moves(node.op()) || node.outputs().size() != 1) return;
    var output = node.output();
    if (output.type().isQuantized() || output.dtype() != DataType.FLOAT32) return;
    var kept = keptQuantization(node);
    if (kept.isEmpty()) return;
    dequantizeOutput(node, output, kept.get(), inference);
    log.fired(name());
  }

  private static Optional<TensorType> keptQuantization(Node node) {
    var type = node.input(0).type();
    if (node.op() instanceof Transpose(var perm)) {
      return Optional.of(type.with(type.quantization().transposed(perm)));
    }
    if (!(type.quantization() instanceof Quantization.PerTensor)) return Optional.empty();
    boolean alike =
        node.inputs().stream()
            .filter(value -> value.type().isQuantized())
            .allMatch(value ->
                value.dtype() == type.dtype()
                    && value.type().quantization().equals(type.quantization()));
    return alike ? Optional.of(type) : Optional.empty();
  }

  private static void dequantizeOutput(
      Node node, Value output, TensorType stored, Inference inference) {
    var graph = node.graph();
    var name = output.name();
    var users = List.copyOf(output.uses());
    graph.rename(output, name + "_quantized");
    output.setType(stored.with(output.shape()));
    var real =
        GraphBuilder.at(graph, node.nextNode(), inference)
            .from(node.origins())
            .addNamed(name, new Convert(DataType.FLOAT32), output);
    real.setSourceNames(output.sourceNames());
    output.setSourceNames(List.of());
    for (var use : users) graph.setInput(use.node(), use.index(), real);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == output) graph.setOutput(i, real);
    }
  }
}
