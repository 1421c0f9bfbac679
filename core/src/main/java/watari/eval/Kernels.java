package watari.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp;
import watari.op.ControlOp;
import watari.op.ConvOp;
import watari.op.Custom;
import watari.op.DetectionOp;
import watari.op.ElementwiseOp;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp;
import watari.op.MatMulOp;
import watari.op.NormOp;
import watari.op.Op;
import watari.op.PoolOp;
import watari.op.QuantizeOp;
import watari.op.QuantizeOp.Convert;
import watari.op.RecurrentOp;
import watari.op.ReduceOp;
import watari.op.ResizeOp;
import watari.op.SequenceOp;
import watari.op.ShapeOp;
import watari.op.SignalOp;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Computes single nodes, plainly and correctly; not everything, and nothing fast.
///
/// Floats are computed in double precision and rounded to the output's type once.
public final class Kernels {
  private Kernels() {}

  /// The outputs of a node, stored as its output types say; empty if there is no kernel for it.
  ///
  /// @param data the elements of a value, as its type stores them; asked for each present input
  /// @throws IllegalArgumentException if the inputs do not fit the operator
  public static Optional<List<TensorData>> evaluate(
      Node node, Function<Value, Optional<TensorData>> data) {
    if (!node.bodies().isEmpty()) return Optional.empty();
    var inputs = new ArrayList<Optional<TensorData>>();
    for (var input : node.inputs()) {
      var elements = input.isPresent() ? data.apply(input) : Optional.<TensorData>empty();
      if (input.isPresent() && elements.isEmpty()) return Optional.empty();
      inputs.add(elements);
    }
    if (node.op() instanceof Convert(var to))
      return Optional.of(List.of(convert(node, inputs, to)));
    boolean raw = node.op() instanceof Cast || StoredMovement.keepsIntegers(node);
    var results =
        run(node.op(), new Operands(raw ? inputs : reals(node, inputs), node.outputs().size()));
    if (results.isEmpty()) return Optional.empty();
    return Optional.of(raw ? results : stored(node, results));
  }

  private static TensorData convert(Node node, List<Optional<TensorData>> inputs, DataType to) {
    var from = node.input(0).type();
    var x = inputs.get(0).orElseThrow();
    var target = node.output().type();
    var real = x.dequantized(from.quantization(), target.isQuantized() ? DataType.FLOAT32 : to);
    return target.isQuantized() ? real.quantized(target.quantization(), target.dtype()) : real;
  }

  private static List<Optional<TensorData>> reals(Node node, List<Optional<TensorData>> inputs) {
    var reals = new ArrayList<Optional<TensorData>>();
    for (int i = 0; i < inputs.size(); i++) {
      var type = node.input(i).type();
      reals.add(
          type.isQuantized()
              ? inputs.get(i).map(d -> d.dequantized(type.quantization(), DataType.FLOAT32))
              : inputs.get(i));
    }
    return reals;
  }

  private static List<TensorData> stored(Node node, List<TensorData> results) {
    var all = new ArrayList<TensorData>();
    for (int i = 0; i < results.size(); i++) {
      var type = node.outputs().get(i).type();
      all.add(
          type.isQuantized()
              ? results.get(i).quantized(type.quantization(), type.dtype())
              : results.get(i));
    }
    return all;
  }

  /// The outputs of an operator; none if there is no kernel for it.
  private static List<TensorData> run(Op op, Operands in) {
    return switch (op) {
      case ControlOp _,
          Custom _,
          DetectionOp _,
          RecurrentOp _,
          SequenceOp _,
          ResizeOp _,
          SignalOp _,
          QuantizeOp _ ->
          List.of();
      case ShapeOp shape -> MoveKernels.run(shape, in, outs(op, in));
      case ReduceOp reduce -> ReduceKernels.run(reduce, in, outs(op, in));
      case ElementwiseOp each -> listed(ElementKernels.run(each, in.get(0), outs(op, in).get(0)));
      case BinaryOp binary -> listed(BinaryKernels.run(binary, in, outs(op, in).get(0)));
      case IndexOp index -> listed(IndexKernels.run(index, in, outs(op, in).get(0)));
      case MatMulOp product -> listed(ProductKernels.run(product, in, outs(op, in).get(0)));
      case ConvOp conv -> listed(ProductKernels.run(conv, in, outs(op, in).get(0)));
      case PoolOp pool -> listed(WindowKernels.run(pool, in, outs(op, in).get(0)));
      case NormOp norm -> listed(NormKernels.run(norm, in, outs(op, in).get(0)));
    };
  }

  private static List<TensorType> outs(Op op, Operands in) {
    return op.infer(in);
  }

  private static List<TensorData> listed(Optional<TensorData> result) {
    return result.map(List::of).orElse(List.of());
  }
}
