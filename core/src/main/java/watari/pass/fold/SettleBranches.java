package watari.pass.fold;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// `If(condition, …)` → the nodes of one branch, where it is certain which.
///
/// It is certain where the condition is constant, and where the other branch cannot have been
/// meant: it gives a value of another rank, with which a node that always runs cannot run.
/// Exporters write such branches for a Squeeze whose axis they do not know; a runtime would stop
/// there.
///
/// What is known outside a body is told to it: constants, and shapes of what it takes.
public final class SettleBranches implements Pass {
  /// Trying a branch costs a copy of the graph.
  private static final int MOST_NODES = 10_000;

  /// Rounds of folding in which what a branch brings reaches all nodes.
  private static final int MOST_ROUNDS = 8;

  /// Larger constants stay outside, once for all bodies.
  private static final long SMALL_BYTES = 1 << 12;

  private final boolean tries;

  private SettleBranches(boolean tries) {
    this.tries = tries;
  }

  /// Where the condition or a branch itself says so.
  public static SettleBranches known() {
    return new SettleBranches(false);
  }

  /// Also where branches have to be tried; the graph should be folded before.
  public static SettleBranches tried() {
    return new SettleBranches(true);
  }

  @Override
  public String name() {
    return "settle-branches";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph) {
      if (node.bodies().isEmpty()) continue;
      tell(node, log);
      var broken = node.bodies().stream().map(SettleBranches::broken).toList();
      var taken = node.op() instanceof If ? branch(node, broken, log) : Optional.<Integer>empty();
      if (taken.isPresent()) {
        take(node, taken.get());
        log.fired(name());
      } else {
        for (var body : node.bodies()) run(body, log);
      }
    }
  }

  /// The branch that is certainly taken.
  ///
  /// @param broken what cannot run in each
  private Optional<Integer> branch(Node node, List<Optional<String>> broken, PassLog log) {
    var condition = node.input(0).constant();
    if (condition.isPresent()) return Optional.of(condition.get().longAt(0) != 0 ? 0 : 1);
    boolean mayTry = tries && differ(node) && node.graph().size() <= MOST_NODES;
    var failures = new ArrayList<>(broken);
    for (int i = 0; mayTry && i < 2 && failures.stream().allMatch(Optional::isEmpty); i++) {
      failures.set(i, brokenWith(node, i));
    }
    if (failures.stream().allMatch(Optional::isEmpty)) return Optional.empty();
    int failing = failures.get(0).isPresent() ? 0 : 1;
    if (failures.get(1 - failing).isPresent()) return Optional.empty();
    if (mayTry && brokenWith(node, 1 - failing).isPresent()) return Optional.empty();
    log.add(said(node, failing, failures.get(failing).orElseThrow()));
    return Optional.of(1 - failing);
  }

  /// Passes to the bodies what is known of the values that they take.
  private void tell(Node node, PassLog log) {
    int input = node.op() instanceof Loop(int carried, _) ? 2 + carried : 1;
    int parameter = node.op() instanceof Loop(int carried, _) ? 2 + carried : 0;
    for (var body : node.bodies()) {
      for (int i = 0; input + i < node.inputs().size(); i++) {
        tell(node.input(input + i), body, body.inputs().get(parameter + i), log);
      }
    }
  }

  private void tell(Value value, Graph body, Value inside, PassLog log) {
    boolean isUsed = !inside.uses().isEmpty() || body.isOutput(inside);
    if (!value.isPresent() || !isUsed) return;
    if (value.isConstant()) {
      var data = value.constant().orElseThrow();
      if (data.sizeBytes() > SMALL_BYTES) return;
      body.replaceUses(inside, body.addConstant(value.name(), value.type(), data));
      log.fired(name());
      return;
    }
    if (inside.shape().isRanked() && !value.shape().isFixed()) return;
    var shape = Inference.moreExact(inside.shape(), own(value.shape(), inside));
    if (shape.equals(inside.shape())) return;
    inside.setType(inside.type().with(shape));
    log.fired(name());
  }

  /// Dims that were invented outside get names of their own.
  private static Shape own(Shape shape, Value inside) {
    if (!shape.isRanked() || shape.isFixed()) return shape;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < shape.rank(); i++) {
      boolean isInvented = shape.dim(i).toString().contains("?");
      dims.add(isInvented ? Dim.named("?" + inside.name() + "." + i) : shape.dim(i));
    }
    return Shape.of(dims);
  }

  /// Whether the branches give values of ranks that are not known to be the same.
  private static boolean differ(Node node) {
    var then = node.bodies().get(0).outputs();
    var otherwise = node.bodies().get(1).outputs();
    for (int i = 0; i < then.size(); i++) {
      var a = then.get(i).shape();
      var b = otherwise.get(i).shape();
      if (!a.isRanked() || !b.isRanked() || a.rank() != b.rank()) return true;
    }
    return false;
  }

  private static void take(Node node, int branch) {
    var arguments = node.inputs().subList(1, node.inputs().size());
    GraphCopy.replace(node, node.bodies().get(branch), arguments);
  }

  private static Finding said(Node node, int branch, String broken) {
    var origin = node.origin();
    return Finding.note(
            "BRANCH_SETTLED",
            "only its %s branch can run: with the other, %s"
                .formatted(branch == 0 ? "else" : "then", broken))
        .at(origin.node(), origin.index(), origin.operator());
  }

  /// What cannot run if a node takes a branch.
  private static Optional<String> brokenWith(Node node, int branch) {
    var trial = GraphCopy.of(node.graph());
    int index = node.graph().nodes().indexOf(node);
    take(trial.nodes().get(index), branch);
    var log = new PassLog(false);
    new DeadCode().run(trial, log);
    for (int before = -1, round = 0; log.firings() != before && round < MOST_ROUNDS; round++) {
      before = log.firings();
      new ConstantFolding().run(trial, log);
      known().run(trial, log);
    }
    new DeadCode().run(trial, log);
    return broken(trial);
  }

  /// A node that runs whenever the graph does, though its inputs do not fit it.
  private static Optional<String> broken(Graph graph) {
    var inference = new Inference(graph);
    for (var node : graph) {
      if (!node.bodies().isEmpty()) continue;
      try {
        inference.refresh(node);
      } catch (IllegalArgumentException e) {
        var origin = node.origin();
        return Optional.of(
            "node '%s' (%s): %s".formatted(origin.node(), origin.operator(), e.getMessage()));
      }
    }
    return Optional.empty();
  }
}
