package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import watari.finding.Finding;
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
import watari.op.IndexOp;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp;
import watari.op.SignalOp.ComplexPart;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Element types that LiteRT does not compute with are carried by ones that it does: float64,
/// float16 and bfloat16 by float32, float8 by float32, integers below 8 bits by 8.
///
/// Float64 stays where LiteRT computes all that the graph does with it ([Float64Kernels]); a number
/// that float32 cannot hold is never narrowed.
///
/// A Cast to such a type still rounds to it. Inputs and outputs of float16 stay; others are carried
/// as well. Weights in float16 stay as they are, behind a Cast.
final class CarryTypes implements Pass {
  private static final Map<DataType, DataType> CARRIERS =
      Map.ofEntries(
          Map.entry(DataType.FLOAT64, DataType.FLOAT32),
          Map.entry(DataType.FLOAT16, DataType.FLOAT32),
          Map.entry(DataType.BFLOAT16, DataType.FLOAT32),
          Map.entry(DataType.INT4, DataType.INT8),
          Map.entry(DataType.INT2, DataType.INT8),
          Map.entry(DataType.UINT4, DataType.UINT8),
          Map.entry(DataType.UINT2, DataType.UINT8),
          Map.entry(DataType.FLOAT8E4M3FN, DataType.FLOAT32),
          Map.entry(DataType.FLOAT8E4M3FNUZ, DataType.FLOAT32),
          Map.entry(DataType.FLOAT8E5M2, DataType.FLOAT32),
          Map.entry(DataType.FLOAT8E5M2FNUZ, DataType.FLOAT32),
          Map.entry(DataType.FLOAT4E2M1, DataType.FLOAT32));

  private static final long KEPT_BYTES = 1024;

  @Override
  public String name() {
    return "carry types";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    new Run(log).graph(graph, true);
  }

  private static final class Run {
    private final PassLog log;
    private final TreeSet<DataType> narrowed = new TreeSet<>();
    private final Map<Node, DataType> ofBits = new HashMap<>();
    private boolean keepsFloat64;

    Run(PassLog log) {
      this.log = log;
    }

    void graph(Graph graph, boolean isEntry) {
      if (isEntry) keepsFloat64 = Float64Kernels.keep(graph);
      if (!uses(graph)) {
        for (var node : graph) for (var body : node.bodies()) graph(body, false);
        return;
      }
      var half =
          IntStream.range(0, graph.outputs().size())
              .filter(i -> graph.outputs().get(i).dtype() == DataType.FLOAT16)
              .boxed()
              .toList();
      for (var node : graph) {
        if (node.op() instanceof Bitcast) ofBits.put(node, node.input(0).dtype());
      }
      for (var input : graph.inputs()) input(input, graph, isEntry);
      for (var state : List.copyOf(graph.states())) state(state, graph);
      for (var node : graph.nodes()) node(node);
      for (int i = 0; i < graph.outputs().size(); i++) {
        output(i, graph, isEntry && half.contains(i));
      }
      if (isEntry) narrowed.forEach(this::report);
    }

    private boolean uses(Graph graph) {
      for (var input : graph.inputs()) if (carrier(input.type()).isPresent()) return true;
      for (var node : graph) {
        for (var v : node.inputs()) {
          if (v.isPresent() && carrier(v.type()).isPresent()) return true;
        }
        for (var v : node.outputs()) {
          if (v.isPresent() && carrier(v.type()).isPresent()) return true;
        }
      }
      return false;
    }

    /// The carrier of a type that is not computed with.
    private Optional<DataType> carrier(TensorType type) {
      if (type.isQuantized()) return Optional.empty();
      return Optional.of(carried(type.dtype())).filter(carrier -> carrier != type.dtype());
    }

    private DataType carried(DataType dtype) {
      if (dtype == DataType.FLOAT64 && keepsFloat64) return dtype;
      return CARRIERS.getOrDefault(dtype, dtype);
    }

    private void report(DataType dtype) {
      var why = "%s is computed as %s".formatted(dtype, carried(dtype));
      log.add(
          dtype == DataType.FLOAT64
              ? Finding.warning("DTYPE_NARROWED", why)
              : Finding.note("DTYPE_CARRIED", why));
    }

