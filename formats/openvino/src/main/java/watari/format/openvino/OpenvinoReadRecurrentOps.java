package watari.format.openvino;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Activation.Kind;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Recurrent networks. A cell is a sequence of one step.
///
/// OpenVINO stacks LSTM's gates f, i, c, o, ours are i, o, f, c. It has one bias, the sum of ours.
final class OpenvinoReadRecurrentOps {
  private OpenvinoReadRecurrentOps() {}

  /// The inputs of a cell or sequence, by name, all as those of a sequence.
  private record Inputs(
      Value x, Value hidden, Value cell, Value lengths, Value w, Value r, Value b) {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("LSTMCell", OpenvinoReadRecurrentOps::lstmCell)
        .on("LSTMSequence", 5, OpenvinoReadRecurrentOps::lstmSequence)
        .on("GRUCell", 3, OpenvinoReadRecurrentOps::gruCell)
        .on("GRUSequence", 5, OpenvinoReadRecurrentOps::gruSequence)
        .on("RNNCell", OpenvinoReadRecurrentOps::rnnCell)
        .on("RNNSequence", 5, OpenvinoReadRecurrentOps::rnnSequence);
  }

  // ---- inputs

  /// A cell's inputs, with a time axis of 1 and a direction.
  private static Inputs ofCell(OpenvinoReadNode n, int states, int bias) {
    var f = n.formula();
    var cell = states > 1 ? f.unsqueeze(n.in(2), 1) : Value.ABSENT;
    int first = states + 1;
    return new Inputs(
        f.unsqueeze(n.in(0), 1),
        f.unsqueeze(n.in(1), 1),
        cell,
        Value.ABSENT,
        onAxis(n, n.in(first)),
        onAxis(n, n.in(first + 1)),
        n.has(bias) ? onAxis(n, n.in(bias)) : Value.ABSENT);
  }

  /// The value with a first axis of 1; a constant stays one.
  private static Value onAxis(OpenvinoReadNode n, Value value) {
    if (!value.isConstant()) return n.formula().unsqueeze(value, 0);
    var data = value.constant().orElseThrow();
    var shape = Shape.of(1).concat(data.shape());
    return n.builder().constant(value.name(), data.reshaped(shape));
  }

  private static Inputs ofSequence(OpenvinoReadNode n, int states) {
    int first = states + 1;
    return new Inputs(
        n.in(0),
        n.in(1),
        states > 1 ? n.in(2) : Value.ABSENT,
        lengths(n, first),
        n.in(first + 1),
        n.in(first + 2),
        n.has(first + 3) ? n.in(first + 3) : Value.ABSENT);
  }

  /// The lengths of sequences, absent where all are as long as the time axis.
  private static Value lengths(OpenvinoReadNode n, int input) {
    var constant = n.constant(input);
    var steps = n.shape(0).isRanked() ? n.shape(0).dim(1) : Dim.ZERO;
    boolean isWhole =
        constant.isPresent()
            && steps.isFixed()
            && constant.get().size() > 0
            && constant.get().isAll(steps.fixed());
    return isWhole ? Value.ABSENT : n.formula().cast(n.in(input), DataType.INT32);
  }

  // ---- weights

  /// Blocks of the second axis in another order.
  private static Value reordered(Formula f, Value x, int hidden, List<Integer> order) {
    var parts = new ArrayList<Value>();
    for (int block : order) {
      parts.add(part(f, x, hidden, block));
    }
    return f.concat(1, parts);
  }

  private static Value part(Formula f, Value x, int hidden, int block) {
    return f.slice(x, 1, (long) block * hidden, (block + 1L) * hidden);
  }

  /// The one bias as that of the input; the recurrent one is 0.
  private static Value withZeros(Formula f, Value bias) {
    return bias.isPresent() ? f.concat(1, List.of(bias, f.mul(bias, 0))) : bias;
  }

  // ---- LSTM

  private static final List<Integer> FROM_FICO = List.of(1, 3, 0, 2);

  private static void lstmCell(OpenvinoReadNode n) {
    var order = order(n);
    if (n.has(6)) {
      throw OpenvinoRefusal.unsupported("it has peepholes", "use an LSTMCell without them");
    }
    var node = lstm(n, ofCell(n, 2, 5), Direction.FORWARD, order);
    var f = n.formula();
    n.give(0, f.squeeze(node.output(1), 1));
    n.give(1, f.squeeze(node.output(2), 1));
  }

  /// Where the gates i, o, f, c stand; the first version says the order of its own.
  private static List<Integer> order(OpenvinoReadNode n) {
    var format = n.text("weights_format", "fico").toLowerCase(Locale.ROOT);
    if (format.length() != 4 || format.chars().distinct().count() != 4) {
      throw n.unknown("weights_format", "fico, icof, ifco, ifoc or iofc");
    }
    return "iofc".chars().mapToObj(format::indexOf).toList();
  }

  private static void lstmSequence(OpenvinoReadNode n) {
    var node = lstm(n, ofSequence(n, 2), direction(n), FROM_FICO);
    giveSequence(n, node);
    n.give(2, node.output(2));
  }

