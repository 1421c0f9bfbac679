package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.op.RecurrentOp.Direction;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Networks that keep states from step to step, whose gates have operands of their own, which so
/// may be quantized each in its own way, and whose states go in and come out.
///
/// Input 0 is `x`: `[T, N, I]`, `[N, T, I]` with `batchFirst`, or `[N, I]`, which is one step. The
/// operands of each direction follow, then, where there are two, what the backward one reads in the
/// place of `x` (optional). Outputs: the hidden states of all steps of each direction (of both
/// along the last axis where they are `merged`), then the last states of each direction, which have
/// the shapes of those that went in. A state that is absent is zero.
///
/// Weights of whole numbers beside an `x` of floats are those of a kernel that rounds `x` as well
/// while it runs; `asymmetric` says how.
///
/// Source: TFLite LSTM, UNIDIRECTIONAL_SEQUENCE_LSTM, BIDIRECTIONAL_SEQUENCE_LSTM, RNN,
/// UNIDIRECTIONAL_SEQUENCE_RNN, BIDIRECTIONAL_SEQUENCE_RNN, SVDF.
public sealed interface SequenceOp extends Op {
  Direction direction();

  boolean batchFirst();

  /// A function of one input without parameters of its own.
  Op activation();

  boolean merged();

  boolean asymmetric();

  /// Operands of one direction.
  int operandCount();

  /// States of one direction, from this operand on.
  int firstState();

  /// How many states one direction has.
  int stateCount();

  /// Where the operands of a direction begin among the inputs.
  default int first(int direction) {
    return 1 + direction * operandCount();
  }

  /// The input that the backward direction reads in the place of `x`.
  default int backwardInput() {
    return first(direction().count());
  }

  /// The output that has a direction's state.
  default int stateOutput(int direction, int state) {
    return sequences() + direction * stateCount() + state;
  }

  /// How many outputs have the hidden states of all steps.
  default int sequences() {
    return merged() ? 1 : direction().count();
  }

  /// A network whose hidden state is weighed anew at each step.
  sealed interface Gated extends SequenceOp {
    /// The recurrent weights whose width is that of the hidden state: `[units, hidden]`.
    int recurrent();

    /// The shape of an operand of a direction, which is not a state.
    List<Dim> operand(int i, Dim features, Dim units, Dim hidden);
  }

  private static List<TensorType> outputs(Gated op, InferContext in) {
    var x = in.shape(0);
    if (x.isRanked() && x.rank() != 2 && x.rank() != 3) {
      throw new IllegalArgumentException("input has rank " + x.rank() + ", expected 2 or 3");
    }
    for (int d = 0; d < op.direction().count(); d++) requireOperands(op, d, in);
    var types = new ArrayList<TensorType>();
    var width = Dim.of(0);
    for (int d = 0; d < op.direction().count(); d++) {
      var hidden = dim(in.shape(op.first(d) + op.recurrent()), 1, in);
      width = op.merged() ? width.plus(hidden) : hidden;
      if (op.merged() && d == 0 && op.direction().count() == 2) continue;
      var shape = x.isRanked() ? x.slice(0, x.rank() - 1).concat(Shape.of(width)) : x;
      types.add(new TensorType(in.dtype(0), shape));
    }
    var batch = batch(op, x, in);
    for (int d = 0; d < op.direction().count(); d++) {
      for (int i = 0; i < op.stateCount(); i++) {
        int at = op.first(d) + op.firstState() + i;
        var recurrent = in.shape(op.first(d) + op.recurrent());
        var made = Shape.of(batch, dim(recurrent, 1 - i, in));
        types.add(new TensorType(in.dtype(0), in.has(at) ? in.shape(at) : made));
      }
    }
    return types.subList(0, in.outputCount());
  }