    private void input(Value input, Graph graph, boolean isEntry) {
      var carrier = carrier(input.type());
      if (carrier.isEmpty()) return;
      narrowed.add(input.dtype());
      if (!isEntry || input.dtype() != DataType.FLOAT16) {
        input.setType(input.type().with(carrier.get()));
        return;
      }
      var uses = List.copyOf(input.uses());
      if (uses.isEmpty()) return;
      var builder = GraphBuilder.at(graph, graph.firstNode(), new Inference(graph));
      var wide = builder.addNamed(input.name() + "/float32", new Cast(DataType.FLOAT32), input);
      for (var use : uses) graph.setInput(use.node(), use.index(), wide);
    }

    private void state(State state, Graph graph) {
      var carrier = carrier(state.type());
      if (carrier.isEmpty()) return;
      var type = state.type().with(carrier.get());
      graph.addState(new State(state.name(), type, state.initial().cast(carrier.get())));
    }

    private void node(Node node) {
      node.bodies().forEach(body -> graph(body, false));
      var bits = ofBits.get(node);
      if (bits != null) {
        bitcast(node, bits);
        return;
      }
      boolean isFloat16Weight =
          node.op() instanceof Cast(var to, _)
              && carried(to) == DataType.FLOAT32
              && node.input(0).isConstant()
              && node.input(0).dtype() == DataType.FLOAT16;
      if (!isFloat16Weight) {
        for (int i = 0; i < node.inputs().size(); i++) constant(node, i);
      }
      if (keepsBfloat16(node)) {
        leaveBfloat16(node);
        return;
      }
      round(node);
      roundBfloat16(node);
      for (var output : node.outputs()) {
        if (!output.isPresent()) continue;
        carrier(output.type())
            .ifPresent(to -> {
              narrowed.add(output.dtype());
              output.setType(output.type().with(to));
            });
      }
      node.graph().setOp(node, with(node.op()));
    }

    /// Bits are taken of what a type is, not of its carrier.
    ///
    /// @param from what its input was before it was carried
    private void bitcast(Node node, DataType from) {
      var to = node.output().dtype();
      boolean comesBack = carried(from) == from || isHalf(from);
      boolean widens = carried(to) == to || isHalf(to) || to == DataType.FLOAT64;
      if (!comesBack || !widens) {
        refuseBits(node, from, to);
        return;
      }
      var graph = node.graph();
      if (carried(from) != from) {
        var builder = GraphBuilder.before(node, new Inference(graph));
        graph.setInput(node, 0, builder.add(new Cast(from), node.input(0)));
      }
      if (carried(to) != to) widen(node);
    }

    private static boolean isHalf(DataType dtype) {
      return dtype == DataType.FLOAT16 || dtype == DataType.BFLOAT16;
    }

    private void refuseBits(Node node, DataType from, DataType to) {
      var origin = node.origin();
      log.add(
          Finding.error(
                  "DTYPE_UNSUPPORTED",
                  "it takes the bits of %s as %s, and LiteRT does not compute with both"
                      .formatted(from, to))
              .at(origin.node(), origin.index(), origin.operator())
              .fix("end the model before this node with --outputs"));
    }

    /// What is computed in bfloat16 is rounded to it: its eight bits show in every result.
    private void roundBfloat16(Node node) {
      boolean computes =
          !(node.op() instanceof Cast)
              && !(node.op() instanceof ShapeOp)
              && !(node.op() instanceof IndexOp)
              && !(node.op() instanceof ControlOp);
      if (!computes || node.outputs().size() != 1) return;
      var output = node.output();
      if (output.dtype() != DataType.BFLOAT16 || output.type().isQuantized()) return;
      var next = node.nextNode();
      var builder = GraphBuilder.at(node.graph(), next, new Inference(node.graph()));
      output.setType(output.type().with(DataType.FLOAT32));
      narrowed.add(DataType.BFLOAT16);
      var uses = List.copyOf(output.uses());
      var outputs = isOutput(output, node.graph());
      var narrow = builder.add(new Cast(DataType.BFLOAT16), output);
      var wide = builder.add(new Cast(DataType.FLOAT32), narrow);
      for (var use : uses) node.graph().setInput(use.node(), use.index(), wide);
      for (int i : outputs) node.graph().setOutput(i, wide);
    }

    /// The steps within a softmax are rounded each, which float32 does not show: it is left to be
    /// refused.
    private static boolean keepsBfloat16(Node node) {
      boolean isSoftmax = node.op() instanceof Softmax || node.op() instanceof LogSoftmax;
      return isSoftmax && node.output().dtype() == DataType.BFLOAT16;
    }

    private static void leaveBfloat16(Node node) {
      var graph = node.graph();
      var builder = GraphBuilder.before(node, new Inference(graph));
      graph.setInput(node, 0, builder.add(new Cast(DataType.BFLOAT16), node.input(0)));
      widen(node);
    }

