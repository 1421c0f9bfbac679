package watari.format.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.FunctionProto;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.OperatorSetIdProto;
import watari.format.onnx.schema.SparseTensorProto;
import watari.format.onnx.schema.TensorProto;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What all graphs and functions of one file share while they are read.
final class OnnxReadModel {
  /// Elements of a tensor that is stored sparsely; more would be a trap, not a model.
  private static final long MOST_DENSE = 1L << 28;

  /// How often bodies of loops may be read anew to find the types of what they carry.
  private static final int MOST_REREADS = 200;

  /// Nodes that the calls of functions may come to: functions that call functions double fast.
  private static final int MOST_UNFOLDED = 200_000;

  private final OnnxFile file;
  private final String path;
  private Findings findings;
  private final Map<String, FunctionProto> functions = new HashMap<>();
  private final Set<Value> broken = Collections.newSetFromMap(new IdentityHashMap<>());
  private int rereads;
  private int unfolded;

  OnnxReadModel(OnnxFile file, String path, Findings findings) {
    this.file = file;
    this.path = path;
    this.findings = findings;
    for (var function : file.model().getFunctionsList()) {
      functions.putIfAbsent(
          key(function.getDomain(), function.getName(), function.getOverload()), function);
    }
  }

  private static String key(String domain, String name, String overload) {
    return OnnxFormat.domain(domain) + " " + name + " " + overload;
  }

  Optional<FunctionProto> function(NodeProto node) {
    return Optional.ofNullable(
        functions.get(key(node.getDomain(), node.getOpType(), node.getOverload())));
  }

  /// Versions by domain.
  static Map<String, Integer> opsets(List<OperatorSetIdProto> imports) {
    var opsets = new HashMap<String, Integer>();
    for (var each : imports) {
      opsets.put(OnnxFormat.domain(each.getDomain()), Math.clamp(each.getVersion(), 0, 1 << 20));
    }
    return opsets;
  }

  TensorData data(TensorProto tensor) {
    return file.data(tensor);
  }

  void add(Finding finding) {
    findings.add(finding.inFile(path));
  }

  /// Findings of a tensor or file at a node.
  void add(ModelException exception) {
    exception.findings().forEach(this::add);
  }

  /// Lets findings go elsewhere from now on, and returns where they went before: for a body that
  /// may have to be read once more.
  Findings divert(Findings other) {
    var before = findings;
    findings = other;
    return before;
  }

  /// A value that stands for an output that could not be read: its users are not at fault.
  void setBroken(Value value) {
    broken.add(value);
  }

  boolean isBroken(Value value) {
    return broken.contains(value);
  }

  /// Whether a loop's body may be read once more.
  boolean mayReread() {
    return rereads++ < MOST_REREADS;
  }

  /// Whether so many nodes of a function may be put in the place of one more call.
  boolean mayUnfold(int nodes) {
    if (unfolded + nodes > MOST_UNFOLDED) return false;
    unfolded += nodes;
    return true;
  }

  /// A sparse tensor with its zeros.
  TensorData dense(SparseTensorProto sparse) {
    var values = data(sparse.getValues());
    var indices = data(sparse.getIndices());
    var shape = Shape.of(sparse.getDimsList().stream().mapToLong(Long::longValue).toArray());
    long size = 1;
    for (long dim : sparse.getDimsList()) {
      if (dim < 0 || dim > MOST_DENSE) throw sparseBroken(sparse, "has the dim '" + dim + "'");
      size *= dim;
      if (size > MOST_DENSE) {
        throw sparseBroken(sparse, "has more than " + MOST_DENSE + " elements");
      }
    }
    if (!indices.dtype().isInteger() || values.dtype() == DataType.STRING) {
      throw sparseBroken(sparse, "has values or indices of a type that cannot be sparse");
    }
    var all = new double[(int) size];
    boolean isLinear = indices.shape().rank() == 1;
    int rank = sparse.getDimsCount();
    if (indices.size() != (isLinear ? values.size() : values.size() * rank)) {
      throw sparseBroken(
          sparse, "has " + indices.size() + " indices for " + values.size() + " values");
    }
    for (int i = 0; i < values.size(); i++) {
      long at = isLinear ? indices.longAt(i) : linear(indices, i, sparse.getDimsList());
      if (at < 0 || at >= size) throw sparseBroken(sparse, "has an index outside of " + shape);
      all[(int) at] = values.doubleAt(i);
    }
    return TensorData.ofDoubles(values.dtype(), shape, all);
  }

  private static long linear(TensorData indices, int i, List<Long> dims) {
    long at = 0;
    for (int axis = 0; axis < dims.size(); axis++) {
      long index = indices.longAt((long) i * dims.size() + axis);
      if (index < 0 || index >= dims.get(axis)) return -1;
      at = at * dims.get(axis) + index;
    }
    return at;
  }

  private ModelException sparseBroken(SparseTensorProto sparse, String why) {
    var name = sparse.getValues().getName();
    var sentence = "sparse tensor '" + name + "' " + why;
    return new ModelException(Finding.error("TENSOR_BROKEN", sentence).inFile(path));
  }

  /// The names that a body uses, but does not define, in order of their first use.
  ///
  /// @param isBranch whether it is a branch of an If, which takes nothing: what some exporters list
  ///   as its inputs is from outside
  static List<String> freeNames(GraphProto body, boolean isBranch) {
    var free = new java.util.LinkedHashSet<String>();
    var defined = new java.util.HashSet<String>();
    if (!isBranch) body.getInputList().forEach(input -> defined.add(input.getName()));
    body.getInitializerList().forEach(tensor -> defined.add(tensor.getName()));
    body.getSparseInitializerList().forEach(each -> defined.add(each.getValues().getName()));
    body.getNodeList().forEach(node -> defined.addAll(node.getOutputList()));
    for (var node : body.getNodeList()) {
      for (var name : namesUsed(node)) if (!defined.contains(name)) free.add(name);
    }
    for (var output : body.getOutputList()) {
      if (!defined.contains(output.getName())) free.add(output.getName());
    }
    free.remove("");
    return List.copyOf(free);
  }

  /// Its inputs, and what its bodies use from outside.
  static List<String> namesUsed(NodeProto node) {
    var names = new ArrayList<String>(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      boolean isBranch = node.getOpType().equals("If");
      if (attribute.hasG()) names.addAll(freeNames(attribute.getG(), isBranch));
      attribute.getGraphsList().forEach(graph -> names.addAll(freeNames(graph, isBranch)));
    }
    return names;
  }
}
