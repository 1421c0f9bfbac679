package watari.pass.edit;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import watari.op.Padding;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Turns what users write (numbers, texts, lists of them) into what a record takes.
final class FieldValues {
  /// Element types by the numbers that ONNX gives them.
  private static final Map<Long, DataType> ONNX_TYPES =
      Map.ofEntries(
          Map.entry(1L, DataType.FLOAT32),
          Map.entry(2L, DataType.UINT8),
          Map.entry(3L, DataType.INT8),
          Map.entry(4L, DataType.UINT16),
          Map.entry(5L, DataType.INT16),
          Map.entry(6L, DataType.INT32),
          Map.entry(7L, DataType.INT64),
          Map.entry(8L, DataType.STRING),
          Map.entry(9L, DataType.BOOL),
          Map.entry(10L, DataType.FLOAT16),
          Map.entry(11L, DataType.FLOAT64),
          Map.entry(12L, DataType.UINT32),
          Map.entry(13L, DataType.UINT64),
          Map.entry(16L, DataType.BFLOAT16));

  /// OpenVINO's short names.
  private static final Map<String, String> SHORT_TYPES =
      Map.of(
          "f16",
          "float16",
          "f32",
          "float32",
          "f64",
          "float64",
          "bf16",
          "bfloat16",
          "boolean",
          "bool",
          "float",
          "float32",
          "double",
          "float64");

  private FieldValues() {}

  /// @throws IllegalArgumentException with a sentence, if the value does not fit
  static Object convert(RecordComponent component, Object old, Object value) {
    var type = component.getType();
    if (type == Padding.class) return padding((Padding) old, value);
    if (type == List.class) return integers(component.getName(), (List<?>) old, value);
    if (type == int.class) return integer(component.getName(), value);
    if (type == float.class) return (float) number(component.getName(), value);
    if (type == double.class) return number(component.getName(), value);
    if (type == boolean.class) return isTrue(component.getName(), value);
    if (type == DataType.class) return dataType(value);
    if (type == Layout.class) return layout(value);
    if (type == String.class) return String.valueOf(value);
    if (type.isEnum()) return constant(component.getName(), type, value);
    throw unfit(component.getName(), "something that cannot be written as a value", value);
  }

  static IllegalArgumentException unfit(String name, String wanted, Object value) {
    return new IllegalArgumentException("'%s' takes %s, not '%s'".formatted(name, wanted, value));
  }

  static int integer(String name, Object value) {
    double number = number(name, value);
    if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
      throw unfit(name, "a whole number", value);
    }
    return (int) number;
  }

  static double number(String name, Object value) {
    if (value instanceof Number number) return number.doubleValue();
    if (value instanceof List<?> list && list.size() == 1) return number(name, list.get(0));
    try {
      return Double.parseDouble(String.valueOf(value));
    } catch (NumberFormatException _) {
      throw unfit(name, "a number", value);
    }
  }

  private static boolean isTrue(String name, Object value) {
    return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
      case "true", "1", "tanh" -> true;
      case "false", "0", "none" -> false;
      default -> throw unfit(name, "true or false", value);
    };
  }

  /// @throws IllegalArgumentException with a sentence, if there is no such type
  static DataType dataType(Object value) {
    if (value instanceof Number number && ONNX_TYPES.containsKey(number.longValue())) {
      return ONNX_TYPES.get(number.longValue());
    }
    var word = String.valueOf(value).toLowerCase(Locale.ROOT);
    var full = SHORT_TYPES.getOrDefault(word, word.replaceFirst("^u(\\d+)$", "uint$1"));
    full = full.replaceFirst("^i(\\d+)$", "int$1");
    for (var type : DataType.values()) if (type.toString().equals(full)) return type;
    throw new IllegalArgumentException("there is no element type '" + value + "'");
  }

  static Layout layout(Object value) {
    return switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
      case "nhwc", "nwc", "ndhwc", "channels_last" -> Layout.CHANNELS_LAST;
      case "nchw", "ncw", "ncdhw", "channels_first" -> Layout.CHANNELS_FIRST;
      default -> throw unfit("layout", "'nhwc' or 'nchw'", value);
    };
  }

  private static Object constant(String name, Class<?> type, Object value) {
    var plain = OperatorFields.plain(String.valueOf(value));
    for (var each : type.getEnumConstants()) {
      if (OperatorFields.plain(each.toString()).equals(plain)) return each;
    }
    var all =
        Arrays.stream(type.getEnumConstants()).map(e -> e.toString().toLowerCase(Locale.ROOT));
    throw unfit(name, "one of " + String.join(", ", all.toList()), value);
  }

  static List<Integer> integers(String name, List<?> old, Object value) {
    var all = new ArrayList<Integer>();
    if (value instanceof List<?> list) for (var each : list) all.add(integer(name, each));
    else all.addAll(Collections.nCopies(Math.max(old.size(), 1), integer(name, value)));
    return all;
  }

  /// ONNX' `pads` (all begins, then all ends) or one of the words of its `auto_pad`.
  private static Padding padding(Padding old, Object value) {
    if (value instanceof List<?>) {
      var all = integers("pads", List.of(), value);
      if (all.size() % 2 != 0) throw unfit("pads", "a begin and an end for each axis", value);
      int axes = all.size() / 2;
      return new Padding.Explicit(all.subList(0, axes), all.subList(axes, 2 * axes));
    }
    return switch (String.valueOf(value).toUpperCase(Locale.ROOT)) {
      case "SAME_UPPER", "SAME" -> new Padding.Same(/* atEnd= */ true);
      case "SAME_LOWER" -> new Padding.Same(/* atEnd= */ false);
      case "VALID" -> {
        if (old instanceof Padding.Explicit(var begins, _)) yield Padding.none(begins.size());
        throw unfit("padding", "a list of pads where it is SAME so far", value);
      }
      default -> throw unfit("padding", "a list of pads, SAME_UPPER, SAME_LOWER or VALID", value);
    };
  }
}
