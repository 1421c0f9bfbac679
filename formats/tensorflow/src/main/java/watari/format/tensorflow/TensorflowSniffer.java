package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.regex.Pattern;

/// Tells TensorFlow's messages from others by their first fields.
final class TensorflowSniffer {
  private static final int VARINT = 0;
  private static final int BYTES = 2;

  /// A GraphDef as text begins with a node, its library or its versions.
  private static final Pattern TEXT =
      Pattern.compile(
          "(?:\\s|#[^\\n]*\\n)*(?:node|library|versions)\\s*:?\\s*\\{.*", Pattern.DOTALL);

  private final byte[] head;
  private int at;

  private TensorflowSniffer(byte[] head) {
    this.head = head;
  }

  static boolean isText(byte[] head) {
    return TEXT.matcher(new String(head, ISO_8859_1)).matches();
  }

  /// A GraphDef, binary or as text.
  static boolean isGraph(byte[] head) {
    return isText(head) || new TensorflowSniffer(head).graph();
  }

  /// A SavedModel: the version 1 as field 1, then MetaGraphDefs as field 2.
  static boolean isSavedModel(byte[] head) {
    var sniffer = new TensorflowSniffer(head);
    if (sniffer.varint() != (1 << 3 | VARINT)) return false;
    long version = sniffer.varint();
    return version >= 0 && version < 100 && sniffer.varint() == (2 << 3 | BYTES);
  }

  /// The first field is a node, a library or versions. A node begins with its name, which is text,
  /// and goes on with its operator.
  private boolean graph() {
    long tag = varint();
    long size = varint();
    if (at > head.length || size <= 0) return false;
    if (tag == (1 << 3 | BYTES)) return node(at + size);
    // A graph without nodes before its library: a function is the first field in there.
    return tag == (2 << 3 | BYTES) && at < head.length && head[at] == (1 << 3 | BYTES) && library();
  }

  private boolean node(long end) {
    if (!text(1)) return false;
    return at >= head.length || at < end && text(2);
  }

  /// A FunctionDef begins with its signature, an OpDef, which begins with its name.
  private boolean library() {
    at++;
    varint();
    if (at >= head.length || head[at] != (1 << 3 | BYTES)) return false;
    at++;
    varint();
    return text(1);
  }

  /// A field of printable text; what is behind the end of the head counts as such.
  private boolean text(int field) {
    if (varint() != (field << 3 | BYTES)) return false;
    long size = varint();
    if (size <= 0 || size > 4096) return false;
    long end = at + size;
    for (; at < Math.min(end, head.length); at++) {
      if (head[at] < ' ' || head[at] == 0x7F) return false;
    }
    at = (int) end;
    return true;
  }

  /// The next number; reads nothing behind the end.
  private long varint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (at >= head.length) {
        at++;
        return -1;
      }
      byte next = head[at++];
      value |= (next & 0x7FL) << shift;
      if (next >= 0) return value;
    }
    return -1;
  }
}