  /// Every operand of a direction has the sizes that the others give it.
  private static void requireOperands(Gated op, int direction, InferContext in) {
    int first = op.first(direction);
    boolean isAside = direction == 1 && in.has(op.backwardInput());
    var x = in.shape(isAside ? op.backwardInput() : 0);
    var recurrent = in.shape(first + op.recurrent());
    Shapes.requireRank(recurrent, 2, "a recurrent weight");
    var features = x.isRanked() ? x.dim(x.rank() - 1) : in.unknown();
    var units = dim(recurrent, 0, in);
    var hidden = dim(recurrent, 1, in);
    for (int i = 0; i < op.operandCount(); i++) {
      if (!in.has(first + i)) continue;
      int state = i - op.firstState();
      if (state >= 0 && state < op.stateCount()) {
        var expected = List.of(batch(op, x, in), state == 0 ? hidden : units);
        requireState(in.shape(first + i), expected, i);
      } else {
        requireSizes(in.shape(first + i), op.operand(i, features, units, hidden), i);
      }
    }
  }

  /// TFLite's kernels count the elements of states, whatever their rank.
  private static void requireState(Shape shape, List<Dim> expected, int operand) {
    if (shape.hasRank(2)) {
      requireSizes(shape, expected, operand);
      return;
    }
    var wanted = Shape.of(expected);
    boolean isKnown = shape.isFixed() && wanted.isFixed();
    if (isKnown && !shape.elements().equals(wanted.elements())) {
      throw misfit(operand, shape, expected);
    }
  }

  private static void requireSizes(Shape shape, List<Dim> expected, int operand) {
    if (!shape.isRanked()) return;
    boolean fits = shape.rank() == expected.size();
    for (int i = 0; fits && i < shape.rank(); i++) {
      boolean isKnown = shape.dim(i).isFixed() && expected.get(i).isFixed();
      fits = !isKnown || shape.dim(i).equals(expected.get(i));
    }
    if (!fits) throw misfit(operand, shape, expected);
  }

  private static IllegalArgumentException misfit(int operand, Shape shape, List<Dim> expected) {
    return new IllegalArgumentException(
        "operand " + operand + " has shape " + shape + ", expected " + Shape.of(expected));
  }

  private static Dim batch(Gated op, Shape x, InferContext in) {
    return dim(x, x.hasRank(3) && !op.batchFirst() ? 1 : 0, in);
  }

  private static Dim dim(Shape shape, int axis, InferContext in) {
    return shape.isRanked() ? shape.dim(axis) : in.unknown();
  }

  /// Operands of a direction: the weights `[units, I]` of the gates input, forget, cell and output,
  /// the recurrent ones `[units, hidden]`, the peepholes `[units]` of input, forget and output, the
  /// biases `[units]`, a projection `[hidden, units]` and its bias `[hidden]`, the states hidden
  /// `[N, hidden]` and cell `[N, units]`, the coefficients `[units]` of a layer normalization of
  /// each gate, which stands before its bias. All but x, the weights of forget, cell and output and
  /// their biases are optional; without an input gate it is one less the forget gate.
  ///
  /// @param activation of the cell gate, and of the cell before the output gate
  /// @param cellClip limit of the cell; 0 for none
  /// @param projectionClip limit of the projected hidden state; 0 for none
  /// @param intermediates types of values within a kernel of whole numbers, in the order of the
  ///   source
  record SequenceLstm(
      Direction direction,
      boolean batchFirst,
      Op activation,
      float cellClip,
      float projectionClip,
      boolean merged,
      boolean asymmetric,
      List<TensorType> intermediates)
      implements Gated {
    public static final int PEEPHOLES = 8;
    public static final int BIASES = 11;
    public static final int PROJECTION = 15;
    public static final int HIDDEN = 17;
    public static final int CELL = 18;
    public static final int NORMS = 19;

    /// Which gate.
    public enum Gate {
      INPUT(0),
      FORGET(1),
      CELL(2),
      OUTPUT(3);

      private final int place;

      Gate(int place) {
        this.place = place;
      }

      public int weights() {
        return place;
      }

      public int recurrent() {
        return 4 + place;
      }

      /// The peephole; -1 for the cell gate, which has none.
      public int peephole() {
        return switch (this) {
          case INPUT -> PEEPHOLES;
          case FORGET -> PEEPHOLES + 1;
          case CELL -> -1;
          case OUTPUT -> PEEPHOLES + 2;
        };
      }

      public int bias() {
        return BIASES + place;
      }

      public int norm() {
        return NORMS + place;
      }
    }

    public SequenceLstm {
      if (!(cellClip >= 0) || !(projectionClip >= 0)) {
        throw new IllegalArgumentException(
            "limits " + cellClip + " and " + projectionClip + " are to be 0 or more");
      }
      intermediates = List.copyOf(intermediates);
    }

    @Override
    public int operandCount() {
      return 23;
    }

    @Override
    public int firstState() {
      return HIDDEN;
    }

    @Override
    public int stateCount() {
      return 2;
    }

    @Override
    public int recurrent() {
      return Gate.FORGET.recurrent();
    }

    @Override
    public List<Dim> operand(int i, Dim features, Dim units, Dim hidden) {
      if (i < Gate.INPUT.recurrent()) return List.of(units, features);
      if (i < PEEPHOLES) return List.of(units, hidden);
      return switch (i) {
        case PROJECTION -> List.of(hidden, units);
        case PROJECTION + 1 -> List.of(hidden);
        default -> List.of(units);
      };
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return outputs(this, in);
    }
  }

