package watari.pass.layout;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.Lrn;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.ResizeOp.GridSample;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Transpose;
import watari.rewrite.PassLog;
import watari.tensor.Layout;
import watari.tensor.TensorType;

/// Gives every spatial operator the layout that the target takes it in.
///
/// Each operator is put between Transposes of its own; graph inputs and outputs stay as they are.
public final class AssignLayouts {
  private final Function<Op, Optional<Layout>> demand;
  private final Map<String, List<Integer>> moved = new HashMap<>();

  private AssignLayouts(Function<Op, Optional<Layout>> demand) {
    this.demand = demand;
  }

  /// Edits the graph, its bodies included.
  ///
  /// @param demand the layout in which the target takes an operator; empty where it takes both
  /// @param nativeLayout what inputs and outputs get unless the wishes say otherwise
  public static LayoutReport run(
      Graph graph,
      Function<Op, Optional<Layout>> demand,
      Layout nativeLayout,
      LayoutWishes wishes,
      PassLog log) {
    var assignment = new AssignLayouts(demand);
    assignment.graph(graph);
    return new LayoutReport(
        Collections.nCopies(graph.inputs().size(), List.of()),
        Collections.nCopies(graph.outputs().size(), List.of()),
        assignment.moved);
  }

  private void graph(Graph graph) {
    for (var node : graph.nodes()) {
      node.bodies().forEach(this::graph);
      var has = layoutOf(node.op());
      var wants = demand.apply(node.op());
      if (has.isPresent() && wants.isPresent() && has.get() != wants.get()) {
        change(node, has.get(), wants.get());
      }
    }
  }

  private void change(Node node, Layout from, Layout to) {
    var graph = node.graph();
    var inputs = new ArrayList<>(node.inputs());
    for (int i = 0; i < inputs.size() && i < spatialInputs(node.op()); i++) {
      inputs.set(i, transposed(inputs.get(i), from, to, node, Optional.of(node)));
    }
    var hints =
        node.outputs().stream()
            .map(v -> v.name() + "/" + to.name().toLowerCase(java.util.Locale.ROOT))
            .toList();
    var types = new ArrayList<TensorType>();
    for (var output : node.outputs()) types.add(transposed(output.type(), from, to));
    var other =
        graph.insert(
            Optional.of(node),
            with(node.op(), to),
            inputs,
            hints,
            types,
            node.bodies(),
            node.origins());
    for (int i = 0; i < node.outputs().size(); i++) {
      var old = node.output(i);
      var made = other.output(i);
      made.setSourceNames(names(old));
      if (old.shape().isRanked() && old.shape().rank() > 2) {
        moved.put(made.name(), from.permutationTo(to, old.shape().rank()));
      }
      if (!old.uses().isEmpty() || graph.isOutput(old)) {
        var back = transposed(made, to, from, other, Optional.of(node));
        back.setSourceNames(names(old));
        graph.replaceUses(old, back);
      }
    }
    graph.remove(node);
  }

  private static List<String> names(Value value) {
    var names = new ArrayList<>(value.sourceNames());
    names.add(value.name());
    return names;
  }

  private static TensorType transposed(TensorType type, Layout from, Layout to) {
    if (!type.shape().isRanked()) return type;
    var perm = from.permutationTo(to, type.shape().rank());
    return new TensorType(
        type.dtype(), type.shape().transposed(perm), type.quantization().transposed(perm));
  }

  private static Value transposed(
      Value value, Layout from, Layout to, Node at, Optional<Node> place) {
    if (!value.isPresent() || !value.shape().isRanked() || value.shape().rank() < 3) return value;
    var perm = from.permutationTo(to, value.shape().rank());
    var type = transposed(value.type(), from, to);
    var graph = at.graph();
    if (value.isConstant()) {
      var data = value.constant().orElseThrow().transposed(perm);
      return graph.addConstant(value.name(), type, data);
    }
    return graph
        .insert(
            place,
            new Transpose(perm),
            List.of(value),
            List.of(value.name() + "/transposed"),
            List.of(type),
            List.of(),
            at.origins())
        .output();
  }

  private static int spatialInputs(Op op) {
    return op instanceof Conv || op instanceof ConvTranspose || op instanceof ConvInteger ? 2 : 1;
  }

  private static Optional<Layout> layoutOf(Op op) {
    return Optional.ofNullable(
        switch (op) {
          case Conv o -> o.layout();
          case ConvTranspose o -> o.layout();
          case ConvInteger o -> o.layout();
          case BatchNorm o -> o.layout();
          case InstanceNorm o -> o.layout();
          case GroupNorm o -> o.layout();
          case Lrn o -> o.layout();
          case MaxPool o -> o.layout();
          case AveragePool o -> o.layout();
          case LpPool o -> o.layout();
          case GridSample o -> o.layout();
          case DepthToSpace o -> o.layout();
          case SpaceToDepth o -> o.layout();
          default -> null;
        });
  }

  private static Op with(Op op, Layout to) {
    return switch (op) {
      case Conv(var s, var d, var p, int g, _) -> new Conv(s, d, p, g, to);
      case ConvTranspose(var s, var d, var p, var o, int g, _) ->
          new ConvTranspose(s, d, p, o, g, to);
      case ConvInteger(var s, var d, var p, int g, _) -> new ConvInteger(s, d, p, g, to);
      case BatchNorm(float e, _) -> new BatchNorm(e, to);
      case InstanceNorm(float e, _) -> new InstanceNorm(e, to);
      case GroupNorm(int g, float e, _) -> new GroupNorm(g, e, to);
      case Lrn(int s, float a, float b, float c, _) -> new Lrn(s, a, b, c, to);
      case MaxPool(var w, _, boolean c) -> new MaxPool(w, to, c);
      case AveragePool(var w, _, boolean c) -> new AveragePool(w, to, c);
      case LpPool(var w, _, int p) -> new LpPool(w, to, p);
      case GridSample(var m, var o, boolean a, _) -> new GridSample(m, o, a, to);
      case DepthToSpace(int b, boolean c, _) -> new DepthToSpace(b, c, to);
      case SpaceToDepth(int b, _) -> new SpaceToDepth(b, to);
      default -> op;
    };
  }
}
