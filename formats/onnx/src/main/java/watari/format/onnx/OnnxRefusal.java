package watari.format.onnx;

import watari.finding.Finding;

/// Why a node cannot be read; becomes a [Finding] at that node.
final class OnnxRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final String fix;

  /// @param why one sentence without a full stop
  OnnxRefusal(String code, String why, String fix) {
    super(why);
    this.code = code;
    this.fix = fix;
  }

  /// The node breaks the specification.
  static OnnxRefusal broken(String why) {
    return new OnnxRefusal(
        "NODE_BROKEN", why, "correct the node, or export the model again; onnx.checker tells more");
  }

  /// The node is right, but there is no way to say it here.
  static OnnxRefusal unsupported(String why, String fix) {
    return new OnnxRefusal("OP_UNSUPPORTED", why, fix);
  }

  Finding finding() {
    return Finding.error(code, String.valueOf(getMessage())).fix(fix);
  }
}
