package watari.format.tensorflow;

import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.ShapeOp.ShapeOf;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Variables, which hold what they were saved with.
final class TensorflowReadStateOps {
  private TensorflowReadStateOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("IsVariableInitialized", TensorflowReadStateOps::isInitialized)
        .on("Placeholder", TensorflowReadStateOps::placeholder)
        .on("ReadVariableOp", n -> n.giveConstant(content(n)))
        .on("ResourceGather", TensorflowReadStateOps::gather)
        .on("ResourceGatherNd", TensorflowReadStateOps::gatherNd)
        .on("VarHandleOp", n -> n.hold(0, new Held.Variable(n.name())))
        .on("VarIsInitializedOp", TensorflowReadStateOps::isInitialized)
        .on("Variable", n -> n.giveConstant(content(n, n.name())))
        .on("VariableShape", TensorflowReadStateOps::shape)
        .on("VariableV2", n -> n.giveConstant(content(n, n.name())));
  }

  /// Only what a signature names is given to the model.
  private static void placeholder(TensorflowReadNode n) {
    throw TensorflowRefusal.unsupported(
        "it is an input that the signature does not have",
        "save the model with a signature that has all its inputs");
  }

  private static TensorData content(TensorflowReadNode n) {
    return switch (n.held(0)) {
      case Held.Variable(var name) -> content(n, name);
      case Held.Constant(_, TensorData data) -> data;
      default ->
          throw TensorflowRefusal.unsupported(
              "it reads a resource that is no variable", "export the model for inference");
    };
  }

  private static TensorData content(TensorflowReadNode n, String variable) {
    return n.model()
        .variable(variable)
        .orElseThrow(() ->
            TensorflowRefusal.unsupported(
                "the model has no value for the variable '" + variable + "'",
                "freeze the graph, or save it with its variables"));
  }

  private static void isInitialized(TensorflowReadNode n) {
    n.giveConstant(TensorData.scalar(DataType.BOOL, 1));
  }

  private static void gather(TensorflowReadNode n) {
    int batchDims = n.integer("batch_dims", 0);
    var table = n.builder().constant(n.name() + "/table", content(n));
    n.give(new Gather(batchDims, batchDims), table, TensorflowReadIndexOps.index(n, 1));
  }

  private static void gatherNd(TensorflowReadNode n) {
    var table = n.builder().constant(n.name() + "/table", content(n));
    n.give(new GatherNd(0), table, TensorflowReadIndexOps.index(n, 1));
  }

  private static void shape(TensorflowReadNode n) {
    var table = n.builder().constant(n.name() + "/table", content(n));
    n.give(new ShapeOf(n.type("out_type", DataType.INT32)), table);
  }
}
