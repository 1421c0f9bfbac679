package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.GatherNd;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.GroupNorm;
import watari.op.NormOp.LayerNorm;
import watari.op.NormOp.RmsNorm;
import watari.op.Op;
import watari.op.PoolOp.MaxPool;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Trilu;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators of ONNX Runtime's own domain that its optimizer and exporters leave in models.
///
/// Source: ONNX Runtime 1.2x, ContribOperators.md, domain com.microsoft version 1.
final class OnnxReadMicrosoftOps {
  private static final float EPSILON = 1e-12f;

  private OnnxReadMicrosoftOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    OnnxReadQLinearOps.register(table);
    OnnxReadMicrosoftAttentionOps.register(table);
    table
        .on("Gelu", n -> n.give(new Gelu(false), n.in(0)))
        .on("FastGelu", n -> n.give(new Gelu(true), biased(n)))
        .on("BiasGelu", n -> n.give(new Gelu(false), biased(n)))
        .on("QuickGelu", n -> n.give(new Swish(n.real("alpha", 1.702f)), n.in(0)))
        .on("SkipLayerNormalization", OnnxReadMicrosoftOps::skipLayerNorm)
        .on("SkipSimplifiedLayerNormalization", OnnxReadMicrosoftOps::skipRmsNorm)
        .on("EmbedLayerNormalization", OnnxReadMicrosoftOps::embedLayerNorm)
        .on("GroupNorm", OnnxReadMicrosoftOps::groupNorm)
        .on("FusedMatMul", OnnxReadMicrosoftOps::fusedMatMul)
        .on("TransposeMatMul", OnnxReadMicrosoftOps::fusedMatMul)
        .on("FusedConv", OnnxReadMicrosoftOps::fusedConv)
        .on("FusedGemm", OnnxReadMicrosoftOps::fusedGemm)
        .on("MatMulNBits", OnnxReadMicrosoftOps::matMulNBits)
        .on("NhwcMaxPool", OnnxReadMicrosoftOps::nhwcMaxPool)
        .on("Pad", OnnxReadSliceOps::pad)
        .on("Trilu", OnnxReadMicrosoftOps::trilu)
        .on("GatherND", n -> n.give(new GatherNd(0), n.in(0), n.in(1)))
        .on("ExpandDims", n -> n.give(new Unsqueeze(), n.in(0), n.reshape(n.in(1), 1)))
        .on("Range", OnnxReadMicrosoftOps::range);
  }

  private static Value biased(OnnxReadNode n) {
    return n.has(1) ? n.plus(n.in(0), n.in(1)) : n.in(0);
  }

  private static void trilu(OnnxReadNode n) {
    var op = new Trilu(n.flag("upper", true));
    if (n.has(1)) n.give(op, n.in(0), n.in(1));
    else n.give(op, n.in(0));
  }

  private static void range(OnnxReadNode n) {
    n.give(new Range(), n.in(0), n.in(1), n.has(2) ? n.in(2) : n.like(n.in(0), 1));
  }

  private static void nhwcMaxPool(OnnxReadNode n) {
    if (n.isQuantized(false)) n.carryQuantization(false);
    n.give(new MaxPool(OnnxReadWindow.pool(n), Layout.CHANNELS_LAST), n.in(0));
  }

  // ---- normalisations

  private static void skipLayerNorm(OnnxReadNode n) {
    if (n.wants(1) || n.wants(2)) {
      n.custom();
      return;
    }
    var sum = n.plus(n.in(0), n.in(1));
    if (n.has(4)) sum = n.plus(sum, n.in(4));
    var inputs = n.has(3) ? List.of(sum, n.in(2), n.in(3)) : List.of(sum, n.in(2));
    n.give(0, new LayerNorm(-1, n.real("epsilon", EPSILON)), inputs.toArray(Value[]::new));
    n.give(3, sum);
  }

  private static void skipRmsNorm(OnnxReadNode n) {
    if (n.wants(1) || n.wants(2)) {
      n.custom();
      return;
    }
    var sum = n.plus(n.in(0), n.in(1));
    if (n.has(3)) sum = n.plus(sum, n.in(3));
    n.give(0, new RmsNorm(-1, n.real("epsilon", EPSILON)), sum, n.in(2));
    n.give(3, sum);
  }

  /// Embeddings of words, positions and segments, added and normalised.
  private static void embedLayerNorm(OnnxReadNode n) {
    var ids = n.in(0);
    var positions = n.has(8) ? n.in(8) : n.unsqueeze(n.range(n.squeeze(n.dim(ids, 1), 0)), 0);
    var sum = n.plus(n.gather(n.in(2), ids, 0), n.gather(n.in(3), positions, 0));
    if (n.has(1) && n.has(4)) sum = n.plus(sum, n.gather(n.in(4), n.in(1), 0));
    var op = new LayerNorm(-1, n.real("epsilon", EPSILON));
    n.give(0, op, sum, n.in(5), n.in(6));
    if (n.wants(1)) n.give(1, lengths(n, ids));
    n.give(2, sum);
  }

  private static Value lengths(OnnxReadNode n, Value ids) {
    if (!n.has(7)) return n.expand(n.scalar(DataType.INT32, 0), n.dim(ids, 0));
    return n.cast(n.reduce(Reduce.Kind.SUM, n.in(7), false, 1), DataType.INT32);
  }

  private static void groupNorm(OnnxReadNode n) {
    boolean isLast = n.flag("channels_last", true);
    var layout = isLast ? Layout.CHANNELS_LAST : Layout.CHANNELS_FIRST;
    var op = new GroupNorm(n.integer("groups", 1), n.real("epsilon", 1e-5f), layout);
    var normal = n.add(op, n.in(0), n.in(1), n.in(2));
    n.give(0, n.flag("activation", false) ? n.add(new Swish(1), normal) : normal);
  }

  // ---- fused operators

  private static void fusedMatMul(OnnxReadNode n) {
    if (n.flag("transBatchA", false) || n.flag("transBatchB", false)) {
      n.custom();
      return;
    }
    var op = new MatMul(transposes(n, "transA", 0), transposes(n, "transB", 1));
    float alpha = n.real("alpha", 1);
    if (alpha == 1) {
      n.give(op, n.in(0), n.in(1));
      return;
    }
    var product = n.add(op, n.in(0), n.in(1));
    n.give(0, n.times(product, n.like(product, alpha)));
  }

  /// Vectors have nothing to transpose.
  private static boolean transposes(OnnxReadNode n, String attribute, int input) {
    return n.flag(attribute, false) && !n.shape(input).hasRank(1);
  }

  private static void fusedConv(OnnxReadNode n) {
    var inputs = new ArrayList<>(List.of(n.in(0), n.in(1)));
    if (n.has(2)) inputs.add(n.in(2));
    var result = n.builder().add(OnnxReadConvOps.conv(n, 1), inputs);
    if (n.has(3)) result = n.plus(result, n.in(3));
    n.give(activation(n, n.reals("activation_params")), result);
  }

  private static void fusedGemm(OnnxReadNode n) {
    var op = new MatMul(n.flag("transA", false), n.flag("transB", false));
    var result = n.add(op, n.in(0), n.in(1));
    float alpha = n.real("alpha", 1);
    float beta = n.real("beta", 1);
    if (alpha != 1) result = n.times(result, n.like(result, alpha));
    if (n.has(2) && beta != 0) {
      var added = n.in(2);
      result = n.plus(result, beta == 1 ? added : n.times(added, n.like(added, beta)));
    }
    var parameters = new ArrayList<Float>();
    if (n.hasAttribute("activation_alpha")) parameters.add(n.real("activation_alpha", 0));
    if (n.hasAttribute("activation_beta")) parameters.add(n.real("activation_beta", 0));
    n.give(activation(n, parameters), result);
  }

  private static Op activation(OnnxReadNode n, List<Float> parameters) {
    var name = n.text("activation", "");
    return switch (name) {
      case "Relu" -> new Unary(Unary.Kind.RELU);
      case "Sigmoid" -> new Unary(Unary.Kind.SIGMOID);
      case "Tanh" -> new Unary(Unary.Kind.TANH);
      case "LeakyRelu" -> new LeakyRelu(parameter(parameters, 0, 0.01f));
      case "Clip" -> new Clip(parameter(parameters, 0, 0), parameter(parameters, 1, 0));
      case "HardSigmoid" ->
          new HardSigmoid(parameter(parameters, 0, 0.2f), parameter(parameters, 1, 0.5f));
      default ->
          throw OnnxRefusal.unsupported(
              "activation '" + name + "' is not one that Watari knows",
              "export the model without the runtime's fusions");
    };
  }

  private static float parameter(List<Float> parameters, int i, float otherwise) {
    return i < parameters.size() ? parameters.get(i) : otherwise;
  }

  // ---- small weights

  /// `x · weightsᵀ` of weights `[N, K]` of few bits, with a scale for each run of them.
  private static void matMulNBits(OnnxReadNode n) {
    int bits = n.integer("bits", 4);
    var stored = bits == 2 ? DataType.UINT2 : bits == 4 ? DataType.UINT4 : DataType.UINT8;
    long rows = n.integer("N");
    long columns = n.integer("K");
    int block = n.integer("block_size", 0);
    var weights = n.constant(1);
    var scales = n.constant(2);
    boolean isKnown = weights.isPresent() && scales.isPresent() && !n.has(4) && block > 0;
    if (!isKnown || columns % block != 0 || bits != stored.bits()) {
      n.custom();
      return;
    }
    var blocks = Shape.of(rows, columns / block);
    var zeros = zeros(n, stored, blocks);
    var packed = weights.get().contiguous();
    if (zeros == null || packed.isEmpty()) {
      n.custom();
      return;
    }
    var data = TensorData.of(stored, Shape.of(rows, columns), packed.get());
    var meaning = new Quantization.Blocked(1, block, scales.get().reshaped(blocks), zeros);
    var quantized = n.builder().constant(n.inputName(1), data, meaning);
    var real = n.add(new Convert(n.dtype(0)), quantized);
    var product = n.add(new MatMul(false, true), n.in(0), real);
    n.give(0, n.has(5) ? n.plus(product, n.in(5)) : product);
  }

  /// Zero points are packed as the weights are, each row for itself; the middle where none are
  /// given, and `null` where they are real numbers.
  private static @org.jspecify.annotations.Nullable TensorData zeros(
      OnnxReadNode n, DataType stored, Shape blocks) {
    long rows = blocks.dim(0).fixed();
    long count = blocks.dim(1).fixed();
    var zeros = new long[Math.toIntExact(rows * count)];
    if (!n.has(3)) {
      java.util.Arrays.fill(zeros, 1L << (stored.bits() - 1));
      return TensorData.ofLongs(stored, blocks, zeros);
    }
    var given = n.constant(3).filter(data -> data.dtype() == DataType.UINT8);
    if (given.isEmpty()) return null;
    int perByte = 8 / stored.bits();
    long rowBytes = Math.ceilDiv(count, perByte);
    for (int i = 0; i < zeros.length; i++) {
      long column = i % count;
      long each = given.get().longAt(i / count * rowBytes + column / perByte);
      zeros[i] = each >> column % perByte * stored.bits() & stored.max();
    }
    return TensorData.ofLongs(stored, blocks, zeros);
  }
}
