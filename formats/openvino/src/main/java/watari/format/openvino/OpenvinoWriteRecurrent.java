package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Recurrent networks over a time axis, batch first: `X [N, T, I]`, states `[N, D, H]`, `Y [N, D,
/// T, H]`.
final class OpenvinoWriteRecurrent {
  private static final int BIAS = 3;
  private static final int LENGTHS = 4;
  private static final int HIDDEN = 5;
  private static final int CELL = 6;
  private static final int PEEPHOLES = 7;

  private OpenvinoWriteRecurrent() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Lstm.class, OpenvinoWriteRecurrent::lstm)
        .on(Gru.class, OpenvinoWriteRecurrent::gru)
        .on(Rnn.class, OpenvinoWriteRecurrent::rnn);
  }

  /// Whether IR has the same: one set of functions for all directions, constant weights, a batch
  /// whose size is known.
  static boolean isExpressible(Node node) {
    if (!(node.op() instanceof RecurrentOp op)) return false;
    boolean isPlain =
        !node.input(PEEPHOLES).isPresent()
            && node.input(1).isConstant()
            && node.input(2).isConstant()
            && (!node.input(BIAS).isPresent() || node.input(BIAS).isConstant())
            && !(op instanceof Lstm lstm && lstm.coupled());
    var x = node.input(0);
    int batch = op.batchFirst() ? 0 : 1;
    boolean isKnown = x.shape().hasRank(3) && x.shape().slice(0, 2).isFixed();
    int each = op.activations().size() / op.direction().count();
    boolean isAlike =
        op.activations()
            .subList(0, each)
            .equals(
                op.activations().subList(op.activations().size() - each, op.activations().size()));
    boolean isTaken = op.activations().stream().allMatch(OpenvinoWriteRecurrent::isTaken);
    return isPlain
        && isKnown
        && isAlike
        && isTaken
        && x.dtype().isFloat()
        && !x.shape().dim(batch).is(0);
  }

  private static boolean isTaken(Activation function) {
    return switch (function.kind()) {
      case SIGMOID, TANH, RELU -> true;
      default -> false;
    };
  }

  private static void lstm(Lstm op, Node node, OpenvinoNodes out) {
    // IR has the gates f, i, c, o.
    var weights = new Weights(op, node, out, List.of(2, 0, 3, 1));
    var cell = state(op, node, CELL, out);
    var layer =
        out.layer(
            node.origin().node(),
            "LSTMSequence",
            5,
            out.input(node, 0),
            state(op, node, HIDDEN, out),
            cell,
            lengths(node, out),
            weights.of(1),
            weights.of(2),
            weights.bias());
    finish(op, node, layer, 2, out);
  }

  private static void gru(Gru op, Node node, OpenvinoNodes out) {
    var weights = new Weights(op, node, out, List.of(0, 1, 2));
    var layer =
        out.layer(
            node.origin().node(),
            "GRUSequence",
            5,
            out.input(node, 0),
            state(op, node, HIDDEN, out),
            lengths(node, out),
            weights.of(1),
            weights.of(2),
            op.linearBeforeReset() ? weights.biasApart() : weights.bias());
    finish(op, node, layer.set("linear_before_reset", op.linearBeforeReset()), 1, out);
  }

  private static void rnn(Rnn op, Node node, OpenvinoNodes out) {
    var weights = new Weights(op, node, out, List.of(0));
    var layer =
        out.layer(
            node.origin().node(),
            "RNNSequence",
            5,
            out.input(node, 0),
            state(op, node, HIDDEN, out),
            lengths(node, out),
            weights.of(1),
            weights.of(2),
            weights.bias());
    finish(op, node, layer, 1, out);
  }

  /// Attributes and outputs; of all hidden states time comes before the directions.
  private static void finish(
      RecurrentOp op, Node node, OpenvinoLayer layer, int states, OpenvinoNodes out) {
    int each = op.activations().size() / op.direction().count();
    layer
        .set("direction", op.direction().name().toLowerCase(Locale.ROOT))
        .set("hidden_size", op.hidden())
        .set(
            "activations",
            op.activations().subList(0, each).stream()
                .map(function -> function.kind().name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", ")))
        .set("activations_alpha", "")
        .set("activations_beta", "")
        .set("clip", Float.isFinite(op.clip()) ? op.clip() : 0);
    var x = node.input(0).type();
    var directions = Dim.of(op.direction().count());
    var hidden = Dim.of(op.hidden());
    var all = Shape.of(x.shape().dim(0), directions, x.shape().dim(1), hidden);
    layer.output(new TensorType(x.dtype(), all), List.of(), "");
    for (int i = 1; i <= states; i++) {
      boolean isGiven = i < node.outputs().size() && node.output(i).isPresent();
      if (isGiven) out.give(node.output(i), layer);
      else {
        var last = Shape.of(x.shape().dim(0), directions, hidden);
        layer.output(new TensorType(x.dtype(), last), List.of(), "");
      }
    }
    if (!node.output(0).isPresent()) return;
    var order = out.vector(node, "order", 0, 2, 1, 3);
    var moved = out.layer(node.output(0).name(), "Transpose", 1, layer.port(0), order);
    out.give(node.output(0), moved);
  }

  private static Port state(RecurrentOp op, Node node, int i, OpenvinoNodes out) {
    if (node.input(i).isPresent()) return out.input(node, i);
    var x = node.input(0);
    var shape = Shape.of(x.shape().dim(0), Dim.of(op.direction().count()), Dim.of(op.hidden()));
    return OpenvinoWriteWindow.zeros(node, "state" + i, x.dtype(), shape, out);
  }

  private static Port lengths(Node node, OpenvinoNodes out) {
    if (node.input(LENGTHS).isPresent()) return out.input(node, LENGTHS);
    var x = node.input(0).shape();
    var steps = TensorData.scalar(x.dim(1).fixed());
    return out.constant(node, "lengths", TensorData.filled(steps, Shape.of(x.dim(0))).copied());
  }

  /// Weights with the gates in another order.
  ///
  /// @param order for each gate of IR that of the record
  private record Weights(RecurrentOp op, Node node, OpenvinoNodes out, List<Integer> order) {
    Port of(int input) {
      var data = node.input(input).constant().orElseThrow();
      long columns = data.shape().dim(2).fixed();
      return out.constant(
          node.input(input).name(), data.picked(data.shape(), i -> source(i, columns)));
    }

    /// Where an element of stacked gates comes from.
    private long source(long index, long columns) {
      long block = op.hidden() * columns;
      long gates = order.size();
      long direction = index / (block * gates);
      int gate = (int) (index / block % gates);
      return (direction * gates + order.get(gate)) * block + index % block;
    }

    /// The sum of both biases.
    Port bias() {
      int gates = order.size();
      var sums = new ArrayList<Double>();
      for (int d = 0; d < op.direction().count(); d++) {
        for (int gate : order) {
          for (int h = 0; h < op.hidden(); h++) {
            sums.add(bias(d, gate, h) + bias(d, gates + gate, h));
          }
        }
      }
      return constant(sums, gates);
    }

    /// The sums, but for the last gate its biases apart.
    Port biasApart() {
      int gates = order.size();
      var values = new ArrayList<Double>();
      for (int d = 0; d < op.direction().count(); d++) {
        for (int gate = 0; gate <= gates; gate++) {
          for (int h = 0; h < op.hidden(); h++) {
            boolean isSum = gate < gates - 1;
            int own = isSum || gate == gates - 1 ? gate : 2 * gates - 1;
            values.add(bias(d, own, h) + (isSum ? bias(d, gates + gate, h) : 0));
          }
        }
      }
      return constant(values, gates + 1);
    }

    private double bias(int direction, int gate, int h) {
      if (!node.input(BIAS).isPresent()) return 0;
      var data = node.input(BIAS).constant().orElseThrow();
      return data.doubleAt((direction * 2L * order.size() + gate) * op.hidden() + h);
    }

    private Port constant(List<Double> values, int gates) {
      var shape = Shape.of(op.direction().count(), (long) gates * op.hidden());
      var all = values.stream().mapToDouble(Double::doubleValue).toArray();
      return out.constant(node, "bias", TensorData.ofDoubles(node.input(0).dtype(), shape, all));
    }
  }
}
