package watari.format.onnx;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.FunctionProto;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Reads the nodes of a graph, of a body or of a function, one after the other.
final class OnnxReadGraph {
  /// Functions that call functions deeper than that call themselves.
  private static final int MOST_CALLS = 64;

  private final OnnxReadModel model;
  private final OnnxReadScope scope;
  private final Map<String, Integer> opsets;
  private final Map<String, AttributeProto> arguments;
  private final int calls;
  private final boolean isMain;

  private OnnxReadGraph(
      OnnxReadModel model,
      OnnxReadScope scope,
      Map<String, Integer> opsets,
      Map<String, AttributeProto> arguments,
      int calls,
      boolean isMain) {
    this.model = model;
    this.scope = scope;
    this.opsets = opsets;
    this.arguments = arguments;
    this.calls = calls;
    this.isMain = isMain;
  }

  /// The main graph.
  OnnxReadGraph(OnnxReadModel model, GraphBuilder builder, Map<String, Integer> opsets) {
    this(model, new OnnxReadScope(builder, ""), opsets, Map.of(), 0, true);
  }

  /// A body of one of this graph's nodes.
  OnnxReadGraph body(GraphBuilder builder) {
    return new OnnxReadGraph(
        model, new OnnxReadScope(builder, ""), opsets, arguments, calls, false);
  }

  /// Whether this is the model's own graph, and no body or function.
  boolean isMain() {
    return isMain;
  }

  OnnxReadModel model() {
    return model;
  }

  OnnxReadScope scope() {
    return scope;
  }

  /// The version of a domain's operators.
  Optional<Integer> opset(String domain) {
    return Optional.ofNullable(opsets.get(domain));
  }

  // ---- a graph's parts

  /// Makes the constants and declared types of a graph known.
  void declare(GraphProto proto) {
    for (var tensor : proto.getInitializerList()) {
      try {
        scope.putConstant(tensor.getName(), model.data(tensor));
      } catch (ModelException e) {
        model.add(e);
        standIn(tensor.getName());
      }
    }
    for (var sparse : proto.getSparseInitializerList()) {
      try {
        scope.putConstant(sparse.getValues().getName(), model.dense(sparse));
      } catch (ModelException e) {
        model.add(e);
        standIn(sparse.getValues().getName());
      }
    }
    declareTypes(proto.getValueInfoList());
    declareTypes(proto.getOutputList());
  }

  void declareTypes(List<ValueInfoProto> infos) {
    for (var info : infos) if (info.hasType()) scope.declare(info.getName(), info.getType());
  }

  void nodes(List<NodeProto> nodes) {
    for (int i : OnnxNodeOrder.of(nodes)) node(nodes.get(i), i);
  }

  private void node(NodeProto proto, int index) {
    var domain = OnnxFormat.domain(proto.getDomain());
    var function = model.function(proto);
    int opset = opsets.getOrDefault(domain, domain.equals(OnnxFormat.DOMAIN) ? 0 : 1);
    var origin = OnnxReadNode.origin(proto, index, opset);
    scope.builder().from(origin);
    try {
      requireNewNames(proto);
      var node = new OnnxReadNode(this, proto, attributes(proto), opset);
      if (usesBroken(node)) {
        readBroken(domain, node);
      } else if (function.isPresent()) {
        call(function.get(), node);
      } else {
        OnnxReadOps.read(domain, node);
      }
      requireOutputs(proto);
    } catch (OnnxRefusal e) {
      refuse(proto, index, opset, e.finding());
    } catch (ModelException e) {
      e.findings().forEach(finding -> refuse(proto, index, opset, finding));
    } catch (IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | IndexOutOfBoundsException e) {
      refuse(proto, index, opset, OnnxRefusal.broken(sentence(e)).finding());
    }
  }

  private static String sentence(RuntimeException e) {
    var message = String.valueOf(e.getMessage());
    return e instanceof IndexOutOfBoundsException
        ? "an index is out of range: " + message
        : message;
  }

  private void requireNewNames(NodeProto proto) {
    var names = new HashSet<String>();
    for (var name : proto.getOutputList()) {
      if (!name.isEmpty() && (scope.isDefined(name) || !names.add(name))) {
        throw OnnxRefusal.broken("its output '" + name + "' is defined before");
      }
    }
  }

  private void requireOutputs(NodeProto proto) {
    for (var name : proto.getOutputList()) {
      if (!name.isEmpty() && !scope.isDefined(name)) {
        throw OnnxRefusal.broken("it does not compute its output '" + name + "'");
      }
    }
  }

  /// Of a node that follows a broken one only this can be said: whether there is a record for it.
  private void readBroken(String domain, OnnxReadNode node) {
    if (OnnxReadOps.isCustom(domain, node)) node.custom();
    for (var name : node.proto().getOutputList()) {
      if (scope.isDefined(name)) model.setBroken(scope.stored(name));
      else standIn(name);
    }
  }

  private boolean usesBroken(OnnxReadNode node) {
    for (int i = 0; i < node.inputCount(); i++) {
      if (!node.has(i)) continue;
      var name = node.inputName(i);
      if (!scope.isDefined(name) || scope.sequence(name).isPresent()) continue;
      if (scope.optional(name).isPresent()) continue;
      if (model.isBroken(scope.stored(name))) return true;
    }
    return false;
  }

  private void refuse(NodeProto proto, int index, int opset, Finding finding) {
    var origin = OnnxReadNode.origin(proto, index, opset);
    var types = new ArrayList<String>();
    for (var name : proto.getInputList()) {
      boolean isValue = scope.isDefined(name) && scope.sequence(name).isEmpty();
      types.add(
          isValue && scope.optional(name).isEmpty() ? scope.stored(name).type().toString() : "");
    }
    model.add(finding.at(origin.node(), index, origin.operator()).withTypes(types, List.of()));
    proto.getOutputList().forEach(this::standIn);
  }

