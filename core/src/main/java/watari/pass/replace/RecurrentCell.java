package watari.pass.replace;

import java.util.List;
import watari.graph.Value;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Elu;
import watari.op.ElementwiseOp.HardSigmoid;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.ThresholdedRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.RecurrentOp;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Gru;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.ShapeOp.Split;

/// One step of a recurrent network in one direction.
///
/// @param op the whole network
/// @param functions the activations of this direction
record RecurrentCell(RecurrentOp op, List<Activation> functions) {
  /// Gates stacked along the weights.
  static int gates(RecurrentOp op) {
    return switch (op) {
      case Lstm _ -> 4;
      case Gru _ -> 3;
      case Rnn _ -> 1;
    };
  }

  /// Values carried from step to step.
  static int states(RecurrentOp op) {
    return op instanceof Lstm ? 2 : 1;
  }

  static int activations(RecurrentOp op) {
    return switch (op) {
      case Lstm _ -> 3;
      case Gru _ -> 2;
      case Rnn _ -> 1;
    };
  }

  /// The states after a step.
  ///
  /// @param gates what the input brings to each gate, biases included: `[N, gates · H]`
  /// @param states `[N, H]` each; absent ones are zeros
  /// @param weights the recurrent ones `[gates · H, H]`, then, where the operator has them, the
  ///   peepholes of an LSTM or the recurrent bias of a GRU's last gate
  List<Value> step(Formula f, Value gates, List<Value> states, List<Value> weights) {
    return switch (op) {
      case Lstm lstm -> lstm(lstm, f, gates, states, weights);
      case Gru gru -> List.of(gru(gru, f, gates, states.get(0), weights));
      case Rnn _ -> {
        var sum = plus(f, gates, recurrent(f, states.get(0), weights.get(0)));
        yield List.of(activated(f, 0, sum));
      }
    };
  }

  private List<Value> lstm(
      Lstm lstm, Formula f, Value gates, List<Value> states, List<Value> weights) {
    var cell = states.get(1);
    var sums = parts(f, plus(f, gates, recurrent(f, states.get(0), weights.get(0))), 4);
    var peepholes =
        weights.get(1).isPresent()
            ? parts(f, weights.get(1), 3)
            : List.of(Value.ABSENT, Value.ABSENT, Value.ABSENT);
    var input = activated(f, 0, plus(f, sums.get(0), times(f, peepholes.get(0), cell)));
    var update = f.mul(input, activated(f, 1, sums.get(3)));
    if (cell.isPresent()) {
      var forget =
          lstm.coupled()
              ? f.sub(f.scalar(input, 1), input)
              : activated(f, 0, plus(f, sums.get(2), times(f, peepholes.get(2), cell)));
      update = f.add(f.mul(forget, cell), update);
    }
    var output = activated(f, 0, plus(f, sums.get(1), times(f, peepholes.get(1), update)));
    // The limit holds for what goes into the gates only.
    return List.of(f.mul(output, function(f, functions.get(2), update)), update);
  }

  private Value gru(Gru gru, Formula f, Value gates, Value hidden, List<Value> weights) {
    var inputs = parts(f, gates, 3);
    var all = parts(f, weights.get(0), 3, 0);
    var update = activated(f, 0, plus(f, inputs.get(0), recurrent(f, hidden, all.get(0))));
    var reset = activated(f, 0, plus(f, inputs.get(1), recurrent(f, hidden, all.get(1))));
    Value past;
    if (gru.linearBeforeReset()) {
      past = times(f, plus(f, recurrent(f, hidden, all.get(2)), weights.get(1)), reset);
    } else {
      past = recurrent(f, times(f, reset, hidden), all.get(2));
    }
    var candidate = activated(f, 1, plus(f, inputs.get(2), past));
    var fresh = f.mul(f.sub(f.scalar(update, 1), update), candidate);
    return plus(f, fresh, times(f, update, hidden));
  }

  private static Value recurrent(Formula f, Value state, Value weights) {
    return state.isPresent() ? f.op(new MatMul(false, true), state, weights) : state;
  }

  /// A sum where an absent value is zero.
  private static Value plus(Formula f, Value a, Value b) {
    if (!a.isPresent()) return b;
    return b.isPresent() ? f.add(a, b) : a;
  }

  /// A product where an absent value is zero.
  private static Value times(Formula f, Value a, Value b) {
    return a.isPresent() && b.isPresent() ? f.mul(a, b) : Value.ABSENT;
  }

  private static List<Value> parts(Formula f, Value x, int count) {
    return parts(f, x, count, x.shape().rank() - 1);
  }

  private static List<Value> parts(Formula f, Value x, int count, int axis) {
    return f.builder().add(new Split(axis), List.of(x), count, List.of()).outputs();
  }

  private Value activated(Formula f, int function, Value x) {
    float limit = op.clip();
    boolean isLimited = limit > 0 && !Float.isInfinite(limit);
    var limited = isLimited ? f.op(new Clip(-limit, limit), x) : x;
    return function(f, functions.get(function), limited);
  }

  private static Value function(Formula f, Activation function, Value x) {
    float alpha = function.alpha();
    float beta = function.beta();
    return switch (function.kind()) {
      case AFFINE -> f.add(f.mul(x, alpha), beta);
      case ELU -> f.op(new Elu(alpha), x);
      case HARD_SIGMOID -> f.op(new HardSigmoid(alpha, beta), x);
      case LEAKY_RELU -> f.op(new LeakyRelu(alpha), x);
      case RELU -> f.relu(x);
      case SCALED_TANH -> f.mul(f.unary(Unary.Kind.TANH, f.mul(x, beta)), alpha);
      case SIGMOID -> f.unary(Unary.Kind.SIGMOID, x);
      case SOFTPLUS -> f.unary(Unary.Kind.SOFTPLUS, x);
      case SOFTSIGN -> f.unary(Unary.Kind.SOFTSIGN, x);
      case TANH -> f.unary(Unary.Kind.TANH, x);
      case THRESHOLDED_RELU -> f.op(new ThresholdedRelu(alpha), x);
    };
  }
}
