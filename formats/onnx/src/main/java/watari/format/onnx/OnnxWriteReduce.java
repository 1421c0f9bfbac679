package watari.format.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.MatMulOp.Det;
import watari.op.MatMulOp.Einsum;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;

/// Reductions and matrix products.
final class OnnxWriteReduce {
  private static final Set<DataType> POOLED =
      Set.of(DataType.FLOAT16, DataType.FLOAT32, DataType.FLOAT64);

  private OnnxWriteReduce() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(Reduce.class, OnnxWriteReduce::reduce)
        .on(ArgReduce.class, OnnxWriteReduce::argReduce)
        .on(
            Cumulative.class,
            (op, node, out) ->
                out.add(node).i("exclusive", op.exclusive()).i("reverse", op.reverse()))
        .on(TopK.class, OnnxWriteReduce::topK)
        .on(MatMul.class, (_, node, out) -> out.add(node))
        .on(FullyConnected.class, (_, node, out) -> fullyConnected(node, out))
        .on(MatMulInteger.class, (_, node, out) -> out.add(node))
        .on(Einsum.class, (op, node, out) -> out.add(node).s("equation", op.equation()))
        .on(Det.class, (_, node, out) -> out.add(node));
  }

  /// Since which opset the axes are an input.
  static int axesInputSince(Reduce op) {
    return op.kind() == Reduce.Kind.SUM ? 13 : 18;
  }

  /// A mean over all of space is written as the pooling that it was or may be fused as; runtimes
  /// sum both in orders of their own.
  private static boolean isGlobalAverage(Reduce op, Node node) {
    var x = node.input(0);
    if (op.kind() != Reduce.Kind.MEAN || !op.keepDims() || !node.input(1).isConstant())
      return false;
    if (!x.shape().isRanked() || x.shape().rank() < 3 || !POOLED.contains(x.dtype())) return false;
    int rank = x.shape().rank();
    var axes = LongStream.of(OnnxNodes.constants(node, 1)).map(a -> Math.floorMod(a, rank));
    return Arrays.equals(axes.sorted().toArray(), LongStream.range(2, rank).toArray());
  }

  private static void reduce(Reduce op, Node node, OnnxNodes out) {
    if (isGlobalAverage(op, node)) {
      out.add("GlobalAveragePool", node, List.of(out.name(node.input(0))));
      return;
    }
    var made = out.addWithInts(node, 1, "axes", axesInputSince(op)).i("keepdims", op.keepDims());
    boolean isInput = node.input(1).isPresent() && out.opset() >= axesInputSince(op);
    if (isInput) made.i("noop_with_empty_axes", 1);
  }

  private static void argReduce(ArgReduce op, Node node, OnnxNodes out) {
    var made = out.add(node).i("axis", op.axis()).i("keepdims", op.keepDims());
    if (op.last()) made.i("select_last_index", 1);
  }

  /// Weights that lie in memory the other way round stay so: large ones are not moved.
  private static void fullyConnected(Node node, OnnxNodes out) {
    var weights = node.input(1);
    var asTheyLie =
        weights
            .constant()
            .filter(data -> data.contiguous().isEmpty())
            .map(data -> data.transposed(List.of(1, 0)))
            .filter(data -> data.contiguous().isPresent());
    if (asTheyLie.isEmpty()) {
      out.add(node).i("transB", 1);
      return;
    }
    var inputs =
        new ArrayList<>(List.of(out.name(node.input(0)), out.moved(weights, asTheyLie.get())));
    if (node.inputs().size() > 2) inputs.add(out.name(node.input(2)));
    out.add("Gemm", node, inputs);
  }

  private static void topK(TopK op, Node node, OnnxNodes out) {
    out.add(node).i("axis", op.axis()).i("largest", op.largest()).i("sorted", op.sorted());
  }
}
