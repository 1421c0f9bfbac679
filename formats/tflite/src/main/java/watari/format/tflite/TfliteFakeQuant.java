package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.FAKE_QUANT;

import java.util.Optional;
import watari.graph.Node;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.TensorData;

/// Where FAKE_QUANT, which moves its range until 0 is one of its steps, changes nothing by that.
public final class TfliteFakeQuant {
  private static final double CLOSE = 1e-3;

  private TfliteFakeQuant() {}

  /// Whether the operator has the node's levels and ranges.
  public static boolean fits(FakeQuantize op, Node node) {
    for (int i = 1; i <= 4; i++) if (limit(node, i).isEmpty()) return false;
    float low = limit(node, 1).get();
    float high = limit(node, 2).get();
    double last = op.levels() - 1.0;
    double zero = -low / ((double) high - low) * last;
    boolean hasLevels =
        Integer.bitCount(op.levels()) == 1 && op.levels() >= 4 && op.levels() <= 1 << 16;
    return low == limit(node, 3).get()
        && high == limit(node, 4).get()
        && low < high
        && hasLevels
        && zero > -CLOSE
        && zero < last + CLOSE
        && Math.abs(zero - Math.rint(zero)) < CLOSE;
  }

  static void write(FakeQuantize op, Node node, TfliteSubgraph out) {
    if (!fits(op, node)) {
      throw Refusal.operator(
          "FAKE_QUANT has no such %d levels".formatted(op.levels()),
          "quantize whole tensors to a power of 2 of levels, of which 0 is one");
    }
    float low = limit(node, 1).orElseThrow();
    float high = limit(node, 2).orElseThrow();
    int bits = Integer.numberOfTrailingZeros(op.levels());
    TfliteElementwiseOps.same(FAKE_QUANT, TfliteOptions.fakeQuant(low, high, bits), node, out);
  }

  private static Optional<Float> limit(Node node, int i) {
    return node.input(i)
        .constant()
        .filter(TensorData::isUniform)
        .map(data -> (float) data.doubleAt(0));
  }
}
