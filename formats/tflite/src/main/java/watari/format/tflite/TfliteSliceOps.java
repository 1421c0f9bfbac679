package watari.format.tflite;

import static watari.format.tflite.schema.BuiltinOperator.*;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import watari.format.OpTable;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.Shapes;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Slices, splits and concatenations.
final class TfliteSliceOps {
  private TfliteSliceOps() {}

  static void into(OpTable<TfliteSubgraph> table) {
    table
        .on(Slice.class, TfliteSliceOps::slice)
        .on(Split.class, TfliteSliceOps::split)
        .on(Concat.class, TfliteSliceOps::concat);
  }

  private static void slice(Slice op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    var x = node.input(0);
    if (!x.shape().isRanked()) throw Refusal.dynamic("the rank of '" + x.name() + "' is not known");
    if (x.shape().rank() > 5) {
      throw Refusal.operator("STRIDED_SLICE takes 5 axes at most", "reshape its input");
    }
    var part = new Part(node);
    var inputs = List.of(out.tensor(x), part.begins(out), part.ends(out), part.strides(out));
    out.add(
        STRIDED_SLICE,
        TfliteOptions.stridedSlice(part.beginMask, part.endMask),
        inputs,
        List.of(out.tensor(node.output())));
  }

  /// What is asked of every axis of the input.
  private static final class Part {
    final Node node;
    final int rank;
    final List<Integer> axes;
    final List<Integer> strides = new ArrayList<>();
    int beginMask;
    int endMask;

    Part(Node node) {
      this.node = node;
      rank = node.input(0).shape().rank();
      axes = axes(node, rank);
      var steps =
          node.input(4).isPresent() && !areStepsComputed()
              ? TfliteSubgraph.constant(node.input(4), "steps").ints()
              : IntStream.generate(() -> 1).limit(axes.size()).toArray();
      for (int axis = 0; axis < rank; axis++) {
        int at = axes.indexOf(axis);
        strides.add(at < 0 ? 1 : steps[at]);
        if (at < 0) {
          beginMask |= 1 << axis;
          endMask |= 1 << axis;
        }
      }
    }

    private static List<Integer> axes(Node node, int rank) {
      if (node.input(3).isPresent()) {
        return Shapes.axes(TfliteSubgraph.constant(node.input(3), "axes").longs(), rank);
      }
      var starts = node.input(1).shape();
      if (!starts.isFixed()) throw Refusal.dynamic("the number of starts is not known");
      return IntStream.range(0, (int) starts.elements().fixed()).boxed().toList();
    }

    /// Whether every axis has a step that is computed, and begins and ends where it is computed.
    private boolean areStepsComputed() {
      boolean isComputed =
          !node.input(4).isConstant() && !node.input(1).isConstant() && !node.input(2).isConstant();
      return isComputed && axes.equals(IntStream.range(0, rank).boxed().toList());
    }

    int strides(TfliteSubgraph out) {
      boolean isComputed = node.input(4).isPresent() && areStepsComputed();
      return isComputed ? out.int32(node.input(4)) : out.ints(strides);
    }

    int begins(TfliteSubgraph out) {
      var starts = node.input(1);
      if (!starts.isConstant()) return everyAxis(starts, out);
      var given = starts.constant().orElseThrow().longs();
      var all = new int[rank];
      for (int i = 0; i < given.length; i++) {
        int axis = axes.get(i);
        boolean forwards = strides.get(axis) > 0;
        // What begins before (or, backwards, behind) all elements begins with the first (last).
        if (forwards && given[i] <= Integer.MIN_VALUE
            || !forwards && given[i] >= Integer.MAX_VALUE) {
          beginMask |= 1 << axis;
        }
        all[axis] = Math.clamp(given[i], Integer.MIN_VALUE + 1, Integer.MAX_VALUE);
      }
      return out.ints(all);
    }

