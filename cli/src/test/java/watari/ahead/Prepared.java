package watari.ahead;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Records and switches whose class files the test lets the build's step rewrite.
public final class Prepared {
  sealed interface Thing {}

  record Bare() implements Thing {}

  record Many(boolean a, byte b, char c, short d, int e, long f, float g, double h, String i)
      implements Thing {}

  record Nested(Optional<Thing> inner, List<Integer> numbers) implements Thing {}

  private Prepared() {}

  /// What each kind of use gives, one a line.
  public static List<String> say() {
    var things =
        List.of(
            new Bare(),
            new Bare(),
            new Many(true, (byte) -1, 'x', (short) 3, 4, 1L << 40, -0.0f, Double.NaN, "i"),
            new Many(true, (byte) -1, 'x', (short) 3, 4, 1L << 40, 0.0f, Double.NaN, "i"),
            new Many(true, (byte) -1, 'x', (short) 3, 4, 1L << 40, -0.0f, Double.NaN, "i"),
            new Many(false, (byte) 2, 'y', (short) 3, 5, 1L << 41, 1.5f, 0.0, ""),
            new Nested(Optional.of(new Bare()), List.of(1, 2)),
            new Nested(Optional.of(new Bare()), List.of(1, 2)),
            new Nested(Optional.empty(), List.of()));
    var lines = new ArrayList<String>();
    for (var thing : things) {
      var equal = things.stream().map(other -> thing.equals(other) ? "=" : ".").toList();
      lines.add(name(thing) + " " + thing.hashCode() + " " + String.join("", equal));
    }
    lines.add(Boolean.toString(List.<Object>of("").contains(things.get(0))));
    return lines;
  }

  private static String name(Thing thing) {
    return switch (thing) {
      case Bare _ -> "bare";
      case Many many when many.e() > 4 -> "above 4";
      case Many(_, _, _, _, int e, _, _, _, _) when e == 4 -> "four";
      case Many _ -> "many";
      case Nested(var inner, _) when inner.isPresent() -> "nested " + name(inner.get());
      case Nested _ -> "empty";
    };
  }
}
