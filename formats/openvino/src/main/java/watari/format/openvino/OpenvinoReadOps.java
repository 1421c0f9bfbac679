package watari.format.openvino;

import java.util.Map;
import java.util.NavigableSet;
import watari.format.ReadTable;
import watari.format.openvino.OpenvinoFile.Layer;

/// The table of all operators that are read.
final class OpenvinoReadOps {
  /// Says what a layer means.
  @FunctionalInterface
  interface Entry {
    void read(OpenvinoReadNode node);
  }

  private static final ReadTable<Entry> TABLE = table();

  private OpenvinoReadOps() {}

  private static ReadTable<Entry> table() {
    var table = new ReadTable<Entry>();
    OpenvinoReadSourceOps.register(table);
    OpenvinoReadElementwiseOps.register(table);
    OpenvinoReadBinaryOps.register(table);
    OpenvinoReadShapeOps.register(table);
    OpenvinoReadSliceOps.register(table);
    OpenvinoReadReduceOps.register(table);
    OpenvinoReadMatMulOps.register(table);
    OpenvinoReadIndexOps.register(table);
    OpenvinoReadScatterOps.register(table);
    OpenvinoReadConvOps.register(table);
    OpenvinoReadSpecialConvOps.register(table);
    OpenvinoReadPoolOps.register(table);
    OpenvinoReadNormOps.register(table);
    OpenvinoReadInterpolateOps.register(table);
    OpenvinoReadQuantizeOps.register(table);
    OpenvinoReadBlockOps.register(table);
    OpenvinoReadRecurrentOps.register(table);
    OpenvinoReadControlOps.register(table);
    OpenvinoReadStateOps.register(table);
    OpenvinoReadColorOps.register(table);
    OpenvinoReadAttentionOps.register(table);
    OpenvinoReadSignalOps.register(table);
    OpenvinoReadPriorOps.register(table);
    OpenvinoReadRegionOps.register(table);
    OpenvinoReadNmsOps.register(table);
    OpenvinoReadDetectionOps.register(table);
    OpenvinoReadCtcOps.register(table);
    return table;
  }

  /// Names and versions of what is read.
  static Map<String, NavigableSet<Integer>> versions() {
    return TABLE.versions();
  }

  /// Reads a layer; what the table does not have becomes a [watari.op.Custom].
  static void read(OpenvinoReadNode node) {
    var layer = node.layer();
    if (layer.type().isEmpty()) throw OpenvinoRefusal.broken("the layer has no type");
    if (isCustom(layer)) node.custom();
    else TABLE.entry(layer.type(), node.opset()).orElseThrow().read(node);
  }

  /// Whether the table does not have the operator. What is not from a numbered set may have the
  /// name of an operator and be another.
  static boolean isCustom(Layer layer) {
    int opset = OpenvinoFormat.opset(layer.version());
    return opset == 0 || TABLE.entry(layer.type(), opset).isEmpty();
  }
}
