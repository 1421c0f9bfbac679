package watari.pass.fold;

import java.util.List;
import java.util.Optional;
import watari.eval.Kernels;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp;
import watari.rewrite.Match;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.TensorData;

/// Replaces what is computed from constants, or from dims that are known, by constants.
///
/// Types are inferred anew on the way, so that what became known reaches all nodes in one run.
///
/// How weights are stored is kept: a float16 constant that is cast up, or a quantized one that is
/// converted to floats, stays as it is. Large constants are only moved, as views; nothing is folded
/// that would make the model much larger.
public final class ConstantFolding implements Pass {
  /// Results up to this size are always folded.
  private static final long SMALL_BYTES = 1 << 16;

  /// Kernels are slow: larger results stay for the runtime.
  private static final long MOST_ELEMENTS = 1 << 20;

  /// Products of this size of operands would take seconds.
  private static final long MOST_WORK = 1L << 26;

  @Override
  public String name() {
    return "constant-folding";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inference = new Inference(graph);
    for (var node : graph) {
      for (var body : node.bodies()) run(body, log);
      if (!refreshed(node, inference, log)) continue;
      var folded = fold(node, inference);
      if (folded.isEmpty()) continue;
      for (int i = 0; i < node.outputs().size(); i++) {
        if (node.output(i).isPresent()) {
          graph.replaceByConstant(node.output(i), folded.get().get(i));
        }
      }
      graph.remove(node);
      log.fired(name());
    }
  }

  private static boolean refreshed(Node node, Inference inference, PassLog log) {
    try {
      inference.refresh(node);
      return true;
    } catch (IllegalArgumentException e) {
      var origin = node.origin();
      log.add(
          Finding.error("NODE_BROKEN", String.valueOf(e.getMessage()))
              .at(origin.node(), origin.index(), origin.operator())
              .fix("mend the model where it was made: no runtime can run this node"));
      return false;
    }
  }

  private static Optional<List<TensorData>> fold(Node node, Inference inference) {
    if (!node.op().isPure() || node.outputs().isEmpty() || !node.bodies().isEmpty()) {
      return Optional.empty();
    }
    var integers = knownIntegers(node, inference);
    if (integers.isPresent()) return integers.map(List::of);
    if (node.inputs().stream().noneMatch(Value::isPresent)) return Optional.empty();
    if (!isWorthIt(node)) return Optional.empty();
    try {
      return Kernels.evaluate(node, ConstantFolding::elements)
          .filter(results -> fits(node, results))
          .map(results -> results.stream().map(each -> settled(node, each)).toList());
    } catch (IllegalArgumentException | ArithmeticException e) {
      // What is wrong with these constants, the runtime or the writer will say.
      return Optional.empty();
    }
  }

  /// Integers of shape arithmetic, all known though not all inputs are constant.
  private static Optional<TensorData> knownIntegers(Node node, Inference inference) {
    if (node.outputs().size() != 1) return Optional.empty();
    var output = node.output();
    boolean integer = output.dtype() == DataType.INT64 || output.dtype() == DataType.INT32;
    if (!integer || output.type().isQuantized() || !output.shape().isFixed()) {
      return Optional.empty();
    }
    if (output.shape().rank() > 1) return Optional.empty();
    return inference
        .integers(output)
        .filter(dims -> dims.stream().allMatch(Dim::isFixed))
        .filter(dims -> dims.size() == output.shape().elements().fixed())
        .map(dims -> dims.stream().mapToLong(Dim::fixed).toArray())
        .map(all -> TensorData.ofLongs(output.dtype(), output.shape(), all).copied());
  }

  /// The elements of a constant, as they are stored or as the node behind the storage gives them.
  private static Optional<TensorData> elements(Value value) {
    return value.isConstant() ? value.constant() : Match.constantOf(value);
  }

  private static boolean isWorthIt(Node node) {
    if (node.op() instanceof Convert) {
      return node.input(0).isConstant() && node.output().type().isQuantized();
    }
    if (node.op() instanceof Cast(var to, _) && widens(node, to)) return false;
    long work = 1;
    long most = 0;
    boolean decoded = false;
    for (var input : node.inputs()) {
      if (!input.isPresent()) continue;
      var data = elements(input);
      if (data.isEmpty()) return false;
      decoded |= !input.isConstant();
      most = Math.max(most, data.get().size());
      work = saturated(work, Math.max(1, data.get().size()));
    }
    if (decoded && most * Float.BYTES > SMALL_BYTES) return false;
    if (isView(node.op())) return true;
    boolean moves = node.op() instanceof ShapeOp;
    return most <= MOST_ELEMENTS && (moves || most * 64 >= work || work <= MOST_WORK);
  }

  private static long saturated(long a, long b) {
    return a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
  }

  /// Floats that are stored small: casting them is what the model means to do when it runs.
  private static boolean widens(Node node, DataType to) {
    var from = node.input(0).dtype();
    return from.isFloat() && to.isFloat() && to.bits() > from.bits();
  }

  /// Whether the result is read from its input whenever it is written, element by element.
  private static boolean isView(Op op) {
    return switch (op) {
      case ShapeOp.Reshape _,
          ShapeOp.Flatten _,
          ShapeOp.Squeeze _,
          ShapeOp.Unsqueeze _,
          ShapeOp.Transpose _,
          Identity _,
          Cast _ ->
          true;
      default -> false;
    };
  }

  private static boolean fits(Node node, List<TensorData> results) {
    long given = 0;
    for (var input : node.inputs()) {
      if (input.isPresent()) given += elements(input).map(TensorData::sizeBytes).orElse(0L);
    }
    long made = 0;
    for (var result : results) {
      if (!isView(node.op()) && !(node.op() instanceof Convert) && result.size() > MOST_ELEMENTS) {
        return false;
      }
      made += result.sizeBytes();
    }
    return made <= SMALL_BYTES || made <= 2 * given;
  }

  /// Small results leave the memory of what they were computed from; large views stay views.
  private static TensorData settled(Node node, TensorData data) {
    boolean keepsView = isView(node.op()) || node.op() instanceof Convert;
    return keepsView && data.sizeBytes() > SMALL_BYTES ? data : data.copied();
  }
}
