package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.Softmax;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Split;
import watari.tensor.DataType;

/// Attention as ONNX Runtime's optimizer fuses it.
///
/// Source: ONNX Runtime 1.2x, ContribOperators.md, domain com.microsoft version 1.
final class OnnxReadMicrosoftAttentionOps {
  /// What one attention is made of; queries `[N, heads, S, D]`, keys and values `[N, heads, T, D]`.
  ///
  /// @param mask input with what may be seen: lengths `[N]`, or 0 and 1 `[N, T]`, `[N, S, T]`
  /// @param bias input that is added to the scores
  private record Parts(Value query, Value key, Value value, int mask, int bias) {}

  private OnnxReadMicrosoftAttentionOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Attention", OnnxReadMicrosoftAttentionOps::attention)
        .on("QAttention", OnnxReadMicrosoftAttentionOps::quantizedAttention)
        .on("MultiHeadAttention", OnnxReadMicrosoftAttentionOps::multiHeadAttention)
        .on("RotaryEmbedding", OnnxReadMicrosoftAttentionOps::rotaryEmbedding);
  }

  // ---- one product for queries, keys and values

  private static void attention(OnnxReadNode n) {
    boolean isPlain = !n.has(6) && !n.flag("do_rotary", false) && masks(n, 3);
    if (!isPlain || n.flag("past_present_share_buffer", false)) {
      n.custom();
      return;
    }
    var product = n.add(new MatMul(false, false), n.in(0), n.in(1));
    if (n.has(2)) product = n.plus(product, n.in(2));
    fromProduct(n, product, 3, 4, 5);
  }

  private static void quantizedAttention(OnnxReadNode n) {
    if (n.flag("do_rotary", false) || !masks(n, 5)) {
      n.custom();
      return;
    }
    var product = OnnxReadQLinearOps.product(n, n.in(0), n.in(1), n.optional(6), n.optional(7));
    var scaled = n.times(n.cast(product, n.dtype(3)), n.times(n.in(3), n.in(4)));
    fromProduct(n, n.plus(scaled, n.in(2)), 5, 8, -1);
  }

  private static void fromProduct(OnnxReadNode n, Value product, int mask, int past, int bias) {
    int heads = n.integer("num_heads", 1);
    var sizes = n.integers("qkv_hidden_sizes");
    var inputs = sizes.isEmpty() ? List.of(product) : List.of(product, n.vector(sizes));
    var parts =
        n.builder().add(new Split(2), inputs, 3, List.of()).outputs().stream()
            .map(part -> OnnxReadAttentionOps.unpacked(n, part, heads))
            .toList();
    var key = parts.get(1);
    var value = parts.get(2);
    if (n.has(past)) {
      key = n.add(new Concat(2), n.gather(n.in(past), n.scalar(0), 0), key);
      value = n.add(new Concat(2), n.gather(n.in(past), n.scalar(1), 0), value);
    }
    if (n.wants(1)) n.give(1, n.concat(0, n.unsqueeze(key, 0), n.unsqueeze(value, 0)));
    give(n, new Parts(parts.get(0), key, value, mask, bias));
  }

  // ---- queries, keys and values apart

  private static void multiHeadAttention(OnnxReadNode n) {
    boolean isPlain = n.has(1) && n.has(2) && !n.has(8) && !n.has(9) && n.rank(0) == 3;
    if (!isPlain || !masks(n, 4) || n.wants(3)) {
      n.custom();
      return;
    }
    int heads = n.integer("num_heads", 1);
    var query = heads(n, 0, heads, 0);
    var key = heads(n, 1, heads, 1);
    var value = heads(n, 2, heads, 2);
    if (n.has(6)) key = n.add(new Concat(2), n.in(6), key);
    if (n.has(7)) value = n.add(new Concat(2), n.in(7), value);
    n.give(1, key);
    n.give(2, value);
    give(n, new Parts(query, key, value, 4, 5));
  }

  /// The bias has the parts for queries, keys and values one after the other.
  private static Value heads(OnnxReadNode n, int input, int heads, int part) {
    if (n.rank(input) == 4) return n.in(input);
    var x = n.in(input);
    if (!n.has(3)) return OnnxReadAttentionOps.unpacked(n, x, heads);
    var size = n.shape(0).dim(2);
    var total = n.shape(3).dim(0);
    if (!size.isFixed() || !total.isFixed()) {
      throw OnnxRefusal.unsupported(
          "the size of its heads is not known", "fix the shapes of the model's inputs");
    }
    long start = part * size.fixed();
    long end = part == 2 ? total.fixed() : start + size.fixed();
    var biased = n.plus(x, n.slice(n.in(3), 0, start, end));
    return OnnxReadAttentionOps.unpacked(n, biased, heads);
  }

  // ---- the attention itself

  private static void give(OnnxReadNode n, Parts parts) {
    var scores =
        n.times(
            n.add(new MatMul(false, true), parts.query(), parts.key()), scale(n, parts.query()));
    var bias = bias(n, parts);
    if (bias.isPresent()) scores = n.plus(scores, bias.get());
    if (n.has(parts.bias())) scores = n.plus(scores, n.in(parts.bias()));
    var weights = n.add(new Softmax(3), scores);
    var result = n.add(new MatMul(false, false), weights, parts.value());
    n.give(0, new Reshape(false), n.transpose(result, 0, 2, 1, 3), n.vector(0, 0, -1));
  }

  private static Value scale(OnnxReadNode n, Value query) {
    float given = n.real("scale", 0);
    if (given != 0) return n.like(query, given);
    var size = query.shape().dim(3);
    if (size.isFixed()) return n.like(query, 1 / Math.sqrt(size.fixed()));
    throw OnnxRefusal.unsupported(
        "the size of its heads is not known", "fix the shapes of the model's inputs");
  }

  /// Whether the mask, if there is one, is of a form that is read.
  private static boolean masks(OnnxReadNode n, int input) {
    if (!n.has(input)) return true;
    var shape = n.shape(input);
    if (!shape.isRanked()) return false;
    return shape.rank() == 2 || shape.rank() == 3 || isLengths(n, input);
  }

  /// One length for each sample; other vectors of this input mean other things.
  private static boolean isLengths(OnnxReadNode n, int input) {
    var shape = n.shape(input);
    var batch = n.shape(0).isRanked() ? n.shape(0).dim(0) : null;
    return shape.hasRank(1) && batch != null && shape.dim(0).equals(batch);
  }

  private static Optional<Value> bias(OnnxReadNode n, Parts parts) {
    Optional<Value> allowed = Optional.empty();
    if (n.has(parts.mask())) allowed = Optional.of(seen(n, parts));
    var bias =
        allowed.map(mask ->
            n.select(
                mask,
                n.like(parts.query(), 0),
                n.like(parts.query(), n.real("mask_filter_value", -10000))));
    if (!n.flag("unidirectional", false)) return bias;
    var causal =
        n.select(past(n, parts), n.like(parts.query(), 0), n.like(parts.query(), lowest(parts)));
    return Optional.of(bias.isPresent() ? n.plus(bias.get(), causal) : causal);
  }

  private static double lowest(Parts parts) {
    return parts.query().dtype() == DataType.FLOAT16 ? -65504 : -Float.MAX_VALUE;
  }

  private static Value seen(OnnxReadNode n, Parts parts) {
    var mask = n.in(parts.mask());
    if (mask.shape().rank() == 1) {
      var keys = n.cast(n.range(n.squeeze(n.dim(parts.key(), 2), 0)), mask.dtype());
      return n.binary(Binary.Kind.LESS, keys, n.unsqueeze(mask, 1, 2, 3));
    }
    var shown = n.cast(mask, DataType.BOOL);
    return mask.shape().rank() == 2 ? n.unsqueeze(shown, 1, 2) : n.unsqueeze(shown, 1);
  }

  /// Queries stand at the end of the keys, and see none behind them.
  private static Value past(OnnxReadNode n, Parts parts) {
    var keys = n.squeeze(n.dim(parts.key(), 2), 0);
    var queries = n.squeeze(n.dim(parts.query(), 2), 0);
    var positions = n.plus(n.unsqueeze(n.range(queries), 1), n.minus(keys, queries));
    return n.binary(Binary.Kind.GREATER_EQUAL, positions, n.range(keys));
  }

  // ---- positions

  private static void rotaryEmbedding(OnnxReadNode n) {
    boolean isPlain = !n.flag("is_packed_batching", false) && n.real("scale", 1) == 1;
    int heads = n.integer("num_heads", 0);
    boolean isPacked = n.rank(0) == 3;
    if (!isPlain || isPacked && heads == 0 && !n.shape(2).isFixed()) {
      n.custom();
      return;
    }
    var x = n.in(0);
    if (isPacked) {
      long size = heads == 0 ? n.shape(2).dim(1).fixed() * 2 : -1;
      x = n.reshape(x, 0, 0, heads == 0 ? -1 : heads, size);
    } else {
      x = n.transpose(x, 0, 2, 1, 3);
    }
    var ids = positions(n, x);
    var caches = new ArrayList<Value>();
    for (int i = 2; i < 4; i++) {
      caches.add(n.unsqueeze(n.add(new Gather(0, 0), n.in(i), ids), 2));
    }
    var rotated = OnnxReadRotaryOps.rotated(n, x, caches.get(0), caches.get(1));
    if (isPacked) n.give(0, new Reshape(false), rotated, n.shapeOf(n.in(0)));
    else n.give(0, n.transpose(rotated, 0, 2, 1, 3));
  }

  /// Positions of all tokens, or the position of the first one.
  private static Value positions(OnnxReadNode n, Value x) {
    var ids = n.in(1);
    if (!ids.shape().hasRank(1)) return ids;
    return n.unsqueeze(n.plus(n.range(n.squeeze(n.dim(x, 1), 0)), ids), 0);
  }
}
