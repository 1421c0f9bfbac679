package watari.format.onnx;

import watari.format.OpTable;
import watari.op.NormOp.BatchNorm;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.Hardmax;
import watari.op.NormOp.InstanceNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.RmsNorm;
import watari.op.NormOp.Softmax;

/// Normalisations and softmaxes.
final class OnnxWriteNorm {
  private OnnxWriteNorm() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(BatchNorm.class, (op, node, out) -> out.add(node).f("epsilon", op.epsilon()))
        .on(InstanceNorm.class, (op, node, out) -> out.add(node).f("epsilon", op.epsilon()))
        .on(
            GroupNorm.class,
            (op, node, out) ->
                out.add(node).i("num_groups", op.groups()).f("epsilon", op.epsilon()))
        .on(
            LayerNorm.class,
            (op, node, out) -> out.add(node).i("axis", op.axis()).f("epsilon", op.epsilon()))
        .on(
            RmsNorm.class,
            (op, node, out) -> out.add(node).i("axis", op.axis()).f("epsilon", op.epsilon()))
        .on(
            Lrn.class,
            (op, node, out) ->
                out.add(node)
                    .i("size", op.size())
                    .f("alpha", op.alpha())
                    .f("beta", op.beta())
                    .f("bias", op.bias()))
        .on(LpNorm.class, (op, node, out) -> out.add(node).i("axis", op.axis()).i("p", op.p()))
        .on(Softmax.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(LogSoftmax.class, (op, node, out) -> out.add(node).i("axis", op.axis()))
        .on(Hardmax.class, (op, node, out) -> out.add(node).i("axis", op.axis()));
  }
}
