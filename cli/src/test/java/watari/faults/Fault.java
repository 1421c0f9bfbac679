package watari.faults;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.TensorProto;

/// A mistake that a converter could make at one node of an ONNX file; shapes stay as they were.
///
/// @param what the mistake, in words
/// @param model the source, below `cli/src/test/resources/models` or `samples`
/// @param operator of the node
/// @param number which node of that operator, from 0
record Fault(
    String what,
    String model,
    String operator,
    int number,
    BiConsumer<GraphProto.Builder, NodeProto.Builder> mistake) {

  @Override
  public String toString() {
    return what + " (" + model + ")";
  }

  /// Makes the mistake; gives the node.
  NodeProto inject(GraphProto.Builder graph) {
    int seen = 0;
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (!graph.getNode(i).getOpType().equals(operator) || seen++ != number) continue;
      var node = graph.getNode(i).toBuilder();
      mistake.accept(graph, node);
      graph.setNode(i, node);
      return node.build();
    }
    throw new IllegalStateException("the result has no " + operator + " number " + number);
  }

  // ---- mistakes

  static BiConsumer<GraphProto.Builder, NodeProto.Builder> integers(String name, long... values) {
    return (_, node) -> {
      var attribute = attribute(node, name, AttributeProto.AttributeType.INTS).clearInts();
      for (long value : values) attribute.addInts(value);
    };
  }

  static BiConsumer<GraphProto.Builder, NodeProto.Builder> integer(String name, long value) {
    return (_, node) -> attribute(node, name, AttributeProto.AttributeType.INT).setI(value);
  }

  static BiConsumer<GraphProto.Builder, NodeProto.Builder> number(String name, float value) {
    return (_, node) -> attribute(node, name, AttributeProto.AttributeType.FLOAT).setF(value);
  }

  static BiConsumer<GraphProto.Builder, NodeProto.Builder> text(String name, String value) {
    return (_, node) ->
        attribute(node, name, AttributeProto.AttributeType.STRING)
            .setS(ByteString.copyFromUtf8(value));
  }

  /// Another operator of the same inputs.
  static BiConsumer<GraphProto.Builder, NodeProto.Builder> operator(String other) {
    return (_, node) -> node.setOpType(other);
  }

  static BiConsumer<GraphProto.Builder, NodeProto.Builder> withoutInput(int input) {
    return (_, node) -> {
      var inputs = List.copyOf(node.getInputList());
      node.clearInput().addAllInput(inputs.subList(0, input));
    };
  }

  static BiConsumer<GraphProto.Builder, NodeProto.Builder> swappedInputs() {
    return (_, node) -> {
      var first = node.getInput(0);
      node.setInput(0, node.getInput(1)).setInput(1, first);
    };
  }

  /// Integers of its own in the place of an input.
  static BiConsumer<GraphProto.Builder, NodeProto.Builder> indices(int input, long... values) {
    return (graph, node) -> {
      var old = initializer(graph, node.getInput(input));
      var tensor = old.toBuilder().setName(old.getName() + "/wrong").clearInt64Data();
      var bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      for (long value : values) bytes.putLong(value);
      graph.addInitializer(tensor.setRawData(ByteString.copyFrom(bytes.flip())));
      node.setInput(input, tensor.getName());
    };
  }

  /// Floats of its own in the place of an input.
  static BiConsumer<GraphProto.Builder, NodeProto.Builder> floats(
      int input, UnaryOperator<float[]> change) {
    return (graph, node) -> {
      var old = initializer(graph, node.getInput(input));
      var floats = old.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      var values = new float[floats.remaining() / 4];
      floats.asFloatBuffer().get(values);
      var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      for (float value : change.apply(values)) bytes.putFloat(value);
      var tensor = old.toBuilder().setName(old.getName() + "/wrong");
      graph.addInitializer(tensor.setRawData(ByteString.copyFrom(bytes.flip())));
      node.setInput(input, tensor.getName());
    };
  }

  static UnaryOperator<float[]> times(float factor) {
    return values -> {
      var other = values.clone();
      for (int i = 0; i < other.length; i++) other[i] *= factor;
      return other;
    };
  }

  static UnaryOperator<float[]> reversed() {
    return values -> {
      var other = new float[values.length];
      for (int i = 0; i < other.length; i++) other[i] = values[values.length - 1 - i];
      return other;
    };
  }

  /// The first two axes of a weight of `[n, n, rest]` exchanged.
  static UnaryOperator<float[]> transposed(int n) {
    return values -> {
      int rest = values.length / n / n;
      var other = new float[values.length];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          System.arraycopy(values, (i * n + j) * rest, other, (j * n + i) * rest, rest);
        }
      }
      return other;
    };
  }

  private static AttributeProto.Builder attribute(
      NodeProto.Builder node, String name, AttributeProto.AttributeType type) {
    int at =
        IntStream.range(0, node.getAttributeCount())
            .filter(i -> node.getAttribute(i).getName().equals(name))
            .findFirst()
            .orElse(-1);
    return at >= 0
        ? node.getAttributeBuilder(at)
        : node.addAttributeBuilder().setName(name).setType(type);
  }

  private static TensorProto initializer(GraphProto.Builder graph, String name) {
    return graph.getInitializerList().stream()
        .filter(tensor -> tensor.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(name + " is no initializer"));
  }
}
