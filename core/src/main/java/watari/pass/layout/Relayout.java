package watari.pass.layout;

import static watari.pass.layout.Constants.vector;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp;
import watari.op.ConvOp;
import watari.op.ElementwiseOp;
import watari.op.IndexOp;
import watari.op.NormOp;
import watari.op.Op;
import watari.op.PoolOp;
import watari.op.QuantizeOp;
import watari.op.ReduceOp;
import watari.op.ResizeOp;
import watari.op.ShapeOp;
import watari.op.Shapes;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Rewrites one node so that it does in the other layout what it did in its own: the operator's
/// axes and parameters, not the tensors that flow through it.
final class Relayout {
  private final Graph graph;
  private final Node node;
  private final Role role;
  private final int rank;
  private final List<Integer> perm;
  private final List<Integer> inverse;

  Relayout(Graph graph, Node node, Role role, int rank) {
    this.graph = graph;
    this.node = node;
    this.role = role;
    this.rank = rank;
    this.perm = role.swap(rank);
    this.inverse = Roles.inverse(perm);
  }

  /// Whether [#apply] can rewrite a node; if not, it keeps the source's layout.
  static boolean isPossible(Node node, Role role, Roles roles) {
    return switch (node.op()) {
      // Operands are aligned at their last axes.
      case ElementwiseOp _, BinaryOp _, QuantizeOp _ when !areRanked(node.inputs()) -> false;
      case ResizeOp.Resize resize -> keepsOrder(resize.axes(), role, AxisUse.rank(node.input(0)));
      case ShapeOp.Reshape _, ShapeOp.Flatten _, ShapeOp.Squeeze _, ShapeOp.Unsqueeze _ ->
          node.output(0).shape().dims().stream().filter(dim -> !dim.isFixed()).count() <= 1;
      case ShapeOp.ShapeOf _, ShapeOp.Size _ -> true;
      default -> !(roles.use(node) instanceof AxisUse.Kept);
    };
  }

  private static boolean areRanked(List<Value> operands) {
    return operands.stream().allMatch(value -> !value.isPresent() || value.shape().isRanked());
  }

  private static boolean keepsOrder(List<Integer> axes, Role role, int rank) {
    var inverse = Roles.inverse(role.swap(rank));
    int last = -1;
    for (int axis : axes) {
      if (inverse.get(axis) < last) return false;
      last = inverse.get(axis);
    }
    return true;
  }

  void apply() {
    switch (node.op()) {
      case ElementwiseOp _, BinaryOp _, QuantizeOp _ -> fitOperands();
      case ReduceOp op -> reduce(op);
      case ConvOp op -> {
        graph.setOp(node, conv(op));
        set(1, Constants.permuted(graph, node, node.input(1), filterSwap()));
      }
      case PoolOp op -> graph.setOp(node, pool(op));
      case NormOp op -> graph.setOp(node, norm(op));
      case ShapeOp op -> shape(op);
      case IndexOp op -> index(op);
      case ResizeOp op -> graph.setOp(node, resize(op));
      default -> throw new IllegalStateException(node.op().name() + " has one layout only");
    }
  }

  private void set(int input, Value value) {
    graph.setInput(node, input, value);
  }

  private int moved(long axis) {
    return inverse.get(Shapes.axis(axis, rank));
  }

  private List<Integer> moved(TensorData axes) {
    var result = new ArrayList<Integer>();
    for (long axis : axes.longs()) result.add(moved(axis));
    return result;
  }

  private List<Integer> filterSwap() {
    return Role.of(role.layout()).swap(rank);
  }

  private void fitOperands() {
    for (int i = 0; i < node.inputs().size(); i++) {
      var operand = node.input(i);
      if (!operand.isPresent()) continue;
      if (operand.isConstant() || operand.shape().rank() != rank) {
        set(i, Constants.fitted(graph, node, operand, rank, perm));
      }
    }
  }

