package watari.format.onnx;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Activation.Kind;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;

/// Recurrent networks.
final class OnnxReadRecurrentOps {
  private OnnxReadRecurrentOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("LSTM", OnnxReadRecurrentOps::lstm)
        .on("GRU", OnnxReadRecurrentOps::gru)
        .on("RNN", OnnxReadRecurrentOps::rnn);
  }

  private static void lstm(OnnxReadNode n) {
    n.give(
        new Lstm(
            hidden(n),
            direction(n),
            n.flag("layout", false),
            activations(n, List.of("Sigmoid", "Tanh", "Tanh")),
            clip(n),
            n.flag("input_forget", false)),
        n.inputs());
  }

  private static void gru(OnnxReadNode n) {
    n.give(
        new Gru(
            hidden(n),
            direction(n),
            n.flag("layout", false),
            activations(n, List.of("Sigmoid", "Tanh")),
            clip(n),
            n.flag("linear_before_reset", false)),
        n.inputs());
  }

  private static void rnn(OnnxReadNode n) {
    n.give(
        new Rnn(
            hidden(n),
            direction(n),
            n.flag("layout", false),
            activations(n, List.of("Tanh")),
            clip(n)),
        n.inputs());
  }

  private static int hidden(OnnxReadNode n) {
    if (n.hasAttribute("hidden_size")) return n.integer("hidden_size", 0);
    var recurrent = n.shape(2);
    if (recurrent.hasRank(3) && recurrent.dim(2).isFixed()) {
      return Math.toIntExact(recurrent.dim(2).fixed());
    }
    throw OnnxRefusal.broken("attribute 'hidden_size' is missing");
  }

  private static Direction direction(OnnxReadNode n) {
    var name = n.text("direction", "forward");
    return switch (name) {
      case "forward" -> Direction.FORWARD;
      case "reverse" -> Direction.REVERSE;
      case "bidirectional" -> Direction.BIDIRECTIONAL;
      default ->
          throw OnnxRefusal.broken(
              "attribute 'direction' is '"
                  + name
                  + "', expected forward, reverse or bidirectional");
    };
  }

  private static float clip(OnnxReadNode n) {
    return n.real("clip", Float.POSITIVE_INFINITY);
  }

  /// Of each direction. The numbers of `activation_alpha` and `_beta` go to those functions that
  /// have such a parameter, in order.
  private static List<Activation> activations(OnnxReadNode n, List<String> defaults) {
    int count = defaults.size() * direction(n).count();
    var names = new ArrayList<>(n.texts("activations"));
    if (names.isEmpty()) while (names.size() < count) names.addAll(defaults);
    if (names.size() != count) {
      throw OnnxRefusal.broken(
          "attribute 'activations' has " + names.size() + " names, expected " + count);
    }
    var alphas = n.reals("activation_alpha").iterator();
    var betas = n.reals("activation_beta").iterator();
    return names.stream().map(name -> activation(name, alphas, betas)).toList();
  }

  private static Activation activation(String name, Iterator<Float> alphas, Iterator<Float> betas) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "affine" -> of(Kind.AFFINE, next(alphas, 1), next(betas, 0));
      case "elu" -> of(Kind.ELU, next(alphas, 1), 0);
      case "hardsigmoid" -> of(Kind.HARD_SIGMOID, next(alphas, 0.2f), next(betas, 0.5f));
      case "leakyrelu" -> of(Kind.LEAKY_RELU, next(alphas, 0.01f), 0);
      case "relu" -> Activation.of(Kind.RELU);
      case "scaledtanh" -> of(Kind.SCALED_TANH, next(alphas, 1), next(betas, 1));
      case "sigmoid" -> Activation.of(Kind.SIGMOID);
      case "softplus" -> Activation.of(Kind.SOFTPLUS);
      case "softsign" -> Activation.of(Kind.SOFTSIGN);
      case "tanh" -> Activation.of(Kind.TANH);
      case "thresholdedrelu" -> of(Kind.THRESHOLDED_RELU, next(alphas, 1), 0);
      default -> throw OnnxRefusal.broken("activation '" + name + "' is not one of ONNX");
    };
  }

  private static Activation of(Kind kind, float alpha, float beta) {
    return new Activation(kind, alpha, beta);
  }

  private static float next(Iterator<Float> numbers, float otherwise) {
    return numbers.hasNext() ? numbers.next() : otherwise;
  }
}
