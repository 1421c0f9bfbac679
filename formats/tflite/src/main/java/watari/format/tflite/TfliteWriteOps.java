package watari.format.tflite;

import watari.format.OpTable;
import watari.graph.Node;
import watari.op.Custom;
import watari.op.PoolOp.MaxRoiPool;

/// The operators that TFLite has, each with the method that writes it; a file for each family.
final class TfliteWriteOps {
  static final OpTable<TfliteSubgraph> TABLE = new OpTable<>();

  static {
    TfliteElementwiseOps.into(TABLE);
    TfliteBinaryOps.into(TABLE);
    TfliteConvOps.into(TABLE);
    TfliteShapeOps.into(TABLE);
    TfliteSliceOps.into(TABLE);
    TfliteIndexOps.into(TABLE);
    TfliteReduceOps.into(TABLE);
    TfliteSequenceOps.into(TABLE);
    TfliteControlOps.into(TABLE);
    TfliteOtherOps.into(TABLE);
    TABLE.on(Custom.class, TfliteWriteOps::custom);
    TABLE.refuse("its windows are computed, TFLite's are fixed", MaxRoiPool.class);
  }

  private TfliteWriteOps() {}

  private static void custom(Custom op, Node node, TfliteSubgraph out) {
    if (!op.domain().startsWith(TfliteCustomOps.BUILTIN)) {
      throw Refusal.operator(
          "'" + op.name() + "' of " + op.domain() + " has no TFLite equivalent",
          "replace it by standard operators, or end the model before this node with --outputs");
    }
    TfliteCustomOps.custom(op, node, out);
  }
}
