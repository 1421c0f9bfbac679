package watari.format.onnx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.TensorType;

/// Attention as a recurrence, and the convolution that goes with it.
///
/// Source: ONNX LinearAttention-27, CausalConvWithState-27.
final class OnnxReadLinearAttentionOps {
  private OnnxReadLinearAttentionOps() {}

  // ---- a loop over time

  /// The state `[N, heads, Dk, Dv]` goes through time in float32: it decays, takes in the outer
  /// product of key and value, and is read by the query.
  static void linearAttention(OnnxReadNode n) {
    int heads = n.integer("q_num_heads", 1);
    int shared = n.integer("kv_num_heads", 1);
    var series = new LinkedHashMap<String, Value>();
    series.put("query", series(n, 0, heads));
    series.put("key", series(n, 1, shared));
    series.put("value", series(n, 2, shared));
    var rule = n.text("update_rule", "gated_delta");
    if (rule.startsWith("gated")) series.put("decay", gates(n, 4, shared));
    if (rule.endsWith("delta")) series.put("beta", gates(n, 5, shared));
    var state = n.has(3) ? n.cast(n.in(3), DataType.FLOAT32) : zeros(n, series);
    var body = body(n, state, series, heads, shared);
    var steps = n.squeeze(n.dim(n.in(0), 1), 0);
    var inputs = new ArrayList<>(List.of(steps, Value.ABSENT, state));
    inputs.addAll(series.values());
    var loop = n.builder().add(new Loop(1, 1), inputs, 2, List.of(body));
    // The outputs of the steps are `[T, N, heads, Dv]`.
    var outputs = n.cast(n.transpose(loop.output(1), 1, 0, 2, 3), n.dtype(0));
    n.give(0, new Reshape(false), outputs, n.vector(0, 0, -1));
    n.give(1, n.cast(loop.output(0), n.has(3) ? n.dtype(3) : n.dtype(0)));
  }

  /// `[N, T, heads · D]` as `[N, heads, T, D]`.
  private static Value series(OnnxReadNode n, int input, int heads) {
    return n.cast(OnnxReadAttentionOps.unpacked(n, input, heads), DataType.FLOAT32);
  }

  /// Gates of all heads in common stay so.
  private static Value gates(OnnxReadNode n, int input, int heads) {
    if (!n.has(input)) throw OnnxRefusal.broken("input " + input + " is missing");
    boolean isOne = n.shape(input).hasRank(3) && n.shape(input).dim(2).is(1);
    return series(n, input, isOne ? 1 : heads);
  }

  private static Value zeros(OnnxReadNode n, Map<String, Value> series) {
    var key = Objects.requireNonNull(series.get("key"));
    var value = Objects.requireNonNull(series.get("value"));
    var shape = n.concat(0, n.dim(key, 0), n.dim(key, 1), n.dim(key, 3), n.dim(value, 3));
    return n.expand(n.scalar(DataType.FLOAT32, 0), shape);
  }

  private static Graph body(
      OnnxReadNode n, Value initial, Map<String, Value> series, int heads, int shared) {
    var graph = new Graph("step");
    var builder = new GraphBuilder(graph);
    var terms = new OnnxTerms(builder);
    var iteration = builder.input("iteration", TensorType.of(DataType.INT64));
    var condition = builder.input("condition", TensorType.of(DataType.BOOL));
    var state = OnnxCaptures.parameter(builder, "state", initial.type());
    var now = new LinkedHashMap<String, Value>();
    series.forEach((name, value) -> {
      var whole = OnnxCaptures.parameter(builder, name, value.type());
      now.put(name, terms.gather(whole, iteration, 2));
    });
    var next = next(terms, state, now);
    float given = n.real("scale", 0);
    var scale = given == 0 ? scale(terms, initial) : terms.scalar(DataType.FLOAT32, given);
    var query = terms.unsqueeze(Objects.requireNonNull(now.get("query")), 2);
    var read =
        terms.add(
            new MatMul(false, false),
            query,
            OnnxReadAttentionOps.shared(terms, next, heads, shared));
    graph.addOutput("condition", condition);
    graph.addOutput("state", next);
    graph.addOutput("output", terms.times(terms.squeeze(read, 2), scale));
    return graph;
  }

  private static Value scale(OnnxTerms n, Value state) {
    var size = state.shape().isRanked() ? state.shape().dim(2) : watari.tensor.Dim.named("?");
    if (!size.isFixed()) {
      throw OnnxRefusal.unsupported(
          "its head size '" + size + "' is not known", "fix the shapes of the model's inputs");
    }
    return n.scalar(DataType.FLOAT32, 1 / Math.sqrt(size.fixed()));
  }

  private static Value next(OnnxTerms n, Value state, Map<String, Value> now) {
    var key = n.unsqueeze(Objects.requireNonNull(now.get("key")), 3);
    var value = n.unsqueeze(Objects.requireNonNull(now.get("value")), 2);
    var decay = now.get("decay");
    if (decay != null) {
      state = n.times(state, n.unsqueeze(n.unary(Unary.Kind.EXP, decay), 3));
    }
    var beta = now.get("beta");
    if (beta != null) {
      var known = n.add(new MatMul(true, false), key, state);
      value = n.times(n.unsqueeze(beta, 3), n.minus(value, known));
    }
    return n.plus(state, n.times(key, value));
  }

  // ---- the convolution

  /// A depthwise convolution over the past and the input; the last elements are the next past.
  static void causalConvWithState(OnnxReadNode n) {
    var filter = n.shape(1);
    if (!filter.hasRank(3) || !filter.dim(0).isFixed() || !filter.dim(2).isFixed()) {
      throw OnnxRefusal.unsupported(
          "the shape " + filter + " of its filter is not known", "give the filter as a constant");
    }
    long past = filter.dim(2).fixed() - 1;
    var x =
        n.has(3)
            ? n.add(new Concat(2), n.in(3), n.in(0))
            : n.add(new Pad(Pad.Mode.CONSTANT), n.in(0), n.vector(0, 0, past, 0, 0, 0));
    int groups = Math.toIntExact(filter.dim(0).fixed());
    var op = new Conv(List.of(1), List.of(1), Padding.none(1), groups, Layout.CHANNELS_FIRST);
    boolean isPlain = n.text("activation", "none").equals("none");
    var inputs = n.has(2) ? List.of(x, n.in(1), n.in(2)) : List.of(x, n.in(1));
    var convolved = n.builder().add(op, inputs);
    n.give(0, isPlain ? convolved : n.add(new Swish(1), convolved));
    long start = past == 0 ? Integer.MAX_VALUE : -past;
    if (n.wants(1)) n.give(1, n.slice(x, 2, start, Integer.MAX_VALUE));
  }
}
