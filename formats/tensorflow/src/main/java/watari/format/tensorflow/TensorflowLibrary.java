package watari.format.tensorflow;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.format.tensorflow.schema.FunctionDef;
import watari.format.tensorflow.schema.FunctionDefLibrary;
import watari.format.tensorflow.schema.NodeDef;
import watari.format.tensorflow.schema.OpDef;

/// The functions of a file that is being written.
final class TensorflowLibrary {
  /// What a function is given or gives.
  record Argument(String name, Port port) {}

  private final Arena arena;
  private final FunctionDefLibrary.Builder library = FunctionDefLibrary.newBuilder();
  private final TensorflowNames names = new TensorflowNames();

  /// @param arena holds constants that had to be put in another order
  TensorflowLibrary(Arena arena) {
    this.arena = arena;
  }

  Arena arena() {
    return arena;
  }

  FunctionDefLibrary build() {
    return library.build();
  }

  /// Adds a function and gives its name.
  String add(String hint, TensorflowScope scope, List<Argument> inputs, List<Argument> outputs) {
    var name = names.unique(hint);
    var steps = TensorflowGraph.needed(scope, outputs.stream().map(Argument::port).toList());
    Map<TensorflowStep, String> known = new IdentityHashMap<>();
    var own = new TensorflowNames();
    var signature = OpDef.newBuilder().setName(name).setIsStateful(isStateful(steps));
    for (var input : inputs) {
      var argument = own.unique(TensorflowNames.argument(input.name()));
      known.put(input.port().step(), argument);
      signature.addInputArg(argument(argument, input.port()));
    }
    for (var step : steps) known.computeIfAbsent(step, s -> own.unique(s.hint()));
    var function = FunctionDef.newBuilder();
    for (var step : steps) {
      if (step.op().equals(TensorflowGraph.GIVEN)) continue;
      function.addNodeDef(node(step, known));
    }
    var results = new TensorflowNames();
    var ret = new HashMap<String, String>();
    for (var output : outputs) {
      var argument = results.unique(TensorflowNames.argument(output.name()));
      signature.addOutputArg(argument(argument, output.port()));
      ret.put(argument, reference(output.port(), known));
    }
    library.addFunction(function.setSignature(signature).putAllRet(ret));
    return name;
  }

  private static boolean isStateful(List<TensorflowStep> steps) {
    return steps.stream().anyMatch(step -> step.op().equals("ReadVariableOp"));
  }

  private static OpDef.ArgDef argument(String name, Port port) {
    return OpDef.ArgDef.newBuilder().setName(name).setType(TensorflowGraph.type(port)).build();
  }

  private static NodeDef node(TensorflowStep step, Map<TensorflowStep, String> names) {
    var node = TensorflowGraph.node(step, Optional.ofNullable(names.get(step)).orElseThrow());
    for (var input : step.inputs()) node.addInput(reference(input, names));
    for (var control : step.controls()) node.addInput("^" + names.get(control));
    return node.build();
  }

  private static String reference(Port port, Map<TensorflowStep, String> names) {
    var name = Optional.ofNullable(names.get(port.step())).orElseThrow();
    return port.argument().isEmpty() ? name : name + ":" + port.argument() + ":" + port.place();
  }
}
