package watari.format.openvino;

import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.op.IndexOp.GatherElements;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.tensor.DataType;

/// Operators that bring many elements of an axis to one, or to a few.
final class OpenvinoReadReduceOps {
  private OpenvinoReadReduceOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("ReduceL1", 4, reduce(Reduce.Kind.L1))
        .on("ReduceL2", 4, reduce(Reduce.Kind.L2))
        .on("ReduceLogicalAnd", reduce(Reduce.Kind.ALL))
        .on("ReduceLogicalOr", reduce(Reduce.Kind.ANY))
        .on("ReduceMax", reduce(Reduce.Kind.MAX))
        .on("ReduceMean", reduce(Reduce.Kind.MEAN))
        .on("ReduceMin", reduce(Reduce.Kind.MIN))
        .on("ReduceProd", reduce(Reduce.Kind.PROD))
        .on("ReduceSum", reduce(Reduce.Kind.SUM))
        .on("CumSum", OpenvinoReadReduceOps::cumSum)
        .on("TopK", OpenvinoReadReduceOps::topK);
  }

  private static OpenvinoReadOps.Entry reduce(Reduce.Kind kind) {
    return n -> n.give(new Reduce(kind, n.flag("keep_dims", false)), n.in(0), n.axes(1));
  }

  private static void cumSum(OpenvinoReadNode n) {
    var op =
        new Cumulative(Cumulative.Kind.SUM, n.flag("exclusive", false), n.flag("reverse", false));
    n.give(op, n.in(0), n.builder().scalar(n.has(1) ? (long) n.axisInput(1) : 0L));
  }

  /// In order of the values, or, with `sort` as `index`, of the indices.
  private static void topK(OpenvinoReadNode n) {
    int axis = n.axis(n.integer("axis"), n.rank(0));
    boolean largest =
        switch (n.text("mode").toLowerCase(Locale.ROOT)) {
          case "max" -> true;
          case "min" -> false;
          default -> throw n.unknown("mode", "max or min");
        };
    var indices = n.element("index_element_type", DataType.INT32);
    var k = n.scalarInput(1, DataType.INT64);
    var f = n.formula();
    var op = new TopK(axis, largest, true, indices);
    if (!n.text("sort", "value").equals("index")) {
      n.give(op, n.in(0), k);
      return;
    }
    var inputs = List.of(n.in(0), k);
    var found = n.builder().add(op, inputs, 2, List.of());
    var places =
        n.builder()
            .add(
                new TopK(axis, false, true, DataType.INT64),
                List.of(found.output(1), k),
                2,
                List.of());
    n.give(0, new GatherElements(axis), found.output(0), places.output(1));
    n.give(1, f.cast(places.output(0), indices));
  }
}
