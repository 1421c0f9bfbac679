package watari.format.onnx;

/// What reader and writer of ONNX share.
final class OnnxFormat {
  /// As `--from` and `--to` take it.
  static final String NAME = "onnx";

  /// The name of the domain of ONNX' own operators, which files leave empty.
  static final String DOMAIN = "ai.onnx";

  /// The newest version of the file format, and of the operators of [#DOMAIN], as of onnx 1.23.
  static final int NEWEST_IR = 14;

  static final int NEWEST_OPSET = 28;

  /// Properties of a model that are fields of their own in a file.
  static final String DOMAIN_PROPERTY = "onnx.domain";

  static final String VERSION_PROPERTY = "onnx.model_version";

  private OnnxFormat() {}

  /// A domain's name where the empty one is spelled out.
  static String domain(String name) {
    return name.isEmpty() ? DOMAIN : name;
  }

  /// The domain of a [watari.op.Custom] that stands for an operator of ONNX.
  static String customDomain(String domain) {
    return NAME + ":" + (domain.equals(DOMAIN) ? "" : domain);
  }
}
