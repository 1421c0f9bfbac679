package watari.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.util.Base64;

/// JSON text, written from front to back as it comes: nothing is held but the line at hand.
///
/// All of it is ASCII. Failures of the stream are [UncheckedIOException]s.
public final class JsonOutput {
  private static final int CHUNK_BYTES = 3 << 14;

  /// Places from which on, and below which, numbers have exponents.
  private static final int MOST_DIGITS = 16;

  private static final int MOST_ZEROS = 4;

  /// @param indent spaces a level
  /// @param isDense whether arrays of numbers stand on one line
  /// @param isTall whether empty arrays and objects take two lines, as `flatc` has them
  /// @param hasCapitals whether hexadecimal digits are capitals
  public record Form(int indent, boolean isDense, boolean isTall, boolean hasCapitals) {}

  private final OutputStream out;
  private final Form form;
  private int depth;
  private boolean isFirst = true;
  private boolean isBehindName;

  public JsonOutput(OutputStream out, Form form) {
    this.out = out;
    this.form = form;
  }

  public void beginObject() {
    begin("{");
  }

  public void endObject() {
    end("}");
  }

  public void beginArray() {
    begin("[");
  }

  public void endArray() {
    end("]");
  }

  private void begin(String bracket) {
    separate();
    print(bracket);
    depth++;
    isFirst = true;
  }

  private void end(String bracket) {
    depth--;
    if (isFirst && form.isTall() && bracket.equals("]")) print("\n");
    if (!isFirst || form.isTall()) line();
    print(bracket);
    isFirst = false;
  }

  public void name(String name) {
    separate();
    quote(name);
    print(": ");
    isBehindName = true;
  }

  /// A number or a word, as it is.
  public void word(String word) {
    separate();
    print(word);
  }

  public void text(String text) {
    separate();
    quote(text);
  }

  /// Bytes as an array of numbers from 0 to 255.
  public void bytes(MemorySegment bytes) {
    beginArray();
    var words = new byte[256][];
    for (int i = 0; i < words.length; i++) {
      words[i] = (separator() + i).getBytes(US_ASCII);
    }
    for (long i = 0; i < bytes.byteSize(); i++) {
      int value = bytes.get(JAVA_BYTE, i) & 0xFF;
      if (i == 0) numberOfDenseArray(Integer.toString(value));
      else write(words[value]);
    }
    endNumbers();
  }

  /// An element of an array of numbers, between [#beginArray] and [#endNumbers].
  public void number(String number) {
    if (isFirst) numberOfDenseArray(number);
    else print(separator() + number);
  }

  /// Ends an array of numbers.
  public void endNumbers() {
    if (!form.isDense() || isFirst) {
      endArray();
      return;
    }
    depth--;
    print("]");
  }

  private void numberOfDenseArray(String number) {
    if (!form.isDense()) line();
    isFirst = false;
    print(number);
  }

  private String separator() {
    return form.isDense() ? ", " : ",\n" + " ".repeat(depth * form.indent());
  }

  /// Bytes as one string of base64.
  public void base64(MemorySegment bytes) {
    separate();
    print("\"");
    for (long i = 0; i < bytes.byteSize(); i += CHUNK_BYTES) {
      var chunk = bytes.asSlice(i, Math.min(CHUNK_BYTES, bytes.byteSize() - i));
      write(Base64.getEncoder().encode(chunk.toArray(JAVA_BYTE)));
    }
    print("\"");
  }

  /// Ends the line, where a file is to end so.
  public void newLine() {
    print("\n");
  }

  /// The shortest decimal that reads back to the same number.
  public static String shortest(String javaNumber) {
    var decimal = new BigDecimal(javaNumber).stripTrailingZeros();
    if (decimal.signum() == 0) return javaNumber.startsWith("-") ? "-0.0" : "0.0";
    int exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= -MOST_ZEROS && exponent < MOST_DIGITS) {
      var plain = decimal.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    var digits = decimal.unscaledValue().toString();
    boolean isNegative = digits.startsWith("-");
    int split = isNegative ? 2 : 1;
    var rest = digits.substring(split);
    var sign = exponent < 0 ? "-" : "+";
    var size = Math.abs(exponent) < 10 ? "0" + Math.abs(exponent) : "" + Math.abs(exponent);
    return digits.substring(0, split) + (rest.isEmpty() ? "" : "." + rest) + "e" + sign + size;
  }

  private void separate() {
    if (isBehindName) {
      isBehindName = false;
      return;
    }
    if (depth == 0) return;
    if (!isFirst) print(",");
    line();
    isFirst = false;
  }

  private void line() {
    print("\n" + " ".repeat(depth * form.indent()));
  }

  private void quote(String text) {
    var quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) quoted.append(escaped(text.charAt(i)));
    print(quoted.append('"').toString());
  }

  private String escaped(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> c >= ' ' && c < 127 ? String.valueOf(c) : unicode(c);
    };
  }

  private String unicode(char c) {
    return (form.hasCapitals() ? "\\u%04X" : "\\u%04x").formatted((int) c);
  }

  private void print(String text) {
    write(text.getBytes(US_ASCII));
  }

  private void write(byte[] bytes) {
    try {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
