package watari.format.keras;

import java.util.List;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Operands of functions: tensors, or numbers that take the type of the other one.
final class KerasOperands {
  private KerasOperands() {}

  /// The input as real numbers.
  static Value real(KerasCall call) {
    var x = call.in();
    return x.dtype().isFloat() ? x : call.formula().cast(x, DataType.FLOAT32);
  }

  /// An argument that is a tensor or a number.
  ///
  /// @param like a tensor whose type a number takes, if it can
  static Value operand(KerasCall call, int place, Value like) {
    return switch (argument(call, place)) {
      case KerasArgument.Tensor(var value) -> value;
      case KerasArgument.Plain(KerasJson.Numeral(double number)) -> number(call, number, like);
      case KerasArgument.Plain(KerasJson.Flag(boolean value)) ->
          call.builder().constant(TensorData.scalar(DataType.BOOL, value ? 1 : 0));
      case KerasArgument.Plain(var json) when KerasArrays.isArray(json) ->
          call.builder().constant(KerasArrays.array(json));
      default ->
          throw KerasRefusal.unsupported(
              "its argument " + place + " is neither a tensor nor a number",
              "build the model with tensors and numbers");
    };
  }

  /// An argument that is a tensor or an array, whose type is its own.
  static Value array(KerasCall call, int place, String name) {
    return switch (call.argument(place, name)) {
      case KerasArgument.Tensor(var value) -> value;
      case KerasArgument.Plain(KerasJson.Numeral(double number)) ->
          call.builder().constant(TensorData.scalar(DataType.INT32, number));
      case KerasArgument.Plain(var json) when KerasArrays.isArray(json) ->
          call.builder().constant(KerasArrays.array(json));
      default ->
          throw KerasRefusal.unsupported(
              "its argument '" + name + "' is no tensor", "build the model with tensors");
    };
  }

  /// Keras names operands x1 and x2, TensorFlow x and y.
  private static KerasArgument argument(KerasCall call, int place) {
    var given = call.argument(place, List.of("x1", "x2", "x3").get(place));
    var other = call.argument(Integer.MAX_VALUE, List.of("x", "y", "z").get(place));
    return given.isNone() ? other : given;
  }

  /// A fraction makes whole numbers real ones.
  private static Value number(KerasCall call, double number, Value like) {
    boolean isWhole = number == Math.rint(number);
    boolean fits = like.dtype().isFloat() || like.dtype().isInteger() && isWhole;
    var other = isWhole ? DataType.INT32 : DataType.FLOAT32;
    return call.builder().constant(TensorData.scalar(fits ? like.dtype() : other, number));
  }

  /// Two arguments as one type: that of real numbers, else the wider one.
  static List<Value> promoted(KerasCall call, int first, int second) {
    var f = call.formula();
    var like = tensor(call, first, second);
    var a = operand(call, first, like);
    var b = operand(call, second, like);
    var dtype = common(a.dtype(), b.dtype());
    return List.of(f.cast(a, dtype), f.cast(b, dtype));
  }

  private static Value tensor(KerasCall call, int first, int second) {
    for (int place : new int[] {first, second}) {
      if (argument(call, place) instanceof KerasArgument.Tensor(var value)) return value;
    }
    return call.tensors().get(0);
  }

  private static DataType common(DataType a, DataType b) {
    if (a == b) return a;
    if (a == DataType.BOOL) return b;
    if (b == DataType.BOOL) return a;
    if (a.isFloat() != b.isFloat()) return a.isFloat() ? a : b;
    if (a.bits() == b.bits()) {
      throw KerasRefusal.unsupported(
          "its operands are " + a + " and " + b, "cast one of them to the other's type");
    }
    return a.bits() > b.bits() ? a : b;
  }
}
