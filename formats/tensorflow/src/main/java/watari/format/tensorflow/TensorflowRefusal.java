package watari.format.tensorflow;

import watari.finding.Finding;

/// Why a node cannot be read; becomes a [Finding] at that node.
final class TensorflowRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final String fix;

  /// @param why one sentence without a full stop
  TensorflowRefusal(String code, String why, String fix) {
    super(why);
    this.code = code;
    this.fix = fix;
  }

  /// The node breaks the specification.
  static TensorflowRefusal broken(String why) {
    return new TensorflowRefusal(
        "NODE_BROKEN", why, "correct the node, or export the model again with TensorFlow");
  }

  /// The node is right, but there is no way to say it here.
  static TensorflowRefusal unsupported(String why, String fix) {
    return new TensorflowRefusal("OP_UNSUPPORTED", why, fix);
  }

  /// What has to be known depends on what the model is given.
  static TensorflowRefusal dynamic(String why) {
    return new TensorflowRefusal(
        "DYNAMIC_SHAPE", why, "export the model with inputs of fixed shapes");
  }

  Finding finding() {
    return Finding.error(code, String.valueOf(getMessage())).fix(fix);
  }
}
