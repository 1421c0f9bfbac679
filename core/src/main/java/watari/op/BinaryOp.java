package watari.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.TensorType;

/// Functions of two or three elements at the same place; shapes broadcast as in numpy.
public sealed interface BinaryOp extends Op {
  /// `a` and `b` of one dtype (of `POW` and the shifts, `a`'s decides); comparisons give bool.
  record Binary(Kind kind) implements BinaryOp {
    /// Which function.
    public enum Kind {
      ADD,
      /// Of bools.
      AND,
      /// The angle of the point `(b, a)`.
      ATAN2,
      BITWISE_AND,
      BITWISE_OR,
      BITWISE_XOR,
      /// Integers are truncated towards 0.
      DIV,
      EQUAL,
      /// `floor(a / b)`.
      FLOOR_DIV,
      /// The remainder with the sign of `b`.
      FLOOR_MOD,
      GREATER,
      GREATER_EQUAL,
      LESS,
      LESS_EQUAL,
      MAX,
      MIN,
      MUL,
      NOT_EQUAL,
      /// Of bools.
      OR,
      POW,
      SHIFT_LEFT,
      /// Arithmetic for signed integers.
      SHIFT_RIGHT,
      /// `(a - b)²`.
      SQUARED_DIFFERENCE,
      SUB,
      /// The remainder with the sign of `a`, as C's `fmod`.
      TRUNC_MOD,
      /// Of bools.
      XOR;

      public boolean isComparison() {
        return switch (this) {
          case EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL -> true;
          default -> false;
        };
      }

      public boolean isCommutative() {
        return switch (this) {
          case ADD,
              MUL,
              MIN,
              MAX,
              AND,
              OR,
              XOR,
              EQUAL,
              NOT_EQUAL,
              BITWISE_AND,
              BITWISE_OR,
              BITWISE_XOR,
              SQUARED_DIFFERENCE ->
              true;
          default -> false;
        };
      }
    }

    @Override
    public List<TensorType> infer(InferContext in) {
      var shape = Shapes.broadcast(in.shape(0), in.shape(1), in);
      return List.of(new TensorType(kind.isComparison() ? DataType.BOOL : in.dtype(0), shape));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var a = in.integers(0);
      var b = in.integers(1);
      if (a.isEmpty() || b.isEmpty()) return Optional.empty();
      int count = Math.max(a.get().size(), b.get().size());
      var result = new ArrayList<Dim>();
      for (int i = 0; i < count; i++) {
        var x = a.get().get(a.get().size() == 1 ? 0 : i);
        var y = b.get().get(b.get().size() == 1 ? 0 : i);
        var z = combine(x, y);
        if (z.isEmpty()) return Optional.empty();
        result.add(z.get());
      }
      return Optional.of(result);
    }

    private Optional<Dim> combine(Dim x, Dim y) {
      boolean known = x.isFixed() && y.isFixed();
      return switch (kind) {
        case ADD -> Optional.of(x.plus(y));
        case SUB -> Optional.of(x.minus(y));
        case MUL -> Optional.of(x.times(y));
        case FLOOR_DIV -> y.is(0) ? Optional.empty() : Optional.of(x.floorDiv(y));
        // Truncation is flooring as long as nothing is negative, and dims are not.
        case DIV ->
            y.is(0) || known && (x.fixed() < 0 || y.fixed() < 0)
                ? Optional.empty()
                : Optional.of(x.floorDiv(y));
        case FLOOR_MOD, TRUNC_MOD ->
            known && y.fixed() > 0 && x.fixed() >= 0
                ? Optional.of(Dim.of(x.fixed() % y.fixed()))
                : Optional.empty();
        case MIN ->
            x.equals(y)
                ? Optional.of(x)
                : known ? Optional.of(Dim.of(Math.min(x.fixed(), y.fixed()))) : Optional.empty();
        case MAX ->
            x.equals(y)
                ? Optional.of(x)
                : known ? Optional.of(Dim.of(Math.max(x.fixed(), y.fixed()))) : Optional.empty();
        default -> Optional.empty();
      };
    }

    @Override
    public String name() {
      return kind.name();
    }
  }

  /// `x` where `x >= 0`, else `slope · x`. Inputs `x` and `slope`, which broadcasts to `x`.
  record PRelu() implements BinaryOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(in.dtype(0), Shapes.broadcast(in.shape(0), in.shape(1), in)));
    }
  }

  /// `a` where `condition`, else `b`. Inputs `condition` (bool), `a`, `b`; all three broadcast.
  ///
  /// Source: ONNX Where-16, TFLite SELECT_V2.
  record Select() implements BinaryOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var branches = Shapes.broadcast(in.shape(1), in.shape(2), in);
      return List.of(new TensorType(in.dtype(1), Shapes.broadcast(in.shape(0), branches, in)));
    }

    @Override
    public Optional<List<Dim>> inferIntegers(InferContext in) {
      var condition = in.constant(0).filter(watari.tensor.TensorData::isUniform);
      if (condition.isEmpty()) return Optional.empty();
      var chosen = in.integers(condition.get().longAt(0) != 0 ? 1 : 2);
      var shape = infer(in).get(0).shape();
      if (chosen.isEmpty() || !shape.isFixed()) return Optional.empty();
      return chosen.filter(all -> all.size() == shape.elements().fixed());
    }
  }
}
