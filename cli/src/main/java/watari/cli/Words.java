package watari.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import watari.api.UsageException;
import watari.tensor.Layout;

/// Values of options, read from their words.
final class Words {
  private Words() {}

  static List<Long> dims(String option, String words) {
    var dims = new ArrayList<Long>();
    for (var word : words.split(",")) {
      long dim;
      try {
        dim = Long.parseLong(word.strip());
      } catch (NumberFormatException _) {
        throw new UsageException(option + " takes dims such as 1,3,224,224, not '" + words + "'");
      }
      if (dim < -1) throw new UsageException(option + ": a dim is " + dim);
      dims.add(dim);
    }
    return dims;
  }

  /// A number from 1 to 2^31 - 1; 0 where the option is not given.
  static long count(String option, String word) {
    if (word.isEmpty()) return 0;
    try {
      int count = Integer.parseInt(word);
      if (count > 0) return count;
    } catch (NumberFormatException _) {
      // Told below, like a number that counts nothing.
    }
    throw new UsageException(option + " takes a number above 0, not '" + word + "'");
  }

  static Layout layout(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "nhwc", "nwc", "ndhwc" -> Layout.CHANNELS_LAST;
      case "nchw", "ncw", "ncdhw" -> Layout.CHANNELS_FIRST;
      default -> throw new UsageException("a layout is 'nhwc' or 'nchw', not '" + word + "'");
    };
  }

  /// A number from 0 on.
  static double number(String option, String word) {
    try {
      double number = Double.parseDouble(word);
      if (number >= 0) return number;
    } catch (NumberFormatException _) {
      // Told below, like a number that is none or below 0.
    }
    throw new UsageException(option + " takes a number from 0 on, not '" + word + "'");
  }
}
