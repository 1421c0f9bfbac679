package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Recurrent networks over a time axis.
///
/// `x`: `[T, N, I]`, or `[N, T, I]` with `batchFirst`. `D` is the number of directions, `H` the
/// hidden size. Outputs: all hidden states `[T, D, N, H]` (`[N, T, D, H]`), the last hidden state
/// `[D, N, H]` (`[N, D, H]`) and, of LSTM, the last cell state. Gates are stacked along the second
/// axis of the weights `w` (`[D, gates · H, I]`) and `r` (`[D, gates · H, H]`); `b` (`[D, 2 · gates
/// · H]`, optional) has the input biases, then the recurrent ones. `lengths` (`[N]`, optional) ends
/// sequences early.
///
/// Source: ONNX LSTM-22, GRU-22, RNN-22.
public sealed interface RecurrentOp extends Op {
  /// Which way time runs.
  enum Direction {
    FORWARD,
    REVERSE,
    BIDIRECTIONAL;

    public int count() {
      return this == BIDIRECTIONAL ? 2 : 1;
    }
  }

  /// A function of a gate; `alpha` and `beta` are 0 where it has none.
  record Activation(Kind kind, float alpha, float beta) {
    /// Which function.
    public enum Kind {
      AFFINE,
      ELU,
      HARD_SIGMOID,
      LEAKY_RELU,
      RELU,
      SCALED_TANH,
      SIGMOID,
      SOFTPLUS,
      SOFTSIGN,
      TANH,
      THRESHOLDED_RELU
    }

    public static Activation of(Kind kind) {
      return new Activation(kind, 0, 0);
    }
  }

  int hidden();

  Direction direction();

  boolean batchFirst();

  /// Functions of each direction, one after the other.
  List<Activation> activations();

  /// Limit of what goes into the activations; infinite for none.
  float clip();

  private static List<TensorType> outputs(RecurrentOp op, int gates, int states, InferContext in) {
    var x = in.shape(0);
    Shapes.requireRank(x, 3, "input");
    long stacked = (long) gates * op.hidden();
    long directionCount = op.direction().count();
    var width = x.isRanked() ? x.dim(2) : in.unknown();
    require(in, 1, Dim.of(directionCount), Dim.of(stacked), width);
    require(in, 2, Dim.of(directionCount), Dim.of(stacked), Dim.of(op.hidden()));
    require(in, 3, Dim.of(directionCount), Dim.of(2 * stacked));
    int time = op.batchFirst() ? 1 : 0;
    var steps = x.isRanked() ? x.dim(time) : in.unknown();
    var batch = x.isRanked() ? x.dim(1 - time) : in.unknown();
    var directions = Dim.of(op.direction().count());
    var hidden = Dim.of(op.hidden());
    var types = new ArrayList<TensorType>();
    var all =
        op.batchFirst()
            ? Shape.of(batch, steps, directions, hidden)
            : Shape.of(steps, directions, batch, hidden);
    types.add(new TensorType(in.dtype(0), all));
    var last =
        op.batchFirst() ? Shape.of(batch, directions, hidden) : Shape.of(directions, batch, hidden);
    for (int i = 0; i < states; i++) types.add(new TensorType(in.dtype(0), last));
    return types.subList(0, in.outputCount());
  }

  private static void require(InferContext in, int i, Dim... dims) {
    if (!in.has(i) || !in.shape(i).isRanked()) return;
    var shape = in.shape(i);
    boolean fits = shape.rank() == dims.length;
    for (int axis = 0; fits && axis < dims.length; axis++) {
      var dim = shape.dim(axis);
      fits = !dim.isFixed() || !dims[axis].isFixed() || dim.equals(dims[axis]);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "input " + i + " is " + shape + ", expected " + Shape.of(dims));
    }
  }

  /// Gates i, o, f, c. Inputs: `x`, `w`, `r`, `b`, `lengths`, `initialHidden`, `initialCell`,
  /// `peepholes` (`[D, 3 · H]`: i, o, f), all but the first three optional.
  ///
  /// @param activations f, g, h of each direction
  /// @param coupled the forget gate is one less the input gate
  record Lstm(
      int hidden,
      Direction direction,
      boolean batchFirst,
      List<Activation> activations,
      float clip,
      boolean coupled)
      implements RecurrentOp {
    public Lstm {
      activations = List.copyOf(activations);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return outputs(this, 4, 2, in);
    }
  }

  /// Gates z, r, h. Inputs: `x`, `w`, `r`, `b`, `lengths`, `initialHidden`, all but the first three
  /// optional.
  ///
  /// @param activations f, g of each direction
  /// @param linearBeforeReset multiply by the reset gate after the product with `r`
  record Gru(
      int hidden,
      Direction direction,
      boolean batchFirst,
      List<Activation> activations,
      float clip,
      boolean linearBeforeReset)
      implements RecurrentOp {
    public Gru {
      activations = List.copyOf(activations);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return outputs(this, 3, 1, in);
    }
  }

  /// One gate. Inputs: `x`, `w`, `r`, `b`, `lengths`, `initialHidden`, all but the first three
  /// optional.
  ///
  /// @param activations f of each direction
  record Rnn(
      int hidden, Direction direction, boolean batchFirst, List<Activation> activations, float clip)
      implements RecurrentOp {
    public Rnn {
      activations = List.copyOf(activations);
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return outputs(this, 1, 1, in);
    }
  }
}
