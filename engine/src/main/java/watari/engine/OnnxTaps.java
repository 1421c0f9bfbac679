package watari.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;

/// Makes inner tensors of an ONNX file outputs.
///
/// A message that stands twice in a protobuf file is merged: a second graph of nothing but outputs,
/// appended to the file, appends its outputs to the first one's.
final class OnnxTaps {
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int NODE_OUTPUT = 2;
  private static final int GRAPH_OUTPUT = 12;
  private static final int VALUE_NAME = 1;

  private OnnxTaps() {}

  /// Those of the names that nodes of the graph compute, and that are not outputs already.
  static List<String> found(Path model, List<String> names) throws IOException, EngineException {
    try (var channel = FileChannel.open(model);
        var arena = Arena.ofConfined()) {
      var file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      var made = new HashSet<String>();
      for (var graph : ProtobufMessage.fields(file, MODEL_GRAPH)) {
        for (var node : ProtobufMessage.fields(graph, GRAPH_NODE)) {
          for (var name : ProtobufMessage.fields(node, NODE_OUTPUT)) made.add(text(name));
        }
        for (var output : ProtobufMessage.fields(graph, GRAPH_OUTPUT)) {
          for (var name : ProtobufMessage.fields(output, VALUE_NAME)) made.remove(text(name));
        }
      }
      return names.stream().filter(made::contains).distinct().toList();
    }
  }

  private static String text(MemorySegment bytes) {
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  static byte[] tapped(Path model, List<String> taps) throws IOException {
    var outputs = new ByteArrayOutputStream();
    for (var tap : taps) {
      var value = new ByteArrayOutputStream();
      field(value, VALUE_NAME, tap.getBytes(StandardCharsets.UTF_8));
      field(outputs, GRAPH_OUTPUT, value.toByteArray());
    }
    var bytes = new ByteArrayOutputStream(Math.toIntExact(Files.size(model) + outputs.size() + 16));
    Files.copy(model, bytes);
    field(bytes, MODEL_GRAPH, outputs.toByteArray());
    return bytes.toByteArray();
  }

  private static void field(ByteArrayOutputStream out, int number, byte[] content) {
    varint(out, number << 3 | 2);
    varint(out, content.length);
    out.writeBytes(content);
  }

  private static void varint(ByteArrayOutputStream out, int value) {
    int rest = value;
    while ((rest & ~0x7F) != 0) {
      out.write(rest & 0x7F | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }
}
