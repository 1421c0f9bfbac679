package watari.format.tflite;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.OptionalLong;
import watari.format.FileBytes;
import watari.format.JsonOutput;
import watari.format.tflite.TfliteSchema.Scalar;

/// Numbers, booleans and enums of TFLite's schema as 64 bits, and as words of JSON.
final class TfliteScalars {
  private static final String FLOAT = "float";

  private final TfliteSchema schema;

  TfliteScalars(TfliteSchema schema) {
    this.schema = schema;
  }

  static boolean isEnum(Scalar type) {
    return Character.isUpperCase(type.name().charAt(0));
  }

  static boolean isFloat(Scalar type) {
    return type.name().equals(FLOAT);
  }

  private static boolean isUnsigned(Scalar type) {
    return type.name().startsWith("u");
  }

  /// The bits of a scalar in a file: of floats those of the number, else a whole number.
  static long bits(FileBytes file, long at, Scalar type) {
    return switch (type.sizeBytes()) {
      case 1 -> isUnsigned(type) ? file.uint8(at) : (byte) file.uint8(at);
      case 2 -> isUnsigned(type) ? file.uint16(at) : (short) file.uint16(at);
      case 4 -> isUnsigned(type) ? file.uint32(at) : file.int32(at);
      default -> file.int64(at);
    };
  }

  /// What stands where a field is absent.
  long defaultBits(TfliteSchema.Field field, Scalar type) {
    var word = field.defaultValue();
    if (word.isEmpty()) return 0;
    return parse(word, type).orElseThrow(() -> new IllegalStateException(field + " in tflite.fbs"));
  }

  /// A scalar as `flatc` prints it.
  ///
  /// @param rounds whether floats have at most six decimals
  String word(long bits, Scalar type, boolean rounds, boolean quotes) {
    if (isFloat(type)) return floatWord(Float.intBitsToFloat((int) bits), rounds, quotes);
    if (type.name().equals("bool")) return bits == 0 ? "false" : "true";
    if (isEnum(type)) {
      var names = schema.values(type.name());
      if (bits >= 0 && bits < names.size()) return '"' + names.get((int) bits) + '"';
    }
    return type.name().equals("ulong") ? Long.toUnsignedString(bits) : Long.toString(bits);
  }

  private static String floatWord(float value, boolean rounds, boolean quotes) {
    if (!Float.isFinite(value)) {
      var word = Float.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
      return quotes ? '"' + word + '"' : word;
    }
    if (!rounds) return JsonOutput.shortest(Float.toString(value));
    var text = new BigDecimal(value).setScale(6, RoundingMode.HALF_EVEN).toPlainString();
    int end = text.length();
    while (text.charAt(end - 1) == '0' && text.charAt(end - 2) != '.') end--;
    return text.substring(0, end);
  }

  /// The bits that a word stands for; empty if it is none of the type.
  OptionalLong parse(String word, Scalar type) {
    try {
      if (isFloat(type)) return OptionalLong.of(Float.floatToRawIntBits(floatOf(word)));
      if (type.name().equals("bool")) {
        if (word.equals("true")) return OptionalLong.of(1);
        if (word.equals("false")) return OptionalLong.of(0);
      }
      if (isEnum(type)) {
        int index = schema.values(type.name()).indexOf(word);
        if (index >= 0) return OptionalLong.of(index);
      }
      long value = whole(word, type);
      return fits(value, type) ? OptionalLong.of(value) : OptionalLong.empty();
    } catch (NumberFormatException _) {
      return OptionalLong.empty();
    }
  }

  private static long whole(String word, Scalar type) {
    boolean isNegative = word.startsWith("-");
    var digits = isNegative || word.startsWith("+") ? word.substring(1) : word;
    boolean isHex = digits.startsWith("0x") || digits.startsWith("0X");
    var text = (isNegative ? "-" : "") + (isHex ? digits.substring(2) : digits);
    int radix = isHex ? 16 : 10;
    return type.name().equals("ulong")
        ? Long.parseUnsignedLong(text, radix)
        : Long.parseLong(text, radix);
  }

  /// An enum without a name there still has its number.
  private static boolean fits(long value, Scalar type) {
    if (type.sizeBytes() == Long.BYTES) return true;
    if (type.name().equals("bool")) return value == 0 || value == 1;
    int bits = type.sizeBytes() * Byte.SIZE;
    if (isUnsigned(type)) return value >= 0 && value < 1L << bits;
    return value >= -(1L << bits - 1) && value < 1L << bits - 1;
  }

  private static float floatOf(String word) {
    var lower = word.toLowerCase(Locale.ROOT);
    boolean isNegative = lower.startsWith("-");
    var text = isNegative || lower.startsWith("+") ? lower.substring(1) : lower;
    return switch (text) {
      case "nan" -> Float.NaN;
      case "inf", "infinity" -> isNegative ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
      default -> plainFloat(word);
    };
  }

  /// Java also takes the endings `f` and `d`, which are no JSON.
  private static float plainFloat(String word) {
    char last = word.isEmpty() ? ' ' : word.charAt(word.length() - 1);
    boolean isHex = word.contains("x") || word.contains("X");
    if (isHex && word.indexOf('p') < 0) return Long.decode(word);
    if (!isHex && last != '.' && !Character.isDigit(last)) throw new NumberFormatException(word);
    return Float.parseFloat(word);
  }
}
