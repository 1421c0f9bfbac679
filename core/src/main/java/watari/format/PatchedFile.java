package watari.format;

import java.util.ArrayList;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// A file of which some bytes are replaced by as many others.
public final class PatchedFile {
  private final FileBytes file;
  private final NavigableMap<Long, ByteSource> patches = new TreeMap<>();

  public PatchedFile(FileBytes file) {
    this.file = file;
  }

  /// Replaces the bytes at an offset.
  public void put(long offset, ByteSource bytes) {
    file.check(offset, bytes.sizeBytes());
    patches.put(offset, bytes);
  }

  /// The whole file.
  ///
  /// @throws watari.finding.ModelException if patches overlap
  public ByteSource bytes() {
    var parts = new ArrayList<ByteSource>();
    long at = 0;
    for (Map.Entry<Long, ByteSource> patch : patches.entrySet()) {
      long offset = patch.getKey();
      if (offset < at) throw file.broken(offset, "constants lie over each other here");
      parts.add(ByteSource.of(file.slice(at, offset - at)));
      parts.add(patch.getValue());
      at = offset + patch.getValue().sizeBytes();
    }
    parts.add(ByteSource.of(file.slice(at, file.size() - at)));
    return ByteSource.of(parts);
  }
}
