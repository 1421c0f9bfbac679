package watari.format.keras;

import watari.finding.Finding;

/// Why a layer cannot be read, or a node not be written; becomes a [Finding] at that place.
final class KerasRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String code;
  private final String fix;

  /// @param why one sentence without a full stop
  KerasRefusal(String code, String why, String fix) {
    super(why);
    this.code = code;
    this.fix = fix;
  }

  /// The file breaks what Keras writes.
  static KerasRefusal broken(String why) {
    return new KerasRefusal("NODE_BROKEN", why, "save the model again with Keras");
  }

  /// The layer is right, but there is no way to say it here.
  static KerasRefusal unsupported(String why, String fix) {
    return new KerasRefusal("OP_UNSUPPORTED", why, fix);
  }

  /// There is nothing in Keras that says what a node does.
  static KerasRefusal inexpressible(String why) {
    return unsupported(why, "end the model before this node with --outputs");
  }

  Finding finding() {
    return Finding.error(code, String.valueOf(getMessage())).fix(fix);
  }
}
