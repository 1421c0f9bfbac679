package watari.pass.edit;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// The names that a user may have meant.
public final class NearNames {
  private static final int MOST_NAMES = 5;

  private NearNames() {}

  /// Up to five known names, nearest first: those that contain the name, or few edits away.
  public static List<String> of(String name, Collection<String> known) {
    return known.stream()
        .distinct()
        .sorted(
            Comparator.comparingInt((String each) -> distance(name, each))
                .thenComparing(Comparator.naturalOrder()))
        .limit(MOST_NAMES)
        .toList();
  }

  private static int distance(String a, String b) {
    var x = a.toLowerCase(Locale.ROOT);
    var y = b.toLowerCase(Locale.ROOT);
    int edits = edits(x, y);
    return y.contains(x) || x.contains(y) ? Math.min(edits, 2) : edits;
  }

  /// Levenshtein's distance.
  private static int edits(String a, String b) {
    var row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) row[j] = j;
    for (int i = 1; i <= a.length(); i++) {
      int corner = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        corner = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
