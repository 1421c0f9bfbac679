package watari.format.tensorflow;

import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Lists of tensors as tensors with one axis more.
final class TensorflowLists {
  /// The code of a finding that never leaves a loop: a list is asked for its elements that the loop
  /// has not got as a tensor.
  static final String WANTED = "LIST_WANTED";

  private TensorflowLists() {}

  /// All elements along a new first axis.
  ///
  /// @throws TensorflowRefusal if it is not known how large an element is
  static Value stacked(GraphBuilder builder, Held.TensorList list) {
    if (list.slot() >= 0 && !list.elements().isPresent()) {
      throw new TensorflowRefusal(WANTED, "a list is asked for its elements", "");
    }
    var base = list.elements().isPresent() ? list.elements() : zeros(builder, list);
    if (list.set().isEmpty()) return base;
    var formula = new Formula(builder);
    var put = list.set().get();
    var index = formula.reshape(formula.cast(put.index(), DataType.INT64), 1, 1);
    var item = formula.unsqueeze(put.item(), 0);
    return formula.op(new ScatterNd(Reduction.REPLACE), base, index, item);
  }

  private static Value zeros(GraphBuilder builder, Held.TensorList list) {
    var shape = list.type().shape();
    if (!shape.isFixed() || !list.count().isPresent()) {
      throw TensorflowRefusal.dynamic("the shape of the list's elements is not known");
    }
    var formula = new Formula(builder);
    var zero = builder.constant(TensorData.scalar(list.dtype(), 0));
    var dims = formula.concat(0, list.count(), formula.vector(shape.fixedDims()));
    return formula.expand(zero, dims);
  }
}
