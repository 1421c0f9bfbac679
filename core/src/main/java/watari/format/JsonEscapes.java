package watari.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/// What stands for other characters in JSON's strings.
final class JsonEscapes {
  private JsonEscapes() {}

  /// Reads what follows a backslash. `\xNN` is a byte, as `flatc` has it.
  static void read(JsonInput in, ByteArrayOutputStream bytes) {
    int c = in.next();
    switch (c) {
      case 'n' -> bytes.write('\n');
      case 't' -> bytes.write('\t');
      case 'r' -> bytes.write('\r');
      case 'b' -> bytes.write('\b');
      case 'f' -> bytes.write('\f');
      case '"', '\'', '\\', '/' -> bytes.write(c);
      case 'x' -> bytes.write(hex(in, 2));
      case 'u' -> unicode(in, bytes);
      default -> throw in.broken("'\\" + (char) c + "' stands for nothing in a string");
    }
  }

  private static void unicode(JsonInput in, ByteArrayOutputStream bytes) {
    int first = hex(in, 4);
    if (!Character.isHighSurrogate((char) first)) {
      if (Character.isLowSurrogate((char) first)) throw in.broken("half a character stands alone");
      write(Character.toString(first), bytes);
      return;
    }
    if (in.next() != '\\' || in.next() != 'u') throw in.broken("half a character stands alone");
    int second = hex(in, 4);
    if (!Character.isLowSurrogate((char) second)) throw in.broken("half a character stands alone");
    write(Character.toString(Character.toCodePoint((char) first, (char) second)), bytes);
  }

  private static void write(String text, ByteArrayOutputStream bytes) {
    bytes.writeBytes(text.getBytes(UTF_8));
  }

  private static int hex(JsonInput in, int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(in.next(), 16);
      if (digit < 0) throw in.broken("expected " + digits + " hexadecimal digits");
      value = value * 16 + digit;
    }
    return value;
  }

  /// The value of a digit of base64, of either alphabet; -1 for none.
  static int base64(int c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    return c == '/' || c == '_' ? 63 : -1;
  }
}
