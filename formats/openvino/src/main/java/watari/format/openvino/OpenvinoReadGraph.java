package watari.format.openvino;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.openvino.OpenvinoFile.Layer;
import watari.format.openvino.OpenvinoFile.Net;
import watari.format.openvino.OpenvinoFile.Port;
import watari.graph.GraphBuilder;
import watari.graph.Origin;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Reads the layers of a net, or of a body, one after the other.
final class OpenvinoReadGraph {
  private final OpenvinoReadModel model;
  private final GraphBuilder builder;
  private final OpenvinoLinks links;
  private final boolean isMain;

  /// What the output ports stand for: a value, or a constant that nobody has asked for yet.
  private final Map<Port, Value> values = new java.util.IdentityHashMap<>();

  private final Map<Port, TensorData> constants = new java.util.IdentityHashMap<>();

  /// Names by which layers find each other, such as those of states.
  private final Map<String, Value> results = new HashMap<>();

  OpenvinoReadGraph(OpenvinoReadModel model, GraphBuilder builder, Net net, boolean isMain) {
    this.model = model;
    this.builder = builder;
    this.isMain = isMain;
    this.links = new OpenvinoLinks(net, model);
  }

  /// A body of one of this net's layers.
  OpenvinoReadGraph body(GraphBuilder bodyBuilder, Net net) {
    return new OpenvinoReadGraph(model, bodyBuilder, net, false);
  }

  OpenvinoReadModel model() {
    return model;
  }

  GraphBuilder builder() {
    return builder;
  }

  /// Whether this is the model's own net, and no body.
  boolean isMain() {
    return isMain;
  }

  OpenvinoLinks links() {
    return links;
  }

  // ---- what ports stand for

  void put(Port port, Value value) {
    values.put(port, value);
  }

  void putConstant(Port port, TensorData data) {
    constants.put(port, data);
  }

  boolean isDefined(Port port) {
    return values.containsKey(port) || constants.containsKey(port);
  }

  /// The value of an output port.
  ///
  /// @throws OpenvinoRefusal if there is none
  Value value(Layer layer, Port port) {
    var value = values.get(port);
    if (value != null) return value;
    var constant = constants.get(port);
    if (constant == null) {
      throw OpenvinoRefusal.broken(
          "it uses layer %s ('%s'), which nothing before it computes"
              .formatted(layer.id(), layer.name()));
    }
    var made = builder.constant(hint(layer, port), constant);
    values.put(port, made);
    return made;
  }

  /// The constant of an output port, without making a value of it.
  Optional<TensorData> constant(Port port) {
    var value = values.get(port);
    return value == null ? Optional.ofNullable(constants.get(port)) : value.constant();
  }

  /// What a Result gives.
  Optional<Value> result(Layer layer) {
    return Optional.ofNullable(results.get(layer.id()));
  }

  void putResult(Layer layer, Value value) {
    results.put(layer.id(), value);
  }

  /// The name that the value of a port gets: the tensor's first one, else the layer's.
  static String hint(Layer layer, Port port) {
    return port.names().isEmpty() ? friendlyName(layer, port) : port.names().get(0);
  }

  /// The layer's name, with the number of the output where it has several.
  static String friendlyName(Layer layer, Port port) {
    var name = layer.name().isEmpty() ? layer.type() + "_" + layer.id() : layer.name();
    return layer.outputs().size() > 1 ? name + "." + layer.outputs().indexOf(port) : name;
  }

  // ---- layers

  void layers() {
    for (var layer : links.order()) layer(layer);
  }

  private void layer(Layer layer) {
    if (layer.is("Parameter") && layer.outputs().stream().allMatch(this::isDefined)) return;
    builder.from(origin(layer));
    try {
      var node = new OpenvinoReadNode(this, layer);
      links.requireInputs(layer);
      if (usesBroken(node)) {
        readBroken(node);
      } else {
        OpenvinoReadOps.read(node);
        requireOutputs(node);
      }
    } catch (OpenvinoRefusal e) {
      refuse(layer, e.finding());
    } catch (ModelException e) {
      e.findings().forEach(finding -> refuse(layer, finding));
    } catch (IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | IndexOutOfBoundsException e) {
      refuse(layer, OpenvinoRefusal.broken(sentence(e)).finding());
    }
  }

  private static String sentence(RuntimeException e) {
    var message = String.valueOf(e.getMessage());
    return e instanceof IndexOutOfBoundsException
        ? "an index is out of range: " + message
        : message;
  }

  Origin origin(Layer layer) {
    var version = layer.version().isEmpty() ? "" : "-" + layer.version().replace("opset", "");
    var name = layer.name().isEmpty() ? "layer " + layer.id() : layer.name();
    return new Origin(name, links.index(layer), layer.type() + version);
  }

  private void requireOutputs(OpenvinoReadNode node) {
    for (var port : node.layer().outputs()) {
      if (!isDefined(port)) {
        throw OpenvinoRefusal.broken(
            "it has an output port '" + port.id() + "', which its operator does not have");
      }
    }
  }

