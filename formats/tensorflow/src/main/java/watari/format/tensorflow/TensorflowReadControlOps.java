package watari.format.tensorflow;

import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;

/// Constants, calls and what only passes tensors on.
final class TensorflowReadControlOps {
  private TensorflowReadControlOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Const", n -> n.giveConstant(n.model().data(n.attribute("value").getTensor())))
        .on("IdentityN", TensorflowReadControlOps::identityN)
        .on("PartitionedCall", n -> call(n, n.attribute("f").getFunc().getName()))
        .on("StatefulPartitionedCall", n -> call(n, n.attribute("f").getFunc().getName()));
    for (var name :
        java.util.List.of(
            "CheckNumerics",
            "Copy",
            "CopyHost",
            "DeepCopy",
            "Identity",
            "OptimizationBarrier",
            "PlaceholderWithDefault",
            "PreventGradient",
            "Snapshot",
            "StopGradient")) {
      table.on(name, n -> n.hold(0, n.held(0)));
    }
  }

  private static void identityN(TensorflowReadNode n) {
    for (int i = 0; i < n.inputCount(); i++) n.hold(i, n.held(i));
  }

  /// Reads a function in the place of its call.
  static void call(TensorflowReadNode n, String name) {
    var results = n.graph().call(n.model().function(name), n.allHeld(), n.name());
    for (int i = 0; i < results.size(); i++) n.hold(i, results.get(i));
  }
}
