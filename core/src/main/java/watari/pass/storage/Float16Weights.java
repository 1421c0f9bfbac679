package watari.pass.storage;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Value;
import watari.op.ElementwiseOp.Cast;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;

/// Stores float32 constants as float16 and casts them up where they are used.
///
/// Small ones stay: they are parameters rather than weights. So do those with a number that float16
/// cannot hold, each of which is a finding.
public final class Float16Weights implements Pass {
  private static final long FEW_ELEMENTS = 64;
  private static final float LARGEST = 65504;

  @Override
  public String name() {
    return "float16-weights";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var inference = new Inference(graph);
    Map<Value, Value> cast = new IdentityHashMap<>();
    for (var node : graph) {
      for (var body : node.bodies()) run(body, log);
      for (int i = 0; i < node.inputs().size(); i++) {
        var input = node.input(i);
        if (!isWeight(input)) continue;
        var builder = GraphBuilder.before(node, inference);
        graph.setInput(node, i, cast.computeIfAbsent(input, v -> halved(v, builder, log)));
      }
    }
  }

  private static boolean isWeight(Value value) {
    return value.isConstant()
        && value.dtype() == DataType.FLOAT32
        && !value.type().isQuantized()
        && value.shape().elements().fixed() > FEW_ELEMENTS;
  }

  private Value halved(Value value, GraphBuilder builder, PassLog log) {
    var data = value.constant().orElseThrow();
    if (data.hasBeyond(LARGEST)) {
      log.add(
          Finding.warning(
                  "PRECISION_CHANGED",
                  "constant '" + value.name() + "' has a number above 65504, and stays float32")
              .fix("rescale the weights, or take float32 where this matters"));
      return value;
    }
    log.fired(name());
    var half = builder.constant(value.name() + "_float16", data.cast(DataType.FLOAT16));
    var whole = builder.from(List.of()).addNamed(value.name(), new Cast(DataType.FLOAT32), half);
    whole.setSourceNames(value.sourceNames());
    return whole;
  }
}