  private void reduce(ReduceOp op) {
    switch (op) {
      case ReduceOp.Reduce _ -> {
        if (node.input(1).isPresent()) moveAxesInput(1);
      }
      case ReduceOp.ArgReduce(boolean largest, int axis, boolean keepDims, boolean last, var to) ->
          graph.setOp(node, new ReduceOp.ArgReduce(largest, moved(axis), keepDims, last, to));
      case ReduceOp.Cumulative _ -> moveAxesInput(1);
      case ReduceOp.TopK(int axis, boolean largest, boolean sorted, var indices) ->
          graph.setOp(node, new ReduceOp.TopK(moved(axis), largest, sorted, indices));
    }
  }

  private void moveAxesInput(int input) {
    var axes = node.input(input).constant().orElseThrow();
    var data = TensorData.vector(moved(axes)).reshaped(axes.shape());
    set(input, graph.addConstant(node.input(input).name(), data));
  }

  private Op conv(ConvOp op) {
    var other = op.layout().other();
    return switch (op) {
      case ConvOp.Conv(var strides, var dilations, var padding, int groups, _) ->
          new ConvOp.Conv(strides, dilations, padding, groups, other);
      case ConvOp.ConvTranspose(
              var strides,
              var dilations,
              var padding,
              var added,
              int groups,
              _) ->
          new ConvOp.ConvTranspose(strides, dilations, padding, added, groups, other);
      case ConvOp.ConvInteger(var strides, var dilations, var padding, int groups, _) ->
          new ConvOp.ConvInteger(strides, dilations, padding, groups, other);
      case ConvOp.DeformConv d -> d;
    };
  }

  private static Op pool(PoolOp op) {
    return switch (op) {
      case PoolOp.MaxPool(var window, var layout, boolean columnMajor) ->
          new PoolOp.MaxPool(window, layout.other(), columnMajor);
      case PoolOp.AveragePool(var window, var layout, boolean countPadding) ->
          new PoolOp.AveragePool(window, layout.other(), countPadding);
      case PoolOp.LpPool(var window, var layout, int p) ->
          new PoolOp.LpPool(window, layout.other(), p);
      case PoolOp.MaxUnpool p -> p;
      case PoolOp.RoiAlign p -> p;
      case PoolOp.MaxRoiPool p -> p;
    };
  }

  private Op norm(NormOp op) {
    return switch (op) {
      case NormOp.BatchNorm(float epsilon, var layout) ->
          new NormOp.BatchNorm(epsilon, layout.other());
      case NormOp.InstanceNorm(float epsilon, var layout) ->
          new NormOp.InstanceNorm(epsilon, layout.other());
      case NormOp.GroupNorm(int groups, float epsilon, var layout) ->
          new NormOp.GroupNorm(groups, epsilon, layout.other());
      case NormOp.Lrn(int size, float alpha, float beta, float bias, var layout) ->
          new NormOp.Lrn(size, alpha, beta, bias, layout.other());
      case NormOp.LpNorm(int axis, int p, float epsilon) ->
          new NormOp.LpNorm(moved(axis), p, epsilon);
      case NormOp.Softmax(int axis) -> new NormOp.Softmax(moved(axis));
      case NormOp.LogSoftmax(int axis) -> new NormOp.LogSoftmax(moved(axis));
      case NormOp.Hardmax(int axis) -> new NormOp.Hardmax(moved(axis));
      case NormOp.LayerNorm n -> n;
      case NormOp.RmsNorm n -> n;
    };
  }

  private Op resize(ResizeOp op) {
    return switch (op) {
      case ResizeOp.Resize r ->
          new ResizeOp.Resize(
              r.mode(),
              r.coordinates(),
              r.nearest(),
              r.cubicCoefficient(),
              r.excludeOutside(),
              r.antialias(),
              r.extrapolation(),
              r.policy(),
              r.axes().stream().map(inverse::get).toList());
      case ResizeOp.GridSample(var mode, var outside, boolean alignCorners, var layout) ->
          new ResizeOp.GridSample(mode, outside, alignCorners, layout.other());
    };
  }

  private void index(IndexOp op) {
    switch (op) {
      case IndexOp.Gather(int axis, int batchDims) ->
          graph.setOp(node, new IndexOp.Gather(moved(axis), batchDims));
      case IndexOp.GatherElements(int axis) -> {
        graph.setOp(node, new IndexOp.GatherElements(moved(axis)));
        fitOperands();
      }
      case IndexOp.ScatterElements(int axis, var reduction) -> {
        graph.setOp(node, new IndexOp.ScatterElements(moved(axis), reduction));
        fitOperands();
      }
      default -> throw new IllegalStateException(op.name() + " has one layout only");
    }
  }

