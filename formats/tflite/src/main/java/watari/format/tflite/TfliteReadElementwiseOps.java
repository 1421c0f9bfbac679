package watari.format.tflite;

import static watari.op.ElementwiseOp.Unary.Kind.*;

import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.GeluOptions;
import watari.format.tflite.schema.L2NormOptions;
import watari.format.tflite.schema.LeakyReluOptions;
import watari.format.tflite.schema.LocalResponseNormalizationOptions;
import watari.format.tflite.schema.SoftmaxOptions;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.LpNorm;
import watari.op.NormOp.Lrn;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Functions of one tensor that keep its shape.
final class TfliteReadElementwiseOps {
  private TfliteReadElementwiseOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("ABS", unary(ABS))
        .on("CEIL", unary(CEIL))
        .on("COS", unary(COS))
        .on("ELU", one(new Elu(1)))
        .on("EXP", unary(EXP))
        .on("FLOOR", unary(FLOOR))
        .on("GELU", TfliteReadElementwiseOps::gelu)
        .on("HARD_SWISH", unary(HARD_SWISH))
        .on("L2_NORMALIZATION", TfliteReadElementwiseOps::l2Normalization)
        .on("LEAKY_RELU", TfliteReadElementwiseOps::leakyRelu)
        .on("LOCAL_RESPONSE_NORMALIZATION", TfliteReadElementwiseOps::localResponseNormalization)
        .on("LOG", unary(LOG))
        .on("LOGICAL_NOT", unary(NOT))
        .on("LOGISTIC", unary(SIGMOID))
        .on("LOG_SOFTMAX", one(new LogSoftmax(-1)))
        .on("NEG", unary(NEG))
        .on("PRELU", TfliteReadElementwiseOps::prelu)
        .on("RELU", unary(RELU))
        .on("RELU6", one(new Clip(0, 6)))
        .on("RELU_0_TO_1", one(new Clip(0, 1)))
        .on("RELU_N1_TO_1", one(new Clip(-1, 1)))
        .on("ROUND", unary(ROUND))
        .on("RSQRT", unary(RSQRT))
        .on("SIGN", unary(SIGN))
        .on("SIN", unary(SIN))
        .on("SOFTMAX", TfliteReadElementwiseOps::softmax)
        .on("SQRT", TfliteReadElementwiseOps::sqrt)
        .on("SQUARE", unary(SQUARE))
        .on("TANH", unary(TANH))
        .on("ZEROS_LIKE", TfliteReadElementwiseOps::zerosLike);
  }

  private static Entry unary(Unary.Kind kind) {
    return node -> {
      boolean isTable =
          TfliteInt16Tables.has(kind) && isInt16(node.in(0).type()) && isInt16(node.declared(0));
      if (isTable) table(kind, node);
      else node.emit(new Unary(kind), node.in(0));
    };
  }

  /// The integer kernels round down to a step, not to the nearest.
  private static void sqrt(TfliteNode node) {
    if (!(node.declared(0).quantization() instanceof Quantization.PerTensor out)) {
      node.emit(new Unary(SQRT), node.in(0));
      return;
    }
    var step = node.scalar(DataType.FLOAT32, out.scale());
    var root = node.add(new Unary(SQRT), node.in(0));
    var steps = node.add(new Unary(FLOOR), node.add(new Binary(Binary.Kind.DIV), root, step));
    node.emit(new Binary(Binary.Kind.MUL), steps, step);
  }

  private static boolean isInt16(TensorType type) {
    return type.dtype() == DataType.INT16 && type.quantization() instanceof Quantization.PerTensor;
  }

  /// Takes the results from the table that the kernel has.
  private static void table(Unary.Kind kind, TfliteNode node) {
    var in = (Quantization.PerTensor) node.in(0).type().quantization();
    var out = (Quantization.PerTensor) node.declared(0).quantization();
    var data = TfliteInt16Tables.table(kind, in, out);
    var results = node.builder().constant(node.outputName(0) + "/table", data, out);
    var stored = node.add(new Cast(DataType.INT32), node.in(0));
    var first = node.scalar(DataType.INT32, -Short.MIN_VALUE);
    var places = node.add(new Binary(Binary.Kind.ADD), stored, first);
    node.emitMoved(new Gather(0, 0), results, places);
  }

  static Entry one(Op op) {
    return node -> node.emit(op, node.in(0));
  }

  private static void gelu(TfliteNode node) {
    node.emit(new Gelu(node.options(new GeluOptions()).approximate()), node.in(0));
  }

  private static void leakyRelu(TfliteNode node) {
    node.emit(new LeakyRelu(node.options(new LeakyReluOptions()).alpha()), node.in(0));
  }

  private static void prelu(TfliteNode node) {
    node.emit(new PRelu(), node.in(0), node.in(1));
  }

  private static void softmax(TfliteNode node) {
    float beta = node.options(new SoftmaxOptions()).beta();
    var x = node.in(0);
    if (beta != 1) {
      var scale = node.scalar(TfliteNode.computed(x), beta);
      x = node.add(new Binary(Binary.Kind.MUL), x, scale);
    }
    node.emit(new Softmax(-1), x);
  }

  private static void l2Normalization(TfliteNode node) {
    int activation = node.options(new L2NormOptions()).fusedActivationFunction();
    node.emitActivated(activation, new LpNorm(-1, 2, 1e-6f), node.in(0));
  }

  private static void localResponseNormalization(TfliteNode node) {
    var options = node.options(new LocalResponseNormalizationOptions());
    int size = 2 * options.radius() + 1;
    var op =
        new Lrn(size, options.alpha() * size, options.beta(), options.bias(), Layout.CHANNELS_LAST);
    int rank = node.rank(0);
    if (rank == 4) {
      node.emit(op, node.in(0));
      return;
    }
    var shape = node.add(new ShapeOf(DataType.INT64), node.in(0));
    var channels = node.shape(0).dim(-1);
    if (!channels.isFixed()) throw Unreadable.dynamic("the number of channels is not fixed");
    var image = node.reshaped(node.in(0), -1, 1, 1, channels.fixed());
    node.emit(new Reshape(true), node.add(op, image), shape);
  }

  private static void zerosLike(TfliteNode node) {
    var zero = node.constant(TensorData.scalar(node.in(0).dtype(), 0));
    node.emit(new Expand(), zero, node.add(new ShapeOf(DataType.INT64), node.in(0)));
  }
}
