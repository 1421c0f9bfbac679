package watari.format.tflite;

import static watari.format.tflite.schema.ActivationFunctionType.NONE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.graph.Value;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Custom operators of MediaPipe's and LiteRT's models that work on windows.
///
/// Source: MediaPipe, util/tflite/operations; LiteRT, kernels/perception. Their options are C
/// structures.
final class TfliteReadMediaPipeOps {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int SAME = 1;
  private static final int VALID = 2;

  private TfliteReadMediaPipeOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("Convolution2DTransposeBias", TfliteReadMediaPipeOps::transposeConvBias)
        .on("LiteRtMaxUnpooling2D", TfliteReadMediaPipeOps::maxUnpooling)
        .on("MaxPoolingWithArgmax2D", TfliteReadMediaPipeOps::maxPoolingWithArgmax)
        .on("MaxUnpooling2D", TfliteReadMediaPipeOps::maxUnpooling);
  }

  private static MemorySegment options(TfliteNode node, int fields) {
    var options = node.scope().source().file().customOptions(node.operator());
    if (options.byteSize() < (long) fields * Integer.BYTES) {
      throw Unreadable.broken("its options are missing");
    }
    return options;
  }

  private static int field(MemorySegment options, int i) {
    return options.get(INT, (long) i * Integer.BYTES);
  }

  private static boolean isSame(MemorySegment options) {
    return switch (field(options, 0)) {
      case SAME -> true;
      case VALID -> false;
      default -> throw Unreadable.broken("its padding is '%d'".formatted(field(options, 0)));
    };
  }

  // ---- convolution

  /// Options: padding, stride along the width, along the height.
  private static void transposeConvBias(TfliteNode node) {
    var options = options(node, 3);
    var strides = List.of(field(options, 2), field(options, 1));
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < 2; i++) {
      int padding = isSame(options) ? surplus(node, i, strides.get(i)) : 0;
      begins.add(padding / 2);
      ends.add(padding - padding / 2);
    }
    var filter = node.scope().transposed(node.in(1), 3, 1, 2, 0);
    var op =
        new ConvTranspose(
            strides,
            List.of(1, 1),
            new Padding.Explicit(begins, ends),
            List.of(0, 0),
            1,
            Layout.CHANNELS_LAST);
    var bias = TfliteReadConvOps.bias(node, 2, node.in(0), filter);
    node.emit(op, node.in(0), filter, bias);
    requireDeclared(node);
  }

  /// What the last window of an axis reaches beyond the output.
  private static int surplus(TfliteNode node, int axis, int stride) {
    var dim = node.shape(0).dim(axis + 1);
    var kernel = node.shape(1).dim(axis + 1);
    if (!dim.isFixed() || !kernel.isFixed()) {
      throw Unreadable.dynamic("its padding hangs on a dim that is not fixed");
    }
    return (int) Math.max(0, kernel.fixed() - Math.floorMod(dim.fixed() - 1, stride) - 1);
  }

  private static void requireDeclared(TfliteNode node) {
    var made = node.scope().value(node.outputTensor(0)).shape();
    var declared = node.declared(0).shape();
    if (!declared.isFixed() || !made.isFixed() || made.equals(declared)) return;
    throw Unreadable.operator(
        "its output is declared as %s, and would be %s".formatted(declared, made),
        "export it as TRANSPOSE_CONV");
  }

  // ---- pools

  /// Options: padding, strides along width and height, window along width and height, activation.
  private static TfliteArgmaxPool pool(TfliteNode node) {
    var options = options(node, 6);
    int activation = field(options, 5);
    return new TfliteArgmaxPool(
        isSame(options),
        List.of(field(options, 2), field(options, 1)),
        List.of(field(options, 4), field(options, 3)),
        activation);
  }

  /// Puts the activation of MaxPoolingWithArgmax2D behind its maxima.
  private static void maxPoolingWithArgmax(TfliteNode node) {
    var pool = pool(node);
    if (!isImage(node, 0)) {
      TfliteCustom.read(node, /* isCustom= */ true);
      return;
    }
    TfliteEquivalent.read(
        node,
        List.of(DataType.FLOAT32),
        (in, f) -> {
          var largest = pool.largest(in.get(0), f);
          boolean isPlain = pool.activation() == NONE;
          var values = isPlain ? largest : f.op(TfliteNode.activation(pool.activation()), largest);
          return List.of(values, pool.places(in.get(0), f));
        });
  }

  /// Of two operators of this name MediaPipe's has places within windows, as floats, LiteRT's
  /// places in the whole image, as integers.
  private static void maxUnpooling(TfliteNode node) {
    var pool = pool(node);
    if (!isImage(node, 0)) {
      TfliteCustom.read(node, /* isCustom= */ true);
      return;
    }
    var indices = node.in(1).dtype();
    TfliteEquivalent.read(
        node,
        List.of(DataType.FLOAT32, indices == DataType.INT32 ? indices : DataType.FLOAT32),
        (in, f) -> List.of(unpooled(pool, in, f)));
  }

  private static Value unpooled(TfliteArgmaxPool pool, List<Value> in, Formula f) {
    boolean isWhole = in.get(1).dtype() == DataType.INT32;
    return isWhole
        ? pool.scattered(in.get(0), in.get(1), f)
        : TfliteUnpool.of(pool, in.get(0), in.get(1), f);
  }

  private static boolean isImage(TfliteNode node, int input) {
    return node.shape(input).isFixed() && node.shape(input).rank() == 4;
  }
}