  /// Lets a constant stand for a value that cannot be read, so that reading goes on and no later
  /// step has more to say of it.
  void standIn(String name) {
    if (name.isEmpty() || scope.isDefined(name)) return;
    var type =
        scope
            .declared(name)
            .flatMap(declared -> OnnxReadTypes.tensor(name, declared))
            .filter(declared -> declared.dtype() != DataType.STRING)
            .orElse(new TensorType(DataType.FLOAT32, Shape.SCALAR));
    var zero = MemorySegment.ofArray(new byte[(int) type.dtype().sizeBytes(1)]);
    var shape = type.shape().isFixed() ? type.shape() : Shape.SCALAR;
    var data = TensorData.filled(TensorData.of(type.dtype(), Shape.SCALAR, zero), shape);
    var value = scope.builder().constant(scope.hint(name), data);
    model.setBroken(value);
    scope.put(name, value);
  }

  /// Makes the inferred shape of an output more exact by what the file says of it.
  void refine(String name, Value value) {
    if (value.isConstant()) return;
    var declared = scope.declared(name).flatMap(type -> OnnxReadTypes.tensor(name, type));
    if (declared.isEmpty()) return;
    var type = value.type();
    value.setType(type.with(OnnxReadTypes.refined(type.shape(), declared.get().shape())));
  }

  // ---- functions

  /// The attributes of a node, those that refer to the function's taken from there.
  private Map<String, AttributeProto> attributes(NodeProto proto) {
    var all = new HashMap<String, AttributeProto>();
    for (var attribute : proto.getAttributeList()) {
      var reference = attribute.getRefAttrName();
      if (reference.isEmpty()) {
        all.put(attribute.getName(), attribute);
        continue;
      }
      var argument = arguments.get(reference);
      if (argument == null) continue;
      all.put(attribute.getName(), argument.toBuilder().setName(attribute.getName()).build());
    }
    return all;
  }

  /// Reads the body of a function in the place of its call.
  private void call(FunctionProto function, OnnxReadNode node) {
    if (calls >= MOST_CALLS) {
      throw OnnxRefusal.broken("function '" + function.getName() + "' calls itself");
    }
    if (!model.mayUnfold(function.getNodeCount())) {
      throw OnnxRefusal.broken(
          "function '" + function.getName() + "' and others before unfold to too many nodes");
    }
    var given = new HashMap<String, AttributeProto>();
    function.getAttributeProtoList().forEach(each -> given.put(each.getName(), each));
    given.putAll(node.attributes());
    var origin = OnnxReadNode.origin(node.proto(), -1, node.opset());
    var inner =
        new OnnxReadGraph(
            model,
            new OnnxReadScope(scope.builder(), scope.prefix() + origin.node() + "/"),
            OnnxReadModel.opsets(function.getOpsetImportList()),
            given,
            calls + 1,
            false);
    for (int i = 0; i < function.getInputCount(); i++) {
      inner.scope.take(function.getInput(i), scope, node.has(i) ? node.inputName(i) : "");
    }
    for (int i = 0; i < function.getOutputCount(); i++) {
      if (node.wants(i)) inner.scope.rename(function.getOutput(i), scope.hint(node.outputName(i)));
    }
    inner.declareTypes(function.getValueInfoList());
    inner.nodes(function.getNodeList());
    for (int i = 0; i < function.getOutputCount(); i++) {
      if (node.wants(i)) scope.take(node.outputName(i), inner.scope, function.getOutput(i));
    }
  }

  /// Reads a branch in the place of its node, whose outputs are then those of the branch.
  void inline(GraphProto branch, OnnxReadNode node) {
    var inner = inner(node, "");
    for (var name : OnnxReadModel.freeNames(branch, true)) inner.scope.take(name, scope, name);
    for (int i = 0; i < branch.getOutputCount(); i++) {
      var name = branch.getOutput(i).getName();
      if (node.wants(i)) inner.scope.rename(name, scope.hint(node.outputName(i)));
    }
    inner.declare(branch);
    inner.nodes(branch.getNodeList());
    for (int i = 0; i < branch.getOutputCount(); i++) {
      if (node.wants(i)) {
        scope.take(node.outputName(i), inner.scope, branch.getOutput(i).getName());
      }
    }
  }

  /// Reads a body for given inputs, and returns its outputs.
  List<Value> inline(GraphProto body, OnnxReadNode node, List<Value> inputs, int time) {
    if (body.getInputCount() != inputs.size()) {
      throw OnnxRefusal.broken(
          "its body has %d inputs, expected %d".formatted(body.getInputCount(), inputs.size()));
    }
    var inner = inner(node, time + "/");
    for (var name : OnnxReadModel.freeNames(body, false)) inner.scope.take(name, scope, name);
    for (int i = 0; i < inputs.size(); i++) {
      inner.scope.put(body.getInput(i).getName(), inputs.get(i));
    }
    inner.declare(body);
    inner.nodes(body.getNodeList());
    return body.getOutputList().stream().map(out -> inner.scope.value(out.getName())).toList();
  }

  private OnnxReadGraph inner(OnnxReadNode node, String suffix) {
    var origin = OnnxReadNode.origin(node.proto(), -1, node.opset());
    var prefix = scope.prefix() + origin.node() + "/" + suffix;
    return new OnnxReadGraph(
        model, new OnnxReadScope(scope.builder(), prefix), opsets, arguments, calls, false);
  }
}
