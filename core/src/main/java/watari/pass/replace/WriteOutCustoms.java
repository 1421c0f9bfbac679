package watari.pass.replace;

import java.util.ArrayList;
import java.util.function.Predicate;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.Custom;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.Shape;

/// `Custom(x, …)` with a body → the nodes of its body; or the operator alone, where it is kept.
///
/// Holds for the shapes that the body was made for.
public final class WriteOutCustoms implements Pass {
  private final Predicate<Custom> isKept;

  /// @param isKept whether the target has the operator itself
  public WriteOutCustoms(Predicate<Custom> isKept) {
    this.isKept = isKept;
  }

  @Override
  public String name() {
    return "write-out-customs";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph) {
      if (node.bodies().isEmpty()) continue;
      if (!(node.op() instanceof Custom op)) {
        for (var body : node.bodies()) run(body, log);
      } else if (isKept.test(op)) {
        graph.dropBodies(node);
      } else {
        run(node.bodies().get(0), log);
        writeOut(node, log);
      }
    }
  }

  private void writeOut(Node node, PassLog log) {
    var body = node.bodies().get(0);
    var arguments = new ArrayList<Value>();
    for (var input : node.inputs()) if (input.isPresent()) arguments.add(input);
    for (int i = 0; i < arguments.size(); i++) {
      var made = body.inputs().get(i).shape();
      if (!fits(arguments.get(i).shape(), made)) {
        log.add(unfit(node, arguments.get(i).shape(), made));
        return;
      }
    }
    GraphCopy.replace(node, body, arguments);
    log.fired(name());
  }

  private static boolean fits(Shape shape, Shape made) {
    if (!made.isRanked()) return true;
    if (!shape.hasRank(made.rank())) return false;
    for (int i = 0; i < made.rank(); i++) {
      if (made.dim(i).isFixed() && !shape.dim(i).equals(made.dim(i))) return false;
    }
    return true;
  }

  private static Finding unfit(Node node, Shape shape, Shape made) {
    var origin = node.origin();
    return Finding.error(
            "SHAPE_FROZEN",
            "it is written out for an input of shape %s, which is now %s".formatted(made, shape))
        .at(origin.node(), origin.index(), origin.operator())
        .fix("export the model with the shapes asked for");
  }
}
