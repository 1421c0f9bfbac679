package watari.pass.edit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Cast;
import watari.op.Op;
import watari.op.Padding;
import watari.op.PoolOp.MaxPool;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.pass.edit.LayerOverride.Action;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The nodes that a layer of the source became, and what an override does to them.
final class OverriddenNode {
  /// Where openvino2tensorflow inserts nothing.
  private static final Set<String> NEVER =
      Set.of("Split", "VariadicSplit", "NonMaxSuppression", "Maximum", "Minimum");

  /// Where it inserts nothing before.
  private static final Set<String> SEVERAL =
      Set.of(
          "Add",
          "Subtract",
          "Multiply",
          "Divide",
          "FloorMod",
          "Power",
          "SquaredDifference",
          "Equal",
          "NotEqual",
          "Greater",
          "GreaterEqual",
          "Less",
          "LessEqual",
          "LogicalAnd",
          "LogicalOr",
          "LogicalNot",
          "LogicalXor",
          "Concat",
          "Select",
          "Broadcast",
          "Range",
          "Einsum",
          "Tile",
          "Sqrt",
          "Gelu",
          "MVN",
          "NormalizeL2",
          "FakeQuantize",
          "GroupConvolution",
          "Unsqueeze",
          "TopK",
          "NonZero",
          "ROIAlign",
          "PriorBox",
          "PriorBoxClustered",
          "GatherElements",
          "ScatterElementsUpdate",
          "ScatterNDUpdate",
          "ScatterUpdate");

  private static final List<String> AXES = List.of("axis", "batch_axis", "seq_axis", "axes");

  private final Graph graph;
  private final Node first;
  private final Node last;
  private final ConvertedOrder order;

  /// @param nodes in order
  OverriddenNode(Graph graph, List<Node> nodes, ConvertedOrder order) {
    this.graph = graph;
    this.first = nodes.get(0);
    this.last = nodes.get(nodes.size() - 1);
    this.order = order;
  }

  void apply(Action action) {
    switch (action) {
      case Action.Constant _ -> throw new IllegalArgumentException("it is no constant");
      case Action.Around(var type, int input, boolean isStated, var values) -> {
        requireTaken(input, isStated);
        around(type, input, values);
      }
      case Action.Reorder(var tensor, boolean before, var perm) -> reorder(tensor, before, perm);
      case Action.Field(var name, var value) -> field(name, value);
      case Action.Input(var tensor, var value) -> input(tensor, value);
      case Action.StridedSlice(var bounds, var masks) -> {
        var build = order.before(last);
        var slice = new TensorflowSlice(bounds.isEmpty() ? bounds() : bounds, masks);
        give(order.from(slice.of(order.to(first.input(0), build), build), build));
      }
      case Action.PadMode(var mode) -> padMode(mode);
      case Action.SharedAxes(var axes) -> sharedAxes(axes);
      case Action.Shape(var shape) -> {
        var build = order.before(last);
        var dims = List.of(TensorData.vector(shape));
        give(order.apply(new Reshape(false), first.input(0), dims, build));
      }
    }
  }

  static boolean isShape(Op op) {
    return op instanceof Reshape || op instanceof Squeeze || op instanceof Unsqueeze;
  }

  /// Lets the node work in converted order, with these further inputs.
  void wrap(List<TensorData> others) {
    give(order.apply(first.op(), first.input(0), others, order.before(first)));
  }

  /// Lets a value stand for what the layer gave.
  private void give(Value value) {
    var old = last.output(0);
    graph.replaceUses(old, value);
    graph.remove(last);
    graph.takeName(value, old);
  }

  // ---- new operators

  private void around(String type, int input, Object values) {
    if (input < 0) {
      behind(type, values);
      return;
    }
    var x = first.input(input);
    if (!x.isPresent()) throw new IllegalArgumentException("it has no input " + input);
    var build = order.before(first);
    graph.setInput(first, input, made(type, values, x, build));
  }

  /// Of operators with several inputs, "before" says too little.
  private void requireTaken(int input, boolean isStated) {
    var source = first.origin().operator();
    int dash = source.lastIndexOf('-');
    var operator = dash < 0 ? source : source.substring(0, dash);
    boolean isRefused =
        NEVER.contains(operator) || input == 0 && !isStated && SEVERAL.contains(operator);
    if (isRefused) {
      throw new IllegalArgumentException(
          "nothing can be inserted %s a layer of type '%s'"
              .formatted(input < 0 ? "behind" : "before", operator));
    }
  }

