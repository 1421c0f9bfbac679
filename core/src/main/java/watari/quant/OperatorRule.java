package watari.quant;

import watari.tensor.Quantization.PerTensor;

/// How an operator works on stored integers.
public record OperatorRule(Operands operands, Result result) {
  /// Which operands are stored as integers.
  public enum Operands {
    /// All floats.
    ALL,
    /// The first; other floats are parameters and stay.
    FIRST,
    /// The first as an activation, the second as weights, the third, if there is one, as a bias.
    PRODUCT
  }

  /// How a result is stored.
  public sealed interface Result {
    /// By its own range.
    record Own() implements Result {}

    /// As the operands, which are all stored alike.
    record Shared() implements Result {}

    /// Always in one way.
    ///
    /// @param eight of int8
    /// @param sixteen of int16
    record Fixed(PerTensor eight, PerTensor sixteen) implements Result {}

    /// It is no real number.
    record Plain() implements Result {}
  }

  public static OperatorRule product() {
    return new OperatorRule(Operands.PRODUCT, new Result.Own());
  }

  public static OperatorRule own() {
    return new OperatorRule(Operands.ALL, new Result.Own());
  }

  public static OperatorRule shared() {
    return new OperatorRule(Operands.ALL, new Result.Shared());
  }

  public static OperatorRule moved() {
    return new OperatorRule(Operands.FIRST, new Result.Shared());
  }

  public static OperatorRule plain() {
    return new OperatorRule(Operands.FIRST, new Result.Plain());
  }

  /// @param scale of int8
  /// @param zeroPoint of int8
  /// @param scale16 of int16, whose zero point is 0
  public static OperatorRule fixed(float scale, long zeroPoint, float scale16) {
    var result = new Result.Fixed(new PerTensor(scale, zeroPoint), new PerTensor(scale16, 0));
    return new OperatorRule(Operands.FIRST, result);
  }
}
