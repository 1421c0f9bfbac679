package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.ControlOp.Loop;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Writes a Loop as WHILE, whose variables are the iteration, the trip count, the condition, the
/// carried values, the stacks so far, and what the body uses.
///
/// A stack grows by concatenation. It begins with a row of zeros, which is cut off behind the loop:
/// LiteRT fails on a variable without elements where the body has fixed shapes. The iteration and
/// the trip count are int64.
final class TfliteLoop {
  private static final TensorType COUNT = TensorType.of(DataType.INT64);
  private static final TensorType CONDITION = TensorType.of(DataType.BOOL);

  private static final int ITERATION = 0;
  private static final int TRIPS = 1;
  private static final int GOES_ON = 2;
  private static final int CARRIED = 3;

  private final Loop op;
  private final Node node;
  private final TfliteSubgraph out;
  private final Graph body;
  private final List<TensorType> types = new ArrayList<>();

  private TfliteLoop(Loop op, Node node, TfliteSubgraph out) {
    this.op = op;
    this.node = node;
    this.out = out;
    this.body = node.bodies().get(0);
  }

  static void write(Loop op, Node node, TfliteSubgraph out) {
    new TfliteLoop(op, node, out).write();
  }

  private void write() {
    var initial = initial();
    int condition = condition();
    int loop = loop();
    var results = new ArrayList<Integer>();
    for (int i = 0; i < types.size(); i++) {
      int output = i - CARRIED;
      results.add(
          output >= 0 && output < op.carried() && output < node.outputs().size()
              ? TfliteControlOps.result(node.output(output), out)
              : out.temporary(types.get(i)));
    }
    out.add(WHILE, TfliteOptions.whileLoop(condition, loop), initial, results);
    for (int i = op.carried(); i < node.outputs().size(); i++) {
      var value = node.output(i);
      if (value.isPresent()) withoutFirst(results.get(CARRIED + i), out.tensor(value));
    }
  }

  /// A stack without its first row.
  private void withoutFirst(int stack, int result) {
    int rank = out.type(stack).shape().rank();
    var begin = new int[rank];
    var strides = new int[rank];
    begin[0] = 1;
    Arrays.fill(strides, 1);
    out.add(
        STRIDED_SLICE,
        TfliteOptions.stridedSlice(0, (1 << rank) - 1),
        List.of(stack, out.ints(begin), out.ints(new int[rank]), out.ints(strides)),
        List.of(result));
  }

  private List<Integer> initial() {
    var all = new ArrayList<Integer>();
    all.add(out.constant(TensorData.scalar(0L)));
    all.add(
        node.input(0).isPresent()
            ? scalar(out.cast(out.tensor(node.input(0)), DataType.INT64), COUNT)
            : out.constant(TensorData.scalar(Long.MAX_VALUE)));
    all.add(
        node.input(1).isPresent()
            ? scalar(out.tensor(node.input(1)), CONDITION)
            : out.constant(TensorData.scalar(DataType.BOOL, 1)));
    types.addAll(List.of(COUNT, COUNT, CONDITION));
    for (int i = 0; i < op.carried(); i++) {
      all.add(out.tensor(node.input(2 + i)));
      types.add(body.outputs().get(1 + i).type());
    }
    for (int i = 0; i < op.scans(); i++) {
      var each = body.outputs().get(1 + op.carried() + i).type();
      if (!each.shape().isRanked()) throw Refusal.dynamic("scan output " + i + " has no rank");
      all.add(zeros(each.with(Shape.of(Dim.ONE).concat(each.shape()))));
      types.add(
          new TensorType(
              each.dtype(),
              Shape.of(Dim.named("trips")).concat(each.shape()),
              each.quantization()));
    }
    for (int i = 2 + op.carried(); i < node.inputs().size(); i++) {
      all.add(out.tensor(node.input(i)));
      types.add(node.input(i).type());
    }
    return all;
  }