  private void behind(String type, Object values) {
    var old = last.output(0);
    var users = List.copyOf(old.uses());
    var build = order.behind(last);
    var value = made(type, values, old, build);
    for (var use : users) graph.setInput(use.node(), use.index(), value);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == old) graph.setOutput(i, value);
    }
  }

  private Value made(String type, Object values, Value x, watari.graph.GraphBuilder build) {
    return switch (type) {
      case "Transpose" ->
          order.apply(
              new Transpose(FieldValues.integers("perm", List.of(), values)), x, List.of(), build);
      case "Reshape" -> order.apply(new Reshape(false), x, List.of(vector(values)), build);
      case "Cast" -> order.apply(new Cast(FieldValues.dataType(values), true), x, List.of(), build);
      case "Squeeze" -> order.apply(new Squeeze(), x, List.of(vector(values)), build);
      case "Unsqueeze" -> order.apply(new Unsqueeze(), x, List.of(vector(values)), build);
      case "Add", "Multiply" -> {
        var kind = type.equals("Add") ? Binary.Kind.ADD : Binary.Kind.MUL;
        yield order.apply(new Binary(kind), x, List.of(Literals.tensor(values, x.dtype())), build);
      }
      default -> throw new IllegalArgumentException("'" + type + "' cannot be inserted");
    };
  }

  private static TensorData vector(Object values) {
    var data = Literals.tensor(values, DataType.INT64);
    return data.shape().rank() == 0 ? data.reshaped(Shape.of(1)) : data;
  }

  private void reorder(String tensor, boolean before, List<Integer> perm) {
    List<Object> values = new ArrayList<>(perm);
    if (!before) {
      around("Transpose", -1, values);
      return;
    }
    around("Transpose", inputNamed(tensor), values);
  }

  private int inputNamed(String tensor) {
    var wanted = ApplyOverrides.plain(tensor);
    for (int i = 0; i < first.inputs().size(); i++) {
      if (ApplyOverrides.plain(first.input(i).name()).equals(wanted)) return i;
    }
    throw new IllegalArgumentException("it has no input '" + tensor + "'");
  }

  // ---- parameters

  private void field(String name, Object value) {
    if (first.op() instanceof Transpose && name.equals("perm")) {
      var perm = FieldValues.integers(name, List.of(), value);
      give(order.apply(new Transpose(perm), first.input(0), List.of(), order.before(first)));
      return;
    }
    var fitting = AXES.contains(name) ? axes(value) : value;
    boolean isField = OperatorFields.has(first.op(), name);
    var input = OperatorNames.input(first.op(), name);
    if (!isField && input.isPresent()) {
      var data = vector(fitting);
      graph.setInputAt(first, input.get(), graph.addConstant(name, data));
    } else {
      graph.setOp(first, OperatorFields.with(first.op(), name, fitting));
    }
  }

  /// Axes of the source; those of what an operator like Unsqueeze gives are counted in its output.
  private Object axes(Object value) {
    var x = first.input(0);
    if (!x.shape().isRanked()) throw new IllegalArgumentException("its rank is not known");
    int rank = x.shape().rank();
    var all = FieldValues.integers("axis", List.of(), value);
    var moved = all.stream().map(axis -> (Object) order.sourceAxis(axis, rank)).toList();
    return value instanceof List ? moved : moved.get(0);
  }

  private void input(String tensor, Object value) {
    if (first.op() instanceof Transpose) {
      field("perm", value);
      return;
    }
    int at = inputNamed(tensor);
    var old = first.input(at);
    if (!old.isConstant()) throw new IllegalArgumentException("'" + tensor + "' is computed");
    var data = ApplyOverrides.tensor(value, old);
    if (at == 1 && isShape(first.op())) {
      wrap(List.of(data));
      return;
    }
    boolean isOfAxes = first.op() instanceof ShapeOp.Tile || first.op() instanceof ShapeOp.Expand;
    if (isOfAxes) data = TensorData.vector(order.sourceEntries(boxed(data)));
    else if (!(first.op() instanceof Resize)) data = order.source(data);
    graph.setInput(first, at, graph.addConstant(old.name(), old.type().with(data.shape()), data));
  }

  private static List<Long> boxed(TensorData data) {
    var all = new ArrayList<Long>();
    for (long each : data.longs()) all.add(each);
    return all;
  }

  // ---- special layers

  /// The bounds that a Slice has, one for each axis in converted order.
  private List<List<Long>> bounds() {
    if (!(first.op() instanceof ShapeOp.Slice)) {
      throw new IllegalArgumentException("it has no bounds that could stay: use 'replace'");
    }
    int rank = first.input(0).shape().rank();
    var begins = new ArrayList<>(Collections.nCopies(rank, 0L));
    var ends = new ArrayList<>(Collections.nCopies(rank, (long) Integer.MAX_VALUE));
    var strides = new ArrayList<>(Collections.nCopies(rank, 1L));
    var axes = constant(3);
    for (int i = 0; i < constant(1).size(); i++) {
      int axis = axes.isEmpty() ? i : (int) (long) axes.get(i);
      begins.set(axis, constant(1).get(i));
      ends.set(axis, constant(2).get(i));
      if (!constant(4).isEmpty()) strides.set(axis, constant(4).get(i));
    }
    return List.of(converted(begins), converted(ends), converted(strides));
  }

  private List<Long> converted(List<Long> entries) {
    var axes = new ArrayList<Long>();
    for (int i = 0; i < entries.size(); i++)
      axes.add(entries.get(order.sourceAxis(i, entries.size())));
    return axes;
  }

  private List<Long> constant(int input) {
    if (!first.input(input).isPresent()) return List.of();
    return first
        .input(input)
        .constant()
        .map(OverriddenNode::boxed)
        .orElseThrow(() -> new IllegalArgumentException("its bounds are computed"));
  }

  private void padMode(String mode) {
    if (!(first.op() instanceof MaxPool pool)) {
      throw new IllegalArgumentException("it is no MaxPool");
    }
    if (!(pool.window().padding() instanceof Padding.Explicit(var begins, var ends))) {
      throw new IllegalArgumentException("it has no explicit padding");
    }
    var x = first.input(0);
    var pads = new long[2 * x.shape().rank()];
    int from = pool.layout().firstSpatialAxis();
    for (int i = 0; i < begins.size(); i++) {
      pads[from + i] = begins.get(i);
      pads[x.shape().rank() + from + i] = ends.get(i);
    }
    var kind =
        switch (mode) {
          case "ZERO" -> ShapeOp.Pad.Mode.CONSTANT;
          case "SYMMETRIC" -> ShapeOp.Pad.Mode.SYMMETRIC;
          case "REFLECT" -> ShapeOp.Pad.Mode.REFLECT;
          default ->
              throw new IllegalArgumentException(
                  "the padding is 'ZERO', 'SYMMETRIC' or 'REFLECT', not '" + mode + "'");
        };
    var build = order.before(first);
    var padded = build.add(new ShapeOp.Pad(kind), x, build.vector(pads));
    graph.setInput(first, 0, padded);
    var window = pool.window().withPadding(Padding.none(begins.size()));
    graph.setOp(first, new MaxPool(window, pool.layout(), pool.columnMajor()));
  }

  private void sharedAxes(List<Integer> axes) {
    var slope = first.input(1);
    if (!(first.op() instanceof PRelu) || !slope.isConstant()) {
      throw new IllegalArgumentException("it is no PReLU with constant slopes");
    }
    int rank = first.input(0).shape().rank();
    var dims = new ArrayList<Long>();
    for (int axis = 1; axis < rank; axis++) {
      var dim = first.input(0).shape().dim(order.sourceAxis(axis, rank));
      dims.add(axes.contains(axis) ? 1 : dim.fixed());
    }
    var data = slope.constant().orElseThrow();
    long wanted = dims.stream().reduce(1L, (a, b) -> a * b);
    if (data.size() != wanted) {
      throw new IllegalArgumentException(
          "it has %d slopes, shared along %s it would have %d"
              .formatted(data.size(), axes, wanted));
    }
    dims.add(0, 1L);
    var shape = order.sourceEntries(dims).stream().mapToLong(Long::longValue).toArray();
    var moved = data.reshaped(Shape.of(shape));
    graph.setInput(first, 1, graph.addConstant(slope.name(), moved));
  }
}