  private void shape(ShapeOp op) {
    switch (op) {
      case ShapeOp.Concat(int axis) -> {
        graph.setOp(node, new ShapeOp.Concat(moved(axis)));
        fitOperands();
      }
      case ShapeOp.Split(int axis) -> graph.setOp(node, new ShapeOp.Split(moved(axis)));
      case ShapeOp.Slice _ -> slice();
      case ShapeOp.Pad _ -> pad();
      case ShapeOp.Tile _ -> set(1, reordered(node.input(1)));
      case ShapeOp.Expand _ -> set(1, reordered(node.input(1)));
      case ShapeOp.ReverseSequence(int batchAxis, int timeAxis) ->
          graph.setOp(node, new ShapeOp.ReverseSequence(moved(batchAxis), moved(timeAxis)));
      case ShapeOp.DepthToSpace(int block, boolean outermost, var layout) ->
          graph.setOp(node, new ShapeOp.DepthToSpace(block, outermost, layout.other()));
      case ShapeOp.SpaceToDepth(int block, var layout) ->
          graph.setOp(node, new ShapeOp.SpaceToDepth(block, layout.other()));
      case ShapeOp.Transpose(var inside) -> graph.setOp(node, transpose(inside));
      case ShapeOp.Reshape _, ShapeOp.Flatten _, ShapeOp.Squeeze _, ShapeOp.Unsqueeze _ ->
          reshape();
      default -> throw new IllegalStateException(op.name() + " has one layout only");
    }
  }

  /// The entries of a vector with one for each axis, in the other order; of shorter ones (of
  /// Expand) those of the missing axes are 1.
  private Value reordered(Value value) {
    var given = value.constant().orElseThrow().longs();
    var result = new ArrayList<Long>();
    for (int axis : perm) {
      int at = axis - (rank - given.length);
      result.add(at < 0 ? 1L : given[at]);
    }
    return vector(graph, value.name(), result);
  }

  private void slice() {
    int count = Math.toIntExact(node.input(1).shape().elements().fixed());
    var axes = new ArrayList<Integer>();
    if (node.input(3).isPresent()) axes.addAll(moved(node.input(3).constant().orElseThrow()));
    else for (int i = 0; i < count; i++) axes.add(moved(i));
    replaceInputs(3, vector(graph, "axes", axes));
  }

  private void pad() {
    if (node.input(3).isPresent()) {
      moveAxesInput(3);
      return;
    }
    var pads = node.input(1).constant().orElseThrow().longs();
    var result = new ArrayList<Long>();
    for (int axis : perm) result.add(pads[axis]);
    for (int axis : perm) result.add(pads[axis + rank]);
    set(1, vector(graph, node.input(1).name(), result));
  }

  /// Sets an input; where the node has fewer, it is made anew with as many.
  private void replaceInputs(int input, Value value) {
    graph.setInputAt(node, input, value);
  }

  private Op transpose(List<Integer> inside) {
    var result = new ArrayList<Integer>();
    for (int i = 0; i < rank; i++) result.add(inverse.get(inside.get(perm.get(i))));
    return new ShapeOp.Transpose(result);
  }

  private void reshape() {
    var to = node.output(0).shape();
    var outputRole = Roles.regrouped(role, sourceShape(), to).role();
    var moved = outputRole.map(r -> to.transposed(r.swap(to.rank()))).orElse(to);
    graph.setOp(node, new ShapeOp.Reshape(true));
    var dims = moved.dims().stream().map(dim -> dim.isFixed() ? dim.fixed() : -1L).toList();
    replaceInputs(1, vector(graph, node.output(0).name() + "/shape", dims));
  }

  /// The shape of input 0 in the source's layout; it has been permuted by now.
  private Shape sourceShape() {
    var now = node.input(0).shape();
    return Shape.of(inverse.stream().map(now.dims()::get).toArray(Dim[]::new));
  }
}
