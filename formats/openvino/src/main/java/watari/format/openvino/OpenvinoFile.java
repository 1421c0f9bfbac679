package watari.format.openvino;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The records of an IR's XML, as the file has them.
///
/// @param name of the net
/// @param version of the IR
/// @param info what stands in the net's `rt_info`
record OpenvinoFile(String name, int version, Net net, List<RuntimeInfo> info) {
  OpenvinoFile {
    info = List.copyOf(info);
  }

  /// Layers and the edges between their ports: the whole net, or the body of a layer.
  record Net(List<Layer> layers, List<Edge> edges) {
    static final Net EMPTY = new Net(List.of(), List.of());

    Net {
      layers = List.copyOf(layers);
      edges = List.copyOf(edges);
    }
  }

  /// An operator in its place.
  ///
  /// @param version the operator set: `opset1`, `extension`
  /// @param attributes of the `layer` element beside these (`output_names` of a Result)
  /// @param data the attributes of its `data` element
  /// @param bodies of If, Loop and TensorIterator
  record Layer(
      String id,
      String name,
      String type,
      String version,
      Map<String, String> attributes,
      Map<String, String> data,
      List<Port> inputs,
      List<Port> outputs,
      List<Body> bodies,
      List<RuntimeInfo> info) {
    Layer {
      attributes = ordered(attributes);
      data = ordered(data);
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      bodies = List.copyOf(bodies);
      info = List.copyOf(info);
    }

    boolean is(String name) {
      return type.equals(name);
    }
  }

  /// One input or output of a layer.
  ///
  /// @param precision its element type as ports name it: `FP32`, `I64`; empty where it is not said
  /// @param dims -1 where they are dynamic; none for a scalar and for an unknown rank
  /// @param names the tensor's names
  record Port(
      String id, String precision, List<Long> dims, List<String> names, List<RuntimeInfo> info) {
    Port {
      dims = List.copyOf(dims);
      names = List.copyOf(names);
      info = List.copyOf(info);
    }
  }

  /// From an output port to an input port.
  record Edge(String fromLayer, String fromPort, String toLayer, String toPort) {}

  /// A net inside of a layer.
  ///
  /// @param kind the name of its element: `body`, `then_body`, `else_body`
  /// @param inputs the attributes of each `input` of its port map
  /// @param outputs the attributes of each `output` of its port map
  /// @param backEdges which layer's result is which parameter of the next iteration
  record Body(
      String kind,
      Net net,
      List<Map<String, String>> inputs,
      List<Map<String, String>> outputs,
      List<Map<String, String>> backEdges) {
    Body {
      inputs = inputs.stream().map(OpenvinoFile::ordered).toList();
      outputs = outputs.stream().map(OpenvinoFile::ordered).toList();
      backEdges = backEdges.stream().map(OpenvinoFile::ordered).toList();
    }
  }

  /// An element of `rt_info`, whatever it is.
  record RuntimeInfo(
      String name, Map<String, String> attributes, String text, List<RuntimeInfo> children) {
    RuntimeInfo {
      attributes = ordered(attributes);
      children = List.copyOf(children);
    }

    RuntimeInfo(String name, Map<String, String> attributes) {
      this(name, attributes, "", List.of());
    }

    /// An attribute of a list of elements such as `<attribute name="layout" layout="[N,C,H,W]"/>`.
    static Optional<String> find(List<RuntimeInfo> all, String name, String attribute) {
      return all.stream()
          .filter(each -> name.equals(each.attributes.get("name")))
          .flatMap(each -> Optional.ofNullable(each.attributes.get(attribute)).stream())
          .findFirst();
    }
  }

  private static Map<String, String> ordered(Map<String, String> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
