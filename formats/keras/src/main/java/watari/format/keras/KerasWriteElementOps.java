package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.MATH;
import static watari.format.keras.KerasWriteGraph.NN;
import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.PRelu;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.Gelu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Selu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Functions of each element: by activations where layers have them, else by `keras.ops`.
final class KerasWriteElementOps {
  private static final Map<Unary.Kind, String> NUMPY_NAMES =
      Map.ofEntries(
          Map.entry(Unary.Kind.ABS, "Absolute"),
          Map.entry(Unary.Kind.ACOS, "Arccos"),
          Map.entry(Unary.Kind.ACOSH, "Arccosh"),
          Map.entry(Unary.Kind.ASIN, "Arcsin"),
          Map.entry(Unary.Kind.ASINH, "Arcsinh"),
          Map.entry(Unary.Kind.ATAN, "Arctan"),
          Map.entry(Unary.Kind.ATANH, "Arctanh"),
          Map.entry(Unary.Kind.BITWISE_NOT, "BitwiseInvert"),
          Map.entry(Unary.Kind.CEIL, "Ceil"),
          Map.entry(Unary.Kind.COS, "Cos"),
          Map.entry(Unary.Kind.COSH, "Cosh"),
          Map.entry(Unary.Kind.EXP, "Exp"),
          Map.entry(Unary.Kind.FLOOR, "Floor"),
          Map.entry(Unary.Kind.IS_NAN, "Isnan"),
          Map.entry(Unary.Kind.LOG, "Log"),
          Map.entry(Unary.Kind.NEG, "Negative"),
          Map.entry(Unary.Kind.NOT, "LogicalNot"),
          Map.entry(Unary.Kind.RECIPROCAL, "Reciprocal"),
          Map.entry(Unary.Kind.ROUND, "Round"),
          Map.entry(Unary.Kind.SIGN, "Sign"),
          Map.entry(Unary.Kind.SIN, "Sin"),
          Map.entry(Unary.Kind.SINH, "Sinh"),
          Map.entry(Unary.Kind.SQRT, "Sqrt"),
          Map.entry(Unary.Kind.SQUARE, "Square"),
          Map.entry(Unary.Kind.TAN, "Tan"),
          Map.entry(Unary.Kind.TANH, "Tanh"));