  /// The row that a stack begins with.
  private int zeros(TensorType type) {
    var zero = TensorData.scalar(type.dtype(), 0);
    if (type.shape().isFixed()) return out.constant(TensorData.filled(zero, type.shape()));
    int dims = TfliteDims.vector(type.shape(), node.inputs(), out);
    int made = out.temporary(type);
    out.add(FILL, TfliteOptions.NONE, List.of(dims, out.constant(zero)), List.of(made));
    return made;
  }

  private int scalar(int tensor, TensorType type) {
    if (out.type(tensor).shape().hasRank(0)) return tensor;
    int made = out.temporary(type);
    TfliteShapeOps.reshape(tensor, made, Shape.SCALAR, out);
    return made;
  }

  private List<Integer> variables(TfliteSubgraph graph) {
    var all = new ArrayList<Integer>();
    for (var type : types) {
      int made = graph.temporary(type);
      graph.addInput(made);
      all.add(made);
    }
    return all;
  }

  /// Whether the iteration is below the trip count and the condition holds.
  private int condition() {
    var graph = out.parts().open(body.name() + "/condition");
    graph.setPrefix("condition");
    var variables = variables(graph);
    int below = graph.temporary(CONDITION);
    int goesOn = graph.temporary(CONDITION);
    graph.add(
        LESS,
        TfliteOptions.NONE,
        List.of(variables.get(ITERATION), variables.get(TRIPS)),
        List.of(below));
    graph.add(
        LOGICAL_AND, TfliteOptions.NONE, List.of(below, variables.get(GOES_ON)), List.of(goesOn));
    graph.addOutput(goesOn);
    return out.parts().indexOf(graph);
  }

  private int loop() {
    var graph = out.parts().open(body.name());
    graph.setPrefix("loop");
    var variables = variables(graph);
    alias(variables, graph);
    if (!out.parts().isDry()) TfliteGraphWriter.writeNodes(body, graph);
    graph.setPrefix("loop");
    int next = graph.temporary(COUNT);
    graph.add(
        ADD,
        TfliteOptions.add((byte) 0),
        List.of(variables.get(ITERATION), graph.constant(TensorData.scalar(1L))),
        List.of(next));
    graph.addOutput(next);
    graph.addOutput(variables.get(TRIPS));
    IntStream.range(0, 1 + op.carried())
        .forEach(i -> graph.addOutput(graph.tensor(body.outputs().get(i))));
    for (int i = 0; i < op.scans(); i++) graph.addOutput(stacked(i, variables, graph));
    for (int i = CARRIED + op.carried() + op.scans(); i < variables.size(); i++) {
      graph.addOutput(variables.get(i));
    }
    return out.parts().indexOf(graph);
  }

  private void alias(List<Integer> variables, TfliteSubgraph graph) {
    var parameters = body.inputs();
    graph.alias(parameters.get(0), variables.get(ITERATION));
    graph.alias(parameters.get(1), variables.get(GOES_ON));
    for (int i = 0; i < op.carried(); i++) {
      graph.alias(parameters.get(2 + i), variables.get(CARRIED + i));
    }
    for (int i = 2 + op.carried(); i < parameters.size(); i++) {
      graph.alias(parameters.get(i), variables.get(1 + op.scans() + i));
    }
  }

  /// The stack with this iteration's value behind it.
  private int stacked(int scan, List<Integer> variables, TfliteSubgraph graph) {
    var value = body.outputs().get(1 + op.carried() + scan);
    int each = graph.tensor(value);
    int one = graph.temporary(value.type().with(Shape.of(Dim.ONE).concat(value.shape())));
    graph.add(EXPAND_DIMS, TfliteOptions.NONE, List.of(each, graph.scalar(0)), List.of(one));
    int at = CARRIED + op.carried() + scan;
    int made = graph.temporary(types.get(at));
    graph.add(
        CONCATENATION,
        TfliteOptions.concatenation(0),
        List.of(variables.get(at), one),
        List.of(made));
    return made;
  }
}
