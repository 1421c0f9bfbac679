package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import watari.format.keras.KerasVariable.Role;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.Softmax;
import watari.op.ReduceOp.Reduce;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Attention of one head: queries `[N, T, D]`, values `[N, S, D]`, keys as the values.
final class KerasReadAttentionOps {
  private KerasReadAttentionOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("Attention", KerasReadAttentionOps::roles, KerasReadAttentionOps::attention)
        .on("AdditiveAttention", KerasReadAttentionOps::scaleRole, KerasReadAttentionOps::additive);
  }

  private static List<Role> roles(KerasLayer layer) {
    var all = new ArrayList<Role>();
    if (layer.config().flag("use_scale", false)) all.addAll(KerasRoles.of("scale"));
    if (isConcat(layer.config())) all.addAll(KerasRoles.of("concat_score_weight"));
    return all;
  }

  private static List<Role> scaleRole(KerasLayer layer) {
    return layer.config().flag("use_scale", true) ? KerasRoles.of("scale") : List.of();
  }

  private static boolean isConcat(KerasConfig config) {
    return config.text("score_mode", "dot").equals("concat");
  }

  // ---- scores

  private static void attention(KerasCall call) {
    var f = call.formula();
    var q = call.inputs().get(0);
    var k = key(call);
    if (!isConcat(call.config())) {
      var scores = f.op(new MatMul(false, true), q, k);
      finish(call, call.hasWeight("scale") ? f.mul(scores, call.weight("scale")) : scores);
      return;
    }
    var sum = pairs(f, q, k);
    if (call.hasWeight("scale")) sum = f.mul(call.weight("scale"), sum);
    var each = f.unary(Unary.Kind.TANH, sum);
    var scores = f.reduce(Reduce.Kind.SUM, each, false, List.of(-1));
    finish(call, f.mul(scores, call.weight("concat_score_weight")));
  }

  private static void additive(KerasCall call) {
    var f = call.formula();
    var each = f.unary(Unary.Kind.TANH, pairs(f, call.inputs().get(0), key(call)));
    if (call.hasWeight("scale")) each = f.mul(each, call.weight("scale"));
    finish(call, f.reduce(Reduce.Kind.SUM, each, false, List.of(-1)));
  }

  private static Value key(KerasCall call) {
    return call.inputs().get(call.inputs().size() > 2 ? 2 : 1);
  }

  /// The sum of each query and each key: `[N, T, S, D]`.
  private static Value pairs(Formula f, Value q, Value k) {
    return f.add(f.unsqueeze(q, 2), f.unsqueeze(k, 1));
  }

  // ---- what is attended to

  private static void finish(KerasCall call, Value scores) {
    var f = call.formula();
    var counts = counts(call, scores);
    double far = scores.dtype() == DataType.FLOAT16 ? -65504 : -1e9;
    var given = counts.map(each -> f.select(each, scores, f.add(scores, far))).orElse(scores);
    var weights = f.op(new Softmax(2), given);
    var output = f.op(new MatMul(false, false), weights, call.inputs().get(1));
    var queries = mask(call, 0);
    if (queries.isPresent()) {
      var each = f.unsqueeze(f.cast(queries.get(), DataType.BOOL), 2);
      output = f.select(each, output, f.scalar(output, 0));
    }
    call.give(output);
    queries.ifPresent(call::setMask);
    if (isOn(call, "return_attention_scores")) call.give(weights);
  }

  static boolean isOn(KerasCall call, String argument) {
    return call.argument(Integer.MAX_VALUE, argument) instanceof KerasArgument.Plain(var json)
        && json instanceof KerasJson.Flag(boolean value)
        && value;
  }

  /// Which scores count.
  private static Optional<Value> counts(KerasCall call, Value scores) {
    var f = call.formula();
    var values = mask(call, 1).map(each -> f.unsqueeze(f.cast(each, DataType.BOOL), 1));
    boolean isCausal = isOn(call, "use_causal_mask") || call.config().flag("causal", false);
    var causal =
        isCausal
            ? Optional.of(causal(f, f.dim(scores, 1), f.dim(scores, 2)))
            : Optional.<Value>empty();
    return all(f, Stream.of(values, causal).flatMap(Optional::stream).toList());
  }

  /// Where all of these hold.
  static Optional<Value> all(Formula f, List<Value> masks) {
    return masks.stream().reduce((a, b) -> f.binary(Binary.Kind.AND, a, b));
  }

  /// No query attends to what comes after it: `[T, S]`.
  static Value causal(Formula f, Value queries, Value keys) {
    var rows = f.unsqueeze(f.range(queries), 1);
    return f.binary(Binary.Kind.GREATER_EQUAL, rows, f.range(keys));
  }

  /// The mask of an input: given in a list, or handed on with the input.
  private static Optional<Value> mask(KerasCall call, int input) {
    if (call.argument(1, "mask") instanceof KerasArgument.Many(var given)) {
      if (input >= given.size()) return Optional.empty();
      return given.get(input).tensors().stream().findFirst();
    }
    return call.model().masks().of(call.tensors().get(input));
  }
}
