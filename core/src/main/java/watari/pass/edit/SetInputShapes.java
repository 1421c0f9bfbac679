package watari.pass.edit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.Custom;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Gives inputs other dims and infers all shapes anew.
///
/// A named dim that becomes a number becomes it everywhere. Shapes that the model has frozen as
/// constants stay what they are: where nodes no longer fit, that is an error; where an output loses
/// its batch, a warning.
public final class SetInputShapes implements Pass {
  private final Map<String, List<Long>> shapes;
  private final long batch;

  /// @param shapes dims of inputs by name; -1 leaves a dim as it is
  /// @param batch dim 0 of all other inputs that have one, or 0 to leave them
  public SetInputShapes(Map<String, List<Long>> shapes, long batch) {
    this.shapes = new LinkedHashMap<>(shapes);
    this.batch = batch;
  }

  @Override
  public String name() {
    return "input-shapes";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    if (!areKnown(graph, log)) return;
    var named = new HashMap<String, Dim>();
    var batched = batchedOutputs(graph);
    for (var input : graph.inputs()) {
      var asked = asked(input);
      if (asked.isEmpty()) continue;
      if (!fits(input, asked, log)) return;
      change(input, asked, named);
    }
    for (var input : graph.inputs()) input.setType(renamed(input.type(), named));
    inferAnew(graph, named, log);
    if (!log.hasErrors()) checkBatch(graph, batched, log);
    log.fired(name());
  }

  private boolean areKnown(Graph graph, PassLog log) {
    var names = graph.inputs().stream().map(Value::name).toList();
    boolean all = true;
    for (var name : shapes.keySet()) {
      if (names.contains(name)) continue;
      all = false;
      log.add(
          Finding.error("NAME_UNKNOWN", "the model has no input '" + name + "'")
              .fix("inputs: " + String.join(", ", NearNames.of(name, names))));
    }
    return all;
  }

  /// The dims that an input shall have, -1 for those that stay.
  private List<Long> asked(Value input) {
    var given = shapes.get(input.name());
    if (given != null) return given;
    var shape = input.shape();
    if (batch < 1 || !shape.isRanked() || shape.rank() == 0) return List.of();
    var dims = new ArrayList<>(java.util.Collections.nCopies(shape.rank(), -1L));
    dims.set(0, batch);
    return dims;
  }

  private static boolean fits(Value input, List<Long> asked, PassLog log) {
    if (!input.shape().isRanked() || input.shape().rank() == asked.size()) return true;
    log.add(
        Finding.error(
                "SHAPE_MISMATCH",
                "input '"
                    + input.name()
                    + "' has shape "
                    + input.shape()
                    + ", not "
                    + asked.size()
                    + " dims as in "
                    + asked)
            .fix("give one dim for each of its axes; -1 leaves one as it is"));
    return false;
  }

  private static void change(Value input, List<Long> asked, Map<String, Dim> named) {
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < asked.size(); i++) {
      var old = input.shape().isRanked() ? input.shape().dim(i) : Dim.named("?");
      if (asked.get(i) < 0) {
        dims.add(old);
        continue;
      }
      var dim = Dim.of(asked.get(i));
      if (isName(old)) named.put(old.toString(), dim);
      dims.add(dim);
    }
    input.setType(input.type().with(Shape.of(dims)));
  }

  private static boolean isName(Dim dim) {
    return !dim.isFixed() && dim.equals(Dim.named(dim.toString()));
  }

  private static TensorType renamed(TensorType type, Map<String, Dim> named) {
    if (!type.shape().isRanked() || type.shape().isFixed()) return type;
    return type.with(
        Shape.of(type.shape().dims().stream().map(dim -> dim.replace(named)).toList()));
  }

  /// Forgets all shapes but those that nobody can infer, then infers them.
  private void inferAnew(Graph graph, Map<String, Dim> named, PassLog log) {
    var inference = new Inference(graph);
    for (var node : graph) {
      if (node.op() instanceof Custom custom) {
        var types = custom.outputs().stream().map(type -> renamed(type, named)).toList();
        graph.setOp(
            node,
            new Custom(
                custom.domain(),
                custom.name(),
                custom.version(),
                custom.attributes(),
                types,
                custom.isPure()));
      }
      for (var output : node.outputs()) {
        if (output.isPresent()) output.setType(output.type().with(Shape.UNKNOWN));
      }
      passToBodies(node);
      for (var body : node.bodies()) inferAnew(body, named, log);
      try {
        inference.refresh(node);
      } catch (IllegalArgumentException e) {
        log.add(frozen(node, String.valueOf(e.getMessage())));
        return;
      }
    }
  }

  static void passToBodies(Node node) {
    switch (node.op()) {
      case If _ -> node.bodies().forEach(body -> pass(node, 1, body, 0));
      case Loop _ -> pass(node, 2, node.bodies().get(0), 2);
      default -> {}
    }
  }

  private static void pass(Node node, int firstInput, Graph body, int firstParameter) {
    for (int i = 0; i + firstParameter < body.inputs().size(); i++) {
      var input = node.input(firstInput + i);
      if (!input.isPresent()) continue;
      var parameter = body.inputs().get(firstParameter + i);
      parameter.setType(parameter.type().with(input.shape()));
    }
  }

  private static Finding frozen(Node node, String why) {
    var origin = node.origin();
    return Finding.error("SHAPE_FROZEN", "with the new input shapes, " + why)
        .at(origin.node(), origin.index(), origin.operator())
        .fix(
            "the model has constants that only fit its own shapes: export it with the ones asked for");
  }

  /// The outputs whose first dim is that of an input whose batch is to change.
  private Map<Integer, Dim> batchedOutputs(Graph graph) {
    var batches =
        graph.inputs().stream()
            .filter(input -> !asked(input).isEmpty())
            .filter(input -> input.shape().isRanked() && input.shape().rank() > 0)
            .map(input -> input.shape().dim(0))
            .toList();
    var found = new HashMap<Integer, Dim>();
    for (int i = 0; i < graph.outputs().size(); i++) {
      var shape = graph.outputs().get(i).shape();
      boolean has = shape.isRanked() && shape.rank() > 0 && batches.contains(shape.dim(0));
      if (has) found.put(i, shape.dim(0));
    }
    return found;
  }

  private void checkBatch(Graph graph, Map<Integer, Dim> batched, PassLog log) {
    if (batch < 1) return;
    for (var i : batched.keySet().stream().sorted().toList()) {
      var shape = graph.outputs().get(i).shape();
      if (!shape.isRanked() || shape.rank() == 0 || shape.dim(0).is(batch)) continue;
      log.add(
          Finding.warning(
                  "SHAPE_FROZEN",
                  "output '"
                      + graph.outputNames().get(i)
                      + "' has shape "
                      + shape
                      + ", not the batch "
                      + batch
                      + " in front")
              .fix("the model has its batch in constants: export it with batch " + batch));
    }
  }
}
