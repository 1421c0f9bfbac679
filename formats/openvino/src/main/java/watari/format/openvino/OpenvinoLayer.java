package watari.format.openvino;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import watari.tensor.TensorType;

/// A layer that is to be written: ports are numbered through, inputs first.
final class OpenvinoLayer {
  /// An output of a layer.
  record Port(OpenvinoLayer layer, int output) {
    TensorType type() {
      return layer.outputs.get(output).type();
    }

    int id() {
      return layer.inputs.size() + output;
    }
  }

  /// What an output port says.
  ///
  /// @param names of the tensor
  /// @param layout such as `[N,C,H,W]`, or empty
  record Output(TensorType type, List<String> names, String layout) {
    Output {
      names = List.copyOf(names);
    }
  }

  /// How the ports of a layer hang on a body's Parameters and Results.
  ///
  /// @param port of the layer, or -1
  /// @param layer of the body
  /// @param extra further attributes
  record Mapping(boolean isInput, int port, int layer, Map<String, String> extra) {}

  /// A value that goes from one iteration to the next.
  record BackEdge(int result, int parameter) {}

  /// A graph inside a layer.
  ///
  /// @param element the element that holds it: `body`, `then_body`, `else_body`
  /// @param map the element that holds the mappings
  record Body(
      String element, String map, OpenvinoNet net, List<Mapping> mappings, List<BackEdge> back) {
    Body {
      mappings = List.copyOf(mappings);
      back = List.copyOf(back);
    }
  }

  private final int id;
  private final String name;
  private final String type;
  private final String opset;
  private final Map<String, String> attributes = new LinkedHashMap<>();
  private final List<Port> inputs = new ArrayList<>();
  private final List<Output> outputs = new ArrayList<>();
  private final List<Body> bodies = new ArrayList<>();
  private String resultName = "";
  private boolean decompresses;

  OpenvinoLayer(int id, String name, String type, String opset) {
    this.id = id;
    this.name = name;
    this.type = type;
    this.opset = opset;
  }

  int id() {
    return id;
  }

  String name() {
    return name;
  }

  String type() {
    return type;
  }

  String opset() {
    return opset;
  }

  Map<String, String> attributes() {
    return attributes;
  }

  List<Port> inputs() {
    return inputs;
  }

  List<Output> outputs() {
    return outputs;
  }

  List<Body> bodies() {
    return bodies;
  }

  /// The name of the model's output that a Result is, or empty.
  String resultName() {
    return resultName;
  }

  /// Whether it brings a constant that is stored small to what is computed with.
  boolean decompresses() {
    return decompresses;
  }

  OpenvinoLayer set(String attribute, String value) {
    attributes.put(attribute, value);
    return this;
  }

  OpenvinoLayer set(String attribute, long value) {
    return set(attribute, Long.toString(value));
  }

  OpenvinoLayer set(String attribute, boolean value) {
    return set(attribute, Boolean.toString(value));
  }

  OpenvinoLayer set(String attribute, float value) {
    return set(attribute, number(value));
  }

  OpenvinoLayer set(String attribute, List<?> values) {
    return set(
        attribute, values.stream().map(OpenvinoLayer::element).collect(Collectors.joining(", ")));
  }

  private static String element(Object value) {
    return value instanceof Float number ? number(number) : String.valueOf(value);
  }

  /// Without a point where it is whole.
  private static String number(float value) {
    boolean isWhole = value == Math.rint(value) && Math.abs(value) < 1e7;
    return isWhole ? Integer.toString((int) value) : Float.toString(value);
  }

  OpenvinoLayer input(Port port) {
    inputs.add(port);
    return this;
  }

  /// An output in the type that carries the given one.
  OpenvinoLayer output(TensorType type, List<String> names, String layout) {
    return exactOutput(OpenvinoCarriers.of(type), names, layout);
  }

  /// An output of the very type.
  OpenvinoLayer exactOutput(TensorType type, List<String> names, String layout) {
    outputs.add(new Output(type, names, layout));
    return this;
  }

  OpenvinoLayer body(Body body) {
    bodies.add(body);
    return this;
  }

  OpenvinoLayer result(String output) {
    resultName = output;
    return this;
  }

  /// Says that it brings a constant that is stored small to what is computed with.
  OpenvinoLayer decompression() {
    decompresses = true;
    return this;
  }

  Port port(int output) {
    return new Port(this, output);
  }
}
