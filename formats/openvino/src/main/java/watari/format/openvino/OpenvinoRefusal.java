package watari.format.openvino;

import watari.finding.Finding;

/// Why a layer cannot be read; becomes a [Finding] at that layer.
final class OpenvinoRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final String fix;

  /// @param why one sentence without a full stop
  OpenvinoRefusal(String code, String why, String fix) {
    super(why);
    this.code = code;
    this.fix = fix;
  }

  /// The layer breaks the specification.
  static OpenvinoRefusal broken(String why) {
    return new OpenvinoRefusal(
        "NODE_BROKEN", why, "correct the layer in the .xml, or write the IR again");
  }

  /// The layer is right, but there is no way to say it here.
  static OpenvinoRefusal unsupported(String why, String fix) {
    return new OpenvinoRefusal("OP_UNSUPPORTED", why, fix);
  }

  static OpenvinoRefusal dtype(String name) {
    return new OpenvinoRefusal(
        "DTYPE_UNSUPPORTED",
        "it has the element type '" + name + "', which Watari does not know",
        "write the IR with another element type");
  }

  Finding finding() {
    return Finding.error(code, String.valueOf(getMessage())).fix(fix);
  }
}
