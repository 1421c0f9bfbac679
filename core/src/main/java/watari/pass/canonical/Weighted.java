package watari.pass.canonical;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.MatMulOp.FullyConnected;
import watari.op.Op;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A node of the form `x * weights + bias` with constant float32 weights, into which factors and
/// summands of its output channels can go.
record Weighted(Node node, TensorData weights, int channelAxis) {

  /// The node behind input `i` of a match, if it is one and nothing else uses it.
  static Optional<Weighted> behind(Match<?> match, int i) {
    return match.soleProducer(i, Op.class).flatMap(Weighted::of);
  }

  private static Optional<Weighted> of(Node node) {
    if (node.output().type().isQuantized() || node.inputs().size() < 2) return Optional.empty();
    int rank = node.output().shape().isRanked() ? node.output().shape().rank() : 0;
    if (rank == 0) return Optional.empty();
    int axis =
        switch (node.op()) {
          case Conv conv -> conv.layout().channelAxis(rank);
          case ConvTranspose conv -> conv.layout().channelAxis(rank);
          case FullyConnected _ -> rank - 1;
          default -> -1;
        };
    if (axis < 0 || !isFloatConstant(node.input(1))) return Optional.empty();
    boolean hasBias = node.input(2).isPresent();
    if (hasBias && !isFloatConstant(node.input(2))) return Optional.empty();
    return Optional.of(new Weighted(node, node.input(1).constant().orElseThrow(), axis));
  }

  private static boolean isFloatConstant(Value value) {
    return value.isConstant() && value.dtype() == DataType.FLOAT32 && !value.type().isQuantized();
  }

  Shape shape() {
    return node.output().shape();
  }

  /// Replaces the root by this node with its output channels scaled, then shifted.
  Outcome replaceBy(Match<?> match, double[] scale, double[] shift) {
    match.absorb(node);
    var builder = match.build();
    var inputs = new ArrayList<Value>(List.of(node.input(0)));
    inputs.add(
        isOne(scale)
            ? node.input(1)
            : builder.constant(
                node.input(1).name(), weights.scaled(i -> scale[outputChannel(i, scale.length)])));
    var bias = node.input(2).constant();
    var sums = new float[shift.length];
    for (int c = 0; c < sums.length; c++) {
      int channel = c;
      double old = bias.map(data -> data.doubleAt(channel)).orElse(0.0);
      sums[c] = (float) (old * scale[c] + shift[c]);
    }
    inputs.add(builder.constant(biasName(), TensorData.ofFloats(Shape.of(sums.length), sums)));
    var value = builder.add(node.op(), inputs);
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  private String biasName() {
    return node.input(2).isPresent() ? node.input(2).name() : node.input(1).name() + "_bias";
  }

  private static boolean isOne(double[] scale) {
    return java.util.Arrays.stream(scale).allMatch(each -> each == 1);
  }

  /// The output channel that an element of the weights belongs to.
  private int outputChannel(long index, int channels) {
    var dims = weights.shape().fixedDims();
    long inner = weights.size() / dims[0];
    if (!(node.op() instanceof ConvTranspose(_, _, _, _, int groups, var layout))) {
      return (int) (index / inner);
    }
    int axis = layout.channelAxis(dims.length);
    long behind = 1;
    for (int i = axis + 1; i < dims.length; i++) behind *= dims[i];
    long perGroup = channels / groups;
    long group = index / inner / (dims[0] / groups);
    return (int) (group * perGroup + index / behind % dims[axis]);
  }

  Optional<Integer> channels() {
    Dim dim = shape().dim(channelAxis);
    return dim.isFixed() ? Optional.of(Math.toIntExact(dim.fixed())) : Optional.empty();
  }
}
