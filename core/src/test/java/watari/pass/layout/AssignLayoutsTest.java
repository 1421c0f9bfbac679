package watari.pass.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.Op;
import watari.op.Padding;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Transpose;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class AssignLayoutsTest {
  private final Graph graph = new Graph("g");
  private final GraphBuilder builder = new GraphBuilder(graph);

  private static Optional<Layout> lastOnly(Op op) {
    return op instanceof Conv ? Optional.of(Layout.CHANNELS_LAST) : Optional.empty();
  }

  private LayoutReport assign(LayoutWishes wishes) {
    var report =
        AssignLayouts.run(
            graph, AssignLayoutsTest::lastOnly, Layout.CHANNELS_LAST, wishes, new PassLog(false));
    assertThat(Validator.check(graph)).isEmpty();
    return report;
  }

  private Value image(long... dims) {
    return graph.addInput("x", TensorType.of(DataType.FLOAT32, dims));
  }

  private Value conv(Value x, long outputs) {
    long inputs = x.shape().dim(1).fixed();
    var shape = Shape.of(outputs, inputs, 3, 3);
    var filter = TensorData.filled(TensorData.scalar(1f), shape);
    var padding = new Padding.Explicit(List.of(1, 1), List.of(1, 1));
    var op = new Conv(List.of(1, 1), List.of(1, 1), padding, 1, Layout.CHANNELS_FIRST);
    return builder.add(op, x, builder.constant("w", filter));
  }

  private long transposes() {
    return graph.nodes().stream().filter(n -> n.op() instanceof Transpose).count();
  }

  @Test
  void aNetworkOfEqualDimsIsLastInside() {
    var a = conv(image(1, 64, 64, 64), 64);
    var b = builder.add(new Unary(Unary.Kind.RELU), a);
    graph.addOutput(builder.add(new Binary(Binary.Kind.ADD), b, conv(b, 64)));
    var report = assign(LayoutWishes.NATIVE);
    assertThat(transposes()).isZero();
    assertThat(report.inputs()).containsExactly(List.of(0, 2, 3, 1));
    assertThat(report.outputs()).containsExactly(List.of(0, 2, 3, 1));
  }

  @Test
  void keptInputsAndOutputsCostOneTransposeEach() {
    graph.addOutput(conv(builder.add(new Unary(Unary.Kind.RELU), image(1, 4, 8, 8)), 6));
    assertThat(assign(LayoutWishes.KEEP).inserted()).hasSize(2);
    assertThat(graph.inputs().get(0).shape()).isEqualTo(Shape.of(1, 4, 8, 8));
    assertThat(graph.outputs().get(0).shape()).isEqualTo(Shape.of(1, 6, 8, 8));
  }

  @Test
  void aTransposeOfTheSourceVanishes() {
    var y = conv(image(1, 4, 8, 9), 6);
    var last = builder.add(new Transpose(List.of(0, 2, 3, 1)), y);
    graph.addOutput(builder.add(new Unary(Unary.Kind.TANH), last));
    assign(LayoutWishes.NATIVE);
    assertThat(transposes()).isZero();
    assertThat(graph.outputs().get(0).shape()).isEqualTo(Shape.of(1, 8, 9, 6));
  }

  @Test
  void axesAndPerChannelConstantsFollow() {
    var y = conv(image(1, 4, 8, 9), 6);
    var bias = builder.constant("bias", TensorData.ofFloats(Shape.of(6, 1, 1), 1, 2, 3, 4, 5, 6));
    var sum = builder.add(new Binary(Binary.Kind.ADD), y, bias);
    var both = builder.add(new Concat(1), sum, y);
    var padded =
        builder.add(new Pad(Pad.Mode.CONSTANT), both, builder.vector(0, 0, 1, 2, 0, 0, 3, 4));
    graph.addOutput(builder.add(new Reduce(Reduce.Kind.MEAN, false), padded, builder.vector(2, 3)));
    assign(LayoutWishes.NATIVE);
    assertThat(transposes()).isZero();
    assertThat(graph.outputs().get(0).shape()).isEqualTo(Shape.of(1, 12));
  }

  @Test
  void operandsOfUnknownRankKeepTheLayout() {
    var stranger = graph.addInput("any", new TensorType(DataType.FLOAT32, Shape.UNKNOWN));
    var y = conv(image(1, 4, 8, 9), 6);
    var sum = builder.add(new Binary(Binary.Kind.ADD), y, stranger);
    sum.setType(y.type());
    graph.addOutput(conv(sum, 6));
    assign(LayoutWishes.NATIVE);
    assertThat(sum.shape()).isEqualTo(Shape.of(1, 6, 8, 9));
    assertThat(transposes()).isEqualTo(2);
  }

  @Test
  void constantsThatAreConvertedFollow() {
    var y = conv(image(1, 4, 8, 9), 6);
    var half =
        builder.constant("bias", TensorData.ofFloats(Shape.of(1, 6, 1, 1), 1, 2, 3, 4, 5, 6));
    var bias = builder.add(new Cast(DataType.FLOAT16), half);
    var whole = builder.add(new Cast(DataType.FLOAT32), bias);
    graph.addOutput(builder.add(new Binary(Binary.Kind.ADD), y, whole));
    assign(LayoutWishes.NATIVE);
    assertThat(transposes()).isZero();
    for (var node : graph) {
      if (!(node.op() instanceof Cast)) continue;
      assertThat(node.input(0).shape()).isEqualTo(node.output().shape());
    }
  }

  @Test
  void flatteningPermutesTheWeights() {
    var y = conv(image(1, 4, 2, 3), 2);
    var flat = builder.add(new Reshape(false), y, builder.vector(0, -1));
    var weights = new float[12];
    for (int i = 0; i < 12; i++) weights[i] = i;
    var w = builder.constant("fc", TensorData.ofFloats(Shape.of(1, 12), weights));
    graph.addOutput(builder.add(new FullyConnected(), flat, w));
    assign(LayoutWishes.NATIVE);
    assertThat(transposes()).isZero();
    var moved = graph.lastNode().orElseThrow().input(1).constant().orElseThrow();
    assertThat(moved.floats()).containsExactly(0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11);
  }

  @Test
  void askingForTheShapeCostsNoTranspose() {
    var y = conv(image(1, 4, 8, 9), 6);
    graph.addOutput(y);
    graph.addOutput(builder.add(new ShapeOf(DataType.INT64), y));
    assign(LayoutWishes.NATIVE);
    assertThat(transposes()).isZero();
    assertThat(builder.inference().integers(graph.outputs().get(1))).isPresent();
  }

  @Test
  void tensorsWithoutRolesStay() {
    var x = graph.addInput("tokens", TensorType.of(DataType.FLOAT32, 1, 4, 8, 8));
    graph.addOutput(builder.add(new Unary(Unary.Kind.EXP), x));
    var report = assign(LayoutWishes.NATIVE);
    assertThat(report.inputs()).containsExactly(List.of());
    assertThat(graph.inputs().get(0).shape()).isEqualTo(Shape.of(1, 4, 8, 8));
  }

  @Test
  void aChannelShuffleStaysInside() {
    var y = conv(image(1, 4, 8, 9), 6);
    var split = builder.add(new Reshape(false), y, builder.vector(1, 2, 3, 8, 9));
    var mixed = builder.add(new Transpose(List.of(0, 2, 1, 3, 4)), split);
    graph.addOutput(conv(builder.add(new Reshape(false), mixed, builder.vector(1, 6, 8, 9)), 4));
    assertThat(assign(LayoutWishes.NATIVE).inserted()).isEmpty();
    assertThat(transposes()).isEqualTo(1);
  }
}
