package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ConvOp;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.ScatterElements;
import watari.op.IndexOp.ScatterNd;
import watari.op.MatMulOp;
import watari.op.NormOp;
import watari.op.Op;
import watari.op.ReduceOp;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;

/// `f(x)` → `Cast(f(Cast(x)))` through a wider type, where runtimes have no kernel for the type of
/// `x`, but one for a type that holds all its numbers.
final class OnnxComputeType implements Rule<Op> {
  private final OnnxOpset opset;

  OnnxComputeType(OnnxOpset opset) {
    this.opset = opset;
  }

  @Override
  public Class<Op> root() {
    return Op.class;
  }

  @Override
  public Outcome apply(Match<Op> match) {
    var node = match.node();
    var data = dataInputs(node);
    if (data.isEmpty()) return leave("its type is of no account");
    var dtype = node.input(data.getFirst()).dtype();
    var carrier = carrier(node.op(), dtype);
    if (carrier.isEmpty()) return leave("it runs, or no other type does better");
    return through(carrier.get(), dtype, data, match);
  }

  private Optional<DataType> carrier(Op op, DataType dtype) {
    if (OnnxKernels.run(op, opset.usual(), dtype)) return Optional.empty();
    return wider(op, dtype).stream()
        .filter(wide -> OnnxKernels.run(op, opset.usual(), wide))
        .findFirst();
  }

  /// Types that hold all numbers of a type, and in which the operator is exact.
  private static List<DataType> wider(Op op, DataType dtype) {
    return switch (dtype) {
      case BOOL -> List.of(DataType.UINT8, DataType.INT32);
      case INT8, UINT8, INT16, UINT16 ->
          computesExactly(op)
              ? List.of(DataType.INT32, DataType.INT64, DataType.FLOAT32)
              : List.of(DataType.INT32, DataType.INT64);
      case INT32 ->
          computesExactly(op) ? List.of(DataType.INT64, DataType.FLOAT64) : List.of(DataType.INT64);
      case UINT32 -> List.of(DataType.INT64);
      case UINT64 ->
          op instanceof Select || op instanceof Pad ? List.of(DataType.INT64) : List.of();
      case FLOAT16, BFLOAT16 -> List.of(DataType.FLOAT32);
      default -> List.of();
    };
  }

  /// Whether the results are some of the operands' numbers, or compare them: floats that hold the
  /// operands then hold the results.
  private static boolean computesExactly(Op op) {
    return switch (op) {
      case Binary(var kind) ->
          kind.isComparison() || kind == Binary.Kind.MAX || kind == Binary.Kind.MIN;
      case MatMulOp _, ConvOp _, NormOp _, ReduceOp _ -> false;
      default -> true;
    };
  }

  private static Outcome through(
      DataType carrier, DataType dtype, List<Integer> data, Match<Op> match) {
    var node = match.node();
    var to = new OnnxCompose(match);
    var inputs = new ArrayList<Value>(node.inputs());
    for (int i : data) {
      if (inputs.get(i).isPresent()) inputs.set(i, to.cast(inputs.get(i), carrier));
    }
    var made = to.builder().add(node.op(), inputs, node.outputs().size(), node.bodies());
    var outputs = new ArrayList<Value>();
    for (int i = 0; i < node.outputs().size(); i++) {
      boolean isBack = node.output(i).dtype() == dtype && made.output(i).dtype() == carrier;
      outputs.add(isBack ? to.op(new Cast(dtype), made.output(i)) : made.output(i));
    }
    return new Outcome.Replaced(outputs);
  }

  /// The inputs that share the type by which a kernel is chosen.
  static List<Integer> dataInputs(Node node) {
    int count = node.inputs().size();
    return switch (node.op()) {
      case Select _ -> List.of(1, 2);
      case Binary(var kind) when kind == Binary.Kind.POW -> List.of(0);
      case Pad _, ScatterElements _, ScatterNd _ -> count > 2 ? List.of(0, 2) : List.of(0);
      case Binary _, Range _, MatMulOp _, ConvOp _, NormOp _, Concat _ ->
          IntStream.range(0, count).boxed().toList();
      default -> count == 0 ? List.of() : List.of(0);
    };
  }
}
