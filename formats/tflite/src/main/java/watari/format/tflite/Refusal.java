package watari.format.tflite;

/// What an operator cannot be written for: becomes the finding of its node.
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String code;
  private final String fix;

  Refusal(String code, String why, String fix) {
    super(why);
    this.code = code;
    this.fix = fix;
  }

  static Refusal operator(String why, String fix) {
    return new Refusal("OP_UNSUPPORTED", why, fix);
  }

  static Refusal dtype(String why, String fix) {
    return new Refusal("DTYPE_UNSUPPORTED", why, fix);
  }

  /// Of a quantization that the kernel does not have; the operator can be computed in floats.
  static Refusal quantization(String why) {
    return new Refusal(
        "QUANTIZATION_UNSUPPORTED",
        why,
        "convert with --dequantize, or quantize this node otherwise");
  }

  static Refusal dynamic(String why) {
    return new Refusal(
        "DYNAMIC_SHAPE", why, "fix the model's input shapes with --input-shape or --batch");
  }

  String code() {
    return code;
  }

  String fix() {
    return fix;
  }
}
