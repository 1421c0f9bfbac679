package watari.format.openvino;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.regex.Pattern;

/// What reader and writer of OpenVINO's IR share.
final class OpenvinoFormat {
  /// As `--from` and `--to` take it.
  static final String NAME = "openvino";

  static final int OLDEST_IR = 10;
  static final int NEWEST_IR = 11;

  /// The newest set of operators that is read.
  static final int NEWEST_OPSET = 16;

  /// The element of `rt_info` that names who wrote the file, where it was not OpenVINO.
  static final String PRODUCER = "producer";

  /// The start of the name of a model's property that came from `rt_info`.
  static final String PROPERTY = "openvino.";

  /// The start of the name of a property that holds the layout of an input or output.
  static final String LAYOUT = PROPERTY + "layout.";

  /// The first element of an IR, behind a declaration, comments and an outdated DOCTYPE.
  private static final Pattern START =
      Pattern.compile(
          "\\uFEFF?\\s*(?:<\\?[^>]{0,400}\\?>\\s*|<!--.{0,1000}?-->\\s*|<!DOCTYPE[^<]{0,400}"
              + "(?:<![^<>]{0,400}>[^<]{0,400}){0,20}>\\s*){0,8}<net\\s.*",
          Pattern.DOTALL);

  private OpenvinoFormat() {}

  /// Whether a file begins as an IR does.
  static boolean sniff(byte[] head) {
    return START.matcher(new String(head, UTF_8)).matches();
  }

  /// The domain of a [watari.op.Custom] that stands for an operator of OpenVINO: `openvino` for
  /// those of its numbered sets, else with the set's name (`openvino:extension`).
  static String customDomain(String set) {
    return opset(set) > 0 ? NAME : NAME + ":" + set;
  }

  /// The number of an operator set (`opset4`), or 0 for one without a number.
  static int opset(String set) {
    return set.matches("opset[1-9]\\d?") ? Integer.parseInt(set.substring("opset".length())) : 0;
  }

  /// The file of weights that stands beside the file of layers.
  static String weightsName(String xmlName) {
    int dot = xmlName.lastIndexOf('.');
    return (dot > 0 ? xmlName.substring(0, dot) : xmlName) + ".bin";
  }
}
