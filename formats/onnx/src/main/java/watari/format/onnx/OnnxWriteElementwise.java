package watari.format.onnx;

import watari.format.OpTable;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Celu;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.IsInf;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Shrink;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators on each element alone, or on two at the same place.
final class OnnxWriteElementwise {
  private OnnxWriteElementwise() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(Unary.class, (_, node, out) -> out.add(node))
        .on(Identity.class, (_, node, out) -> out.add(node))
        .on(Clip.class, OnnxWriteElementwise::clip)
        .on(LeakyRelu.class, (op, node, out) -> out.add(node).f("alpha", op.alpha()))
        .on(Elu.class, (op, node, out) -> out.add(node).f("alpha", op.alpha()))
        .on(
            Selu.class,
            (op, node, out) -> out.add(node).f("alpha", op.alpha()).f("gamma", op.gamma()))
        .on(Celu.class, (op, node, out) -> out.add(node).f("alpha", op.alpha()))
        .on(
            HardSigmoid.class,
            (op, node, out) -> out.add(node).f("alpha", op.alpha()).f("beta", op.beta()))
        .on(ThresholdedRelu.class, (op, node, out) -> out.add(node).f("alpha", op.alpha()))
        .on(
            Shrink.class,
            (op, node, out) -> out.add(node).f("bias", op.bias()).f("lambd", op.lambda()))
        .on(Gelu.class, OnnxWriteElementwise::gelu)
        .on(Swish.class, (op, node, out) -> out.add(node).f("alpha", op.alpha()))
        .on(IsInf.class, OnnxWriteElementwise::isInf)
        .on(Cast.class, OnnxWriteElementwise::cast)
        .on(Bitcast.class, (op, node, out) -> out.add(node).i("to", OnnxTypes.number(op.to())))
        .on(Binary.class, OnnxWriteElementwise::binary)
        .on(PRelu.class, (_, node, out) -> out.add(node))
        .on(Select.class, (_, node, out) -> out.add(node));
  }

  private static void clip(Clip op, Node node, OnnxNodes out) {
    var dtype = node.input(0).dtype();
    var min = bound(op.min(), Math.ceil(op.min()), dtype, node, "min", out);
    var max = bound(op.max(), Math.floor(op.max()), dtype, node, "max", out);
    out.add(node).inputs(out.name(node.input(0)), min, max);
  }

  /// A bound that limits nothing is left out.
  private static String bound(
      double value, double whole, DataType dtype, Node node, String what, OnnxNodes out) {
    if (Double.isInfinite(value)) return "";
    if (dtype.isFloat()) return out.constant(node, what, TensorData.scalar(dtype, value));
    boolean isMin = what.equals("min");
    double lowest = dtype.min();
    double highest = dtype == DataType.UINT64 ? 0x1p64 : dtype.max();
    if (isMin ? whole <= lowest : whole >= highest) return "";
    var limited = (long) Math.clamp(whole, lowest, highest);
    return out.constant(node, what, TensorData.ofLongs(dtype, Shape.SCALAR, limited));
  }

  private static void gelu(Gelu op, Node node, OnnxNodes out) {
    out.add(node).s("approximate", op.approximate() ? "tanh" : "none");
  }

  private static void isInf(IsInf op, Node node, OnnxNodes out) {
    out.add(node).i("detect_negative", op.negative()).i("detect_positive", op.positive());
  }

  private static void cast(Cast op, Node node, OnnxNodes out) {
    var made = out.add(node).i("to", OnnxTypes.number(op.to()));
    if (!op.saturate()) made.i("saturate", 0);
  }

  private static void binary(Binary op, Node node, OnnxNodes out) {
    var made = out.add(node);
    switch (op.kind()) {
      case TRUNC_MOD -> made.i("fmod", 1);
      case SHIFT_LEFT -> made.s("direction", "LEFT");
      case SHIFT_RIGHT -> made.s("direction", "RIGHT");
      default -> {}
    }
  }
}