  private KerasWriteElementOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            Unary.class,
            "ReLU, Activation, Rescaling, Multiply; ops.absolute, ops.exp, ops.floor, ops.sqrt and others",
            "",
            (op, node, out) -> unary(op.kind(), node, out))
        .on(
            Identity.class,
            "nothing",
            "",
            (_, node, out) -> out.give(node, out.tensor(node.input(0))))
        .on(
            Cast.class,
            "ops.cast",
            "element types that Keras has: floats from 16 bits, integers from 8, bool",
            KerasWriteElementOps::cast)
        .on(Clip.class, "ReLU from 0; ops.clip", "", KerasWriteElementOps::clip)
        .on(LeakyRelu.class, "LeakyReLU", "", KerasWriteElementOps::leakyRelu)
        .on(Elu.class, "ELU", "", KerasWriteElementOps::elu)
        .on(
            Selu.class,
            "Activation",
            "with its usual numbers, else arithmetic",
            (op, node, out) -> activation(op, node, out))
        .on(
            Swish.class,
            "Activation",
            "alpha 1, else arithmetic",
            (op, node, out) -> activation(op, node, out))
        .on(Gelu.class, "Activation; ops.gelu with tanh", "", KerasWriteElementOps::gelu)
        .on(HardSigmoid.class, "Rescaling and ReLU", "", KerasWriteElementOps::hardSigmoid)
        .on(
            PRelu.class,
            "PReLU",
            "a constant slope for each place or channel, else arithmetic",
            KerasWriteElementOps::prelu)
        .on(Select.class, "ops.where", "", KerasWriteElementOps::select);
  }

  // ---- functions without parameters

  private static void unary(Unary.Kind kind, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    switch (kind) {
      case ERF -> operation(MATH, "Erf", node, out);
      case RSQRT -> operation(MATH, "Rsqrt", node, out);
      case RELU -> relu(node, out);
      case SIGMOID, SOFTPLUS, SOFTSIGN, MISH -> activation(node.op(), node, out);
      case TANH, EXP -> {
        if (KerasWriteActivations.name(node.op(), node).isPresent()) {
          activation(node.op(), node, out);
        } else {
          operation(NUMPY, NUMPY_NAMES.getOrDefault(kind, ""), node, out);
        }
      }
      case HARD_SWISH -> hardSwish(node, out);
      case SQUARE -> {
        var both = List.of(x, x);
        if (KerasWriteMergeOps.isMergeable(both, node)) {
          KerasWriteMergeOps.merge("Multiply", both, node, out);
        } else {
          operation(NUMPY, "Square", node, out);
        }
      }
      case NEG -> {
        if (isReal(x)) out.give(node, scaled(out.tensor(x), -1, 0, node, out));
        else operation(NUMPY, "Negative", node, out);
      }
      case FLOOR, CEIL, ROUND -> rounded(kind, node, out);
      default -> operation(NUMPY, NUMPY_NAMES.getOrDefault(kind, ""), node, out);
    }
  }

  /// Integers are whole already.
  private static void rounded(Unary.Kind kind, Node node, KerasWriteGraph out) {
    if (node.input(0).dtype().isFloat()) {
      operation(NUMPY, NUMPY_NAMES.getOrDefault(kind, ""), node, out);
    } else {
      out.give(node, out.tensor(node.input(0)));
    }
  }

  private static void operation(String module, String name, Node node, KerasWriteGraph out) {
    if (name.isEmpty()) throw KerasRefusal.inexpressible("Keras has no " + node.op().name());
    out.give(node, out.operation(module, name).on(out.tensor(node.input(0)), node.output().type()));
  }

  /// Layers turn whole numbers into real ones.
  static boolean isReal(Value x) {
    return x.dtype().isFloat() && x.shape().isRanked() && x.shape().rank() > 0;
  }

  private static void relu(Node node, KerasWriteGraph out) {
    if (isReal(node.input(0))) {
      out.give(node, out.layer("ReLU", node).on(out.tensor(node.input(0)), node.output().type()));
    } else {
      operation(NN, "Relu", node, out);
    }
  }

  private static void activation(Op op, Node node, KerasWriteGraph out) {
    var name = KerasWriteActivations.name(op, node);
    if (name.isEmpty()) throw KerasRefusal.inexpressible("no activation is " + op);
    out.give(
        node,
        out.layer("Activation", node)
            .set("activation", name.get())
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  /// `x · scale + offset`.
  static KerasTensor scaled(
      KerasTensor x, double scale, double offset, Node node, KerasWriteGraph out) {
    return out.layer("Rescaling", node)
        .set("scale", KerasJson.of(scale))
        .set("offset", KerasJson.of(offset))
        .on(x, x.type());
  }

  /// `x` limited to `[0, max]`.
  private static KerasTensor limited(KerasTensor x, double max, Node node, KerasWriteGraph out) {
    return out.layer("ReLU", node).set("max_value", KerasJson.of(max)).on(x, x.type());
  }

  private static KerasTensor gate(
      KerasTensor x, double scale, double offset, Node node, KerasWriteGraph out) {
    return limited(scaled(x, scale, offset, node, out), 1, node, out);
  }

  /// Keras 2 and 3 mean other functions by `hard_sigmoid`, and Keras 2 has no `hard_swish`.
  private static void hardSwish(Node node, KerasWriteGraph out) {
    var x = out.tensor(node.input(0));
    var gate = gate(x, 1.0 / 6, 0.5, node, out);
    out.give(
        node,
        out.layer("Multiply", node)
            .with(Argument.of(List.of(x, gate)))
            .gives(node.output().type()));
  }

  private static void hardSigmoid(HardSigmoid op, Node node, KerasWriteGraph out) {
    out.give(node, gate(out.tensor(node.input(0)), op.alpha(), op.beta(), node, out));
  }

  // ---- with parameters

  private static void cast(Cast op, Node node, KerasWriteGraph out) {
    var x = out.tensor(node.input(0));
    KerasTypes.name(op.to());
    out.give(node, out.cast(x, op.to()));
  }

  private static void clip(Clip op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    if (isReal(x) && op.min() == 0 && op.max() > 0 && op.max() != Double.POSITIVE_INFINITY) {
      out.give(node, limited(out.tensor(x), op.max(), node, out));
      return;
    }
    out.give(
        node,
        out.operation(NUMPY, "Clip")
            .set("x_min", bound(op.min(), x.dtype(), Math.ceil(op.min())))
            .set("x_max", bound(op.max(), x.dtype(), Math.floor(op.max())))
            .on(out.tensor(x), node.output().type()));
  }

  /// Whole numbers are limited by whole ones.
  private static KerasJson bound(double bound, DataType dtype, double whole) {
    if (dtype.isFloat()) return KerasJson.of(bound);
    double limited = Math.max((double) dtype.min(), Math.min((double) dtype.max(), whole));
    return KerasJson.of((long) limited);
  }

  private static void leakyRelu(LeakyRelu op, Node node, KerasWriteGraph out) {
    out.give(
        node,
        out.layer("LeakyReLU", node)
            .setRenamed("negative_slope", "alpha", KerasJson.of(op.alpha()))
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  private static void elu(Elu op, Node node, KerasWriteGraph out) {
    out.give(
        node,
        out.layer("ELU", node)
            .set("alpha", op.alpha())
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  private static void gelu(Gelu op, Node node, KerasWriteGraph out) {
    if (!op.approximate()) {
      activation(op, node, out);
      return;
    }
    out.give(
        node,
        out.operation(NN, "Gelu")
            .set("approximate", true)
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  // ---- of several inputs

  /// Slopes of each place, or shared along axes.
  private static void prelu(PRelu op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    int rank = KerasShapes.rank(x);
    var slope =
        node.input(1).constant().flatMap(data -> perSample(data, rank)).filter(_ -> isReal(x));
    if (slope.isEmpty()) throw KerasRefusal.inexpressible("its slope is none of a layer's");
    var shared = new java.util.ArrayList<Integer>();
    for (int i = 1; i < rank; i++) if (slope.get().shape().dim(i - 1).is(1)) shared.add(i);
    out.give(
        node,
        out.layer("PReLU", node)
            .set("shared_axes", shared)
            .weight("alpha", slope.get())
            .on(out.tensor(x), node.output().type()));
  }

  /// A constant of the rank of one sample; empty where it differs along the batch.
  static Optional<TensorData> perSample(TensorData data, int rank) {
    var dims = new java.util.ArrayList<>(data.shape().dims());
    while (dims.size() < rank) dims.addFirst(watari.tensor.Dim.ONE);
    if (rank < 2 || dims.size() > rank || !dims.getFirst().is(1)) return Optional.empty();
    return Optional.of(data.reshaped(Shape.of(dims.subList(1, rank))));
  }

  private static void select(Select op, Node node, KerasWriteGraph out) {
    out.give(
        node,
        out.operation(NUMPY, "Where")
            .with(out.argument(node.input(0)))
            .with(KerasWriteMergeOps.array(node.input(1), out))
            .with(KerasWriteMergeOps.array(node.input(2), out))
            .gives(node.output().type()));
  }
}