  /// Operands of a direction: weights `[units, I]`, recurrent ones `[units, units]`, a bias
  /// `[units]` and the hidden state `[N, units]`; the last two are optional.
  record SequenceRnn(
      Direction direction, boolean batchFirst, Op activation, boolean merged, boolean asymmetric)
      implements Gated {
    public static final int WEIGHTS = 0;
    public static final int RECURRENT = 1;
    public static final int BIAS = 2;
    public static final int HIDDEN = 3;

    @Override
    public int operandCount() {
      return 4;
    }

    @Override
    public int firstState() {
      return HIDDEN;
    }

    @Override
    public int stateCount() {
      return 1;
    }

    @Override
    public int recurrent() {
      return RECURRENT;
    }

    @Override
    public List<Dim> operand(int i, Dim features, Dim units, Dim hidden) {
      return switch (i) {
        case WEIGHTS -> List.of(units, features);
        case RECURRENT -> List.of(units, hidden);
        default -> List.of(units);
      };
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      return outputs(this, in);
    }
  }

  /// Weighs `x` by each filter, keeps the last `memory` results of each, the newest behind, weighs
  /// those by age, and adds up the filters of a unit. One step: `x` is `[N, I]`, the output `[N,
  /// filters / rank]`.
  ///
  /// Operands: the filters `[filters, I]`, the weights by age `[filters, memory]`, a bias `[filters
  /// / rank]` (optional), and what is kept, `[N, filters · memory]`.
  ///
  /// @param rank filters of a unit
  record Svdf(int rank, Op activation, boolean asymmetric) implements SequenceOp {
    public static final int FILTERS = 0;
    public static final int AGES = 1;
    public static final int BIAS = 2;
    public static final int KEPT = 3;

    public Svdf {
      if (rank < 1) throw new IllegalArgumentException("rank " + rank + " is below 1");
    }

    @Override
    public Direction direction() {
      return Direction.FORWARD;
    }

    @Override
    public boolean batchFirst() {
      return true;
    }

    @Override
    public boolean merged() {
      return false;
    }

    @Override
    public int operandCount() {
      return 4;
    }

    @Override
    public int firstState() {
      return KEPT;
    }

    @Override
    public int stateCount() {
      return 1;
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var ages = in.shape(first(0) + AGES);
      if (!ages.hasRank(2)) {
        throw new IllegalArgumentException("weights by age are " + ages + ", expected a matrix");
      }
      var filters = ages.dim(0);
      if (filters.isFixed() && filters.fixed() % rank != 0) {
        throw new IllegalArgumentException(filters + " filters are no multiple of rank " + rank);
      }
      var batch = dim(in.shape(0), 0, in);
      int at = first(0) + KEPT;
      var kept = filters.times(ages.dim(1));
      return List.of(
              new TensorType(in.dtype(0), Shape.of(batch, filters.floorDiv(rank))),
              new TensorType(in.dtype(0), in.has(at) ? in.shape(at) : Shape.of(batch, kept)))
          .subList(0, in.outputCount());
    }
  }
}
