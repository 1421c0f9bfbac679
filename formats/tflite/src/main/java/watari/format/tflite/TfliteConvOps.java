package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.List;
import watari.format.OpTable;
import watari.format.tflite.schema.Padding;
import watari.format.tflite.schema.TensorType;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Convolutions, pools and products.
final class TfliteConvOps {
  private TfliteConvOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Conv.class, TfliteConvOps::conv)
        .on(ConvTranspose.class, TfliteConvOps::convTranspose)
        .on(MaxPool.class, TfliteConvOps::maxPool)
        .on(AveragePool.class, TfliteConvOps::averagePool)
        .on(FullyConnected.class, TfliteConvOps::fullyConnected)
        .on(MatMul.class, TfliteConvOps::matMul);
  }

  private static void requireChannelsLast(Layout layout) {
    if (layout != Layout.CHANNELS_LAST) {
      throw Refusal.operator("TFLite has channels last only", "assign layouts first");
    }
  }

  /// SAME and VALID are all that TFLite knows.
  static byte padding(watari.op.Padding padding) {
    return switch (padding) {
      case Same(boolean atEnd) when atEnd -> Padding.SAME;
      case Explicit pads when pads.isZero() -> Padding.VALID;
      default -> throw Refusal.operator("TFLite has no padding " + padding, "pad before");
    };
  }

  private static void conv(Conv op, Node node, TfliteSubgraph out) {
    requireChannelsLast(op.layout());
    int rank = node.input(0).shape().rank();
    if (rank == 5) {
      conv3d(op, node, out);
      return;
    }
    if (rank != 4) throw Refusal.operator("TFLite has no convolution of rank " + rank, "reshape");
    var filter = node.input(1).shape();
    if (isDepthwise(op, node)) {
      depthwise(op, node, out);
      return;
    }
    if (op.groups() != 1 && !filter.dim(3).isFixed()) {
      throw Refusal.operator("a grouped convolution has an unknown number of channels", "fix it");
    }
    var activation = out.activation(node);
    TfliteQuantized.requireProduct(node, activation.result(), 0, true);
    byte bias =
        node.input(2).isPresent() && node.input(0).dtype() == DataType.INT16
            ? TfliteSubgraph.number(node.input(2).dtype())
            : TensorType.FLOAT32;
    var options =
        TfliteOptions.conv2d(
            padding(op.padding()), op.strides(), op.dilations(), activation.code(), bias);
    var inputs =
        List.of(out.tensor(node.input(0)), out.tensor(node.input(1)), bias(node, filter, out));
    int version = bias == TensorType.INT32 ? 8 : op.groups() != 1 ? 6 : 1;
    out.add(CONV_2D, version, options, inputs, List.of(out.tensor(activation.result())));
  }

  /// A depthwise convolution has one group for each input channel.
  static boolean isDepthwise(Conv op, Node node) {
    var channels = node.input(0).shape().dim(-1);
    return node.input(0).shape().rank() == 4
        && op.groups() > 1
        && channels.is(op.groups())
        && node.input(1).shape().dim(-1).is(1)
        && node.input(1).isConstant();
  }

  static boolean isDepthwise(Node node) {
    return node.op() instanceof Conv conv && isDepthwise(conv, node);
  }

  private static void depthwise(Conv op, Node node, TfliteSubgraph out) {
    var activation = out.activation(node);
    TfliteQuantized.requireProduct(node, activation.result(), 0, true);
    boolean oneStride = op.strides().get(0).equals(op.strides().get(1));
    boolean dilates = op.dilations().stream().anyMatch(d -> d != 1);
    if (!oneStride && dilates) {
      throw Refusal.operator("strides " + op.strides() + " differ with dilation", "use one stride");
    }
    int outputs = Math.toIntExact(node.input(1).shape().dim(0).fixed());
    var options =
        TfliteOptions.depthwiseConv2d(
            padding(op.padding()),
            op.strides(),
            op.dilations(),
            outputs / op.groups(),
            activation.code());
    // [O, H, W, 1] as TFLite has it: [1, H, W, O].
    var perm = List.of(3, 1, 2, 0);
    var filter = node.input(1);
    int moved =
        out.constant(
            filter.constant().orElseThrow().transposed(perm),
            filter.type().quantization().transposed(perm));
    var inputs = List.of(out.tensor(node.input(0)), moved, bias(node, filter.shape(), out));
    out.add(
        DEPTHWISE_CONV_2D,
        dilates ? 2 : 1,
        options,
        inputs,
        List.of(out.tensor(activation.result())));
  }

  /// The bias, which some kernels need: zeros where there is none.
  private static int bias(Node node, Shape filter, TfliteSubgraph out) {
    if (node.input(2).isPresent()) return out.tensor(node.input(2));
    if (!filter.dim(0).isFixed()) return -1;
    var zeros = Shape.of(filter.dim(0).fixed());
    var x = node.input(0).type();
    if (!x.isQuantized()) {
      return out.constant(TensorData.filled(TensorData.scalar(0f), zeros));
    }
    var dtype = x.dtype() == DataType.INT16 ? DataType.INT64 : DataType.INT32;
    return out.constant(TensorData.filled(TensorData.scalar(dtype, 0), zeros), biasScale(node));
  }

  private static Quantization biasScale(Node node) {
    float x = ((Quantization.PerTensor) node.input(0).type().quantization()).scale();
    return switch (node.input(1).type().quantization()) {
      case Quantization.PerTensor(float scale, _) -> new Quantization.PerTensor(x * scale, 0);
      case Quantization.PerAxis(_, var scales, var zeros) ->
          new Quantization.PerAxis(0, scales.stream().map(scale -> x * scale).toList(), zeros);
      default -> throw Refusal.quantization("the filter is quantized in blocks");
    };
  }

  private static void conv3d(Conv op, Node node, TfliteSubgraph out) {
    if (op.groups() != 1) throw Refusal.operator("CONV_3D has no groups", "split the groups");
    TfliteQuantized.requireNone(node);
    var activation = out.activation(node);
    // [O, D, H, W, I] as TFLite has it: [D, H, W, I, O].
    int filter = filter3d(node.input(1), List.of(1, 2, 3, 4, 0), out);
    var inputs = new ArrayList<>(List.of(out.tensor(node.input(0)), filter));
    if (node.input(2).isPresent()) inputs.add(out.tensor(node.input(2)));
    var options =
        TfliteOptions.conv3d(
            padding(op.padding()), op.strides(), op.dilations(), activation.code());
    out.add(CONV_3D, options, inputs, List.of(out.tensor(activation.result())));
  }

  private static int filter3d(Value filter, List<Integer> perm, TfliteSubgraph out) {
    if (filter.isConstant()) return out.constant(filter.constant().orElseThrow().transposed(perm));
    int made =
        out.temporary(
            new watari.tensor.TensorType(filter.dtype(), filter.shape().transposed(perm)));
    out.add(
        TRANSPOSE, TfliteOptions.NONE, List.of(out.tensor(filter), out.ints(perm)), List.of(made));
    return made;
  }

  private static void convTranspose(ConvTranspose op, Node node, TfliteSubgraph out) {
    requireChannelsLast(op.layout());
    int rank = node.input(0).shape().rank();
    boolean plain = op.groups() == 1 && op.dilations().stream().allMatch(d -> d == 1);
    if (!plain || rank != 4 && rank != 5) {
      throw Refusal.operator(
          "TRANSPOSE_CONV has no groups, no dilation and rank 4", "split the groups");
    }
    if (op.outputPadding().stream().anyMatch(p -> p != 0)) {
      throw Refusal.operator("TRANSPOSE_CONV has no output padding", "pad behind");
    }
    byte padding = padding(op.padding());
    var result = rank == 4 ? out.activation(node) : TfliteActivation.none(node);
    int shape = TfliteDims.vector(node.output().shape(), List.of(node.input(0)), out);
    if (rank == 5) {
      TfliteQuantized.requireNone(node);
      // [C, D, H, W, O] as TFLite has it: [D, H, W, O, C].
      int filter = filter3d(node.input(1), List.of(1, 2, 3, 4, 0), out);
      var inputs = new ArrayList<>(List.of(shape, filter, out.tensor(node.input(0))));
      if (node.input(2).isPresent()) inputs.add(out.tensor(node.input(2)));
      var options = TfliteOptions.conv3d(padding, op.strides(), op.dilations(), (byte) 0);
      out.add(CONV_3D_TRANSPOSE, options, inputs, List.of(out.tensor(node.output())));
      return;
    }
    TfliteQuantized.requireProduct(node, result.result(), 3, true);
    // [C, H, W, O] as TFLite has it: [O, H, W, C].
    var perm = List.of(3, 1, 2, 0);
    int filter = transposeFilter(node.input(1), perm, out);
    var inputs = new ArrayList<>(List.of(shape, filter, out.tensor(node.input(0))));
    if (node.input(2).isPresent()) inputs.add(out.tensor(node.input(2)));
    var options = TfliteOptions.transposeConv(padding, op.strides(), result.code(), (byte) 0);
    int version = result.code() != 0 ? 4 : 1;
    out.add(TRANSPOSE_CONV, version, options, inputs, List.of(out.tensor(result.result())));
  }

  private static int transposeFilter(Value filter, List<Integer> perm, TfliteSubgraph out) {
    if (!filter.isConstant()) return filter3d(filter, perm, out);
    return out.constant(
        filter.constant().orElseThrow().transposed(perm),
        filter.type().quantization().transposed(perm));
  }

  private static void maxPool(MaxPool op, Node node, TfliteSubgraph out) {
    if (node.outputs().size() > 1 && node.output(1).isPresent()) {
      throw Refusal.operator("TFLite gives no indices of maxima", "use one output");
    }
    requireChannelsLast(op.layout());
    pool(MAX_POOL_2D, op.window(), node, out);
  }

  private static void averagePool(AveragePool op, Node node, TfliteSubgraph out) {
    requireChannelsLast(op.layout());
    if (op.countPadding() && op.window().padding() instanceof Same) {
      throw Refusal.operator("AVERAGE_POOL_2D does not count padding", "pad before");
    }
    pool(AVERAGE_POOL_2D, op.window(), node, out);
  }

  private static void pool(int code, Window window, Node node, TfliteSubgraph out) {
    if (window.kernel().size() != 2) {
      throw Refusal.operator("TFLite pools two axes, not " + window.kernel().size(), "reshape");
    }
    if (window.ceil() || window.dilations().stream().anyMatch(d -> d != 1)) {
      throw Refusal.operator("TFLite has no dilated pool and none that rounds up", "pad before");
    }
    var activation = out.activation(node);
    if (TfliteQuantized.isAny(node, activation.result())) {
      TfliteQuantized.requireActivation(node.input(0).type(), "the input");
      TfliteQuantized.requireSame(node.input(0).type(), activation.result().type());
    }
    var options =
        TfliteOptions.pool2d(
            padding(window.padding()), window.strides(), window.kernel(), activation.code());
    var result = out.tensor(activation.result());
    out.add(code, options, List.of(out.tensor(node.input(0))), List.of(result));
  }

  private static void fullyConnected(FullyConnected op, Node node, TfliteSubgraph out) {
    var activation = out.activation(node);
    TfliteQuantized.requireProduct(node, activation.result(), 0, true);
    var inputs = new ArrayList<>(List.of(out.tensor(node.input(0)), out.tensor(node.input(1))));
    inputs.add(out.tensor(node.input(2)));
    boolean keeps = !node.input(0).shape().hasRank(2);
    var x = node.input(0).dtype();
    boolean hasBias = node.input(2).isPresent();
    byte bias = hasBias && x == DataType.INT16 ? TfliteSubgraph.number(node.input(2).dtype()) : 0;
    int version = bias == TensorType.INT32 ? 11 : hasBias ? keeps ? 5 : 1 : 6;
    var options = TfliteOptions.fullyConnected(activation.code(), keeps, bias);
    out.add(FULLY_CONNECTED, version, options, inputs, List.of(out.tensor(activation.result())));
  }

  private static void matMul(MatMul op, Node node, TfliteSubgraph out) {
    var a = node.input(0).shape();
    var b = node.input(1).shape();
    if (!a.isRanked() || !b.isRanked() || a.rank() < 2 || b.rank() < 2) {
      throw Refusal.operator("BATCH_MATMUL takes no vectors", "reshape its operands");
    }
    if (a.rank() > 5 || b.rank() > 5) {
      throw Refusal.operator("BATCH_MATMUL takes 5 axes at most", "reshape its operands");
    }
    if (TfliteQuantized.isAny(node, node.output())) {
      TfliteQuantized.requireArithmetic(node, node.output());
      if (node.input(0).dtype() == DataType.UINT8) {
        throw Refusal.quantization("BATCH_MATMUL takes no uint8");
      }
    }
    var options = TfliteOptions.batchMatMul(op.transposeA(), op.transposeB());
    out.add(
        BATCH_MATMUL,
        options,
        List.of(out.tensor(node.input(0)), out.tensor(node.input(1))),
        List.of(out.tensor(node.output())));
  }
}
