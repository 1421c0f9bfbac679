package watari.pass.fold;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Op;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Lets equal nodes on equal inputs be one, and equal constants too.
///
/// Constants are equal if they are the same memory, or small and equal in content.
public final class CommonSubexpressions implements Pass {
  private static final long SMALL_BYTES = 1 << 12;

  /// What makes two nodes compute the same; values are compared by identity.
  private record NodeKey(Op op, List<Value> inputs, List<TensorType> outputs) {}

  private record MemoryKey(TensorType type, long address) {}

  /// A constant's content; to be told apart by a check sum costs less than to be hashed.
  private record ContentKey(TensorType type, ByteBuffer bytes, int checkSum) {
    static ContentKey of(Value constant) {
      try (var arena = Arena.ofConfined()) {
        var packed = constant.constant().orElseThrow().packed(arena);
        var bytes = ByteBuffer.wrap(packed.toArray(ValueLayout.JAVA_BYTE));
        var sum = new CRC32();
        sum.update(bytes.duplicate());
        return new ContentKey(constant.type(), bytes, (int) sum.getValue());
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ContentKey(var otherType, var otherBytes, int otherSum)
          && checkSum == otherSum
          && type.equals(otherType)
          && bytes.equals(otherBytes);
    }

    @Override
    public int hashCode() {
      return checkSum;
    }
  }

  @Override
  public String name() {
    return "common-subexpressions";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    new Run(graph, log).run();
    for (var node : graph) for (var body : node.bodies()) run(body, log);
  }

  private final class Run {
    private final Graph graph;
    private final PassLog log;
    private final Set<Value> outputs;
    private final Set<Value> seen = new HashSet<>();
    private final Map<Record, Value> constants = new HashMap<>();
    private final Map<NodeKey, Node> nodes = new HashMap<>();

    Run(Graph graph, PassLog log) {
      this.graph = graph;
      this.log = log;
      outputs = new HashSet<>(graph.outputs());
    }

    void run() {
      for (var node : graph) {
        for (int i = 0; i < node.inputs().size(); i++) shareConstant(node, i);
        if (node.op().isPure() && node.bodies().isEmpty() && !node.outputs().isEmpty()) share(node);
      }
    }

    private void shareConstant(Node node, int i) {
      var value = node.input(i);
      if (!value.isConstant() || !seen.add(value)) return;
      var key = key(value);
      if (key.isEmpty()) return;
      var first = constants.putIfAbsent(key.get(), value);
      if (first == null || outputs.contains(value)) return;
      graph.replaceUses(value, first);
      log.fired(name());
    }

    private void share(Node node) {
      var types =
          node.outputs().stream()
              .map(value ->
                  value.isPresent() ? value.type().with(watari.tensor.Shape.UNKNOWN) : value.type())
              .toList();
      var first =
          nodes.putIfAbsent(new NodeKey(node.op(), node.inputs().stream().toList(), types), node);
      if (first == null) return;
      for (int i = 0; i < node.outputs().size(); i++) {
        boolean bothOut = outputs.contains(node.output(i)) && outputs.contains(first.output(i));
        boolean bothThere = node.output(i).isPresent() && !first.output(i).isPresent();
        if (bothOut || bothThere) return;
      }
      for (int i = 0; i < node.outputs().size(); i++) {
        if (!node.output(i).isPresent()) continue;
        if (outputs.contains(node.output(i))) outputs.add(first.output(i));
        graph.replaceUses(node.output(i), first.output(i));
      }
      graph.remove(node);
      log.fired(name());
    }
  }

  private static Optional<Record> key(Value value) {
    var data = value.constant().orElseThrow();
    if (data.dtype() == DataType.STRING) return Optional.empty();
    var memory = data.contiguous().filter(MemorySegment::isNative);
    if (memory.isPresent() && data.sizeBytes() > SMALL_BYTES) {
      return Optional.of(new MemoryKey(value.type(), memory.get().address()));
    }
    if (data.sizeBytes() > SMALL_BYTES) return Optional.empty();
    return Optional.of(ContentKey.of(value));
  }
}
