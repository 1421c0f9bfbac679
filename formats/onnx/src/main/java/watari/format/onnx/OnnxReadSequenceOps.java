package watari.format.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Identity;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Split;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Sequences and optionals, undone while reading: their elements are followed one by one, so that
/// nothing but tensors is left.
final class OnnxReadSequenceOps {
  private static final int MOST_ELEMENTS = 1 << 16;

  private OnnxReadSequenceOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("SequenceEmpty", n -> n.scope().putSequence(n.outputName(0), List.of()))
        .on("SequenceConstruct", n -> n.scope().putSequence(n.outputName(0), n.inputs()))
        .on("SequenceInsert", OnnxReadSequenceOps::insert)
        .on("SequenceErase", OnnxReadSequenceOps::erase)
        .on("SequenceAt", OnnxReadSequenceOps::at)
        .on("SequenceLength", OnnxReadSequenceOps::length)
        .on("SequenceMap", OnnxReadSequenceOps::map)
        .on("SplitToSequence", OnnxReadSequenceOps::split)
        .on("ConcatFromSequence", OnnxReadSequenceOps::concat)
        .on("Optional", OnnxReadSequenceOps::optional)
        .on("OptionalHasElement", OnnxReadSequenceOps::hasElement)
        .on("OptionalGetElement", OnnxReadSequenceOps::getElement);
  }

  private static List<Value> sequence(OnnxReadNode n, int i) {
    var name = n.inputName(i);
    var elements = n.scope().sequence(name);
    if (elements.isPresent()) return elements.get();
    throw OnnxRefusal.unsupported(
        "its sequence '" + name + "' is not made of tensors that are known one by one",
        "export the model without sequences");
  }

  /// A position that is a constant, counted from 0.
  private static int position(OnnxReadNode n, int input, int count, int most) {
    if (!n.has(input)) return most;
    var data = n.constant(input).filter(each -> each.size() == 1);
    if (data.isEmpty()) {
      throw OnnxRefusal.unsupported(
          "its position in the sequence is computed", "export the model without sequences");
    }
    long position = data.get().longAt(0);
    long at = position < 0 ? position + count : position;
    if (at < 0 || at > most) {
      throw OnnxRefusal.broken("position " + position + " is outside of its sequence");
    }
    return (int) at;
  }

  private static void insert(OnnxReadNode n) {
    var elements = new ArrayList<>(sequence(n, 0));
    elements.add(position(n, 2, elements.size(), elements.size()), n.in(1));
    n.scope().putSequence(n.outputName(0), elements);
  }

  private static void erase(OnnxReadNode n) {
    var elements = new ArrayList<>(sequence(n, 0));
    if (elements.isEmpty()) throw OnnxRefusal.broken("its sequence is empty");
    elements.remove(position(n, 1, elements.size(), elements.size() - 1));
    n.scope().putSequence(n.outputName(0), elements);
  }

  private static void at(OnnxReadNode n) {
    var elements = sequence(n, 0);
    if (elements.isEmpty()) throw OnnxRefusal.broken("its sequence is empty");
    n.give(new Identity(), elements.get(position(n, 1, elements.size(), elements.size() - 1)));
  }

  private static void length(OnnxReadNode n) {
    n.giveConstant(TensorData.scalar((long) sequence(n, 0).size()));
  }

  /// The body once for each element.
  private static void map(OnnxReadNode n) {
    var body = n.body("body");
    int count = sequence(n, 0).size();
    var results = new ArrayList<List<Value>>();
    for (int i = 0; i < n.proto().getOutputCount(); i++) results.add(new ArrayList<>());
    for (int element = 0; element < count; element++) {
      var given = new ArrayList<Value>();
      for (int i = 0; i < n.inputCount(); i++) {
        var all = n.scope().sequence(n.inputName(i));
        given.add(all.isPresent() ? all.get().get(element) : n.in(i));
      }
      var made = n.graph().inline(body, n, given, element);
      for (int i = 0; i < results.size(); i++) results.get(i).add(made.get(i));
    }
    for (int i = 0; i < results.size(); i++) {
      if (n.wants(i)) n.scope().putSequence(n.outputName(i), results.get(i));
    }
  }

  // ---- from and to tensors

  private static void split(OnnxReadNode n) {
    int axis = n.axis(n.integer("axis", 0), n.rank(0));
    var dim = n.shape(0).dim(axis);
    if (!dim.isFixed() || dim.fixed() > MOST_ELEMENTS) {
      throw OnnxRefusal.unsupported(
          "it splits an axis of dim '" + dim + "', so the number of its parts is not known",
          "fix the shapes of the model's inputs");
    }
    var sizes = sizes(n, dim.fixed());
    var parts =
        n.builder()
            .add(new Split(axis), List.of(n.in(0), n.vector(sizes)), sizes.size(), List.of());
    boolean drops = !n.has(1) && !n.flag("keepdims", true);
    n.scope()
        .putSequence(
            n.outputName(0),
            parts.outputs().stream().map(part -> drops ? n.squeeze(part, axis) : part).toList());
  }

  private static List<Long> sizes(OnnxReadNode n, long dim) {
    if (!n.has(1)) return Collections.nCopies((int) dim, 1L);
    var given = n.integers(1);
    if (given.isEmpty()) {
      throw OnnxRefusal.unsupported(
          "the sizes of its parts are computed", "export the model without sequences");
    }
    var sizes = new ArrayList<Long>();
    if (!n.shape(1).hasRank(0)) {
      for (long size : given.get()) sizes.add(size);
      return sizes;
    }
    long size = given.get()[0];
    if (size < 1) throw OnnxRefusal.broken("the size of its parts is " + size);
    for (long begin = 0; begin < dim; begin += size) sizes.add(Math.min(size, dim - begin));
    return sizes;
  }

  private static void concat(OnnxReadNode n) {
    var elements = sequence(n, 0);
    if (elements.isEmpty()) throw OnnxRefusal.broken("its sequence is empty");
    int axis = n.integer("axis", 0);
    boolean isNew = n.flag("new_axis", false);
    var parts = elements.stream().map(each -> isNew ? n.unsqueeze(each, axis) : each).toList();
    n.give(new Concat(axis), parts);
  }

  // ---- optionals

  private static void optional(OnnxReadNode n) {
    n.scope()
        .putOptional(n.outputName(0), n.has(0) ? Optional.of(n.inputName(0)) : Optional.empty());
  }

  private static void hasElement(OnnxReadNode n) {
    var held = n.scope().optional(n.inputName(0));
    boolean has = n.has(0) && (held.isEmpty() || held.get().isPresent());
    n.giveConstant(TensorData.ofDoubles(DataType.BOOL, Shape.SCALAR, has ? 1 : 0));
  }

  private static void getElement(OnnxReadNode n) {
    var held = n.scope().optional(n.inputName(0));
    var content = held.isEmpty() ? Optional.of(n.inputName(0)) : held.get();
    if (content.isEmpty()) throw OnnxRefusal.broken("its optional is empty");
    n.scope().take(n.outputName(0), n.scope(), content.get());
  }
}
