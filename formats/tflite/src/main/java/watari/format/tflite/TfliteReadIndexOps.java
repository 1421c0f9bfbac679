package watari.format.tflite;

import static watari.op.BinaryOp.Binary.Kind.EQUAL;

import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.GatherOptions;
import watari.format.tflite.schema.OneHotOptions;
import watari.format.tflite.schema.UniqueOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.NonZero;
import watari.op.IndexOp.OneHot;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.IndexOp.Unique;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorData;

/// Operators that pick elements by indices, put them there, or find them.
final class TfliteReadIndexOps {
  private TfliteReadIndexOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("EMBEDDING_LOOKUP", TfliteReadIndexOps::embeddingLookup)
        .on("GATHER", TfliteReadIndexOps::gather)
        .on(
            "GATHER_ND",
            node -> node.emitMoved(new GatherNd(0), node.in(0), index(node, node.in(1))))
        .on("HASHTABLE_LOOKUP", TfliteReadIndexOps::hashtableLookup)
        .on("ONE_HOT", TfliteReadIndexOps::oneHot)
        .on("SCATTER_ND", TfliteReadIndexOps::scatterNd)
        .on("SPARSE_TO_DENSE", TfliteReadIndexOps::sparseToDense)
        .on("UNIQUE", TfliteReadIndexOps::unique)
        .on("WHERE", TfliteReadIndexOps::where);
  }

  /// Indices of a type that all indexing operators take.
  static Value index(TfliteNode node, Value indices) {
    boolean usual = indices.dtype() == DataType.INT32 || indices.dtype() == DataType.INT64;
    return usual ? indices : node.add(new Cast(DataType.INT32), indices);
  }

  private static void gather(TfliteNode node) {
    var options = node.options(new GatherOptions());
    int axis = TfliteNode.axis(options.axis(), node.rank(0));
    int batchDims = options.batchDims();
    if (batchDims < 0) batchDims += node.rank(1);
    node.emitMoved(new Gather(axis, batchDims), node.in(0), index(node, node.in(1)));
  }

  private static void embeddingLookup(TfliteNode node) {
    var op = new Gather(0, 0);
    var rows = index(node, node.in(0));
    if (node.declared(0).isQuantized()) node.emitMoved(op, node.in(1), rows);
    else node.emit(op, node.in(1), rows);
  }

  private static void oneHot(TfliteNode node) {
    int axis = node.options(new OneHotOptions()).axis();
    var off = node.reshaped(node.in(3), 1);
    var on = node.reshaped(node.in(2), 1);
    var values = node.add(new Concat(0), off, on);
    node.emit(new OneHot(axis, false), index(node, node.in(0)), node.in(1), values);
  }

  /// Adds where an index comes twice.
  private static void scatterNd(TfliteNode node) {
    var updates = node.in(1);
    requirePlainZero(updates);
    if (updates.dtype() == DataType.BOOL) {
      var numbers = node.add(new Cast(DataType.INT32), updates);
      var counts = scattered(node, Reduction.ADD, 0, node.in(2), node.in(0), numbers);
      node.emit(new Cast(DataType.BOOL), counts);
      return;
    }
    var zeros = filled(node, updates, 0, node.in(2));
    node.emit(new ScatterNd(Reduction.ADD), zeros, node.in(0), updates);
  }

  private static void requirePlainZero(Value value) {
    boolean plain =
        switch (value.type().quantization()) {
          case Quantization.None _ -> true;
          case Quantization.PerTensor(_, long zeroPoint) -> zeroPoint == 0;
          default -> false;
        };
    if (!plain) {
      throw Unreadable.operator(
          "it fills quantized numbers with stored zeros, which are not 0", "keep it in float");
    }
  }

  /// A tensor of one number, of the type that a value computes in.
  static Value filled(TfliteNode node, Value like, double number, Value shape) {
    var one = node.scalar(TfliteNode.computed(like), number);
    return node.add(new Expand(), one, shape);
  }

  /// Updates put into a tensor of one number.
  static Value scattered(
      TfliteNode node, Reduction how, double number, Value shape, Value indices, Value updates) {
    return node.add(new ScatterNd(how), filled(node, updates, number, shape), indices, updates);
  }

  private static void sparseToDense(TfliteNode node) {
    var indices = index(node, node.in(0));
    if (node.rank(0) < 2) {
      indices = node.reshaped(indices, -1, 1);
    }
    var values = node.in(2);
    if (values.shape().hasRank(0)) {
      var count = node.add(new ShapeOf(0, 1, DataType.INT64), indices);
      values = node.move(new Expand(), values, count);
    }
    var start = node.in(3);
    if (!start.shape().hasRank(0)) start = node.reshaped(start);
    var dense = node.move(new Expand(), start, node.in(1));
    node.emitMoved(new ScatterNd(Reduction.REPLACE), dense, indices, values);
  }

  private static void unique(TfliteNode node) {
    int type = node.options(new UniqueOptions()).idxOutType();
    var indices = TfliteReadTypes.dtype(type).orElse(DataType.INT32);
    node.emit(
        Arrays.asList(0, -1, 1),
        new Unique(true, 0, false, indices),
        List.of(node.in(0)),
        List.of());
  }

  /// The places of all elements that are not 0, one a row.
  private static void where(TfliteNode node) {
    node.emit(new Transpose(List.of(1, 0)), node.add(new NonZero(), node.in(0)));
  }

  /// Rows of the values whose keys are looked up; zeros where there is no such key.
  private static void hashtableLookup(TfliteNode node) {
    var values = node.in(2);
    var hits = new Lookup(node, node.in(0), node.in(1));
    var rows = node.move(new Gather(0, 0), values, hits.places());
    var found = hits.found();
    var dims = new long[node.rank(2)];
    Arrays.fill(dims, 1);
    dims[0] = -1;
    var zero = node.scalar(TfliteNode.computed(values), 0);
    node.emit(new Select(), node.reshaped(found, dims), rows, zero);
    if (node.outputCount() > 1) node.emit(1, new Cast(DataType.UINT8), List.of(found));
  }

  /// Keys looked up in a list of them: whether each is there, and where first.
  record Lookup(Value found, Value places) {
    Lookup(TfliteNode node, Value wanted, Value keys) {
      var one = node.add(new Unsqueeze(), wanted, node.vector(-1));
      var equal = node.add(new Binary(EQUAL), one, keys);
      var numbers = node.add(new Cast(DataType.INT32), equal);
      var most = node.add(new Reduce(Reduce.Kind.MAX, false), numbers, node.vector(-1));
      this(
          node.add(new Cast(DataType.BOOL), most),
          node.add(new ArgReduce(true, -1, false, false, DataType.INT64), numbers));
    }
  }

  /// Values in the shape of another.
  static Value shaped(TfliteNode node, Value value, Value like) {
    return node.move(new Reshape(true), value, node.add(new ShapeOf(DataType.INT64), like));
  }

  static TensorData ones(long count) {
    return TensorData.filled(TensorData.scalar(1L), watari.tensor.Shape.of(count));
  }
}
