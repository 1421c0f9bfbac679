package watari.format.tflite;

/// Why an operator cannot be read: becomes the finding of its node.
final class Unreadable extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String code;
  private final String why;
  private final String fix;

  Unreadable(String code, String why, String fix) {
    super(why);
    this.code = code;
    this.why = why;
    this.fix = fix;
  }

  static Unreadable operator(String why, String fix) {
    return new Unreadable("OP_UNSUPPORTED", why, fix);
  }

  static Unreadable broken(String why) {
    return new Unreadable("FILE_BROKEN", why, "export the model again");
  }

  static Unreadable dynamic(String why) {
    return new Unreadable(
        "DYNAMIC_SHAPE", why, "fix the model's input shapes, or make this operand a constant");
  }

  String code() {
    return code;
  }

  String why() {
    return why;
  }

  String fix() {
    return fix;
  }
}
