package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.finding.Finding;
import watari.format.TargetProfile;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.Custom;
import watari.op.Op;
import watari.quant.QuantizationRules;
import watari.quant.Storage;
import watari.rewrite.Pass;
import watari.tensor.Layout;

/// What ONNX expresses in one opset, or in the lowest that will do.
final class OnnxProfile implements TargetProfile {
  /// Operators that an opset took away, which the specification's table keeps.
  private static final Map<String, Integer> GONE = Map.of("Upsample", 10, "Scatter", 11);

  private final OnnxOpset opset;

  /// @param asked the opset that is wanted, or 0 for any
  OnnxProfile(int asked) {
    this.opset = new OnnxOpset(asked);
  }

  @Override
  public String format() {
    return "onnx";
  }

  @Override
  public Layout nativeLayout() {
    return Layout.CHANNELS_FIRST;
  }

  @Override
  public Optional<Layout> layoutOf(Op op) {
    return Optional.of(Layout.CHANNELS_FIRST);
  }

  @Override
  public boolean keepsState() {
    return false;
  }

  @Override
  public List<Pass> decompose() {
    return OnnxLegalize.decompose(opset);
  }

  @Override
  public List<Pass> legalize() {
    return OnnxLegalize.legalize(opset);
  }

  /// The opset in which a legalised graph is written.
  int opset(Graph graph) {
    return Math.max(opset.usual(), needed(graph));
  }

  private static int needed(Graph graph) {
    int needed = 0;
    for (var node : graph) {
      needed = Math.max(needed, OnnxNeeds.opset(node));
      for (var body : node.bodies()) needed = Math.max(needed, needed(body));
    }
    return needed;
  }

  /// Operators of ai.onnx that are not the same in the opset that the whole graph needs.
  List<Finding> changes(Graph graph, int written) {
    var all = new ArrayList<Finding>();
    for (var node : graph) {
      if (node.op() instanceof Custom op && op.domain().equals("onnx:")) {
        changed(op, written).map(finding -> placed(finding, node)).ifPresent(all::add);
      }
      for (var body : node.bodies()) all.addAll(changes(body, written));
    }
    return all;
  }

  /// What cannot be written of a graph and its bodies.
  List<Finding> refusals(Graph graph) {
    var all = new ArrayList<Finding>();
    for (var node : graph) {
      refuse(node).ifPresent(all::add);
      for (var body : node.bodies()) all.addAll(refusals(body));
    }
    return all;
  }

  @Override
  public Optional<QuantizationRules> quantization(Storage storage) {
    return switch (storage) {
      case WEIGHTS8, INT8 -> Optional.of(OnnxRules.TABLE);
      case DYNAMIC8, INT16X8 -> Optional.empty();
    };
  }

  @Override
  public Optional<Finding> refuse(Node node) {
    return why(node).map(finding -> placed(finding, node));
  }

  private static Finding placed(Finding finding, Node node) {
    var origin = node.origin();
    var operator = origin.operator().isEmpty() ? node.op().name() : origin.operator();
    return finding
        .at(origin.node(), origin.index(), operator)
        .withTypes(types(node.inputs()), types(node.outputs()));
  }

  private static List<String> types(List<watari.graph.Value> values) {
    return values.stream().map(v -> v.isPresent() ? v.type().toString() : "").toList();
  }

  private Optional<Finding> why(Node node) {
    return switch (node.op()) {
      case Custom custom -> custom(custom);
      case ReadState(var state, _) -> state(state);
      case WriteState(var state) -> state(state);
      default -> operator(node);
    };
  }

  private static Optional<Finding> state(String name) {
    return unsupported("ONNX keeps no state such as '" + name + "' between calls")
        .map(f -> f.fix("convert with --state zero, or with --state io to see the states"));
  }

  private static Optional<Finding> unsupported(String why) {
    return Optional.of(Finding.error("OP_UNSUPPORTED", why));
  }

  private Optional<Finding> custom(Custom op) {
    if (!op.domain().startsWith("onnx:")) {
      return unsupported("operator '" + op.name() + "' has no ONNX equivalent")
          .map(f -> f.fix("end the model before this node with --outputs"));
    }
    boolean isStandard = op.domain().equals("onnx:");
    int written = opset.asked() == 0 ? Math.max(opset.usual(), op.version()) : opset.asked();
    return isStandard ? changed(op, written) : Optional.empty();
  }

  /// Why an operator of ai.onnx cannot be written back in an opset.
  private static Optional<Finding> changed(Custom op, int written) {
    if (isSame(op.name(), op.version(), written)) return Optional.empty();
    return Optional.of(
        Finding.error(
                "OPSET_CHANGED",
                "operator '%s' of opset %d is another one in opset %d"
                    .formatted(op.name(), op.version(), written))
            .fix("write the source's opset with --opset " + op.version()));
  }

  private static boolean isSame(String operator, int version, int other) {
    int gone = GONE.getOrDefault(operator, Integer.MAX_VALUE);
    if (version < gone != other < gone) return false;
    var one = OnnxOperators.find("ai.onnx", operator, version);
    return one.isPresent() && one.equals(OnnxOperators.find("ai.onnx", operator, other));
  }

  private Optional<Finding> operator(Node node) {
    var limit = OnnxLimits.of(node);
    if (limit.isPresent()) return limit;
    int needed = OnnxNeeds.opset(node);
    if (opset.mayUse(needed)) return Optional.empty();
    return Optional.of(
        Finding.error(
                "OPSET_TOO_LOW",
                "%s needs opset %d, but opset %d is asked for"
                    .formatted(OnnxOpTypes.of(node.op()), needed, opset.asked()))
            .fix("ask for --opset " + needed + " or later"));
  }
}
