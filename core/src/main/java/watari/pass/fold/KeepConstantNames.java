package watari.pass.fold;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import watari.graph.Graph;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;

/// Constants that were turned, cast or folded are called what they were called before, if no value
/// in use has that name.
///
/// While passes run both have names, and the later one gets a number. Where one constant became
/// several, the first in order keeps the name.
public final class KeepConstantNames implements Pass {
  @Override
  public String name() {
    return "constant-names";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var constants = new LinkedHashSet<Value>();
    var names = new HashSet<>(graph.outputNames());
    graph.inputs().forEach(input -> names.add(input.name()));
    for (var node : graph) {
      node.outputs().forEach(output -> names.add(output.name()));
      node.inputs().stream().filter(Value::isConstant).forEach(constants::add);
      node.bodies().forEach(body -> run(body, log));
    }
    graph.outputs().stream().filter(Value::isConstant).forEach(constants::add);
    constants.forEach(constant -> names.add(constant.name()));
    for (var constant : constants) keep(graph, constant, names, log);
  }

  private void keep(Graph graph, Value constant, Set<String> names, PassLog log) {
    if (!names.add(graph.wantedName(constant))) return;
    names.remove(constant.name());
    graph.takeWantedName(constant);
    log.fired(name());
  }
}