    int ends(TfliteSubgraph out) {
      var ends = node.input(2);
      if (!ends.isConstant()) return everyAxis(ends, out);
      var given = ends.constant().orElseThrow().longs();
      var all = new int[rank];
      for (int i = 0; i < given.length; i++) {
        int axis = axes.get(i);
        boolean forwards = strides.get(axis) > 0;
        var dim = node.input(0).shape().dim(axis);
        boolean beforeAll =
            given[i] < -Integer.MAX_VALUE || dim.isFixed() && given[i] < -dim.fixed();
        boolean isOpen = forwards ? given[i] >= Integer.MAX_VALUE : beforeAll;
        if (isOpen) endMask |= 1 << axis;
        all[axis] = Math.clamp(given[i], Integer.MIN_VALUE + 1, Integer.MAX_VALUE);
      }
      return out.ints(all);
    }

    /// Computed positions, with a 0 for each axis that has none.
    private int everyAxis(Value some, TfliteSubgraph out) {
      int given = out.int32(some);
      if (some.shape().hasRank(0)) {
        int vector = out.temporary(TensorType.of(DataType.INT32, 1));
        TfliteShapeOps.reshape(given, vector, Shape.of(1), out);
        given = vector;
      }
      if (axes.equals(IntStream.range(0, rank).boxed().toList())) return given;
      int padded = out.temporary(TensorType.of(DataType.INT32, axes.size() + 1L));
      out.add(
          CONCATENATION,
          TfliteOptions.concatenation(0),
          List.of(given, out.ints(0)),
          List.of(padded));
      var places = new ArrayList<Integer>();
      for (int axis = 0; axis < rank; axis++) {
        int at = axes.indexOf(axis);
        places.add(at < 0 ? axes.size() : at);
      }
      int made = out.temporary(TensorType.of(DataType.INT32, rank));
      out.add(GATHER, TfliteOptions.gather(0, 0), List.of(padded, out.ints(places)), List.of(made));
      return made;
    }
  }

  private static void split(Split op, Node node, TfliteSubgraph out) {
    TfliteQuantized.requireMoved(node);
    var x = node.input(0);
    if (!x.shape().isRanked()) throw Refusal.dynamic("the rank of '" + x.name() + "' is not known");
    int axis = Shapes.axis(op.axis(), x.shape().rank());
    var parts = node.outputs();
    var results = new ArrayList<Integer>();
    for (var part : parts) {
      results.add(part.isPresent() ? out.tensor(part) : out.temporary(x.type()));
    }
    var first = parts.get(0).shape().dim(axis);
    boolean even = parts.stream().allMatch(v -> v.isPresent() && v.shape().dim(axis).equals(first));
    if (!node.input(1).isPresent() && even) {
      out.add(
          SPLIT,
          TfliteOptions.split(parts.size()),
          List.of(out.scalar(axis), out.tensor(x)),
          results);
      return;
    }
    int sizes = node.input(1).isPresent() ? out.int32(node.input(1)) : sizes(node, axis, out);
    out.add(
        SPLIT_V,
        TfliteOptions.splitV(parts.size()),
        List.of(out.tensor(x), sizes, out.scalar(axis)),
        results);
  }

  private static int sizes(Node node, int axis, TfliteSubgraph out) {
    var sizes = new ArrayList<Integer>();
    for (var part : node.outputs()) {
      var dim = part.shape().dim(axis);
      if (!dim.isFixed())
        throw Refusal.dynamic("the parts' dims along axis " + axis + " are not fixed");
      sizes.add(Math.toIntExact(dim.fixed()));
    }
    return out.ints(sizes);
  }

  private static void concat(Concat op, Node node, TfliteSubgraph out) {
    if (!node.output().shape().isRanked()) throw Refusal.dynamic("the rank is not known");
    for (var input : node.inputs()) {
      TfliteQuantized.requireSame(input.type(), node.output().type());
    }
    int axis = Shapes.axis(op.axis(), node.output().shape().rank());
    var inputs = node.inputs().stream().map(out::tensor).toList();
    if (inputs.size() == 1) {
      TfliteShapeOps.copy(inputs.get(0), out.tensor(node.output()), out);
      return;
    }
    out.add(
        CONCATENATION,
        TfliteOptions.concatenation(axis),
        inputs,
        List.of(out.tensor(node.output())));
  }
}
