package watari.format.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import watari.format.onnx.schema.NodeProto;

/// The order in which nodes can be read.
///
/// ONNX asks for nodes that stand behind what they use, but runtimes take them in any order, and
/// some tools write them so.
final class OnnxNodeOrder {
  private final List<NodeProto> nodes;
  private final Map<String, Integer> producers = new HashMap<>();
  private final List<List<Integer>> users = new ArrayList<>();
  private final int[] missing;

  private OnnxNodeOrder(List<NodeProto> nodes) {
    this.nodes = nodes;
    this.missing = new int[nodes.size()];
    for (int i = 0; i < nodes.size(); i++) {
      for (var name : nodes.get(i).getOutputList()) producers.putIfAbsent(name, i);
      users.add(new ArrayList<>());
    }
    producers.remove("");
  }

  /// Positions of the nodes, as they stand wherever that is right. Nodes of a circle come last, as
  /// they stand.
  static List<Integer> of(List<NodeProto> nodes) {
    return new OnnxNodeOrder(nodes).order();
  }

  private List<Integer> order() {
    if (!connect()) return IntStream.range(0, nodes.size()).boxed().toList();
    var order = new ArrayList<Integer>();
    var ready = new PriorityQueue<Integer>();
    for (int i = 0; i < missing.length; i++) if (missing[i] == 0) ready.add(i);
    while (!ready.isEmpty()) {
      int next = ready.remove();
      order.add(next);
      for (int user : users.get(next)) if (--missing[user] == 0) ready.add(user);
    }
    for (int i = 0; i < missing.length; i++) if (missing[i] > 0) order.add(i);
    return order;
  }

  /// Says who uses whom; whether a node stands before one that it uses.
  private boolean connect() {
    boolean isUnsorted = false;
    for (int i = 0; i < nodes.size(); i++) {
      for (var name : OnnxReadModel.namesUsed(nodes.get(i))) {
        var producer = producers.get(name);
        if (producer == null) continue;
        users.get(producer).add(i);
        missing[i]++;
        isUnsorted |= producer >= i;
      }
    }
    return isUnsorted;
  }
}
