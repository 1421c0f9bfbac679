package watari.format.tflite;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.tensor.Layout;

/// Custom operators of MediaPipe's models.
///
/// Source: MediaPipe, util/tflite/operations; their options are C structures.
final class TfliteReadMediaPipeOps {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int SAME = 1;
  private static final int VALID = 2;

  private TfliteReadMediaPipeOps() {}

  static void into(ReadTable<Entry> table) {
    table.on("Convolution2DTransposeBias", TfliteReadMediaPipeOps::transposeConvBias);
  }

  /// Options: padding, stride along the width, along the height.
  private static void transposeConvBias(TfliteNode node) {
    var options = node.scope().source().file().customOptions(node.operator());
    if (options.byteSize() < 3L * Integer.BYTES) throw Unreadable.broken("its options are missing");
    var padding =
        switch (options.get(INT, 0)) {
          case SAME -> new Padding.Same(true);
          case VALID -> Padding.none(2);
          default -> throw Unreadable.broken("its padding is '%d'".formatted(options.get(INT, 0)));
        };
    var strides = List.of(options.get(INT, 8), options.get(INT, 4));
    var filter = node.scope().transposed(node.in(1), 3, 1, 2, 0);
    var op =
        new ConvTranspose(strides, List.of(1, 1), padding, List.of(0, 0), 1, Layout.CHANNELS_LAST);
    var bias = TfliteReadConvOps.bias(node, 2, node.in(0), filter);
    node.emit(op, node.in(0), filter, bias);
    requireDeclared(node);
  }

  private static void requireDeclared(TfliteNode node) {
    var made = node.scope().value(node.outputTensor(0)).shape();
    var declared = node.declared(0).shape();
    if (!declared.isFixed() || !made.isFixed() || made.equals(declared)) return;
    throw Unreadable.operator(
        "its output is declared as %s, and would be %s".formatted(declared, made),
        "export it as TRANSPOSE_CONV");
  }
}
