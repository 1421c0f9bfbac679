package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.IndexOp.Gather;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;

/// Positions as rotations.
///
/// Source: ONNX RotaryEmbedding-23.
final class OnnxReadRotaryOps {
  private OnnxReadRotaryOps() {}

  static void rotaryEmbedding(OnnxReadNode n) {
    boolean isPacked = n.rank(0) == 3;
    var x = isPacked ? n.reshape(n.in(0), 0, 0, heads(n), -1) : n.transpose(n.in(0), 0, 2, 1, 3);
    var rotated = rotated(n, x, cache(n, 1), cache(n, 2));
    if (isPacked) n.give(0, new Reshape(false), rotated, n.shapeOf(n.in(0)));
    else n.give(0, n.transpose(rotated, 0, 2, 1, 3));
  }

  private static int heads(OnnxReadNode n) {
    int heads = n.integer("num_heads", 0);
    if (heads < 1) throw OnnxRefusal.broken("attribute 'num_heads' is missing");
    return heads;
  }

  /// `[N, S, 1, D / 2]`, by the positions of the tokens where they are given.
  private static Value cache(OnnxReadNode n, int input) {
    var cache = n.has(3) ? n.add(new Gather(0, 0), n.in(input), n.in(3)) : n.in(input);
    return n.unsqueeze(cache, 2);
  }

  /// Turns the first elements of each head, `[N, S, heads, D]`.
  static Value rotated(OnnxReadNode n, Value x, Value cosine, Value sine) {
    int size = n.integer("rotary_embedding_dim", 0);
    var turned = size == 0 ? x : n.slice(x, 3, 0, size);
    boolean interleaved = n.flag("interleaved", false);
    var pairs = interleaved ? interleaved(n, turned) : halves(n, turned);
    var a = pairs.get(0);
    var b = pairs.get(1);
    var real = n.minus(n.times(cosine, a), n.times(sine, b));
    var imaginary = n.plus(n.times(sine, a), n.times(cosine, b));
    var parts = new ArrayList<Value>();
    if (interleaved) {
      var stacked = n.concat(4, n.unsqueeze(real, 4), n.unsqueeze(imaginary, 4));
      parts.add(n.reshape(stacked, n.shapeOf(turned)));
    } else {
      parts.add(real);
      parts.add(imaginary);
    }
    if (size != 0) parts.add(n.slice(x, 3, size, Integer.MAX_VALUE));
    return n.concat(3, parts);
  }

  private static List<Value> interleaved(OnnxReadNode n, Value x) {
    return List.of(everySecond(n, x, 0), everySecond(n, x, 1));
  }

  private static Value everySecond(OnnxReadNode n, Value x, long start) {
    var end = n.vector(Integer.MAX_VALUE);
    return n.add(new Slice(), x, n.vector(start), end, n.vector(3), n.vector(2));
  }

  private static List<Value> halves(OnnxReadNode n, Value x) {
    var split = n.builder().add(new watari.op.ShapeOp.Split(3), List.of(x), 2, List.of());
    return split.outputs();
  }
}
