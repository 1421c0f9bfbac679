package watari.format.openvino;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Unique;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Expand;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Operators that pick elements by indices, or find them.
final class OpenvinoReadIndexOps {
  /// Steps of a beam search that are written out one by one.
  private static final long MOST_STEPS = 256;

  private OpenvinoReadIndexOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Gather", OpenvinoReadIndexOps::gather)
        .on("GatherElements", 6, OpenvinoReadIndexOps::gatherElements)
        .on("GatherND", 5, OpenvinoReadIndexOps::gatherNdFlat)
        .on("GatherND", 8, OpenvinoReadIndexOps::gatherNd)
        .on("GatherTree", OpenvinoReadIndexOps::gatherTree)
        .on("OneHot", OpenvinoReadIndexOps::oneHot)
        .on("NonZero", 3, OpenvinoReadIndexOps::nonZero)
        .on("Eye", 9, OpenvinoReadIndexOps::eye)
        .on("Unique", 10, OpenvinoReadIndexOps::unique)
        .on("Bucketize", 3, OpenvinoReadIndexOps::bucketize)
        .on("SearchSorted", 15, OpenvinoReadIndexOps::searchSorted);
  }

  private static void gather(OpenvinoReadNode n) {
    int batch = n.integer("batch_dims", 0);
    if (batch < 0) batch += n.rank(1);
    n.give(new Gather(n.axisInput(2), batch), n.in(0), n.in(1));
  }

  private static void gatherElements(OpenvinoReadNode n) {
    n.give(new GatherElements(n.axis(n.integer("axis"), n.rank(0))), n.in(0), n.in(1));
  }

  private static void gatherNd(OpenvinoReadNode n) {
    n.give(new GatherNd(n.integer("batch_dims", 0)), n.in(0), n.in(1));
  }

  /// Version 5 makes one axis of the batch axes.
  private static void gatherNdFlat(OpenvinoReadNode n) {
    int batch = n.integer("batch_dims", 0);
    if (batch < 2) {
      gatherNd(n);
      return;
    }
    var f = n.formula();
    var x = f.op(new GatherNd(batch), n.in(0), n.in(1));
    var rest = f.slice(f.shapeOf(x), 0, batch, Long.MAX_VALUE);
    n.give(0, f.reshape(x, f.concat(0, List.of(f.vector(-1), rest))));
  }

  private static void oneHot(OpenvinoReadNode n) {
    var f = n.formula();
    var on = n.scalarInput(2, n.dtype(2));
    var off = n.scalarInput(3, n.dtype(2));
    var values = f.concat(0, List.of(f.unsqueeze(off, 0), f.unsqueeze(on, 0)));
    boolean wraps = n.text("negative_indices_mode", "ignore_negative").equals("normalize");
    int axis = n.integer("axis");
    n.give(new OneHot(axis, wraps), n.in(0), n.scalarInput(1, DataType.INT64), values);
  }

  private static void nonZero(OpenvinoReadNode n) {
    var f = n.formula();
    var found = f.op(new NonZero(), n.in(0));
    n.give(0, f.cast(found, n.element("output_type", DataType.INT64)));
  }

  /// 1 where the column is the row plus the diagonal's index, in each matrix of a batch.
  private static void eye(OpenvinoReadNode n) {
    var f = n.formula();
    var rows = f.range(f.reshape(n.scalarInput(0, DataType.INT64), 1));
    var columns = f.range(f.reshape(n.scalarInput(1, DataType.INT64), 1));
    var diagonal = n.scalarInput(2, DataType.INT64);
    var at = f.unsqueeze(f.add(rows, diagonal), 1);
    var isOn = f.binary(Binary.Kind.EQUAL, at, f.unsqueeze(columns, 0));
    var eye = f.cast(isOn, n.element("output_type", DataType.FLOAT32));
    if (n.has(3)) {
      var shape = f.concat(0, List.of(n.integers64(3), f.shapeOf(eye)));
      eye = f.op(new Expand(), eye, shape);
    }
    n.give(0, eye);
  }

  private static void unique(OpenvinoReadNode n) {
    var f = n.formula();
    boolean flat = !n.has(1);
    int axis = flat ? 0 : n.axisInput(1);
    var op = new Unique(flat, axis, n.flag("sorted", true), DataType.INT64);
    var node = n.builder().add(op, List.of(n.in(0)), 4, List.of());
    var indices = n.element("index_element_type", DataType.INT64);
    n.give(0, node.output(0));
    n.give(1, f.cast(node.output(1), indices));
    n.give(2, f.cast(node.output(2), indices));
    n.give(3, f.cast(node.output(3), n.element("count_element_type", DataType.INT64)));
  }

  // ---- places in sorted numbers

  /// How many buckets end before each element; one that ends at it counts where the right bound
  /// does not belong to a bucket.
  private static void bucketize(OpenvinoReadNode n) {
    var f = n.formula();
    boolean isRight = n.flag("with_right_bound", true);
    var kind = isRight ? Binary.Kind.GREATER : Binary.Kind.GREATER_EQUAL;
    var x = f.unsqueeze(n.in(0), -1);
    var buckets = n.in(1);
    if (buckets.dtype() != x.dtype()) {
      x = f.cast(x, DataType.FLOAT32);
      buckets = f.cast(buckets, DataType.FLOAT32);
    }
    n.give(0, count(n, f.binary(kind, x, buckets)));
  }

  /// How many sorted numbers are less than each value, or not more with `right_mode`.
  private static void searchSorted(OpenvinoReadNode n) {
    var f = n.formula();
    boolean isRight = n.flag("right_mode", false);
    var kind = isRight ? Binary.Kind.GREATER_EQUAL : Binary.Kind.GREATER;
    var sorted = n.in(0);
    if (n.rank(0) > 1) sorted = f.unsqueeze(sorted, -2);
    n.give(0, count(n, f.binary(kind, f.unsqueeze(n.in(1), -1), sorted)));
  }

  private static Value count(OpenvinoReadNode n, Value holds) {
    var f = n.formula();
    var ones = f.cast(holds, DataType.INT32);
    var sum = f.reduce(Reduce.Kind.SUM, ones, false, List.of(-1));
    return f.cast(sum, n.element("output_type", DataType.INT64));
  }

  // ---- GatherTree

  /// Walks back from the last step of each beam to the parents, then writes the end token behind
  /// the first one of each beam.
  private static void gatherTree(OpenvinoReadNode n) {
    var shape = n.shape(0);
    boolean isKnown = shape.hasRank(3) && shape.isFixed() && shape.dim(0).fixed() <= MOST_STEPS;
    if (!isKnown) {
      n.custom();
      return;
    }
    var f = n.formula();
    int steps = Math.toIntExact(shape.dim(0).fixed());
    long beams = shape.dim(2).fixed();
    var lengths = f.unsqueeze(f.cast(n.in(2), DataType.INT32), 1);
    var end = n.scalarInput(3, n.dtype(0));
    var own = f.vector(LongStream.range(0, beams).toArray());
    var beam = f.expand(f.cast(own, DataType.INT32), shape.slice(1, 3));
    var reversed = new ArrayList<Value>();
    for (int step = steps - 1; step >= 0; step--) {
      var isInside = f.binary(Binary.Kind.GREATER, lengths, f.scalar(lengths, step));
      var id = f.op(new GatherElements(1), step(f, n.in(0), step), beam);
      reversed.add(f.select(isInside, id, end));
      var parents = f.cast(step(f, n.in(1), step), DataType.INT32);
      beam = f.select(isInside, f.op(new GatherElements(1), parents, beam), beam);
    }
    Collections.reverse(reversed);
    n.give(0, ended(n, f, f.stack(0, reversed), end));
  }

  private static Value step(Formula f, Value all, int step) {
    return f.squeeze(f.slice(all, 0, step, step + 1L), 0);
  }

  private static Value ended(OpenvinoReadNode n, Formula f, Value ids, Value end) {
    var isEnd = f.cast(f.binary(Binary.Kind.EQUAL, ids, end), DataType.INT32);
    var before = new Cumulative(Cumulative.Kind.SUM, true, false);
    var ends = f.op(before, isEnd, n.builder().scalar(0));
    var isBehind = f.binary(Binary.Kind.GREATER, ends, f.scalar(ends, 0));
    return f.select(isBehind, end, ids);
  }
}
