package watari.format.tensorflow;

import java.util.Optional;
import java.util.stream.IntStream;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Inference;
import watari.graph.Value;
import watari.op.IndexOp.Gather;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.ShapeOf;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Lists of tensors, and the older arrays, which are lists that their flow stands for.
final class TensorflowReadListOps {
  private TensorflowReadListOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("EmptyTensorList", n -> n.hold(0, list(n, n.builder().vector(0), element(n, 0))))
        .on("TensorArrayGatherV3", n -> gather(n, 2, 1))
        .on("TensorArrayReadV3", n -> item(n, 2, 1))
        .on("TensorArrayScatterV3", n -> scatter(n, 2, 1))
        .on("TensorArraySizeV3", n -> length(n, 1))
        .on("TensorArrayV3", TensorflowReadListOps::tensorArray)
        .on("TensorArrayWriteV3", n -> set(n, 3, 1, 2))
        .on("TensorListFromTensor", n -> n.hold(0, Held.TensorList.of(n.in(0))))
        .on("TensorListGather", n -> gather(n, 0, 1))
        .on("TensorListGetItem", n -> item(n, 0, 1))
        .on("TensorListLength", n -> length(n, 0))
        .on("TensorListReserve", n -> n.hold(0, list(n, vector(n, 1), element(n, 0))))
        .on("TensorListSetItem", n -> set(n, 0, 1, 2))
        .on("TensorListStack", TensorflowReadListOps::stack);
  }

  private static Held.TensorList list(TensorflowReadNode n, Value count, Shape element) {
    var dtype = n.type("element_dtype", DataType.FLOAT32);
    var type = new TensorType(dtype, element);
    return new Held.TensorList(Value.ABSENT, count, type, -1, Optional.empty());
  }

  private static Value vector(TensorflowReadNode n, int i) {
    var count = n.known(i);
    if (count.isPresent()) return n.formula().vector(count.get());
    return n.formula().reshape(n.formula().cast(n.in(i), DataType.INT64), 1);
  }

  /// A shape of -1 says nothing, dims of -1 are not known.
  private static Shape element(TensorflowReadNode n, int i) {
    var dims = n.constant(i);
    if (dims.isEmpty() || dims.get().shape().rank() != 1) return Shape.UNKNOWN;
    return TensorflowTypes.shape("?" + n.name(), dims.get().longs());
  }

  /// Outputs: the handle, which stands for nothing, and the flow, which is the list.
  private static void tensorArray(TensorflowReadNode n) {
    var dtype = n.type("dtype", DataType.FLOAT32);
    var stated =
        n.hasAttribute("element_shape")
            ? TensorflowTypes.shape("?" + n.name(), n.attribute("element_shape").getShape())
            : Shape.UNKNOWN;
    n.hold(0, new Held.Resource("TensorArrayV3"));
    n.hold(
        1,
        new Held.TensorList(
            Value.ABSENT, vector(n, 0), new TensorType(dtype, stated), -1, Optional.empty()));
  }

  private static Held.TensorList list(TensorflowReadNode n, int i) {
    if (n.held(i) instanceof Held.TensorList list) return list;
    throw TensorflowRefusal.unsupported(
        "input " + i + " is no list that Watari can follow", "export the model without lists");
  }

  private static void set(TensorflowReadNode n, int listInput, int index, int item) {
    var list = list(n, listInput);
    var put = new Held.Put(n.in(index), n.in(item));
    boolean isSecond = list.set().isPresent();
    var base = isSecond ? Held.TensorList.of(TensorflowLists.stacked(n.builder(), list)) : list;
    var shape = Inference.moreExact(base.type().shape(), put.item().shape());
    n.hold(
        0,
        new Held.TensorList(
            base.elements(), base.count(), base.type().with(shape), base.slot(), Optional.of(put)));
  }

  private static void item(TensorflowReadNode n, int listInput, int index) {
    var whole = TensorflowLists.stacked(n.builder(), list(n, listInput));
    n.give(new Gather(0, 0), whole, n.in(index));
  }

  private static void stack(TensorflowReadNode n) {
    n.give(0, TensorflowLists.stacked(n.builder(), list(n, 0)));
  }

  /// All elements, where the indices count them.
  private static void gather(TensorflowReadNode n, int listInput, int indices) {
    var whole = TensorflowLists.stacked(n.builder(), list(n, listInput));
    if (countsAll(n, indices, whole)) n.give(0, whole);
    else n.give(new Gather(0, 0), whole, n.in(indices));
  }

  private static boolean countsAll(TensorflowReadNode n, int i, Value whole) {
    var known = n.known(i);
    if (!whole.shape().isRanked()) return false;
    var dim = whole.shape().dim(0);
    if (known.isPresent()) {
      var all = known.get();
      boolean counts = IntStream.range(0, all.length).allMatch(at -> all[at] == at);
      return counts && dim.is(all.length);
    }
    var node = n.in(i).producer();
    if (node.isEmpty() || !(node.get().op() instanceof Range)) return false;
    boolean fromZero = isAll(node.get().input(0), 0) && isAll(node.get().input(2), 1);
    var limit = n.builder().inference().integers(node.get().input(1));
    return fromZero && limit.filter(all -> all.get(0).equals(dim)).isPresent();
  }

  private static boolean isAll(Value value, long number) {
    return value.constant().filter(data -> data.isAll(number)).isPresent();
  }

  /// Fills an array, which is empty, with the elements of a tensor.
  private static void scatter(TensorflowReadNode n, int value, int indices) {
    var list = list(n, 3);
    boolean isEmpty = !list.elements().isPresent() && list.set().isEmpty();
    if (!isEmpty || !countsAll(n, indices, n.in(value))) {
      throw TensorflowRefusal.unsupported(
          "it fills some elements of an array", "export the model with arrays filled as a whole");
    }
    n.hold(0, Held.TensorList.of(n.in(value)));
  }

  private static void length(TensorflowReadNode n, int listInput) {
    var list = list(n, listInput);
    var count =
        list.elements().isPresent()
            ? n.formula().op(new ShapeOf(0, 1, DataType.INT64), list.elements())
            : list.count();
    if (!count.isPresent()) throw new TensorflowRefusal(TensorflowLists.WANTED, "", "");
    n.give(0, n.formula().squeeze(n.formula().cast(count, DataType.INT32), 0));
  }
}
