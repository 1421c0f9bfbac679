package watari.format.keras;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Transpose;
import watari.op.Shapes;
import watari.tensor.DataType;

/// Functions of TensorFlow that were called while a Functional model of Keras 2 was built: it wraps
/// each as a layer `TFOpLambda`, which names the function.
final class KerasReadLambdaOps {
  private static final Map<String, Binary.Kind> BINARY =
      Map.ofEntries(
          Map.entry("__operators__.add", Binary.Kind.ADD),
          Map.entry("math.add", Binary.Kind.ADD),
          Map.entry("math.subtract", Binary.Kind.SUB),
          Map.entry("math.multiply", Binary.Kind.MUL),
          Map.entry("math.truediv", Binary.Kind.DIV),
          Map.entry("math.divide", Binary.Kind.DIV),
          Map.entry("math.maximum", Binary.Kind.MAX),
          Map.entry("math.minimum", Binary.Kind.MIN),
          Map.entry("math.pow", Binary.Kind.POW),
          Map.entry("math.greater", Binary.Kind.GREATER),
          Map.entry("math.less", Binary.Kind.LESS));

  private static final Map<String, Unary.Kind> UNARY =
      Map.ofEntries(
          Map.entry("math.abs", Unary.Kind.ABS),
          Map.entry("math.negative", Unary.Kind.NEG),
          Map.entry("math.exp", Unary.Kind.EXP),
          Map.entry("math.log", Unary.Kind.LOG),
          Map.entry("math.sqrt", Unary.Kind.SQRT),
          Map.entry("math.rsqrt", Unary.Kind.RSQRT),
          Map.entry("math.square", Unary.Kind.SQUARE),
          Map.entry("math.sin", Unary.Kind.SIN),
          Map.entry("math.cos", Unary.Kind.COS),
          Map.entry("math.tanh", Unary.Kind.TANH),
          Map.entry("math.sigmoid", Unary.Kind.SIGMOID),
          Map.entry("math.softplus", Unary.Kind.SOFTPLUS));

  private static final Map<String, Reduce.Kind> REDUCE =
      Map.of(
          "math.reduce_sum", Reduce.Kind.SUM,
          "math.reduce_mean", Reduce.Kind.MEAN,
          "math.reduce_max", Reduce.Kind.MAX,
          "math.reduce_min", Reduce.Kind.MIN,
          "math.reduce_prod", Reduce.Kind.PROD);

  private static final Map<String, String> ACTIVATIONS =
      Map.of(
          "nn.relu", "relu",
          "nn.relu6", "relu6",
          "nn.sigmoid", "sigmoid",
          "nn.tanh", "tanh",
          "nn.softplus", "softplus",
          "nn.softsign", "softsign",
          "nn.elu", "elu",
          "nn.selu", "selu",
          "nn.silu", "silu",
          "nn.swish", "silu");

  private KerasReadLambdaOps() {}

  static void register(KerasReadOps.Table table) {
    table.on("TFOpLambda", KerasReadLambdaOps::function);
  }

  private static void function(KerasCall call) {
    var name = call.config().text("function");
    if (BINARY.containsKey(name)) {
      binary(call, BINARY.get(name));
    } else if (UNARY.containsKey(name)) {
      call.give(new Unary(UNARY.get(name)), call.in());
    } else if (REDUCE.containsKey(name)) {
      reduce(call, REDUCE.get(name));
    } else if (ACTIVATIONS.containsKey(name)) {
      call.give(KerasActivations.named(call, ACTIVATIONS.get(name), call.in()));
    } else {
      movement(call, name);
    }
  }

  private static void movement(KerasCall call, String name) {
    switch (name) {
      case "identity", "stop_gradient" -> call.give(call.in());
      case "nn.softmax" ->
          call.give(new watari.op.NormOp.Softmax(axis(call, 1, -1, call.rank())), call.in());
      case "cast" -> call.give(call.formula().cast(call.in(), dtype(call)));
      case "concat" ->
          call.give(call.builder().add(new Concat(axis(call, 1, 0, call.rank())), call.inputs()));
      case "expand_dims" -> {
        int rank = call.rank() + 1;
        call.give(call.formula().unsqueeze(call.in(), axis(call, 1, 0, rank)));
      }
      case "reshape" -> call.give(call.formula().reshape(call.in(), integers(call, 1, "shape")));
      case "transpose", "compat.v1.transpose" -> {
        var perm = java.util.Arrays.stream(integers(call, 1, "perm")).mapToInt(i -> (int) i);
        call.give(new Transpose(perm.boxed().toList()), call.in());
      }
      default ->
          throw KerasRefusal.unsupported(
              "it calls the TensorFlow function '" + name + "', which Watari does not read",
              "save the model as SavedModel, or build it with layers");
    }
  }

  private static void binary(KerasCall call, Binary.Kind kind) {
    var both = KerasOperands.promoted(call, 0, 1);
    call.give(new Binary(kind), both.get(0), both.get(1));
  }

  private static void reduce(KerasCall call, Reduce.Kind kind) {
    boolean keeps =
        call.argument(2, "keepdims") instanceof KerasArgument.Plain(var json)
            && json instanceof KerasJson.Flag(boolean value)
            && value;
    var x = call.in();
    if (call.argument(1, "axis").isNone()) call.give(new Reduce(kind, keeps), x);
    else call.give(new Reduce(kind, keeps), x, call.formula().vector(integers(call, 1, "axis")));
  }

  // ---- arguments

  private static Optional<KerasJson> plain(KerasCall call, int place, String name) {
    return call.argument(place, name) instanceof KerasArgument.Plain(var json) && !json.isNothing()
        ? Optional.of(json)
        : Optional.empty();
  }

  private static int axis(KerasCall call, int place, int otherwise, int rank) {
    var given = plain(call, place, "axis");
    if (given.isEmpty()) return Shapes.axis(otherwise, rank);
    return Shapes.axis(integers(call, place, "axis")[0], rank);
  }

  private static long[] integers(KerasCall call, int place, String name) {
    var json =
        plain(call, place, name)
            .orElseThrow(() ->
                KerasRefusal.unsupported(
                    "its '" + name + "' is computed", "build the model with fixed shapes"));
    List<Double> all =
        json instanceof KerasJson.Numeral(double one) ? List.of(one) : KerasArrays.numbers(json);
    return all.stream().mapToLong(Double::longValue).toArray();
  }

  private static DataType dtype(KerasCall call) {
    return KerasTypes.dtype(plain(call, 1, "dtype").map(KerasJson::text).orElse("float32"));
  }
}
