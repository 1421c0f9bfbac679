package watari.format.onnx;

import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.Softmax;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.tensor.DataType;
import watari.tensor.Dim;

/// Attention by its parts.
///
/// Source: ONNX Attention-25 (23 and 24 are the same without windows).
final class OnnxReadAttentionOps {
  private static final int MASK = 3;
  private static final int PAST_KEY = 4;
  private static final int PAST_VALUE = 5;
  private static final int VALID_KEYS = 6;

  private OnnxReadAttentionOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("Attention", OnnxReadAttentionOps::attention)
        .on("RotaryEmbedding", OnnxReadRotaryOps::rotaryEmbedding)
        .on("LinearAttention", OnnxReadLinearAttentionOps::linearAttention)
        .on("CausalConvWithState", OnnxReadLinearAttentionOps::causalConvWithState);
  }

  private static void attention(OnnxReadNode n) {
    boolean isPacked = n.rank(0) == 3;
    var query = isPacked ? unpacked(n, 0, n.integer("q_num_heads", 1)) : n.in(0);
    var key = isPacked ? unpacked(n, 1, n.integer("kv_num_heads", 1)) : n.in(1);
    var value = isPacked ? unpacked(n, 2, n.integer("kv_num_heads", 1)) : n.in(2);
    if (n.has(PAST_KEY)) key = n.add(new Concat(2), n.in(PAST_KEY), key);
    if (n.has(PAST_VALUE)) value = n.add(new Concat(2), n.in(PAST_VALUE), value);
    n.give(1, key);
    n.give(2, value);
    long heads = heads(n, query, "q_num_heads");
    long sharedHeads = heads(n, key, "kv_num_heads");
    var bias = bias(n, query, key);
    var scores = scores(n, query, shared(n, key, heads, sharedHeads));
    int mode = n.integer("qk_matmul_output_mode", 0);
    if (mode == 0) n.give(3, scores);
    scores = capped(n, scores);
    if (mode == 1) n.give(3, scores);
    if (bias.isPresent()) scores = n.plus(scores, bias.get());
    if (mode == 2) n.give(3, scores);
    var weights = weights(n, scores, bias);
    if (mode == 3) n.give(3, weights);
    var result = n.add(new MatMul(false, false), weights, shared(n, value, heads, sharedHeads));
    if (isPacked) {
      n.give(0, new Reshape(false), n.transpose(result, 0, 2, 1, 3), n.vector(0, 0, -1));
    } else {
      n.give(0, result);
    }
  }

  /// `[N, S, heads · D]` as `[N, heads, S, D]`.
  static Value unpacked(OnnxReadNode n, int input, int heads) {
    return unpacked(n, n.in(input), heads);
  }

  static Value unpacked(OnnxTerms n, Value x, int heads) {
    return n.transpose(n.reshape(x, 0, 0, heads, -1), 0, 2, 1, 3);
  }

  private static long heads(OnnxReadNode n, Value x, String attribute) {
    if (n.hasAttribute(attribute)) return n.integer(attribute);
    var dim = x.shape().dim(1);
    if (dim.isFixed()) return dim.fixed();
    throw OnnxRefusal.unsupported(
        "its number of heads '" + dim + "' is not known", "fix the shapes of the model's inputs");
  }

  /// Each head of keys or values as often as query heads have it in common.
  static Value shared(OnnxTerms n, Value x, long heads, long sharedHeads) {
    if (heads == sharedHeads) return x;
    if (sharedHeads < 1 || heads % sharedHeads != 0) {
      throw OnnxRefusal.broken(
          heads + " query heads do not share " + sharedHeads + " heads evenly");
    }
    var indices = new long[Math.toIntExact(heads)];
    for (int i = 0; i < indices.length; i++) indices[i] = i / (heads / sharedHeads);
    return n.gather(x, n.vector(indices), 1);
  }

  private static Value scores(OnnxReadNode n, Value query, Value key) {
    var root = rootOfScale(n, query);
    return n.add(new MatMul(false, true), n.times(query, root), n.times(key, root));
  }

  /// Both operands are scaled, so that float16 does not overflow.
  private static Value rootOfScale(OnnxReadNode n, Value query) {
    if (n.hasAttribute("scale")) return n.like(query, Math.sqrt(n.real("scale", 1)));
    var size = query.shape().dim(3);
    if (size.isFixed()) return n.like(query, 1 / Math.sqrt(Math.sqrt(size.fixed())));
    var root = n.unary(Unary.Kind.SQRT, n.cast(n.dim(query, 3), DataType.FLOAT32));
    return n.cast(n.unary(Unary.Kind.RSQRT, root), query.dtype());
  }

  private static Value capped(OnnxReadNode n, Value scores) {
    float cap = n.real("softcap", 0);
    if (!(cap > 0)) return scores;
    var limit = n.like(scores, cap);
    return n.times(n.unary(Unary.Kind.TANH, n.over(scores, limit)), limit);
  }

  /// A row in which no key is allowed weighs nothing.
  private static Value weights(OnnxReadNode n, Value scores, Optional<Value> bias) {
    var precise = n.cast(scores, n.dtype("softmax_precision", scores.dtype()));
    var weights = n.cast(n.add(new Softmax(3), precise), scores.dtype());
    if (bias.isEmpty() || !mayMaskRows(n)) return weights;
    var most = n.reduce(Reduce.Kind.MAX, bias.get(), true, -1);
    var isMasked = n.equal(most, n.like(most, Double.NEGATIVE_INFINITY));
    return n.select(isMasked, n.like(weights, 0), weights);
  }

  private static boolean mayMaskRows(OnnxReadNode n) {
    boolean hasWindow =
        n.integer("left_window_size", -1) >= 0 || n.integer("right_window_size", -1) >= 0;
    return n.has(MASK) || n.has(VALID_KEYS) || hasWindow;
  }

  // ---- what is added to the scores

  private static Optional<Value> bias(OnnxReadNode n, Value query, Value key) {
    var allowed = allowed(n, query, key);
    Optional<Value> added = Optional.empty();
    if (n.has(MASK)) {
      var mask = padded(n, n.in(MASK), key);
      if (mask.dtype() == DataType.BOOL) {
        allowed = Optional.of(both(n, allowed, mask));
      } else {
        added = Optional.of(n.cast(mask, query.dtype()));
      }
    }
    if (allowed.isEmpty()) return added;
    var none = n.like(query, 0);
    var infinite = n.like(query, Double.NEGATIVE_INFINITY);
    var bias = n.select(allowed.get(), none, infinite);
    return Optional.of(added.isPresent() ? n.plus(added.get(), bias) : bias);
  }

  private static Value both(OnnxTerms n, Optional<Value> a, Value b) {
    return a.isPresent() ? n.binary(Binary.Kind.AND, a.get(), b) : b;
  }

  /// A mask may know fewer keys than there are; the others are not allowed.
  private static Value padded(OnnxReadNode n, Value mask, Value key) {
    var total = key.shape().dim(2);
    Dim known = n.rank(mask, "the mask") == 0 ? Dim.ONE : mask.shape().dim(-1);
    if (known.equals(total)) return mask;
    var missing = n.minus(n.dim(key, 2), n.dim(mask, -1));
    double value = mask.dtype() == DataType.BOOL ? 0 : Double.NEGATIVE_INFINITY;
    var pads = n.concat(0, n.vector(0), missing);
    return n.add(new Pad(Pad.Mode.CONSTANT), mask, pads, n.like(mask, value), n.vector(-1));
  }

  /// Which keys each query may see by position: true or false, `[…, queries, keys]`.
  private static Optional<Value> allowed(OnnxReadNode n, Value query, Value key) {
    boolean isCausal = n.flag("is_causal", false);
    int left = n.integer("left_window_size", -1);
    int right = n.integer("right_window_size", -1);
    Optional<Value> allowed = Optional.empty();
    var keys = n.range(n.squeeze(n.dim(key, 2), 0));
    if (isCausal || left >= 0 || right >= 0) {
      var queries = n.unsqueeze(n.range(n.squeeze(n.dim(query, 2), 0)), 1);
      var distance = n.minus(n.plus(queries, offset(n, query)), keys);
      if (isCausal) allowed = Optional.of(atLeast(n, distance, 0));
      if (left >= 0) allowed = Optional.of(both(n, allowed, atMost(n, distance, left)));
      if (right >= 0) allowed = Optional.of(both(n, allowed, atLeast(n, distance, -right)));
    }
    if (!n.has(VALID_KEYS)) return allowed;
    var valid = n.unsqueeze(n.cast(n.in(VALID_KEYS), DataType.INT64), 1, 2, 3);
    return Optional.of(both(n, allowed, n.binary(Binary.Kind.LESS, keys, valid)));
  }

  private static Value atLeast(OnnxTerms n, Value x, long limit) {
    return n.binary(Binary.Kind.GREATER_EQUAL, x, n.scalar(limit));
  }

  private static Value atMost(OnnxTerms n, Value x, long limit) {
    return n.binary(Binary.Kind.LESS_EQUAL, x, n.scalar(limit));
  }

  /// How many keys stand before the first query.
  private static Value offset(OnnxReadNode n, Value query) {
    if (n.has(PAST_KEY)) return n.squeeze(n.dim(n.in(PAST_KEY), 2), 0);
    if (!n.has(VALID_KEYS)) return n.scalar(0);
    var valid = n.cast(n.in(VALID_KEYS), DataType.INT64);
    return n.unsqueeze(n.minus(valid, n.dim(query, 2)), 1, 2, 3);
  }
}
