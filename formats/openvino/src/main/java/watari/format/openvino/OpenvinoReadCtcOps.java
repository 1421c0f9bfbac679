package watari.format.openvino;

import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterElements;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Expand;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Texts from the likeliest character of each step.
final class OpenvinoReadCtcOps {
  private OpenvinoReadCtcOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("CTCGreedyDecoder", OpenvinoReadCtcOps::byMask)
        .on("CTCGreedyDecoderSeqLen", 6, OpenvinoReadCtcOps::byLengths);
  }

  /// `[T, N, C]` and a mask `[T, N]`, whose first 0 ends a sequence; output `[N, T, 1, 1]` with -1
  /// behind the end.
  private static void byMask(OpenvinoReadNode n) {
    var f = n.formula();
    var classes = likeliest(f, f.transpose(n.in(0), 1, 0, 2));
    var mask = f.transpose(n.in(1), 1, 0);
    var isZero = f.binary(Binary.Kind.EQUAL, mask, f.scalar(mask, 0));
    var ended = cumulative(n, f, f.cast(isZero, DataType.INT32), false);
    var isInside = f.binary(Binary.Kind.EQUAL, ended, f.scalar(ended, 0));
    var blank = f.squeeze(f.add(f.dim(n.in(0), 2), -1), 0);
    var text = decode(n, f, classes, isInside, blank, n.flag("ctc_merge_repeated", true));
    n.give(0, f.unsqueeze(f.cast(text.classes(), n.dtype(0)), 2, 3));
  }

  /// `[N, T, C]` and lengths `[N]`; outputs `[N, T]` with -1 behind the end, and its length.
  private static void byLengths(OpenvinoReadNode n) {
    var f = n.formula();
    var classes = likeliest(f, n.in(0));
    var lengths = f.unsqueeze(f.cast(n.in(1), DataType.INT64), 1);
    var steps = f.range(f.dim(n.in(0), 1));
    var isInside = f.binary(Binary.Kind.LESS, steps, lengths);
    var blank =
        n.has(2) ? n.scalarInput(2, DataType.INT64) : f.squeeze(f.add(f.dim(n.in(0), 2), -1), 0);
    var text = decode(n, f, classes, isInside, blank, n.flag("merge_repeated", true));
    n.give(0, f.cast(text.classes(), n.element("classes_index_type", DataType.INT32)));
    n.give(1, f.cast(text.lengths(), n.element("sequence_length_type", DataType.INT32)));
  }

  private record Text(Value classes, Value lengths) {}

  private static Value likeliest(Formula f, Value x) {
    return f.op(new ArgReduce(true, 2, false, false, DataType.INT64), x);
  }

  private static Value cumulative(OpenvinoReadNode n, Formula f, Value x, boolean exclusive) {
    var op = new Cumulative(Cumulative.Kind.SUM, exclusive, false);
    return f.op(op, x, n.builder().scalar(1L));
  }

  /// Characters that are kept move to the front: each is put at the number of those before it, the
  /// others behind the last place, which is cut off.
  private static Text decode(
      OpenvinoReadNode n, Formula f, Value classes, Value isInside, Value blank, boolean merges) {
    var isText = f.binary(Binary.Kind.NOT_EQUAL, classes, blank);
    var keeps = f.binary(Binary.Kind.AND, isText, isInside);
    if (merges) keeps = f.binary(Binary.Kind.AND, keeps, differs(f, classes));
    var kept = f.cast(keeps, DataType.INT32);
    var places = f.cast(cumulative(n, f, kept, true), DataType.INT64);
    var steps = f.dim(classes, 1);
    var indices = f.select(keeps, places, f.squeeze(steps, 0));
    var longer = f.concat(0, List.of(f.dim(classes, 0), f.add(steps, 1)));
    var empty = f.op(new Expand(), n.builder().scalar(-1L), longer);
    var put = f.op(new ScatterElements(1, Reduction.REPLACE), empty, indices, classes);
    var lengths = f.reduce(Reduce.Kind.SUM, kept, false, List.of(1));
    return new Text(f.slice(put, 1, 0, -1), lengths);
  }

  /// Whether each element differs from the one before; the first does.
  private static Value differs(Formula f, Value classes) {
    var first = f.slice(classes, 1, 0, 1);
    var none = f.add(f.mul(first, 0), -1);
    var before = f.concat(1, List.of(none, f.slice(classes, 1, 0, -1)));
    return f.binary(Binary.Kind.NOT_EQUAL, classes, before);
  }
}
