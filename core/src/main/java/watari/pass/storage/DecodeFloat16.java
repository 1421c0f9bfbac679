package watari.pass.storage;

import watari.graph.Graph;
import watari.op.ElementwiseOp.Cast;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;

/// Stores constants as float32 that the model keeps smaller and casts up.
public final class DecodeFloat16 implements Pass {
  @Override
  public String name() {
    return "decode-float16";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph) {
      for (var body : node.bodies()) run(body, log);
      boolean decodes =
          node.op() instanceof Cast(var to, _)
              && to == DataType.FLOAT32
              && node.input(0).dtype().isFloat()
              && node.input(0).isConstant();
      if (!decodes) continue;
      var data = node.input(0).constant().orElseThrow();
      graph.replaceByConstant(node.output(), data.cast(DataType.FLOAT32));
      graph.remove(node);
      log.fired(name());
    }
  }
}
