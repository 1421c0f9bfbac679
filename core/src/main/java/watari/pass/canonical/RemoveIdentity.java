package watari.pass.canonical;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;

/// `f(x)` → `x` where `f` changes nothing: a Reshape to the same shape, a Cast to the same type, a
/// Slice of everything.
///
/// Holds only where the output is stored as the input is: else the node stands for a rounding.
public final class RemoveIdentity implements Rule<Op> {
  @Override
  public Class<Op> root() {
    return Op.class;
  }

  @Override
  public Outcome apply(Match<Op> match) {
    if (!isCandidate(match.op()) || match.node().outputs().size() != 1) {
      return leave("it computes something");
    }
    var in = match.input(0).type();
    var out = match.output().type();
    boolean sameStorage = in.dtype() == out.dtype() && in.quantization().equals(out.quantization());
    if (!sameStorage) return leave("the output is stored otherwise");
    if (!changesNothing(match)) return leave("it moves elements");
    return match.replaceWith(match.input(0));
  }

  private static boolean isCandidate(Op op) {
    return switch (op) {
      case Identity _,
          Cast _,
          Convert _,
          Concat _,
          Split _,
          Transpose _,
          Reshape _,
          Flatten _,
          Squeeze _,
          Unsqueeze _,
          Expand _,
          Tile _,
          Slice _,
          Pad _,
          Reduce _ ->
          true;
      default -> false;
    };
  }

  private static boolean changesNothing(Match<Op> match) {
    return switch (match.op()) {
      case Identity _, Convert _, Split _, Cast _ -> true;
      case Concat _ -> match.node().inputs().size() == 1;
      case Transpose(var perm) -> IntStream.range(0, perm.size()).allMatch(i -> perm.get(i) == i);
      case Pad _ -> isAll(match, 1, 0);
      case Slice _ -> keepsShape(match) && (!match.input(4).isPresent() || isAll(match, 4, 1));
      case Reduce(var kind, _) -> isSingle(kind) && isEmpty(match, 1);
      default -> keepsShape(match);
    };
  }

  private static boolean keepsShape(Match<Op> match) {
    var shape = match.input(0).shape();
    return shape.isRanked() && shape.equals(match.output().shape());
  }

  private static boolean isAll(Match<Op> match, int input, long value) {
    return match
        .integers(input)
        .filter(all -> LongStream.of(all).allMatch(each -> each == value))
        .isPresent();
  }

  private static boolean isEmpty(Match<Op> match, int input) {
    return match.integers(input).filter(all -> all.length == 0).isPresent();
  }

  private static boolean isSingle(Reduce.Kind kind) {
    return switch (kind) {
      case MAX, MIN, MEAN, SUM, PROD -> true;
      default -> false;
    };
  }
}
