package watari.pass.request;

import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Tile;
import watari.pass.replace.Formula;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.tensor.DataType;

/// What OpenVINO's Myriad plugin lacks or is slow at.
final class ForMyriad {
  private ForMyriad() {}

  static Outcome absToSqrt(Unary op, Match<Unary> match, Formula f) {
    if (op.kind() != Unary.Kind.ABS) return OnRequest.left("it is no Abs");
    var x = match.input(0);
    if (!x.dtype().isFloat()) return OnRequest.left("it is of integers");
    return match.replaceWith(f.sqrt(f.mul(x, x)));
  }

  static Outcome argMinToArgMax(ArgReduce op, Match<ArgReduce> match, Formula f) {
    if (op.largest()) return OnRequest.left("it is an ArgMax");
    var x = match.input(0);
    if (!x.dtype().isFloat())
      return OnRequest.left("it is of integers, whose least has no negative");
    var largest = new ArgReduce(true, op.axis(), op.keepDims(), op.last(), op.to());
    return match.replaceWith(f.op(largest, f.neg(x)));
  }

  static Outcome reduceMinToMax(Reduce op, Match<Reduce> match, Formula f) {
    if (op.kind() != Reduce.Kind.MIN) return OnRequest.left("it is no ReduceMin");
    var x = match.input(0);
    if (!x.dtype().isFloat())
      return OnRequest.left("it is of integers, whose least has no negative");
    var max = new Reduce(Reduce.Kind.MAX, op.keepDims());
    return match.replaceWith(f.neg(f.op(max, f.neg(x), match.input(1))));
  }

  static Outcome floorDivInFloats(Binary op, Match<Binary> match, Formula f) {
    if (op.kind() != Binary.Kind.FLOOR_DIV) return OnRequest.left("it is no FloorDiv");
    var a = match.input(0);
    if (!a.dtype().isInteger()) return OnRequest.left("it is of floats");
    var quotient = f.div(f.cast(a, DataType.FLOAT32), f.cast(match.input(1), DataType.FLOAT32));
    return match.replaceWith(f.cast(f.unary(Unary.Kind.FLOOR, quotient), a.dtype()));
  }

  static Outcome tileInFloats(Tile op, Match<Tile> match, Formula f) {
    var x = match.input(0);
    if (!x.dtype().isInteger()) return OnRequest.left("it is of floats");
    var tiled = f.op(new Tile(), f.cast(x, DataType.FLOAT32), match.input(1));
    return match.replaceWith(f.cast(tiled, x.dtype()));
  }
}
