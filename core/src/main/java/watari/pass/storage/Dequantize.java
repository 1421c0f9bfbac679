package watari.pass.storage;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import watari.eval.StoredMovement;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp;
import watari.op.ControlOp.ReadState;
import watari.op.Custom;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.PoolOp;
import watari.op.QuantizeOp.Convert;
import watari.op.ResizeOp.Resize;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorType;

/// Makes a float32 model of a quantized one: values lose their quantization, constants are decoded.
///
/// Rounding goes; what a quantized type clamped on purpose stays: where the smallest stored number
/// denotes 0, a ReLU was fused into the range, and a Clip takes its place, with 6 as upper limit
/// where the largest stored number denotes that. Operators that see the stored integers still get
/// them, by a Convert.
public final class Dequantize implements Pass {
  private static final float RELU6 = 6;

  @Override
  public String name() {
    return "dequantize";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var node : graph) for (var body : node.bodies()) run(body, log);
    new Run(graph, log).run();
  }

  private static final class Run {
    private final Graph graph;
    private final PassLog log;
    private final Inference inference;
    private final Map<Value, TensorType> stored = new IdentityHashMap<>();
    private final Map<Value, Value> decoded = new IdentityHashMap<>();

    Run(Graph graph, PassLog log) {
      this.graph = graph;
      this.log = log;
      inference = new Inference(graph);
    }

    void run() {
      dequantizeStates(graph);
      graph.inputs().forEach(this::toFloat);
      for (var node : graph) {
        if (seesIntegers(node.op())) {
          giveIntegers(node);
        } else {
          for (int i = 0; i < node.inputs().size(); i++) decode(node, i);
          change(node);
        }
      }
      for (int i = 0; i < graph.outputs().size(); i++) {
        var output = graph.outputs().get(i);
        if (output.isConstant()) graph.setOutput(i, decoded(output));
      }
    }

    private void toFloat(Value value) {
      if (!value.type().isQuantized()) return;
      stored.put(value, value.type());
      value.setType(new TensorType(DataType.FLOAT32, value.shape()));
    }

    private void decode(Node node, int i) {
      if (node.input(i).isConstant()) graph.setInput(node, i, decoded(node.input(i)));
    }

    private Value decoded(Value value) {
      var quantization = value.type().quantization();
      if (quantization.isNone()) return value;
      return decoded.computeIfAbsent(
          value,
          v -> {
            var data = v.constant().orElseThrow();
            return graph.addConstant(v.name(), data.dequantized(quantization, DataType.FLOAT32));
          });
    }

    /// The node still gets stored integers; what it gives quantized is dequantized behind it.
    private void giveIntegers(Node node) {
      for (int i = 0; i < node.inputs().size(); i++) {
        var type = stored.get(node.input(i));
        if (type == null) continue;
        var integers =
            GraphBuilder.before(node, inference)
                .addQuantized(
                    new Convert(type.dtype()), type.dtype(), type.quantization(), node.input(i));
        graph.setInput(node, i, integers);
      }
      for (var output : node.outputs()) {
        if (output.type().isQuantized()) behind(node, output, new Convert(DataType.FLOAT32));
      }
    }

    private void change(Node node) {
      switch (node.op()) {
        case Convert(var to) -> {
          boolean toOther = !node.output().type().isQuantized() && to != DataType.FLOAT32;
          toFloat(node.output());
          graph.setOp(node, toOther ? new Cast(to) : new Identity());
          log.fired("Dequantize");
        }
        case ReadState(var state, var type) when type.isQuantized() -> {
          toFloat(node.output());
          graph.setOp(node, new ReadState(state, node.output().type()));
          log.fired("Dequantize");
        }
        default -> node.outputs().forEach(output -> changeOutput(node, output));
      }
    }

    private void changeOutput(Node node, Value output) {
      var type = output.type();
      if (!type.isQuantized()) return;
      toFloat(output);
      log.fired("Dequantize");
      if (mayExceed(node, type)) clamp(type).ifPresent(clamp -> behind(node, output, clamp));
    }

    /// Whether an operator can give numbers that its quantized output cuts off at 0.
    private boolean mayExceed(Node node, TensorType type) {
      var from = stored.get(node.input(0));
      boolean within =
          from != null
              && (from.quantization().equals(type.quantization()) || clamp(from).isPresent());
      return switch (node.op()) {
        case ControlOp _, Softmax _, HardSigmoid _ -> false;
        case PoolOp _, Resize _ -> !within;
        case Clip(double min, _) -> min < 0;
        case Unary(var kind) ->
            switch (kind) {
              case ABS, EXP, RELU, SIGMOID, SOFTPLUS, SQRT, RSQRT, SQUARE -> false;
              default -> true;
            };
        default -> !StoredMovement.moves(node.op()) || !within;
      };
    }

    /// Puts a node behind an output, whose name and uses it takes.
    private void behind(Node node, Value output, Op op) {
      var name = output.name();
      graph.rename(output, name + "_inner");
      var users = List.copyOf(output.uses());
      var value =
          GraphBuilder.at(graph, node.nextNode(), inference)
              .from(node.origins())
              .addNamed(name, op, output);
      value.setSourceNames(output.sourceNames());
      output.setSourceNames(List.of());
      for (var use : users) graph.setInput(use.node(), use.index(), value);
      for (int i = 0; i < graph.outputs().size(); i++) {
        if (graph.outputs().get(i) == output) graph.setOutput(i, value);
      }
    }
  }

  private static void dequantizeStates(Graph graph) {
    for (var state : List.copyOf(graph.states())) {
      var quantization = state.type().quantization();
      if (quantization.isNone()) continue;
      var initial = state.initial().dequantized(quantization, DataType.FLOAT32);
      var type = new TensorType(DataType.FLOAT32, state.type().shape());
      graph.addState(new State(state.name(), type, initial));
    }
  }

  private static boolean seesIntegers(Op op) {
    return switch (op) {
      case Cast _, Bitcast _, Custom _ -> true;
      default -> false;
    };
  }

  /// The clamp that the range of a quantized type stands for; none if it is just wide enough.
  private static Optional<Op> clamp(TensorType type) {
    if (!(type.quantization() instanceof Quantization.PerTensor(float scale, long zeroPoint))) {
      return Optional.empty();
    }
    if (zeroPoint != type.dtype().min()) return Optional.empty();
    float high = (type.dtype().max() - zeroPoint) * scale;
    return Optional.of(
        Math.abs(high - RELU6) < scale / 2 ? new Clip(0, RELU6) : new Unary(Unary.Kind.RELU));
  }
}
