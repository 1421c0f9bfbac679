package watari.format;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.tensor.TensorData;

/// Constants of a file of which some get other bytes. Those that lie on the same bytes can only be
/// changed alike.
public final class SharedBytes {
  private record Holder(long offset, String name, TensorData data, boolean isChanged) {
    long end() {
      return offset + data.sizeBytes();
    }

    boolean overlaps(Holder later) {
      return later.offset < end() && later.end() > offset;
    }
  }

  private final List<Holder> holders = new ArrayList<>();

  /// Says of a constant what it is to be.
  public void claim(long offset, String name, TensorData data, boolean isChanged) {
    holders.add(new Holder(offset, name, data, isChanged));
  }

  /// Puts the changes into a file; those that would change others, too, are errors.
  public void put(PatchedFile file, Findings findings) {
    holders.sort(Comparator.comparingLong(Holder::offset));
    var open = new ArrayList<Holder>();
    for (var holder : holders) {
      open.removeIf(earlier -> earlier.end() <= holder.offset());
      for (var earlier : open) check(earlier, holder, findings);
      open.add(holder);
      if (holder.isChanged()) file.put(holder.offset(), ByteSource.of(holder.data()));
    }
  }

  private static void check(Holder a, Holder b, Findings findings) {
    if (!a.overlaps(b) || !a.isChanged() && !b.isChanged() || isSame(a, b)) return;
    findings.add(
        Finding.error(
                "WEIGHT_SHARED",
                "constant '%s' lies on the same bytes as '%s', which would become another"
                    .formatted(b.name(), a.name()))
            .fix("change both files alike"));
  }

  private static boolean isSame(Holder a, Holder b) {
    if (a.offset() != b.offset() || a.end() != b.end()) return false;
    try (var arena = Arena.ofConfined()) {
      return a.data().packed(arena).mismatch(b.data().packed(arena)) < 0;
    }
  }
}