  private static Node lstm(
      OpenvinoReadNode n, Inputs inputs, Direction direction, List<Integer> order) {
    int hidden = n.integer("hidden_size");
    var f = n.formula();
    var op =
        new Lstm(
            hidden,
            direction,
            true,
            activations(n, direction, List.of("sigmoid", "tanh", "tanh")),
            clip(n),
            n.flag("input_forget", false));
    var bias = inputs.b().isPresent() ? reordered(f, inputs.b(), hidden, order) : Value.ABSENT;
    var given =
        List.of(
            inputs.x(),
            reordered(f, inputs.w(), hidden, order),
            reordered(f, inputs.r(), hidden, order),
            withZeros(f, bias),
            inputs.lengths(),
            inputs.hidden(),
            inputs.cell());
    return n.builder().add(op, given, 3, List.of());
  }

  // ---- GRU

  private static void gruCell(OpenvinoReadNode n) {
    var node = gru(n, ofCell(n, 1, 4), Direction.FORWARD);
    n.give(0, n.formula().squeeze(node.output(1), 1));
  }

  private static void gruSequence(OpenvinoReadNode n) {
    giveSequence(n, gru(n, ofSequence(n, 1), direction(n)));
  }

  private static Node gru(OpenvinoReadNode n, Inputs inputs, Direction direction) {
    int hidden = n.integer("hidden_size");
    boolean isLinear = n.flag("linear_before_reset", false);
    var op =
        new Gru(
            hidden,
            direction,
            true,
            activations(n, direction, List.of("sigmoid", "tanh")),
            clip(n),
            isLinear);
    var given =
        List.of(
            inputs.x(),
            inputs.w(),
            inputs.r(),
            gruBias(n.formula(), inputs.b(), hidden, isLinear),
            inputs.lengths(),
            inputs.hidden());
    return n.builder().add(op, given, 2, List.of());
  }

  /// With `linear_before_reset` the last two blocks are the input's and the recurrent bias of h.
  private static Value gruBias(Formula f, Value bias, int hidden, boolean isLinear) {
    if (!bias.isPresent() || !isLinear) return withZeros(f, bias);
    var first = f.slice(bias, 1, 0, 3L * hidden);
    var zeros = f.mul(f.slice(bias, 1, 0, 2L * hidden), 0);
    return f.concat(1, List.of(first, zeros, part(f, bias, hidden, 3)));
  }

  // ---- RNN

  private static void rnnCell(OpenvinoReadNode n) {
    var node = rnn(n, ofCell(n, 1, 4), Direction.FORWARD);
    n.give(0, n.formula().squeeze(node.output(1), 1));
  }

  private static void rnnSequence(OpenvinoReadNode n) {
    giveSequence(n, rnn(n, ofSequence(n, 1), direction(n)));
  }

  private static Node rnn(OpenvinoReadNode n, Inputs inputs, Direction direction) {
    var op =
        new Rnn(
            n.integer("hidden_size"),
            direction,
            true,
            activations(n, direction, List.of("tanh")),
            clip(n));
    var given =
        List.of(
            inputs.x(),
            inputs.w(),
            inputs.r(),
            withZeros(n.formula(), inputs.b()),
            inputs.lengths(),
            inputs.hidden());
    return n.builder().add(op, given, 2, List.of());
  }

  // ---- outputs and attributes

  /// All hidden states have the direction before the time here; then the last one.
  private static void giveSequence(OpenvinoReadNode n, Node node) {
    if (n.isUsed(0)) n.give(0, n.formula().transpose(node.output(0), 0, 2, 1, 3));
    else n.skip(0);
    n.give(1, node.output(1));
  }

  private static Direction direction(OpenvinoReadNode n) {
    return switch (n.text("direction", "forward").toLowerCase(Locale.ROOT)) {
      case "forward" -> Direction.FORWARD;
      case "reverse" -> Direction.REVERSE;
      case "bidirectional" -> Direction.BIDIRECTIONAL;
      default -> throw n.unknown("direction", "forward, reverse or bidirectional");
    };
  }

  private static float clip(OpenvinoReadNode n) {
    double clip = n.real("clip", 0);
    return clip > 0 ? (float) clip : Float.POSITIVE_INFINITY;
  }

  /// The same functions in each direction.
  private static List<Activation> activations(
      OpenvinoReadNode n, Direction direction, List<String> defaults) {
    var names = n.texts("activations").isEmpty() ? defaults : n.texts("activations");
    if (names.size() != defaults.size()) {
      throw n.unknown("activations", defaults.size() + " names");
    }
    var alphas = n.reals("activations_alpha").iterator();
    var betas = n.reals("activations_beta").iterator();
    var once = names.stream().map(name -> activation(n, name, alphas, betas)).toList();
    return IntStream.range(0, direction.count()).boxed().flatMap(_ -> once.stream()).toList();
  }

  private static Activation activation(
      OpenvinoReadNode n, String name, Iterator<Double> alphas, Iterator<Double> betas) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "sigmoid" -> Activation.of(Kind.SIGMOID);
      case "tanh" -> Activation.of(Kind.TANH);
      case "relu" -> Activation.of(Kind.RELU);
      case "hardsigmoid" -> new Activation(Kind.HARD_SIGMOID, next(alphas), next(betas));
      default -> throw n.unknown("activations", "sigmoid, tanh, relu or hardsigmoid");
    };
  }

  private static float next(Iterator<Double> numbers) {
    if (numbers.hasNext()) return numbers.next().floatValue();
    throw OpenvinoRefusal.broken("hardsigmoid has neither alpha nor beta");
  }
}
