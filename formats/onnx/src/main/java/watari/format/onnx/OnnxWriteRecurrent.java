package watari.format.onnx;

import java.util.List;
import java.util.Locale;
import watari.format.OpTable;
import watari.graph.Node;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.Stft;

/// Recurrent networks and Fourier transforms.
final class OnnxWriteRecurrent {
  private OnnxWriteRecurrent() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(Lstm.class, (op, node, out) -> recurrent(op, node, out).i("input_forget", op.coupled()))
        .on(
            Gru.class,
            (op, node, out) ->
                recurrent(op, node, out).i("linear_before_reset", op.linearBeforeReset()))
        .on(Rnn.class, (op, node, out) -> recurrent(op, node, out))
        .on(Dft.class, OnnxWriteRecurrent::dft)
        .on(Stft.class, (op, node, out) -> out.add(node).i("onesided", op.oneSided()));
  }

  private static OnnxNode recurrent(RecurrentOp op, Node node, OnnxNodes out) {
    var made =
        out.add(node)
            .i("hidden_size", op.hidden())
            .s("direction", op.direction().name().toLowerCase(Locale.ROOT))
            .strings("activations", op.activations().stream().map(a -> name(a.kind())).toList());
    if (Float.isFinite(op.clip())) made.f("clip", op.clip());
    parameters(op.activations(), made);
    return made;
  }

  /// ONNX takes alphas in the order of the functions, from those only that have one.
  private static void parameters(List<Activation> activations, OnnxNode made) {
    var alphas =
        activations.stream().filter(a -> hasAlpha(a.kind())).map(Activation::alpha).toList();
    var betas = activations.stream().filter(a -> hasBeta(a.kind())).map(Activation::beta).toList();
    if (!alphas.isEmpty()) made.floats("activation_alpha", alphas);
    if (!betas.isEmpty()) made.floats("activation_beta", betas);
  }

  private static boolean hasAlpha(Activation.Kind kind) {
    return switch (kind) {
      case AFFINE, ELU, HARD_SIGMOID, LEAKY_RELU, SCALED_TANH, THRESHOLDED_RELU -> true;
      case RELU, SIGMOID, SOFTPLUS, SOFTSIGN, TANH -> false;
    };
  }

  private static boolean hasBeta(Activation.Kind kind) {
    return switch (kind) {
      case AFFINE, HARD_SIGMOID, SCALED_TANH -> true;
      case ELU, LEAKY_RELU, THRESHOLDED_RELU, RELU, SIGMOID, SOFTPLUS, SOFTSIGN, TANH -> false;
    };
  }

  private static String name(Activation.Kind kind) {
    return switch (kind) {
      case AFFINE -> "Affine";
      case ELU -> "Elu";
      case HARD_SIGMOID -> "HardSigmoid";
      case LEAKY_RELU -> "LeakyRelu";
      case RELU -> "Relu";
      case SCALED_TANH -> "ScaledTanh";
      case SIGMOID -> "Sigmoid";
      case SOFTPLUS -> "Softplus";
      case SOFTSIGN -> "Softsign";
      case TANH -> "Tanh";
      case THRESHOLDED_RELU -> "ThresholdedRelu";
    };
  }

  private static void dft(Dft op, Node node, OnnxNodes out) {
    var made = out.add(node).i("inverse", op.inverse()).i("onesided", op.oneSided());
    if (out.opset() >= 20) return;
    long axis = node.input(2).isPresent() ? OnnxNodes.constants(node, 2)[0] : -2;
    long positive = axis < 0 ? axis + node.input(0).shape().rank() : axis;
    made.inputs(out.names(node, 0, 1)).i("axis", positive);
  }
}
