package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.keras.KerasVariable.Role;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.pass.replace.Formula;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What a recurrent layer does at each step: LSTM, GRU, or a simple network.
///
/// Keras stacks gates along the last axis of its kernels: i, f, c, o of LSTM; z, r, h of GRU.
///
/// @param call of the layer, or the cell
/// @param prefix of the names of its weights
/// @param kind which of the three
record KerasCell(KerasCall call, String prefix, Kind kind) {
  enum Kind {
    SIMPLE(1, 1),
    GRU(3, 1),
    LSTM(4, 2);

    private final int gates;
    private final int states;

    Kind(int gates, int states) {
      this.gates = gates;
      this.states = states;
    }

    int states() {
      return states;
    }
  }

  /// Where the gates i, o, f, c of ours stand among i, f, c, o.
  private static final List<Integer> FROM_IFCO = List.of(0, 3, 1, 2);

  static List<Role> roles(KerasLayer layer, String prefix) {
    var all = new ArrayList<>(KerasRoles.of(prefix + "kernel", prefix + "recurrent_kernel"));
    if (layer.config().flag("use_bias", true)) all.addAll(KerasRoles.of(prefix + "bias"));
    return all;
  }

  /// The cells of a layer, the first one nearest to the input.
  static List<KerasCell> of(KerasCall call) {
    var layer = call.layer();
    var inside = layer.part("cell");
    if (inside.isPresent()) {
      var cell = inside.get();
      if (!cell.className().equals("StackedRNNCells")) return List.of(of(call, cell));
      var cells = cell.parts().entrySet().stream().filter(e -> e.getKey().startsWith("cells/"));
      return cells.map(each -> of(call, each.getValue())).toList();
    }
    return List.of(new KerasCell(call, "cell/", kind(layer)));
  }

  private static KerasCell of(KerasCall call, KerasLayer cell) {
    return new KerasCell(call.of(cell), "", kind(cell));
  }

  private static Kind kind(KerasLayer layer) {
    return switch (layer.className()) {
      case "LSTM", "LSTMCell" -> Kind.LSTM;
      case "GRU", "GRUCell" -> Kind.GRU;
      case "SimpleRNN", "SimpleRNNCell" -> Kind.SIMPLE;
      default ->
          throw KerasRefusal.unsupported(
              "its cell is a '" + layer.className() + "', which is custom code",
              "use LSTMCell, GRUCell or SimpleRNNCell");
    };
  }

  int hidden() {
    return call.config().integer("units");
  }

  private boolean resetsAfter() {
    return call.config().flag("reset_after", call.model().isKeras3());
  }

  // ---- as one operator

  /// The operator over all steps of `x` (`[N, T, I]`), where its functions are those that it has.
  Optional<Node> whole(Value x, Direction direction, List<Value> initial) {
    var gate = activation("recurrent_activation");
    var main = activation("activation");
    if (main.isEmpty() || kind != Kind.SIMPLE && gate.isEmpty()) return Optional.empty();
    float free = Float.POSITIVE_INFINITY;
    var op =
        switch (kind) {
          case LSTM ->
              new Lstm(
                  hidden(),
                  direction,
                  true,
                  List.of(gate.get(), main.get(), main.get()),
                  free,
                  false);
          case GRU ->
              new Gru(
                  hidden(), direction, true, List.of(gate.get(), main.get()), free, resetsAfter());
          case SIMPLE -> new Rnn(hidden(), direction, true, List.of(main.get()), free);
        };
    var inputs =
        new ArrayList<>(
            List.of(x, matrix("kernel"), matrix("recurrent_kernel"), bias(), Value.ABSENT));
    initial.forEach(state -> inputs.add(call.formula().unsqueeze(state, 1)));
    return Optional.of(call.builder().add(op, inputs, 1 + kind.states, List.of()));
  }

  /// `[I, gates · H]` to `[1, gates · H, I]`, the gates in our order.
  private Value matrix(String role) {
    var data = call.data(prefix + role);
    long width = data.shape().dim(0).fixed();
    long hidden = hidden();
    long rows = kind.gates * hidden;
    var turned =
        data.picked(
            Shape.of(1, rows, width), index -> index % width * rows + row(index / width, hidden));
    return call.constant(role, turned);
  }

  /// The column of Keras' kernel that becomes a row of ours.
  private long row(long ours, long hidden) {
    if (kind != Kind.LSTM) return ours;
    return FROM_IFCO.get((int) (ours / hidden)) * hidden + ours % hidden;
  }

  /// Biases of the input, then recurrent ones, which are 0 but for GRU that resets after.
  private Value bias() {
    if (!call.hasWeight(prefix + "bias")) return Value.ABSENT;
    var data = call.data(prefix + "bias");
    long rows = (long) kind.gates * hidden();
    if (data.size() == 2 * rows) return call.constant("bias", data.reshaped(Shape.of(1, 2 * rows)));
    var ordered = data.picked(Shape.of(rows), index -> row(index, hidden()));
    var zeros = TensorData.filled(TensorData.scalar(data.dtype(), 0), Shape.of(rows));
    return call.constant(
        "bias", TensorData.joined(List.of(ordered, zeros)).reshaped(Shape.of(1, 2 * rows)));
  }

