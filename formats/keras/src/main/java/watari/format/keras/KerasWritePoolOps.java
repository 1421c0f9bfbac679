package watari.format.keras;

import java.util.List;
import watari.graph.Node;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.Window;
import watari.tensor.Shape;

/// Pools, whose pads [KerasWindowRules] has made `same` or `valid`.
final class KerasWritePoolOps {
  private KerasWritePoolOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            MaxPool.class,
            "MaxPooling1D, MaxPooling2D, MaxPooling3D",
            "up to 3 spatial axes, floats or bytes, without the places of maxima; pads other than 'same' and 'valid' stand before it as ops.pad",
            (op, node, out) -> maxPool(op, node, out))
        .on(
            AveragePool.class,
            "AveragePooling1D, AveragePooling2D, AveragePooling3D",
            "up to 3 spatial axes; dims known where padding does not count",
            (op, node, out) -> pool("AveragePooling", op.window(), node, out));
  }

  private static void maxPool(MaxPool op, Node node, KerasWriteGraph out) {
    if (node.outputs().size() > 1) {
      throw KerasRefusal.inexpressible("no layer gives the places of maxima");
    }
    pool("MaxPooling", op.window(), node, out);
  }

  private static void pool(String className, Window window, Node node, KerasWriteGraph out) {
    int axes = window.kernel().size();
    if (axes < 1 || axes > 3) {
      throw KerasRefusal.inexpressible("pooling layers have 1 to 3 spatial axes, not " + axes);
    }
    if (!node.output(0).dtype().isFloat()) {
      throw KerasRefusal.inexpressible("pooling layers work on floats");
    }
    boolean isPlain = !window.ceil() && window.dilations().stream().allMatch(d -> d == 1);
    if (!isPlain) throw KerasShapes.open(Shape.UNKNOWN);
    var made =
        out.layer("%s%dD".formatted(className, axes), node)
            .set("pool_size", window.kernel())
            .set("strides", window.strides())
            .set("padding", KerasWriteConvOps.padding(window.padding()))
            .set("data_format", "channels_last")
            .on(out.tensor(node.input(0)), node.output(0).type());
    out.give(node.output(0), made);
  }

  /// The layers that reduce all spatial axes of tensors of a rank.
  static String global(String kind, int rank) {
    return "Global%sPooling%dD".formatted(kind, rank - 2);
  }

  /// The spatial axes of a rank, channels last.
  static List<Integer> spatial(int rank) {
    return java.util.stream.IntStream.range(1, rank - 1).boxed().toList();
  }
}
