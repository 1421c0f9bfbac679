package watari.format.openvino;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.BackEdge;
import watari.format.openvino.OpenvinoLayer.Body;
import watari.format.openvino.OpenvinoLayer.Mapping;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.Custom;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Control flow and state.
final class OpenvinoWriteControl {
  private static final String CURRENT = "current_iteration";
  private static final String CONDITION = "execution_condition";

  private OpenvinoWriteControl() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(If.class, OpenvinoWriteControl::branches)
        .on(Loop.class, OpenvinoWriteControl::loop)
        .on(ReadState.class, OpenvinoWriteControl::read)
        .on(WriteState.class, OpenvinoWriteControl::write)
        .on(Custom.class, OpenvinoWriteControl::custom);
  }

  // ---- If

  private static void branches(If op, Node node, OpenvinoNodes out) {
    int inputs = node.inputs().size();
    var otherwise = branch("else", node.bodies().get(1), inputs, out);
    var then = branch("then", node.bodies().get(0), inputs, out);
    out.add(node, "If", 8).body(otherwise).body(then);
  }

  private static Body branch(String which, Graph body, int inputs, OpenvinoNodes out) {
    var writer = OpenvinoGraphWriter.body(body, out);
    var mappings = new ArrayList<Mapping>();
    for (int i = 0; i < body.inputs().size(); i++) {
      var parameter = writer.parameter(body.inputs().get(i));
      mappings.add(new Mapping(true, i + 1, parameter.id(), Map.of()));
    }
    writer.operators(body);
    for (int i = 0; i < body.outputs().size(); i++) {
      var result = result(writer, body, i);
      mappings.add(new Mapping(false, inputs + i, result.id(), Map.of()));
    }
    return new Body(
        which + "_body", which + "_port_map", writer.nodes().net(), mappings, List.of());
  }

  private static OpenvinoLayer result(OpenvinoGraphWriter writer, Graph body, int i) {
    var output = body.outputs().get(i);
    return writer.result(writer.nodes().port(output), body.outputNames().get(i));
  }

  // ---- Loop

  private static void loop(Loop op, Node node, OpenvinoNodes out) {
    var trips =
        node.input(0).isPresent()
            ? out.input(node, 0)
            : out.constant(node, "trips", TensorData.scalar(-1L));
    var condition =
        node.input(1).isPresent()
            ? out.input(node, 1)
            : out.scalar(node, "condition", DataType.BOOL, 1);
    var ports = new ArrayList<>(List.of(trips, condition));
    for (int i = 2; i < node.inputs().size(); i++) ports.add(out.input(node, i));
    var body = body(op, node, out);
    out.add(node, "Loop", 5, ports.toArray(OpenvinoLayer.Port[]::new)).body(body);
  }

  private static Body body(Loop op, Node node, OpenvinoNodes out) {
    var graph = node.bodies().get(0);
    var writer = OpenvinoGraphWriter.body(graph, out);
    var mappings = new ArrayList<Mapping>();
    var iteration = writer.parameter(graph.inputs().get(0));
    mappings.add(new Mapping(true, -1, iteration.id(), Map.of("purpose", CURRENT)));
    goesOn(graph, writer.nodes());
    var parameters = new ArrayList<Integer>();
    for (int i = 2; i < graph.inputs().size(); i++) {
      var parameter = writer.parameter(graph.inputs().get(i));
      parameters.add(parameter.id());
      mappings.add(new Mapping(true, i, parameter.id(), Map.of()));
    }
    writer.operators(graph);
    var condition = result(writer, graph, 0);
    mappings.add(new Mapping(false, -1, condition.id(), Map.of("purpose", CONDITION)));
    var back = new ArrayList<BackEdge>();
    int inputs = node.inputs().size();
    for (int i = 0; i < op.carried(); i++) {
      var carried = result(writer, graph, 1 + i);
      mappings.add(new Mapping(false, inputs + i, carried.id(), Map.of()));
      back.add(new BackEdge(carried.id(), parameters.get(i)));
    }
    for (int i = 0; i < op.scans(); i++) {
      int port = inputs + op.carried() + i;
      mappings.add(
          new Mapping(false, port, scan(writer, graph, 1 + op.carried() + i).id(), stacked()));
    }
    return new Body("body", "port_map", writer.nodes().net(), mappings, back);
  }

  /// While a body runs its condition holds.
  private static void goesOn(Graph body, OpenvinoNodes nodes) {
    var condition = body.inputs().get(1);
    if (condition.uses().isEmpty() && !body.isOutput(condition)) return;
    nodes.give(condition, nodes.constant(condition.name(), TensorData.scalar(DataType.BOOL, 1)));
  }

  /// What each iteration gives gets the axis along which all are joined.
  private static OpenvinoLayer scan(OpenvinoGraphWriter writer, Graph body, int i) {
    var output = body.outputs().get(i);
    var nodes = writer.nodes();
    var name = body.outputNames().get(i);
    var shape =
        output.shape().isRanked() ? Shape.of(Dim.ONE).concat(output.shape()) : Shape.UNKNOWN;
    var slice = slice(nodes.port(output), shape, name, nodes);
    slice.output(new TensorType(output.dtype(), shape), List.of(), "");
    return writer.result(slice.port(0), name);
  }

  /// Of a shape that is known all dims are told: those that OpenVINO does not find by itself are 0
  /// where there is no iteration.
  private static OpenvinoLayer slice(
      OpenvinoLayer.Port value, Shape to, String name, OpenvinoNodes nodes) {
    if (!to.isFixed()) {
      var axis = nodes.constant(name + "/axis", TensorData.vector(0));
      return nodes.layer(name + "/slice", "Unsqueeze", 1, value, axis);
    }
    var dims = nodes.constant(name + "/dims", TensorData.vector(to.fixedDims()));
    return nodes.layer(name + "/slice", "Reshape", 1, value, dims).set("special_zero", false);
  }

  private static Map<String, String> stacked() {
    var extra = new LinkedHashMap<String, String>();
    extra.put("axis", "0");
    extra.put("start", "0");
    extra.put("end", "-1");
    extra.put("stride", "1");
    extra.put("part_size", "1");
    return extra;
  }

  // ---- state

  private static void read(ReadState op, Node node, OpenvinoNodes out) {
    var port =
        out.readState(
            op.state(),
            () -> {
              var state = node.graph().state(op.state()).orElseThrow();
              var initial = out.constant(state.name() + "/initial", state.initial());
              variable(out.add(node, "ReadValue", 6, initial), op.state(), state.type());
              return out.port(node.output());
            });
    out.give(node.output(), port);
  }

  private static OpenvinoLayer variable(OpenvinoLayer layer, String state, TensorType type) {
    return layer
        .set("variable_id", OpenvinoNodes.clean(state))
        .set("variable_type", OpenvinoNodes.element(type.dtype()))
        .set("variable_shape", OpenvinoXmlWriter.shape(type.shape(), ","));
  }

  private static void write(WriteState op, Node node, OpenvinoNodes out) {
    var state = node.graph().state(op.state()).orElseThrow();
    var layer = out.layer(node.origin().node(), "Assign", 6, out.input(node, 0));
    layer.output(node.input(0).type(), List.of(), "");
    variable(layer, op.state(), state.type());
  }

  // ---- what only OpenVINO knows

  private static void custom(Custom op, Node node, OpenvinoNodes out) {
    var set = op.domain().substring(op.domain().indexOf(':') + 1);
    var opset = set.equals(OpenvinoFormat.NAME) ? "opset" + op.version() : set;
    var layer = out.add(node, op.name(), opset);
    for (var attribute : op.attributes()) {
      layer.set(attribute.name(), text(attribute.encoded()));
    }
  }

  private static String text(TensorData encoded) {
    var bytes = new byte[Math.toIntExact(encoded.size())];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) encoded.longAt(i);
    return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
  }
}
