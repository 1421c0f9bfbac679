package watari.format.openvino;

import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.Softmax;
import watari.op.ReduceOp.Reduce;
import watari.pass.replace.Formula;
import watari.tensor.DataType;

/// Attention, and sums of rows of tables.
final class OpenvinoReadAttentionOps {
  private OpenvinoReadAttentionOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("ScaledDotProductAttention", 13, OpenvinoReadAttentionOps::attention)
        .on("EmbeddingBagOffsetsSum", 3, OpenvinoReadAttentionOps::bagsByOffsets)
        .on("EmbeddingBagOffsets", 15, OpenvinoReadAttentionOps::bagsByOffsets)
        .on("EmbeddingBagPackedSum", 3, OpenvinoReadAttentionOps::packedBags)
        .on("EmbeddingBagPacked", 15, OpenvinoReadAttentionOps::packedBags)
        .on("EmbeddingSegmentsSum", 3, OpenvinoReadAttentionOps::segments);
  }

  // ---- attention

  /// `softmax(q · kᵀ · scale + mask) · v`, the scale being the root of the head's size where none
  /// is given.
  private static void attention(OpenvinoReadNode n) {
    var f = n.formula();
    if (n.has(5)) {
      throw OpenvinoRefusal.unsupported("it has attention sinks", "write the IR without them");
    }
    var query = n.in(0);
    var scale = n.has(4) ? n.scalarInput(4, query.dtype()) : rootOfSize(n, f);
    var scores = f.op(new MatMul(false, true), f.mul(query, scale), n.in(1));
    if (n.flag("causal", false)) scores = causal(n, f, scores);
    else if (n.has(3)) scores = masked(f, scores, n.in(3));
    var weights = f.op(new Softmax(n.rank(scores, "its scores") - 1), scores);
    n.give(new MatMul(false, false), weights, n.in(2));
  }

  private static Value rootOfSize(OpenvinoReadNode n, Formula f) {
    var size = n.shape(0).dim(-1);
    if (size.isFixed()) return f.scalar(n.in(0), 1 / Math.sqrt(size.fixed()));
    var root = f.sqrt(f.cast(f.squeeze(f.dim(n.in(0), -1), 0), n.dtype(0)));
    return f.div(f.scalar(root, 1), root);
  }

  /// Nothing behind a query's own place counts.
  private static Value causal(OpenvinoReadNode n, Formula f, Value scores) {
    var rows = f.unsqueeze(f.range(f.dim(n.in(0), -2)), 1);
    var columns = f.range(f.dim(n.in(1), -2));
    return masked(f, scores, f.binary(Binary.Kind.LESS_EQUAL, columns, rows));
  }

  private static Value masked(Formula f, Value scores, Value mask) {
    if (mask.dtype() != DataType.BOOL) return f.add(scores, mask);
    return f.select(mask, scores, f.scalar(scores, Double.NEGATIVE_INFINITY));
  }

  // ---- tables

  /// Bag `b` has the indices from its offset to the next bag's.
  private static void bagsByOffsets(OpenvinoReadNode n) {
    var f = n.formula();
    var offsets = f.unsqueeze(f.cast(n.in(2), DataType.INT64), 1);
    var places = f.unsqueeze(f.range(f.dim(n.in(1), 0)), 0);
    var begun = f.cast(f.binary(Binary.Kind.LESS_EQUAL, offsets, places), DataType.INT64);
    var segments = f.add(f.reduce(Reduce.Kind.SUM, begun, false, List.of(0)), -1);
    n.give(0, sums(n, segments, f.range(f.dim(n.in(2), 0)), 3, 4));
  }

  private static void segments(OpenvinoReadNode n) {
    var f = n.formula();
    var count = f.unsqueeze(n.scalarInput(3, DataType.INT64), 0);
    var known = n.known(3);
    var bags = f.range(known.isPresent() ? f.vector(known.get()[0]) : count);
    n.give(0, sums(n, f.cast(n.in(2), DataType.INT64), bags, 4, 5));
  }

  /// The sum of the weighted rows of each bag: a product with which row belongs to which bag.
  private static Value sums(
      OpenvinoReadNode n, Value segments, Value bags, int defaultIndex, int weights) {
    var f = n.formula();
    var rows = f.gather(n.in(0), n.in(1), 0);
    int rank = n.rank(0);
    var flat = f.reshape(rows, f.concat(0, List.of(f.dim(n.in(1), 0), f.vector(-1))));
    if (n.has(weights)) flat = f.mul(flat, f.unsqueeze(n.in(weights), 1));
    var belongs =
        f.cast(
            f.binary(Binary.Kind.EQUAL, f.unsqueeze(bags, 1), f.unsqueeze(segments, 0)),
            n.dtype(0));
    var sums = f.op(new MatMul(false, false), belongs, flat);
    var counts = f.sum(belongs, List.of(1));
    if (isMean(n)) sums = f.div(sums, f.max(counts, 1));
    var row = defaultRow(n, f, defaultIndex);
    if (row.isPresent()) {
      var isEmpty = f.binary(Binary.Kind.EQUAL, counts, f.scalar(counts, 0));
      sums = f.select(isEmpty, row.get(), sums);
    }
    if (rank == 2) return sums;
    var rest = f.slice(f.shapeOf(n.in(0)), 0, 1, Long.MAX_VALUE);
    return f.reshape(sums, f.concat(0, List.of(f.dim(sums, 0), rest)));
  }

  private static boolean isMean(OpenvinoReadNode n) {
    return switch (n.text("reduction", "sum")) {
      case "sum" -> false;
      case "mean" -> true;
      default -> throw n.unknown("reduction", "sum or mean");
    };
  }

  /// The row of an empty bag; zeros where none is given, or -1.
  private static Optional<Value> defaultRow(OpenvinoReadNode n, Formula f, int input) {
    if (!n.has(input)) return Optional.empty();
    long index = n.integers(input, "its default index")[0];
    if (index < 0) return Optional.empty();
    var row = f.gather(n.in(0), f.vector(index), 0);
    return Optional.of(f.reshape(row, 1, -1));
  }

  private static void packedBags(OpenvinoReadNode n) {
    var f = n.formula();
    var rows = f.gather(n.in(0), n.in(1), 0);
    int behind = n.rank(0) - 1;
    if (n.has(2)) {
      var axes = new long[behind];
      for (int i = 0; i < behind; i++) axes[i] = i + 2L;
      rows = f.mul(rows, f.unsqueeze(n.in(2), axes));
    }
    var kind = isMean(n) ? Reduce.Kind.MEAN : Reduce.Kind.SUM;
    n.give(0, f.reduce(kind, rows, false, List.of(1)));
  }
}
