package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Recurrent layers, one for each direction: their gates in Keras' order, batch before time.
final class KerasWriteRecurrentOps {
  private static final int BIAS = 3;
  private static final int LENGTHS = 4;
  private static final int STATE = 5;
  private static final int CELL = 6;
  private static final int PEEPHOLES = 7;

  private KerasWriteRecurrentOps() {}

  static void addTo(KerasWriteTable table) {
    var when = "constant weights, whole sequences, no limit of gates, else step by step";
    table
        .on(
            Lstm.class,
            "LSTM",
            when,
            (op, node, out) -> {
              if (op.coupled()) throw KerasRefusal.inexpressible("its gates are coupled");
              write(op, "LSTM", List.of(0, 2, 3, 1), node, out);
            })
        .on(
            Gru.class,
            "GRU",
            when,
            (op, node, out) -> write(op, "GRU", List.of(0, 1, 2), node, out))
        .on(
            Rnn.class,
            "SimpleRNN",
            when,
            (op, node, out) -> write(op, "SimpleRNN", List.of(0), node, out));
  }

  // ---- what layers take

  private static void require(RecurrentOp op, Node node) {
    boolean isPlain =
        !node.input(LENGTHS).isPresent()
            && !node.input(PEEPHOLES).isPresent()
            && Float.isInfinite(op.clip())
            && node.input(1).isConstant()
            && node.input(2).isConstant()
            && (!node.input(BIAS).isPresent() || node.input(BIAS).isConstant());
    if (!isPlain) throw KerasRefusal.inexpressible("no layer has its weights, lengths or limits");
    var dtype = node.input(0).dtype();
    if (dtype != DataType.FLOAT32 && dtype != DataType.FLOAT16) {
      throw KerasRefusal.inexpressible("recurrent layers work on floats");
    }
    KerasShapes.fixed(node.input(0), 2);
  }

  private static String name(Activation activation) {
    return switch (activation.kind()) {
      case SIGMOID -> "sigmoid";
      case TANH -> "tanh";
      case RELU -> "relu";
      case SOFTPLUS -> "softplus";
      case SOFTSIGN -> "softsign";
      case AFFINE, ELU, HARD_SIGMOID, LEAKY_RELU, SCALED_TANH, THRESHOLDED_RELU ->
          throw KerasRefusal.inexpressible("no activation is " + activation.kind());
    };
  }

  // ---- layers

  /// @param gates where each of Keras' gates stands among ours
  private static void write(
      RecurrentOp op, String className, List<Integer> gates, Node node, KerasWriteGraph out) {
    require(op, node);
    var x = batchFirst(out.tensor(node.input(0)), op.batchFirst(), out);
    var made = new ArrayList<List<KerasTensor>>();
    int directions = op.direction().count();
    for (int d = 0; d < directions; d++) {
      made.add(direction(op, className, gates, d, x, node, out));
    }
    for (int i = 0; i < node.outputs().size(); i++) {
      var value = node.output(i);
      if (!value.isPresent()) continue;
      int axis = i == 0 ? 2 : 1;
      var parts = new ArrayList<KerasTensor>();
      for (var each : made) parts.add(raised(each.get(i), axis, out));
      out.give(value, placed(joined(parts, axis, out), value, i == 0, op.batchFirst(), out));
    }
  }

  private static KerasTensor batchFirst(KerasTensor x, boolean isFirst, KerasWriteGraph out) {
    return isFirst ? x : transposed(x, List.of(1, 0, 2), out);
  }

  private static KerasTensor transposed(KerasTensor x, List<Integer> perm, KerasWriteGraph out) {
    return out.operation(NUMPY, "Transpose")
        .set("axes", perm)
        .on(x, x.type().with(x.type().shape().transposed(perm)));
  }

  /// With an axis of the directions.
  private static KerasTensor raised(KerasTensor x, int axis, KerasWriteGraph out) {
    var shape = x.type().shape();
    var wide = shape.slice(0, axis).concat(Shape.of(1)).concat(shape.slice(axis, shape.rank()));
    return out.operation(NUMPY, "ExpandDims").set("axis", List.of(axis)).on(x, x.type().with(wide));
  }

  private static KerasTensor joined(List<KerasTensor> parts, int axis, KerasWriteGraph out) {
    if (parts.size() == 1) return parts.getFirst();
    var type = parts.getFirst().type();
    return out.layer("Concatenate", type)
        .set("axis", axis)
        .with(Argument.of(parts))
        .gives(type.with(type.shape().with(axis, watari.tensor.Dim.of(parts.size()))));
  }

  /// `[N, T, D, H]` or `[N, D, H]` as the node gives it.
  private static KerasTensor placed(
      KerasTensor x, Value value, boolean isSequence, boolean batchFirst, KerasWriteGraph out) {
    if (batchFirst) return x;
    var perm = isSequence ? List.of(1, 2, 0, 3) : List.of(1, 0, 2);
    var turned = transposed(x, perm, out);
    return new KerasTensor(turned.layer(), 0, value.type());
  }