  private boolean usesBroken(OpenvinoReadNode node) {
    for (var source : links.sources(node.layer())) {
      var value = source.map(each -> values.get(each.port()));
      if (value.isPresent() && model.isBroken(value.get())) return true;
    }
    return false;
  }

  /// Of a layer that follows a broken one only this can be said: whether there is a record for it.
  private void readBroken(OpenvinoReadNode node) {
    if (OpenvinoReadOps.isCustom(node.layer())) node.custom();
    if (node.layer().is("Result")) putResult(node.layer(), node.in(0));
    node.layer().outputs().forEach(port -> standIn(node.layer(), port));
  }

  private void refuse(Layer layer, Finding finding) {
    var origin = origin(layer);
    var types = new ArrayList<String>();
    for (var source : links.sources(layer)) {
      boolean isKnown = source.isPresent() && isDefined(source.get().port());
      if (isKnown) types.add(value(source.get().layer(), source.get().port()).type().toString());
    }
    model.add(
        finding.at(origin.node(), origin.index(), origin.operator()).withTypes(types, List.of()));
    layer.outputs().forEach(port -> standIn(layer, port));
  }

  /// Lets a constant stand for a value that cannot be read, so that reading goes on and no later
  /// step has more to say of it.
  void standIn(Layer layer, Port port) {
    if (isDefined(port)) {
      if (values.containsKey(port)) model.setBroken(value(layer, port));
      return;
    }
    var dtype =
        OpenvinoTypes.dtype(port.precision())
            .filter(each -> each != DataType.STRING)
            .orElse(DataType.FLOAT32);
    var zero = MemorySegment.ofArray(new byte[(int) dtype.sizeBytes(1)]);
    var shape = declaredShape(layer, port);
    boolean isUsable = shape.isFixed() && isCountable(shape);
    var data =
        TensorData.filled(
            TensorData.of(dtype, Shape.SCALAR, zero), isUsable ? shape : Shape.SCALAR);
    var value = builder.constant(hint(layer, port), data);
    model.setBroken(value);
    values.put(port, value);
  }

  private static boolean isCountable(Shape shape) {
    long elements = 1;
    for (long dim : shape.fixedDims()) {
      elements *= dim;
      if (elements > 1L << 40) return false;
    }
    return true;
  }

  // ---- declared types

  /// The shape that a port declares. One without dims is a scalar, or nothing is known of it.
  static Shape declaredShape(Layer layer, Port port) {
    if (port.dims().isEmpty()) return Shape.UNKNOWN;
    var dims = new ArrayList<watari.tensor.Dim>();
    for (int i = 0; i < port.dims().size(); i++) {
      long dim = port.dims().get(i);
      var name = "?" + hint(layer, port) + "." + i;
      dims.add(dim < 0 ? watari.tensor.Dim.named(name) : watari.tensor.Dim.of(dim));
    }
    return Shape.of(dims);
  }

  /// The types of the outputs as the ports declare them.
  static List<TensorType> declared(Layer layer) {
    var types = new ArrayList<TensorType>();
    for (var port : layer.outputs()) {
      var dtype =
          OpenvinoTypes.dtype(port.precision())
              .orElseThrow(() -> OpenvinoRefusal.dtype(port.precision()));
      types.add(new TensorType(dtype, declaredShape(layer, port)));
    }
    return types;
  }

  /// Makes the inferred shape of an output more exact by what its port says, and reports what
  /// contradicts it.
  void refine(Layer layer, Port port, Value value) {
    if (value.isConstant()) return;
    var inferred = value.shape();
    var declared = declaredShape(layer, port);
    if (!declared.isRanked()) return;
    if (!inferred.isRanked()) {
      value.setType(value.type().with(declared));
      return;
    }
    if (contradicts(inferred, declared)) {
      var origin = origin(layer);
      model.add(
          Finding.warning(
                  "SHAPE_DIFFERS",
                  "port %s declares the shape '%s', but the operator gives '%s'"
                      .formatted(port.id(), text(port), inferred))
              .at(origin.node(), origin.index(), origin.operator())
              .fix("correct the dims of the port, or what the shape comes from"));
      return;
    }
    var dims = new ArrayList<>(inferred.dims());
    for (int i = 0; i < dims.size(); i++) {
      boolean isInvented = dims.get(i).toString().contains("?");
      if (isInvented && declared.dim(i).isFixed()) dims.set(i, declared.dim(i));
    }
    value.setType(value.type().with(Shape.of(dims)));
  }

  private static String text(Port port) {
    return port.dims().toString().replace(" ", "").replace("-1", "?");
  }

  private static boolean contradicts(Shape inferred, Shape declared) {
    if (inferred.rank() != declared.rank()) return true;
    for (int i = 0; i < inferred.rank(); i++) {
      boolean areFixed = inferred.dim(i).isFixed() && declared.dim(i).isFixed();
      if (areFixed && !inferred.dim(i).equals(declared.dim(i))) return true;
    }
    return false;
  }

  /// Layers by their id, of a kind, in the file's order.
  Map<String, Layer> all(String type) {
    var all = new LinkedHashMap<String, Layer>();
    for (var layer : links.net().layers()) {
      if (layer.is(type)) all.putIfAbsent(layer.id(), layer);
    }
    return all;
  }
}
