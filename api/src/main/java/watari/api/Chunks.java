package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.api.Pairing.Pair;
import watari.graph.Graph;

/// Splits pairs of tensors into groups that are held in memory together.
///
/// A group is at most a quarter of what the model itself needs at its peak, or one pair.
final class Chunks {
  private static final int MOST_TENSORS = 128;

  /// A model this small needs no care.
  private static final long LEAST_BYTES = 8L << 20;

  /// A tensor of unknown size counts as so many bytes.
  private static final long UNKNOWN_BYTES = 1L << 20;

  private Chunks() {}

  static List<List<Pair>> of(List<Pair> pairs, Graph graph) {
    long most = Math.max(LEAST_BYTES, Costs.peakBytes(graph) / 4);
    var chunks = new ArrayList<List<Pair>>();
    var chunk = new ArrayList<Pair>();
    long bytes = 0;
    for (var pair : pairs) {
      long size = bytes(pair);
      if (!chunk.isEmpty() && (chunk.size() >= MOST_TENSORS || bytes + size > most)) {
        chunks.add(List.copyOf(chunk));
        chunk.clear();
        bytes = 0;
      }
      chunk.add(pair);
      bytes += size;
    }
    if (!chunk.isEmpty()) chunks.add(chunk);
    return chunks;
  }

  private static long bytes(Pair pair) {
    var shape = pair.valueB().shape();
    if (!shape.isFixed()) return UNKNOWN_BYTES;
    return shape.elements().fixed() * pair.valueB().dtype().bits() / 8;
  }
}