  /// A function that recurrent operators have.
  private Optional<Activation> activation(String parameter) {
    var json = call.config().get(parameter);
    boolean isGate = parameter.startsWith("recurrent");
    var name = json.isNothing() ? (isGate ? "sigmoid" : "linear") : KerasActivations.name(json);
    boolean isKeras3 = call.model().isKeras3();
    return switch (name) {
      case "sigmoid" -> Optional.of(Activation.of(Activation.Kind.SIGMOID));
      case "tanh" -> Optional.of(Activation.of(Activation.Kind.TANH));
      case "relu" -> Optional.of(Activation.of(Activation.Kind.RELU));
      case "softsign" -> Optional.of(Activation.of(Activation.Kind.SOFTSIGN));
      case "softplus" -> Optional.of(Activation.of(Activation.Kind.SOFTPLUS));
      case "elu" -> Optional.of(new Activation(Activation.Kind.ELU, 1, 0));
      case "linear" -> Optional.of(new Activation(Activation.Kind.AFFINE, 1, 0));
      case "hard_sigmoid" ->
          Optional.of(new Activation(Activation.Kind.HARD_SIGMOID, isKeras3 ? 1 / 6f : 0.2f, 0.5f));
      default -> Optional.empty();
    };
  }

  // ---- step by step

  List<Value> zeros(Value x) {
    var f = call.formula();
    var shape = f.concat(0, f.dim(x, 0), f.vector(hidden()));
    var zero = f.expand(call.builder().constant(TensorData.scalar(x.dtype(), 0)), shape);
    return kind == Kind.LSTM ? List.of(zero, zero) : List.of(zero);
  }

  /// The states after a step, the first of which is the output.
  List<Value> step(Value x, List<Value> states) {
    return switch (kind) {
      case LSTM -> lstm(x, states.get(0), states.get(1));
      case GRU -> List.of(gru(x, states.get(0)));
      case SIMPLE -> {
        var sum = call.formula().add(input(x, 0, 1), recurrent(states.get(0), 0, 1));
        yield List.of(main(sum));
      }
    };
  }

  private List<Value> lstm(Value x, Value h, Value c) {
    var f = call.formula();
    var sum = f.add(input(x, 0, 4), recurrent(h, 0, 4));
    var kept = f.mul(gate(part(sum, 1)), c);
    var cell = f.add(kept, f.mul(gate(part(sum, 0)), main(part(sum, 2))));
    return List.of(f.mul(gate(part(sum, 3)), main(cell)), cell);
  }

  private Value gru(Value x, Value h) {
    var f = call.formula();
    var both = f.add(input(x, 0, 2), recurrent(h, 0, 2));
    var z = gate(part(both, 0));
    var r = gate(part(both, 1));
    var inner = resetsAfter() ? f.mul(r, recurrent(h, 2, 3)) : recurrent(f.mul(r, h), 2, 3);
    var candidate = main(f.add(input(x, 2, 3), inner));
    return f.add(f.mul(z, h), f.mul(f.add(f.neg(z), 1), candidate));
  }

  private Value part(Value sum, int gate) {
    long hidden = hidden();
    return call.formula().slice(sum, 1, gate * hidden, (gate + 1) * hidden);
  }

  private Value main(Value x) {
    return KerasActivations.apply(call, call.config().get("activation"), x);
  }

  private Value gate(Value x) {
    return KerasActivations.apply(call, call.config().get("recurrent_activation"), x);
  }

  /// Some gates of the input's product, with its bias.
  private Value input(Value x, int first, int end) {
    return product(x, "kernel", 0, first, end);
  }

  private Value recurrent(Value h, int first, int end) {
    return product(h, "recurrent_kernel", 1, first, end);
  }

  private Value product(Value x, String role, int biasRow, int first, int end) {
    Formula f = call.formula();
    var data = call.data(prefix + role);
    long width = data.shape().dim(0).fixed();
    long rows = (long) kind.gates * hidden();
    long low = (long) first * hidden();
    long count = (long) (end - first) * hidden();
    var columns = data.picked(Shape.of(width, count), i -> i / count * rows + low + i % count);
    var product =
        f.op(new watari.op.MatMulOp.MatMul(false, false), x, call.constant(role, columns));
    var bias = biases(biasRow, rows, low, count);
    return bias.isEmpty() ? product : f.add(product, call.constant("bias", bias.get()));
  }

  private Optional<TensorData> biases(int row, long rows, long low, long count) {
    if (!call.hasWeight(prefix + "bias")) return Optional.empty();
    var data = call.data(prefix + "bias");
    long first = row * rows + low;
    if (first + count > data.size()) return Optional.empty();
    return Optional.of(data.picked(Shape.of(count), i -> first + i));
  }
}
