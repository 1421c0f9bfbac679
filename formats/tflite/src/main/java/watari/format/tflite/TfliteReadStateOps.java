package watari.format.tflite;

import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.HashtableOptions;
import watari.format.tflite.schema.VarHandleOptions;
import watari.graph.State;
import watari.graph.Value;
import watari.op.BinaryOp.Select;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.IndexOp.Gather;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Variables and tables, which operators name by handles.
final class TfliteReadStateOps {
  private TfliteReadStateOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("ASSIGN_VARIABLE", TfliteReadStateOps::assignVariable)
        .on("HASHTABLE", TfliteReadStateOps::hashtable)
        .on("HASHTABLE_FIND", TfliteReadStateOps::hashtableFind)
        .on("HASHTABLE_IMPORT", TfliteReadStateOps::hashtableImport)
        .on("HASHTABLE_SIZE", TfliteReadStateOps::hashtableSize)
        .on("READ_VARIABLE", TfliteReadStateOps::readVariable)
        .on("VAR_HANDLE", TfliteReadStateOps::varHandle);
  }

  private static TfliteVariables variables(TfliteNode node) {
    return node.scope().source().variables();
  }

  private static String handle(TfliteNode node) {
    return node.scope()
        .handle(node.inputTensor(0))
        .orElseThrow(() -> Unreadable.broken("its first input is no handle of a resource"));
  }

  // ---- variables

  private static void varHandle(TfliteNode node) {
    var name = TfliteVariables.name(node.options(new VarHandleOptions()));
    node.scope().defineHandle(node.outputTensor(0), name);
  }

  private static void assignVariable(TfliteNode node) {
    var resource = handle(node);
    var value = node.in(1);
    if (variables(node).isInitialising()) {
      variables(node).assign(resource, value);
      return;
    }
    var initial = variables(node).initial(resource);
    var state = state(node, resource, initial.isPresent() ? value.type() : fixed(value.type()));
    if (state.type().dtype() != value.dtype()) {
      throw Unreadable.operator(
          "it assigns a '%s' to a variable of '%s'".formatted(value.type(), state.type()),
          "keep the variable's element type");
    }
    node.builder().add(new WriteState(state.name()), List.of(value), List.of(), List.of());
  }

  private static TensorType fixed(TensorType type) {
    if (!type.shape().isFixed()) {
      throw Unreadable.dynamic("the shape %s of its variable is not fixed".formatted(type.shape()));
    }
    return type;
  }

  private static void readVariable(TfliteNode node) {
    var resource = handle(node);
    var variables = variables(node);
    var initial = variables.initial(resource);
    var declared = node.declared(0);
    if (!variables.isAssigned(resource) && initial.isPresent()) {
      var data = initial.get();
      var type = data.type().with(declared.quantization());
      var value = node.graph().addConstant(node.outputName(0), type, data);
      node.scope().define(node.outputTensor(0), value);
      return;
    }
    var state = state(node, resource, initial.isPresent() ? declared : fixed(declared));
    node.scope().define(node.outputTensor(0), read(node, state));
  }

  private static Value read(TfliteNode node, State state) {
    return node.builder()
        .addDeclared(
            new ReadState(state.name(), state.type()),
            List.of(),
            List.of(node.outputName(0)),
            List.of(state.type()),
            List.of())
        .output();
  }

  /// The graph's state of a variable, made when it is first used.
  private static State state(TfliteNode node, String resource, TensorType used) {
    var known = node.scope().entry().state(resource);
    if (known.isPresent()) return known.get();
    var initial =
        variables(node)
            .initial(resource)
            .orElseGet(() -> TensorData.filled(TensorData.scalar(used.dtype(), 0), used.shape()));
    var type = initial.type().with(used.quantization());
    var state = new State(resource, type, initial);
    node.scope().entry().addState(state);
    return state;
  }

  // ---- tables

  private static void hashtable(TfliteNode node) {
    int id = node.options(new HashtableOptions()).tableId();
    node.scope().defineHandle(node.outputTensor(0), "table " + id);
  }

  private static void hashtableImport(TfliteNode node) {
    if (!variables(node).isInitialising()) {
      throw Unreadable.operator(
          "it fills a table while the model runs", "fill it when the model is loaded");
    }
    variables(node).fill(handle(node), node.in(1), node.in(2));
  }

  private static TfliteVariables.Table table(TfliteNode node) {
    return variables(node)
        .table(handle(node))
        .orElseThrow(() ->
            Unreadable.operator(
                "nothing fills its table when the model is loaded", "fill it with constants"));
  }

  /// The value of the first equal key, or the default.
  private static void hashtableFind(TfliteNode node) {
    var table = table(node);
    var hits = new TfliteReadIndexOps.Lookup(node, node.in(1), node.constant(table.keys()));
    var otherwise = node.in(2);
    if (!otherwise.shape().hasRank(0)) otherwise = node.reshaped(otherwise);
    var found = node.add(new Gather(0, 0), node.constant(table.values()), hits.places());
    node.emit(new Select(), hits.found(), found, otherwise);
  }

  private static void hashtableSize(TfliteNode node) {
    var keys = table(node).keys();
    long count = java.util.Arrays.stream(distinct(keys)).distinct().count();
    node.give(0, node.constant(TensorData.ofLongs(Shape.of(1), count)));
  }

  private static Object[] distinct(TensorData keys) {
    var all = new Object[Math.toIntExact(keys.size())];
    for (int i = 0; i < all.length; i++) {
      all[i] =
          keys.dtype() == watari.tensor.DataType.STRING
              ? new String(keys.bytesAt(i), java.nio.charset.StandardCharsets.ISO_8859_1)
              : (Object) keys.longAt(i);
    }
    return all;
  }
}
