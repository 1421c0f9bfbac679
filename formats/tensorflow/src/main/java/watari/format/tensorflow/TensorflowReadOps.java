package watari.format.tensorflow;

import java.util.Map;
import java.util.NavigableSet;
import watari.format.ReadTable;

/// The table of all operators that are read.
final class TensorflowReadOps {
  /// Says what a node means.
  @FunctionalInterface
  interface Entry {
    void read(TensorflowReadNode node);
  }

  private static final ReadTable<Entry> TABLE = table();

  private TensorflowReadOps() {}

  private static ReadTable<Entry> table() {
    var table = new ReadTable<Entry>();
    TensorflowReadElementwiseOps.register(table);
    TensorflowReadBinaryOps.register(table);
    TensorflowReadConvOps.register(table);
    TensorflowReadPoolOps.register(table);
    TensorflowReadShapeOps.register(table);
    TensorflowReadSliceOps.register(table);
    TensorflowReadReduceOps.register(table);
    TensorflowReadNormOps.register(table);
    TensorflowReadMatMulOps.register(table);
    TensorflowReadIndexOps.register(table);
    TensorflowReadControlOps.register(table);
    TensorflowReadListOps.register(table);
    TensorflowReadStateOps.register(table);
    TensorflowReadSegmentOps.register(table);
    TensorflowReadSearchOps.register(table);
    TensorflowReadGammaOps.register(table);
    TensorflowReadDetectionOps.register(table);
    TensorflowReadDiagonalOps.register(table);
    TensorflowReadMatrixOps.register(table);
    TensorflowReadQuantizeOps.register(table);
    TensorflowReadRegionOps.register(table);
    TensorflowReadComplexOps.register(table);
    TensorflowReadFusedOps.register(table);
    return table;
  }

  static Map<String, NavigableSet<Integer>> versions() {
    return TABLE.versions();
  }

  /// Reads a node.
  ///
  /// @throws TensorflowRefusal if there is no way to say here what it means
  static void read(TensorflowReadNode node) {
    var name = node.entry().op();
    var complex = TensorflowReadComplexOps.entry(node);
    var entry = complex.isPresent() ? complex : TABLE.entry(name, 1);
    if (entry.isPresent()) entry.get().read(node);
    else if (node.model().isFunction(name)) TensorflowReadControlOps.call(node, name);
    else throw TensorflowRefused.reason(name);
  }
}
