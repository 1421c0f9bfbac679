package watari.engine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes inner tensors of the first sub-graph of a TFLite file outputs, in a copy in memory.
///
/// A longer list of outputs is appended to the copy, and the sub-graph made to point there.
final class TfliteTaps {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int MODEL_SUBGRAPHS = 2;
  private static final int SUBGRAPH_TENSORS = 0;
  private static final int SUBGRAPH_OUTPUTS = 2;
  private static final int TENSOR_NAME = 3;

  private final MemorySegment bytes;

  private TfliteTaps(MemorySegment bytes) {
    this.bytes = bytes;
  }

  /// A file with more outputs.
  ///
  /// @param taps the names of the outputs that were added
  record Tapped(MemorySegment bytes, List<String> taps) {}

  /// The file with more outputs; names that no tensor has, or several have, are left out.
  static Tapped tapped(Path model, List<String> taps, Arena arena) throws IOException {
    try (var channel = FileChannel.open(model);
        var mapping = Arena.ofConfined()) {
      var file = channel.map(MapMode.READ_ONLY, 0, channel.size(), mapping);
      return new TfliteTaps(file).withOutputs(taps, arena);
    }
  }

  private Tapped withOutputs(List<String> taps, Arena arena) {
    long root = at(0);
    long subgraph = at(at(field(root, MODEL_SUBGRAPHS)) + 4);
    long place = field(subgraph, SUBGRAPH_OUTPUTS);
    var outputs = new ArrayList<>(ints(at(place)));
    var names = names(at(field(subgraph, SUBGRAPH_TENSORS)));
    var found = new ArrayList<String>();
    for (var tap : taps) {
      var index = names.get(tap);
      if (index == null || index < 0 || outputs.contains(index)) continue;
      outputs.add(index);
      found.add(tap);
    }
    long end = (bytes.byteSize() + 3) / 4 * 4;
    var copy = arena.allocate(end + 4 + 4L * outputs.size(), 64);
    MemorySegment.copy(bytes, 0, copy, 0, bytes.byteSize());
    copy.set(INT, end, outputs.size());
    for (int i = 0; i < outputs.size(); i++) copy.set(INT, end + 4 + 4L * i, outputs.get(i));
    copy.set(INT, place, Math.toIntExact(end - place));
    return new Tapped(copy, List.copyOf(found));
  }

  /// The indices of tensors by name; -1 for a name that several have.
  private Map<String, Integer> names(long tensors) {
    var names = new HashMap<String, Integer>();
    int count = bytes.get(INT, tensors);
    for (int i = 0; i < count; i++) {
      long place = field(at(tensors + 4 + 4L * i), TENSOR_NAME);
      if (place == 0) continue;
      long text = at(place);
      var name = new byte[bytes.get(INT, text)];
      MemorySegment.copy(bytes, JAVA_BYTE, text + 4, name, 0, name.length);
      names.merge(new String(name, StandardCharsets.UTF_8), i, (_, _) -> -1);
    }
    return names;
  }

  private List<Integer> ints(long vector) {
    var all = new ArrayList<Integer>();
    for (int i = 0; i < bytes.get(INT, vector); i++) all.add(bytes.get(INT, vector + 4 + 4L * i));
    return all;
  }

  /// Where the offset at `place` points.
  private long at(long place) {
    return place + (bytes.get(INT, place) & 0xFFFF_FFFFL);
  }

  /// Where a table has a field; 0 if it has not.
  private long field(long table, int field) {
    long vtable = table - bytes.get(INT, table);
    long entry = 4 + 2L * field;
    if (entry >= (bytes.get(SHORT, vtable) & 0xFFFF)) return 0;
    int offset = bytes.get(SHORT, vtable + entry) & 0xFFFF;
    return offset == 0 ? 0 : table + offset;
  }
}
