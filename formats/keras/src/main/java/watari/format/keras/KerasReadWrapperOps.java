package watari.format.keras;

import java.util.List;
import java.util.Map;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Layers around another layer.
final class KerasReadWrapperOps {
  private KerasReadWrapperOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("TimeDistributed", KerasReadWrapperOps::timeDistributed)
        .on("Wrapper", KerasReadWrapperOps::inner)
        .on(
            "SpectralNormalization",
            _ -> List.of(KerasRoles.fixed("vector_u")),
            KerasReadWrapperOps::inner);
  }

  private static KerasLayer layer(KerasCall call) {
    return call.layer()
        .part("layer")
        .orElseThrow(() -> KerasRefusal.broken("it has no layer inside"));
  }

  private static List<Value> called(KerasCall call, Value x) {
    return call.model().call(layer(call), List.of(new KerasArgument.Tensor(x)), Map.of());
  }

  /// What the layer inside computes: the wrapper only trains it.
  private static void inner(KerasCall call) {
    called(call, call.in()).forEach(call::give);
  }

  /// The layer on each step: the steps become samples of a larger batch.
  private static void timeDistributed(KerasCall call) {
    var x = call.in();
    var rest = x.shape().slice(2, call.rank());
    var folded = folded(call, x, rest);
    for (var y : called(call, folded)) {
      call.give(call.model().isBroken(y) ? y : unfolded(call, x, y));
    }
  }

  private static Value folded(KerasCall call, Value x, Shape rest) {
    var f = call.formula();
    var batch = x.shape().dim(0).times(x.shape().dim(1));
    var shape = Shape.of(batch).concat(rest);
    if (shape.unknownDims() <= 1) return f.reshape(x, shape);
    return f.reshape(x, f.concat(0, f.vector(-1), f.shape(x, 2, call.rank(x))));
  }

  private static Value unfolded(KerasCall call, Value x, Value y) {
    var f = call.formula();
    var rest = y.shape().slice(1, call.rank(y));
    Dim batch = x.shape().dim(0);
    var shape = Shape.of(batch, x.shape().dim(1)).concat(rest);
    if (shape.unknownDims() <= 1) return f.reshape(y, shape);
    return f.reshape(y, f.concat(0, f.shape(x, 0, 2), f.shape(y, 1, call.rank(y))));
  }
}
