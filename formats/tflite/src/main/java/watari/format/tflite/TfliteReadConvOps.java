package watari.format.tflite;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.BatchMatMulOptions;
import watari.format.tflite.schema.Conv2DOptions;
import watari.format.tflite.schema.Conv3DOptions;
import watari.format.tflite.schema.DepthwiseConv2DOptions;
import watari.format.tflite.schema.FullyConnectedOptions;
import watari.format.tflite.schema.FullyConnectedOptionsWeightsFormat;
import watari.format.tflite.schema.TransposeConvOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Cast;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.TensorData;

/// Convolutions and matrix products.
///
/// A fully quantized one adds its bias to the products as integers: whatever scale the file gives
/// the bias, it counts by that of the input times that of the filter. What the file gives is kept
/// where it is that product in the last digits.
final class TfliteReadConvOps {
  private TfliteReadConvOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BATCH_MATMUL", TfliteReadConvOps::batchMatMul)
        .on("CONV_2D", TfliteReadConvOps::conv2d)
        .on("CONV_3D", TfliteReadConvOps::conv3d)
        .on("CONV_3D_TRANSPOSE", TfliteReadConvOps::conv3dTranspose)
        .on("DEPTHWISE_CONV_2D", TfliteReadConvOps::depthwiseConv2d)
        .on("FULLY_CONNECTED", TfliteReadConvOps::fullyConnected)
        .on("TRANSPOSE_CONV", TfliteReadConvOps::transposeConv);
  }

  static Padding padding(int padding, int spatialAxes) {
    return switch (padding) {
      case watari.format.tflite.schema.Padding.SAME -> new Padding.Same(true);
      case watari.format.tflite.schema.Padding.VALID -> Padding.none(spatialAxes);
      default -> throw Unreadable.broken("padding '%d' is not known".formatted(padding));
    };
  }

  private static void conv2d(TfliteNode node) {
    var options = node.options(new Conv2DOptions());
    var op =
        new Conv(
            List.of(options.strideH(), options.strideW()),
            List.of(options.dilationHFactor(), options.dilationWFactor()),
            padding(options.padding(), 2),
            groups(channels(node, 0), node.shape(1).dim(3)),
            Layout.CHANNELS_LAST);
    var filter = TfliteInt16Products.effective(node, 2, node.in(0), node.in(1));
    var bias = bias(node, 2, node.in(0), filter);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(0), filter, bias);
  }

  private static Dim channels(TfliteNode node, int input) {
    if (node.rank(input) < 3) {
      throw Unreadable.broken("its input has shape %s".formatted(node.shape(input)));
    }
    return node.shape(input).dim(-1);
  }

  private static int groups(Dim channels, Dim perGroup) {
    if (!channels.isFixed() || !perGroup.isFixed() || perGroup.is(0)) return 1;
    if (channels.fixed() % perGroup.fixed() != 0) {
      throw Unreadable.broken(
          "its input has %s channels, its filter takes %s".formatted(channels, perGroup));
    }
    return Math.toIntExact(channels.fixed() / perGroup.fixed());
  }

  private static void depthwiseConv2d(TfliteNode node) {
    var options = node.options(new DepthwiseConv2DOptions());
    var channels = channels(node, 0);
    if (!channels.isFixed()) throw Unreadable.dynamic("the number of channels is not fixed");
    var turned = node.scope().transposed(node.in(1), 3, 1, 2, 0);
    var filter = TfliteInt16Products.effective(node, 2, node.in(0), turned);
    var op =
        new Conv(
            List.of(options.strideH(), options.strideW()),
            List.of(options.dilationHFactor(), options.dilationWFactor()),
            padding(options.padding(), 2),
            Math.toIntExact(channels.fixed()),
            Layout.CHANNELS_LAST);
    var bias = bias(node, 2, node.in(0), filter);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(0), filter, bias);
  }

  private static void conv3d(TfliteNode node) {
    var options = node.options(new Conv3DOptions());
    var filter = node.scope().transposed(node.in(1), 4, 0, 1, 2, 3);
    var op =
        new Conv(
            List.of(options.strideD(), options.strideH(), options.strideW()),
            dilations(options),
            padding(options.padding(), 3),
            groups(channels(node, 0), filter.shape().dim(4)),
            Layout.CHANNELS_LAST);
    var bias = bias(node, 2, node.in(0), filter);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(0), filter, bias);
  }

  private static List<Integer> dilations(Conv3DOptions options) {
    return List.of(options.dilationDFactor(), options.dilationHFactor(), options.dilationWFactor());
  }

  /// The bias of an operator, or [Value#ABSENT].
  static Value bias(TfliteNode node, int i, Value x, Value filter) {
    if (!node.has(i)) return Value.ABSENT;
    var bias = node.in(i);
    boolean isStored = bias.dtype().isInteger() && !bias.type().isQuantized();
    if (!isStored) return bias;
    var product = TfliteScope.product(x.type().quantization(), filter.type().quantization());
    var stated = node.scope().tensors().statedQuantization(node.inputTensor(i), bias.shape());
    var scale = product.isNone() || isSameButForRounding(stated, product) ? stated : product;
    if (scale.isNone()) return bias;
    if (scale instanceof Quantization.PerAxis(_, var scales, _)
        && !(bias.shape().hasRank(1) && bias.shape().dim(0).is(scales.size()))) {
      throw Unreadable.broken(
          "its bias of shape %s has %d scales".formatted(bias.shape(), scales.size()));
    }
    if (bias.constant().isPresent()) {
      var name = bias.name();
      if (bias.uses().isEmpty()) node.builder().graph().rename(bias, name + "/stored");
      return node.builder().constant(name, bias.constant().get(), scale);
    }
    return node.add(
        new Binary(Binary.Kind.MUL),
        node.add(new Cast(DataType.FLOAT32), bias),
        node.constant(scales(scale, bias)));
  }

  /// Converters multiply the scales with more digits than they store.
  private static boolean isSameButForRounding(Quantization stated, Quantization product) {
    return switch (stated) {
      case Quantization.PerTensor(float scale, long zero) ->
          zero == 0
              && product instanceof Quantization.PerTensor(float other, _)
              && isNear(scale, other);
      case Quantization.PerAxis(_, var scales, var zeros) ->
          zeros.stream().allMatch(zero -> zero == 0)
              && product instanceof Quantization.PerAxis(_, var others, _)
              && scales.size() == others.size()
              && IntStream.range(0, scales.size())
                  .allMatch(i -> isNear(scales.get(i), others.get(i)));
      case Quantization.None _, Quantization.Blocked _ -> false;
    };
  }

  private static boolean isNear(float scale, float product) {
    return Math.abs(scale - product) <= 2 * Math.ulp(product);
  }

  /// An optional operand whose integers, however wide, mean what the file says of them.
  static Value stated(TfliteNode node, int i) {
    return bias(node, i, Value.ABSENT, Value.ABSENT);
  }

  private static TensorData scales(Quantization scale, Value bias) {
    long count = bias.shape().elements().fixed();
    var ones = TensorData.filled(TensorData.scalar(1L), bias.shape());
    if (count == 0) throw Unreadable.broken("its bias is empty");
    return ones.dequantized(scale, DataType.FLOAT32);
  }

  // ---- transposed convolutions

  private static void transposeConv(TfliteNode node) {
    var options = node.options(new TransposeConvOptions());
    var filter = node.scope().transposed(node.in(1), 3, 1, 2, 0);
    var strides = List.of(options.strideH(), options.strideW());
    var op = transposed(node, filter, strides, List.of(1, 1), options.padding());
    filter = TfliteInt16Products.effective(node, 3, node.in(2), filter);
    var bias = bias(node, 3, node.in(2), filter);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(2), filter, bias);
  }

  private static void conv3dTranspose(TfliteNode node) {
    var options = node.options(new Conv3DOptions());
    var filter = node.scope().transposed(node.in(1), 4, 0, 1, 2, 3);
    var strides = List.of(options.strideD(), options.strideH(), options.strideW());
    var op = transposed(node, filter, strides, dilations(options), options.padding());
    var bias = bias(node, 3, node.in(2), filter);
    node.emitActivated(options.fusedActivationFunction(), op, node.in(2), filter, bias);
  }

  /// Turns the output's shape, input 0, into padding: the usual one where the output has the size
  /// that this gives, else pads.
  private static ConvTranspose transposed(
      TfliteNode node, Value filter, List<Integer> strides, List<Integer> dilations, int padding) {
    int axes = strides.size();
    var outputs = node.inference().integers(node.in(0)).orElse(List.of());
    if (outputs.size() != axes + 2) throw Unreadable.dynamic("its output's shape is not known");
    boolean same = padding == watari.format.tflite.schema.Padding.SAME;
    var all = new ArrayList<Spatial>();
    for (int i = 0; i < axes; i++) {
      var window = filter.shape().dim(i + 1).minus(1).times(dilations.get(i)).plus(1);
      if (strides.get(i) < 1) {
        throw Unreadable.broken("stride '%d' is below 1".formatted(strides.get(i)));
      }
      all.add(
          new Spatial(
              node.shape(2).dim(i + 1),
              outputs.get(i + 1),
              strides.get(i),
              Math.toIntExact(window.fixed()),
              same));
    }
    if (all.stream().allMatch(Spatial::isUsual)) {
      var zeros = Collections.nCopies(axes, 0);
      return new ConvTranspose(
          strides, dilations, padding(padding, axes), zeros, 1, Layout.CHANNELS_LAST);
    }
    all.forEach(Spatial::requireFixed);
    var pads =
        new Padding.Explicit(
            all.stream().map(Spatial::begin).toList(),
            all.stream().map(s -> Math.max(0, s.end())).toList());
    var added = all.stream().map(s -> Math.max(0, -s.end())).toList();
    return new ConvTranspose(strides, dilations, pads, added, 1, Layout.CHANNELS_LAST);
  }

  /// One axis of a transposed convolution.
  private record Spatial(Dim in, Dim out, int stride, int window, boolean same) {
    boolean isUsual() {
      var usual = same ? in.times(stride) : in.minus(1).times(stride).plus(window);
      return usual.equals(out);
    }

    void requireFixed() {
      if (in.isFixed() && out.isFixed()) return;
      throw Unreadable.dynamic("what pads dim %s to output dim %s is not known".formatted(in, out));
    }

    /// The padding that the convolution from the output to the input would have.
    int begin() {
      long size = out.fixed();
      long forward = same ? Math.ceilDiv(size, stride) : (size - window + stride) / stride;
      return Math.toIntExact(Math.max(0, (forward - 1) * stride + window - size) / 2);
    }

    /// What is cut off the end; negative where it is added to.
    int end() {
      return Math.toIntExact((in.fixed() - 1) * stride + window - begin() - out.fixed());
    }
  }

  // ---- products

  private static void fullyConnected(TfliteNode node) {
    var options = node.options(new FullyConnectedOptions());
    if (options.weightsFormat() != FullyConnectedOptionsWeightsFormat.DEFAULT) {
      throw Unreadable.operator(
          "its weights are shuffled for one processor ('SHUFFLED4x16INT8')",
          "export the model with plain weights");
    }
    var x = node.in(0);
    var weights = TfliteInt16Products.effective(node, 2, x, node.in(1));
    var width = weights.shape().dim(-1);
    boolean flattens =
        !options.keepNumDims() && !(x.shape().hasRank(2) && x.shape().dim(1).equals(width));
    if (flattens) {
      if (!width.isFixed()) throw Unreadable.dynamic("the width of its weights is not fixed");
      x = node.reshaped(x, -1, width.fixed());
    }
    var bias = bias(node, 2, x, weights);
    node.emitActivated(options.fusedActivationFunction(), new FullyConnected(), x, weights, bias);
  }

  private static void batchMatMul(TfliteNode node) {
    var options = node.options(new BatchMatMulOptions());
    node.emit(new MatMul(options.adjX(), options.adjY()), node.in(0), node.in(1));
  }
}