    /// What a node gives in a narrow type goes on in its carrier.
    private static void widen(Node node) {
      var graph = node.graph();
      var output = node.output();
      var uses = List.copyOf(output.uses());
      var places = isOutput(output, graph);
      var behind = GraphBuilder.at(graph, node.nextNode(), new Inference(graph));
      var wide = behind.add(new Cast(DataType.FLOAT32), output);
      for (var use : uses) graph.setInput(use.node(), use.index(), wide);
      for (int i : places) graph.setOutput(i, wide);
    }

    private static List<Integer> isOutput(Value value, Graph graph) {
      return IntStream.range(0, graph.outputs().size())
          .filter(i -> graph.outputs().get(i) == value)
          .boxed()
          .toList();
    }

    /// A constant in its carrier; large ones of float16 keep their storage.
    private void constant(Node node, int i) {
      var input = node.input(i);
      if (!input.isConstant()) return;
      var carrier = carrier(input.type());
      if (carrier.isEmpty()) return;
      var graph = node.graph();
      var data = input.constant().orElseThrow();
      requireRange(input, data, node);
      Value made;
      if (input.dtype() == DataType.FLOAT16 && data.sizeBytes() >= KEPT_BYTES) {
        made =
            GraphBuilder.before(node, new Inference(node.graph()))
                .addNamed(input.name() + "/float32", new Cast(DataType.FLOAT32), input);
      } else {
        made = graph.addConstant(input.name(), data.cast(carrier.get()));
      }
      graph.setInput(node, i, made);
    }

    /// A finite number must not become an infinite one.
    private void requireRange(Value constant, TensorData data, Node node) {
      if (data.dtype() != DataType.FLOAT64) return;
      for (long i = 0; i < data.size(); i++) {
        double number = data.doubleAt(i);
        if (!Double.isFinite(number) || Math.abs(number) <= Float.MAX_VALUE) continue;
        var origin = node.origin();
        log.add(
            Finding.error(
                    "DTYPE_UNSUPPORTED",
                    "the constant '%s' holds %s, beyond the range of float32 that it would be narrowed to"
                        .formatted(constant.name(), number))
                .at(origin.node(), origin.index(), origin.operator())
                .fix("make the model with numbers that float32 holds"));
        return;
      }
    }

    /// A Cast to a narrow type rounds before it widens.
    private void round(Node node) {
      if (!(node.op() instanceof Cast(var to, boolean saturate)) || !CARRIERS.containsKey(to))
        return;
      if (node.input(0).type().isQuantized()) return;
      var builder = GraphBuilder.before(node, new Inference(node.graph()));
      var rounded = Rounding.to(to, node.input(0), saturate, builder);
      rounded.ifPresent(value -> {
        var old = node.output();
        node.graph().replaceUses(old, value);
        value.setSourceNames(List.of(old.name()));
      });
    }

    private void output(int i, Graph graph, boolean isHalf) {
      var value = graph.outputs().get(i);
      if (value.isConstant()) {
        if (isHalf) return;
        carrier(value.type())
            .ifPresent(to -> {
              var data = value.constant().orElseThrow().cast(to);
              graph.setOutput(i, graph.addConstant(value.name(), data));
            });
        return;
      }
      if (!isHalf || value.dtype() == DataType.FLOAT16) return;
      var builder = GraphBuilder.at(graph, Optional.empty(), new Inference(graph));
      graph.setOutput(i, builder.add(new Cast(DataType.FLOAT16), value));
    }

    private Op with(Op op) {
      return switch (op) {
        case Cast(var to, boolean saturate) -> new Cast(carried(to), saturate);
        case Convert(var to)
            when to == DataType.FLOAT16 || to == DataType.FLOAT64 || to == DataType.BFLOAT16 ->
            new Convert(DataType.FLOAT32);
        case ReadState(var state, var type) ->
            new ReadState(state, carrier(type).map(type::with).orElse(type));
        case ComplexPart part -> part;
        case Bitcast bitcast -> bitcast;
        case Custom(
                var domain,
                var name,
                int version,
                var attributes,
                var outputs,
                boolean isPure) -> {
          var types = new ArrayList<TensorType>();
          for (var type : outputs) types.add(carrier(type).map(type::with).orElse(type));
          yield new Custom(domain, name, version, attributes, types, isPure);
        }
        default -> op;
      };
    }
  }
}