  /// The sequence `[N, T, H]` and the last states `[N, H]` of one direction.
  private static List<KerasTensor> direction(
      RecurrentOp op,
      String className,
      List<Integer> gates,
      int d,
      KerasTensor x,
      Node node,
      KerasWriteGraph out) {
    int functions = op.activations().size() / op.direction().count();
    var functionsHere = op.activations().subList(d * functions, (d + 1) * functions);
    boolean goesBack = op.direction() == Direction.REVERSE || d == 1;
    var hidden =
        Shape.of(x.type().shape().dim(0), x.type().shape().dim(1)).concat(Shape.of(op.hidden()));
    var layer =
        out.layer(className, x.type())
            .set("units", op.hidden())
            .set("return_sequences", true)
            .set("return_state", true)
            .set("go_backwards", goesBack);
    functions(op, functionsHere, layer);
    weights(op, gates, d, node, layer);
    layer.with(Argument.of(x));
    states(op, d, node, layer, out);
    var sequence = layer.gives(0, x.type().with(hidden));
    var all = new ArrayList<KerasTensor>();
    all.add(goesBack ? flipped(sequence, out) : sequence);
    var state = x.type().with(Shape.of(x.type().shape().dim(0)).concat(Shape.of(op.hidden())));
    for (int s = 1; s <= (op instanceof Lstm ? 2 : 1); s++) all.add(layer.gives(s, state));
    return all;
  }

  private static KerasTensor flipped(KerasTensor x, KerasWriteGraph out) {
    return out.operation(NUMPY, "Flip").set("axis", List.of(1)).on(x, x.type());
  }

  private static void functions(
      RecurrentOp op, List<Activation> functions, KerasWrittenLayer layer) {
    if (op instanceof Rnn) {
      layer.set("activation", name(functions.get(0)));
      return;
    }
    layer.set("recurrent_activation", name(functions.get(0)));
    layer.set("activation", name(functions.get(1)));
    boolean isOne = functions.size() < 3 || functions.get(1).equals(functions.get(2));
    if (!isOne) throw KerasRefusal.inexpressible("its cell and output have other functions");
    if (op instanceof Gru gru) layer.set("reset_after", gru.linearBeforeReset());
  }

  /// First states, which are lists of tensors.
  private static void states(
      RecurrentOp op, int d, Node node, KerasWrittenLayer layer, KerasWriteGraph out) {
    boolean isLstm = op instanceof Lstm;
    boolean isGiven = node.input(STATE).isPresent() || isLstm && node.input(CELL).isPresent();
    if (!isGiven) return;
    if (isLstm && node.input(STATE).isPresent() != node.input(CELL).isPresent()) {
      throw KerasRefusal.inexpressible("only one of its first states is given");
    }
    var all = new ArrayList<KerasTensor>();
    all.add(state(node.input(STATE), d, op, out));
    if (isLstm) all.add(state(node.input(CELL), d, op, out));
    layer.onlyKeras3().with("initial_state", Argument.of(all));
  }

  /// One direction of `[D, N, H]`, or `[N, D, H]`.
  private static KerasTensor state(Value value, int d, RecurrentOp op, KerasWriteGraph out) {
    var tensor = out.tensor(value);
    int axis = op.batchFirst() ? 1 : 0;
    var type = tensor.type();
    var index = out.operation(NUMPY, "Take").set("axis", axis);
    var rest = new ArrayList<>(type.shape().dims());
    rest.remove(axis);
    return index
        .with(Argument.of(tensor))
        .with(Argument.of(KerasJson.of((long) d)))
        .gives(type.with(Shape.of(rest)));
  }

  // ---- weights

  private static void weights(
      RecurrentOp op, List<Integer> gates, int d, Node node, KerasWrittenLayer layer) {
    var w = direction(node.input(1), d);
    var r = direction(node.input(2), d);
    layer
        .weight("cell", "kernel", ordered(w, gates, op.hidden(), 0).transposed(List.of(1, 0)))
        .weight(
            "cell",
            "recurrent_kernel",
            ordered(r, gates, op.hidden(), 0).transposed(List.of(1, 0)));
    var bias = bias(op, gates, d, node);
    layer.set("use_bias", bias.isPresent());
    bias.ifPresent(data -> layer.weight("cell", "bias", data));
  }

  /// One direction of `[D, …]`.
  private static TensorData direction(Value value, int d) {
    var data = value.constant().orElseThrow();
    var rest = data.shape().slice(1, data.shape().rank());
    long size = rest.elements().fixed();
    return data.picked(rest, i -> d * size + i);
  }

  /// Gates of `hidden` rows each in another order.
  private static TensorData ordered(TensorData data, List<Integer> gates, int hidden, int first) {
    var shape = data.shape();
    long row = shape.rank() == 1 ? 1 : shape.dim(1).fixed();
    long block = hidden * row;
    return data.picked(shape, i -> (first + gates.get((int) (i / block))) * block + i % block);
  }

  /// `[G · H]`: the input's and the recurrent biases added up; `[2, 3 · H]` of a GRU that resets
  /// after the product.
  private static Optional<TensorData> bias(RecurrentOp op, List<Integer> gates, int d, Node node) {
    if (!node.input(BIAS).isPresent()) return Optional.empty();
    var both = direction(node.input(BIAS), d);
    int count = gates.size() * op.hidden();
    var input = ordered(both.picked(Shape.of(count), i -> i), gates, op.hidden(), 0);
    var recurrent = ordered(both.picked(Shape.of(count), i -> count + i), gates, op.hidden(), 0);
    if (op instanceof Gru gru && gru.linearBeforeReset()) {
      return Optional.of(TensorData.joined(List.of(input, recurrent)).reshaped(Shape.of(2, count)));
    }
    var sum = new double[count];
    for (int i = 0; i < count; i++) sum[i] = input.doubleAt(i) + recurrent.doubleAt(i);
    return Optional.of(TensorData.ofDoubles(both.dtype(), Shape.of(count), sum));
  }
}
