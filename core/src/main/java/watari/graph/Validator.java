package watari.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Checks that a graph is what it must be between any two passes.
public final class Validator {
  private final List<String> faults = new ArrayList<>();

  private Validator() {}

  /// What is wrong with the graph and its bodies, a sentence each; nothing for a valid one.
  public static List<String> check(Graph graph) {
    var validator = new Validator();
    validator.graph(graph);
    return validator.faults;
  }

  /// @throws IllegalStateException with all faults, if there are any
  public static void require(Graph graph) {
    var faults = check(graph);
    if (!faults.isEmpty()) {
      throw new IllegalStateException(String.join(System.lineSeparator(), faults));
    }
  }

  private void graph(Graph graph) {
    Set<Value> defined = Collections.newSetFromMap(new IdentityHashMap<>());
    defined.addAll(graph.inputs());
    for (var node : graph) {
      inputs(node, defined);
      outputs(node, defined);
      for (var body : node.bodies()) graph(body);
    }
    for (var output : graph.outputs()) {
      if (!output.isConstant() && !defined.contains(output)) {
        faults.add("graph " + graph.name() + ": output " + output + " is not defined in it");
      }
    }
  }

  private void inputs(Node node, Set<Value> defined) {
    for (int i = 0; i < node.inputs().size(); i++) {
      var input = node.input(i);
      if (!input.isPresent()) continue;
      if (!input.isConstant() && !defined.contains(input)) {
        faults.add(node + ": input " + i + " is used before it is defined, or belongs elsewhere");
      }
      if (!input.uses().contains(new Value.Use(node, i))) {
        faults.add(node + ": input " + i + " does not know of this use");
      }
      input.constant().ifPresent(data -> constant(input, data.type()));
    }
  }

  private void constant(Value value, TensorType stored) {
    boolean same = stored.dtype() == value.dtype() && stored.shape().equals(value.shape());
    if (!same) faults.add(value + ": its elements are " + stored);
    quantization(value);
  }

  private void outputs(Node node, Set<Value> defined) {
    for (var output : node.outputs()) {
      if (!output.isPresent()) continue;
      if (!defined.add(output)) faults.add(output + " is defined twice");
      if (output.producer().filter(p -> p == node).isEmpty()) {
        faults.add(output + " does not know its node");
      }
      quantization(output);
    }
    types(node);
  }

  private void types(Node node) {
    try {
      var types =
          new Inference().infer(node.op(), node.inputs(), node.outputs().size(), node.bodies());
      for (int i = 0; i < node.outputs().size(); i++) {
        var output = node.output(i);
        if (!output.isPresent()) continue;
        boolean sameDtype = output.type().isQuantized() || types.get(i).dtype() == output.dtype();
        boolean fits = sameDtype && compatible(types.get(i).shape(), output.shape());
        if (!fits) faults.add(node + ": output " + i + " should be " + types.get(i));
      }
    } catch (IllegalArgumentException e) {
      faults.add(node + ": " + e.getMessage());
    }
  }

  private static boolean compatible(Shape a, Shape b) {
    if (!a.isRanked() || !b.isRanked()) return true;
    if (a.rank() != b.rank()) return false;
    for (int i = 0; i < a.rank(); i++) {
      if (a.dim(i).isFixed() && b.dim(i).isFixed() && !a.dim(i).equals(b.dim(i))) return false;
    }
    return true;
  }

  private void quantization(Value value) {
    var type = value.type();
    if (!type.isQuantized()) return;
    if (!type.dtype().isInteger() && type.dtype().bits() > 8) {
      faults.add(value + ": a " + type.dtype() + " is quantized");
    }
    if (type.quantization() instanceof Quantization.PerAxis(int axis, var scales, _)
        && type.shape().isRanked()) {
      boolean fits =
          axis >= 0
              && axis < type.shape().rank()
              && (!type.shape().dim(axis).isFixed() || type.shape().dim(axis).is(scales.size()));
      if (!fits) faults.add(value + ": " + scales.size() + " scales along axis " + axis);
    }
  }
}
