package watari.format.tflite;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.CallOptions;
import watari.format.tflite.schema.IfOptions;
import watari.format.tflite.schema.StableHLOCompositeOptions;
import watari.format.tflite.schema.StablehloCaseOptions;
import watari.format.tflite.schema.StablehloWhileOptions;
import watari.format.tflite.schema.WhileOptions;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.ElementwiseOp.Cast;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Operators that run subgraphs.
final class TfliteReadControlOps {
  private static final int MAX_BUILDS = 4;

  private TfliteReadControlOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("CALL", node -> call(node, (int) node.options(new CallOptions()).subgraph()))
        .on("CALL_ONCE", _ -> {})
        .on("IF", TfliteReadControlOps::branch)
        .on("STABLEHLO_CASE", TfliteReadControlOps::cases)
        .on("STABLEHLO_COMPOSITE", TfliteReadControlOps::composite)
        .on("STABLEHLO_WHILE", TfliteReadControlOps::stablehloWhile)
        .on("WHILE", TfliteReadControlOps::loop);
  }

  // ---- calls

  private static void call(TfliteNode node, int subgraph) {
    var called = inline(node, node.builder(), subgraph, arguments(node, 0));
    for (int i = 0; i < node.outputCount(); i++) give(node, i, called, i);
  }

  private static void composite(TfliteNode node) {
    call(node, node.options(new StableHLOCompositeOptions()).decompositionSubgraphIndex());
  }

  /// What is given to a subgraph: values and handles.
  private record Argument(Optional<Value> value, Optional<String> handle) {}

  private static List<Argument> arguments(TfliteNode node, int first) {
    var all = new ArrayList<Argument>();
    for (int i = first; i < node.inputCount(); i++) {
      all.add(argument(node.scope(), node.inputTensor(i)));
    }
    return all;
  }

  private static Argument argument(TfliteScope scope, int tensor) {
    var handle = scope.handle(tensor);
    return handle.isPresent()
        ? new Argument(Optional.empty(), handle)
        : new Argument(Optional.of(scope.value(tensor)), Optional.empty());
  }

  private static void give(TfliteNode node, int output, TfliteScope called, int result) {
    var results = called.outputs();
    if (result >= results.size()) {
      throw Unreadable.broken("subgraph '%d' has too few outputs".formatted(called.subgraph()));
    }
    var from = argument(called, results.get(result));
    from.value().ifPresent(value -> node.scope().define(node.outputTensor(output), value));
    from.handle().ifPresent(handle -> node.scope().defineHandle(node.outputTensor(output), handle));
  }

  /// Reads a subgraph's operators into a graph that is being built.
  private static TfliteScope inline(
      TfliteNode node, GraphBuilder builder, int subgraph, List<Argument> arguments) {
    var scope =
        new TfliteScope(node.scope().source(), subgraph, builder, Optional.of(node.scope()));
    bind(scope, arguments);
    var origins = node.origin();
    scope.read();
    builder.from(origins);
    return scope;
  }

  private static void bind(TfliteScope scope, List<Argument> arguments) {
    var inputs = scope.inputs();
    if (inputs.size() != arguments.size()) {
      throw Unreadable.broken(
          "subgraph '%d' has %d inputs, and is called with %d"
              .formatted(scope.subgraph(), inputs.size(), arguments.size()));
    }
    for (int i = 0; i < inputs.size(); i++) {
      int tensor = inputs.get(i);
      arguments.get(i).value().ifPresent(value -> scope.define(tensor, value));
      arguments.get(i).handle().ifPresent(handle -> scope.defineHandle(tensor, handle));
    }
  }

  private static Value condition(TfliteNode node, GraphBuilder builder, Value value) {
    if (value.dtype() != DataType.BOOL) value = builder.add(new Cast(DataType.BOOL), value);
    if (value.shape().hasRank(0)) return value;
    return builder
        .from(node.origin())
        .add(new watari.op.ShapeOp.Reshape(true), value, builder.vector());
  }

  // ---- branches

  private static void branch(TfliteNode node) {
    var options = node.options(new IfOptions());
    var arguments = arguments(node, 1);
    branch(
        node,
        condition(node, node.builder(), node.in(0)),
        List.of(options.thenSubgraphIndex(), options.elseSubgraphIndex()),
        arguments);
  }

  /// The last branch stands for all indices that have none.
  private static void cases(TfliteNode node) {
    var options = node.options(new StablehloCaseOptions());
    int count = options.branchSubgraphIndicesLength();
    if (count == 1) {
      var called =
          inline(node, node.builder(), options.branchSubgraphIndices(0), arguments(node, 1));
      for (int i = 0; i < node.outputCount(); i++) give(node, i, called, i);
      return;
    }
    if (count != 2) {
      throw Unreadable.operator(
          "it chooses between %d branches".formatted(count), "nest choices between two");
    }
    var isFirst =
        node.add(new Binary(Binary.Kind.EQUAL), node.in(0), node.scalar(node.in(0).dtype(), 0));
    branch(
        node,
        condition(node, node.builder(), isFirst),
        List.of(options.branchSubgraphIndices(0), options.branchSubgraphIndices(1)),
        arguments(node, 1));
  }

  private static void branch(
      TfliteNode node, Value condition, List<Integer> subgraphs, List<Argument> arguments) {
    var inputs = new ArrayList<Value>();
    inputs.add(condition);
    for (var argument : arguments) argument.value().ifPresent(inputs::add);
    var bodies = new ArrayList<Graph>();
    for (int subgraph : subgraphs) {
      var graph = new Graph("subgraph_" + subgraph);
      var scope = body(node, graph, subgraph, arguments, types(arguments));
      for (int tensor : scope.outputs()) graph.addOutput(scope.value(tensor));
      bodies.add(graph);
    }
    emit(node, new If(), inputs, bodies, IntStream.range(0, node.outputCount()).boxed().toList());
  }

  private static List<TensorType> types(List<Argument> arguments) {
    return arguments.stream().flatMap(a -> a.value().stream()).map(Value::type).toList();
  }

  /// Reads a subgraph into a body of its own, with parameters of the given types.
  private static TfliteScope body(
      TfliteNode node,
      Graph graph,
      int subgraph,
      List<Argument> arguments,
      List<TensorType> types) {
    var scope =
        new TfliteScope(
            node.scope().source(), subgraph, new GraphBuilder(graph), Optional.of(node.scope()));
    var parameters = new ArrayList<Argument>();
    int next = 0;
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).handle().isPresent()) {
        parameters.add(arguments.get(i));
        continue;
      }
      var name = i < scope.inputs().size() ? scope.tensors().name(scope.inputs().get(i)) : "input";
      var parameter = graph.addInput(name, types.get(next++));
      parameters.add(new Argument(Optional.of(parameter), Optional.empty()));
    }
    bind(scope, parameters);
    scope.read();
    return scope;
  }

  private static void emit(
      TfliteNode node,
      watari.op.Op op,
      List<Value> inputs,
      List<Graph> bodies,
      List<Integer> outputs) {
    var names = outputs.stream().map(node::outputName).toList();
    int first = op instanceof Loop ? 1 : 0;
    var results = bodies.get(0).outputs();
    if (results.size() != outputs.size() + first) {
      throw Unreadable.broken(
          "its subgraph gives %d values, it has %d outputs"
              .formatted(results.size() - first, outputs.size()));
    }
    var types =
        IntStream.range(0, outputs.size())
            .mapToObj(i -> results.get(i + first).type().with(Shape.UNKNOWN))
            .toList();
    var made = node.builder().addDeclared(op, inputs, names, types, bodies);
    for (int i = 0; i < outputs.size(); i++) {
      node.scope().define(node.outputTensor(outputs.get(i)), made.output(i));
    }
  }

  // ---- loops

  private static void loop(TfliteNode node) {
    var options = node.options(new WhileOptions());
    loop(node, options.condSubgraphIndex(), options.bodySubgraphIndex());
  }

  private static void stablehloWhile(TfliteNode node) {
    var options = node.options(new StablehloWhileOptions());
    loop(node, options.condSubgraphIndex(), options.bodySubgraphIndex());
  }

  /// The condition is computed once in front, and again at the end of each iteration.
  private static void loop(TfliteNode node, int cond, int body) {
    var arguments = arguments(node, 0);
    var first = inline(node, node.builder(), cond, arguments);
    var inputs = new ArrayList<Value>();
    inputs.add(Value.ABSENT);
    inputs.add(condition(node, node.builder(), first.value(only(first))));
    for (var argument : arguments) argument.value().ifPresent(inputs::add);
    var types = types(arguments);
    var graph = iteration(node, cond, body, arguments, types);
    for (int i = 0; i < MAX_BUILDS && !graph.inputs().isEmpty(); i++) {
      var common = common(types, graph);
      if (common.equals(types)) break;
      types = common;
      graph = iteration(node, cond, body, arguments, types);
    }
    var outputs = new ArrayList<Integer>();
    for (int i = 0; i < arguments.size(); i++) {
      int output = i;
      if (arguments.get(i).value().isPresent()) outputs.add(i);
      else
        arguments
            .get(i)
            .handle()
            .ifPresent(h -> node.scope().defineHandle(node.outputTensor(output), h));
    }
    emit(node, new Loop(outputs.size(), 0), inputs, List.of(graph), outputs);
  }

  private static int only(TfliteScope condition) {
    if (condition.outputs().size() != 1) {
      throw Unreadable.broken(
          "its condition gives %d values".formatted(condition.outputs().size()));
    }
    return condition.outputs().get(0);
  }

  private static Graph iteration(
      TfliteNode node, int cond, int body, List<Argument> arguments, List<TensorType> types) {
    var graph = new Graph("subgraph_" + body);
    graph.addInput("iteration", TensorType.of(DataType.INT64));
    graph.addInput("condition", TensorType.of(DataType.BOOL));
    var scope = body(node, graph, body, arguments, types);
    var results = new ArrayList<Argument>();
    for (int tensor : scope.outputs()) results.add(argument(scope, tensor));
    var again = inline(node, scope.builder(), cond, results);
    graph.addOutput(condition(node, scope.builder(), again.value(only(again))));
    for (var result : results) result.value().ifPresent(graph::addOutput);
    return graph;
  }

  /// The types that hold before the loop and after every iteration.
  private static List<TensorType> common(List<TensorType> before, Graph body) {
    var all = new ArrayList<TensorType>();
    for (int i = 0; i < before.size(); i++) {
      var type = before.get(i);
      if (i + 1 >= body.outputs().size()) return before;
      all.add(type.with(common(type.shape(), body.outputs().get(i + 1).shape(), i)));
    }
    return all;
  }

  private static Shape common(Shape a, Shape b, int number) {
    if (a.equals(b)) return a;
    if (!a.isRanked() || !b.isRanked() || a.rank() != b.rank()) return Shape.UNKNOWN;
    var dims = new ArrayList<Dim>();
    for (int axis = 0; axis < a.rank(); axis++) {
      boolean same = a.dim(axis).equals(b.dim(axis));
      dims.add(same ? a.dim(axis) : Dim.named("?loop" + number + "." + axis));
    }
    return Inference.moreExact(Shape.of(dims), Shape.UNKNOWN);
  }
}
