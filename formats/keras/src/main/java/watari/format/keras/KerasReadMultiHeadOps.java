package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import watari.format.keras.KerasVariable.Role;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.Softmax;
import watari.op.ShapeOp.Reshape;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// Attention of several heads, and of heads that share keys and values.
///
/// Kernels are `[D, heads, size]` before, `[heads, size, D]` behind.
final class KerasReadMultiHeadOps {
  private KerasReadMultiHeadOps() {}

  static void register(KerasReadOps.Table table) {
    table.on("MultiHeadAttention", KerasReadMultiHeadOps::roles, KerasReadMultiHeadOps::attention);
    for (var name : List.of("GroupedQueryAttention", "GroupQueryAttention")) {
      table.on(name, KerasReadMultiHeadOps::roles, KerasReadMultiHeadOps::attention);
    }
  }

  private static List<Role> roles(KerasLayer layer) {
    var all = new ArrayList<Role>();
    var parts = new ArrayList<>(List.of("query_dense", "key_dense"));
    if (layer.config().flag("use_gate", false)) parts.add("gate_dense");
    parts.addAll(List.of("value_dense", "output_dense"));
    for (var part : parts) {
      all.addAll(KerasRoles.of(part + "/kernel"));
      if (layer.config().flag("use_bias", true)) all.addAll(KerasRoles.of(part + "/bias"));
    }
    return all;
  }

  private static void attention(KerasCall call) {
    var f = call.formula();
    var q = call.tensor(0, "query").orElseThrow(() -> KerasRefusal.broken("it has no query"));
    var v = call.tensor(1, "value").orElseThrow(() -> KerasRefusal.broken("it has no value"));
    var k = call.tensor(2, "key").orElse(v);
    requireOneAxis(call, q);
    var query = projected(call, "query_dense", q);
    var key = repeated(call, projected(call, "key_dense", k), query);
    var value = repeated(call, projected(call, "value_dense", v), query);
    double size = call.data("query_dense/kernel").shape().dim(2).fixed();
    var scores = f.op(new MatMul(false, true), f.mul(query, 1 / Math.sqrt(size)), key);
    var counts = counts(call, q, k);
    double least = KerasTypes.largeNegative(scores.dtype());
    var given = counts.map(each -> f.select(each, scores, f.scalar(scores, least))).orElse(scores);
    var weights = f.op(new Softmax(3), given);
    if (counts.isPresent() && isMaskedAfter(call)) {
      weights = f.select(counts.get(), weights, f.scalar(weights, 0));
    }
    call.give(output(call, q, f.op(new MatMul(false, false), weights, value)));
    if (KerasReadAttentionOps.isOn(call, "return_attention_scores")) call.give(weights);
  }

  private static void requireOneAxis(KerasCall call, Value q) {
    if (call.rank(q) != 3) {
      throw KerasRefusal.unsupported(
          "its query has %d axes".formatted(call.rank(q)),
          "reshape the query to [batch, time, size]");
    }
    if (call.config().has("sliding_window")) {
      throw call.config().unknown("sliding_window", "none");
    }
  }

  /// `x` times a kernel, plus a bias, with the heads before the time: `[N, heads, T, size]`.
  private static Value projected(KerasCall call, String part, Value x) {
    var f = call.formula();
    var shape = call.data(part + "/kernel").shape();
    long heads = shape.dim(1).fixed();
    long size = shape.dim(2).fixed();
    var flat = product(call, part, x, shape.dim(0).fixed(), heads * size);
    var split = f.op(new Reshape(false), flat, f.vector(0, 0, heads, size));
    return f.transpose(split, 0, 2, 1, 3);
  }

  private static Value product(KerasCall call, String part, Value x, long in, long out) {
    var kernel = call.data(part + "/kernel").reshaped(Shape.of(in, out));
    var weights = call.constant(part + "/kernel", kernel.transposed(List.of(1, 0)));
    var bias =
        call.hasWeight(part + "/bias") ? call.weight(part + "/bias", Shape.of(out)) : Value.ABSENT;
    return call.formula().op(new FullyConnected(), x, weights, bias);
  }

  /// Each head as often as queries share it.
  private static Value repeated(KerasCall call, Value x, Value query) {
    long heads = call.dim(x, 1);
    long times = call.dim(query, 1) / heads;
    if (times == 1) return x;
    var f = call.formula();
    var all = new ArrayList<Value>();
    LongStream.range(0, heads)
        .forEach(i -> {
          for (long j = 0; j < times; j++) all.add(f.slice(x, 1, i, i + 1));
        });
    return f.concat(1, all);
  }

  private static Value output(KerasCall call, Value q, Value heads) {
    var f = call.formula();
    var given = f.transpose(heads, 0, 2, 1, 3);
    if (call.config().flag("use_gate", false)) {
      var gate = f.transpose(projected(call, "gate_dense", q), 0, 2, 1, 3);
      given = f.mul(given, f.unary(Unary.Kind.SIGMOID, gate));
    }
    var shape = call.data("output_dense/kernel").shape();
    long in = shape.product(0, 2).fixed();
    var flat = f.op(new Reshape(false), given, f.vector(0, 0, in));
    var product = product(call, "output_dense", flat, in, shape.product(2, shape.rank()).fixed());
    if (shape.rank() == 3) return product;
    var dims = new long[shape.rank()];
    for (int i = 2; i < dims.length; i++) dims[i] = shape.dim(i).fixed();
    return f.op(new Reshape(false), product, f.vector(dims));
  }

  // ---- masks

  /// Keras 3 lets queries that see nothing give 0 only where it does not use its fused function.
  private static boolean isMaskedAfter(KerasCall call) {
    return call.model().isKeras3()
        && (call.config().real("dropout", 0) > 0
            || KerasReadAttentionOps.isOn(call, "return_attention_scores"));
  }

  /// Which scores (`[N, heads, T, S]`) count.
  private static Optional<Value> counts(KerasCall call, Value q, Value k) {
    var f = call.formula();
    var all = new ArrayList<Value>();
    call.tensor(Integer.MAX_VALUE, "attention_mask")
        .ifPresent(given -> {
          var mask = f.cast(given, DataType.BOOL);
          all.add(call.rank(mask) == 3 ? f.unsqueeze(mask, 1) : mask);
        });
    handed(call, 0, "query").ifPresent(mask -> all.add(f.unsqueeze(mask, 1, 3)));
    handed(call, 1, "value").ifPresent(mask -> all.add(f.unsqueeze(mask, 1, 2)));
    handed(call, 2, "key").ifPresent(mask -> all.add(f.unsqueeze(mask, 1, 2)));
    if (KerasReadAttentionOps.isOn(call, "use_causal_mask")) {
      all.add(KerasReadAttentionOps.causal(f, f.dim(q, 1), f.dim(k, 1)));
    }
    return KerasReadAttentionOps.all(f, all);
  }

  private static Optional<Value> handed(KerasCall call, int place, String name) {
    return call.argument(place, name).tensors().stream()
        .findFirst()
        .flatMap(each -> call.model().masks().of(each));
  }
}
