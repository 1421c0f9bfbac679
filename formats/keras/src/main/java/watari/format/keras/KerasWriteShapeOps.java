package watari.format.keras;

import static watari.format.keras.KerasWriteGraph.NUMPY;

import java.util.ArrayList;
import java.util.List;
import watari.format.keras.KerasTensor.Argument;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;

/// Movements of elements: layers where the batch stays what it is, else `keras.ops`.
final class KerasWriteShapeOps {
  private KerasWriteShapeOps() {}

  static void addTo(KerasWriteTable table) {
    table
        .on(
            Reshape.class,
            "Reshape, Flatten; ops.reshape where the batch changes",
            "one dim at most is not known",
            (_, node, out) -> reshape(node, out))
        .on(
            Flatten.class,
            "Flatten, Reshape; ops.reshape where the batch changes",
            "one dim at most is not known",
            (_, node, out) -> reshape(node, out))
        .on(Squeeze.class, "Reshape; ops.squeeze", "", KerasWriteShapeOps::squeeze)
        .on(Unsqueeze.class, "Reshape; ops.expand_dims", "", KerasWriteShapeOps::unsqueeze)
        .on(
            Transpose.class,
            "Permute; ops.transpose where the batch moves",
            "",
            (op, node, out) -> transpose(op.perm(), node, out))
        .on(
            Concat.class,
            "Concatenate; ops.concatenate along the batch",
            "",
            KerasWriteShapeOps::concat)
        .on(Split.class, "ops.split", "dims along the axis are known", KerasWriteShapeOps::split)
        .on(Expand.class, "ops.broadcast_to", "the shape is known", KerasWriteShapeOps::expand)
        .on(Tile.class, "ops.tile", "the repeats are known", KerasWriteShapeOps::tile);
  }

  // ---- shapes

  private static void reshape(Node node, KerasWriteGraph out) {
    var x = node.input(0);
    var from = x.shape();
    var to = node.output().shape();
    if (!to.isRanked()) throw KerasShapes.open(to);
    boolean isLayer = KerasShapes.keepsBatch(from, to) && to.rank() > 1;
    var rest = isLayer ? KerasShapes.target(to.slice(1, to.rank())) : KerasShapes.target(to);
    if (rest.isEmpty()) throw KerasShapes.open(to);
    var tensor = out.tensor(x);
    if (!isLayer) {
      out.give(node, out.reshaped(tensor, to));
    } else if (to.rank() == 2 && from.rank() > 2) {
      out.give(node, out.layer("Flatten", node).on(tensor, node.output().type()));
    } else {
      out.give(
          node,
          out.layer("Reshape", node)
              .set("target_shape", rest.get())
              .on(tensor, node.output().type()));
    }
  }

  private static boolean isReshape(Node node) {
    var from = node.input(0).shape();
    var to = node.output().shape();
    return KerasShapes.keepsBatch(from, to)
        && to.rank() > 1
        && KerasShapes.target(to.slice(1, to.rank())).isPresent();
  }

  private static void squeeze(Node node, KerasWriteGraph out, List<Integer> axes) {
    out.give(
        node,
        out.operation(NUMPY, "Squeeze")
            .set("axis", axes)
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  private static void squeeze(Squeeze op, Node node, KerasWriteGraph out) {
    if (isReshape(node)) {
      reshape(node, out);
      return;
    }
    var x = node.input(0);
    int rank = KerasShapes.rank(x);
    var axes = new ArrayList<Integer>();
    if (node.input(1).isPresent()) {
      for (long axis : KerasShapes.longs(node.input(1), "axes")) {
        axes.add(KerasShapes.axis((int) axis, x));
      }
    } else {
      for (int i = 0; i < rank; i++) if (KerasShapes.fixed(x, i) == 1) axes.add(i);
    }
    if (axes.isEmpty()) out.give(node, out.tensor(x));
    else squeeze(node, out, axes);
  }

  private static void unsqueeze(Unsqueeze op, Node node, KerasWriteGraph out) {
    if (isReshape(node)) {
      reshape(node, out);
      return;
    }
    var axes = KerasShapes.longs(node.input(1), "axes");
    int rank = KerasShapes.rank(node.output());
    var all = new ArrayList<Long>();
    for (long axis : axes) all.add(axis < 0 ? axis + rank : axis);
    all.sort(null);
    if (all.isEmpty()) {
      out.give(node, out.tensor(node.input(0)));
      return;
    }
    out.give(
        node,
        out.operation(NUMPY, "ExpandDims")
            .set("axis", all)
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  private static void transpose(List<Integer> perm, Node node, KerasWriteGraph out) {
    var tensor = out.tensor(node.input(0));
    boolean isLayer = perm.size() > 1 && perm.getFirst() == 0;
    var layer =
        isLayer
            ? out.layer("Permute", node).set("dims", perm.subList(1, perm.size()))
            : out.operation(NUMPY, "Transpose").set("axes", perm);
    out.give(node, layer.on(tensor, node.output().type()));
  }

  // ---- parts

  private static void concat(Concat op, Node node, KerasWriteGraph out) {
    int axis = KerasShapes.axis(op.axis(), node.output());
    boolean isLayer = axis > 0 && node.inputs().size() > 1 && isBatches(node.inputs());
    var layer = isLayer ? out.layer("Concatenate", node) : out.operation(NUMPY, "Concatenate");
    out.give(
        node,
        layer
            .set("axis", axis)
            .with(Argument.of(out.tensors(node.inputs())))
            .gives(node.output().type()));
  }

  private static boolean isBatches(List<Value> all) {
    var first = all.getFirst().shape();
    return all.stream()
        .allMatch(x -> KerasShapes.keepsBatch(first, x.shape()) && x.dtype().isFloat());
  }

  private static void split(Split op, Node node, KerasWriteGraph out) {
    var x = node.input(0);
    int axis = KerasShapes.axis(op.axis(), x);
    var places = new ArrayList<Long>();
    long end = 0;
    for (var output : node.outputs().subList(0, node.outputs().size() - 1)) {
      end += KerasShapes.fixed(output, axis);
      places.add(end);
    }
    if (places.isEmpty()) {
      out.give(node.output(0), out.tensor(x));
      return;
    }
    var layer =
        out.operation(NUMPY, "Split")
            .set("indices_or_sections", places)
            .set("axis", axis)
            .with(Argument.of(out.tensor(x)));
    for (int i = 0; i < node.outputs().size(); i++) {
      out.give(node.output(i), layer.gives(i, node.output(i).type()));
    }
  }

  // ---- repeated

  private static void expand(Expand op, Node node, KerasWriteGraph out) {
    var to = node.output().shape();
    if (!to.isRanked() || !to.isFixed()) throw KerasShapes.open(to);
    out.give(
        node,
        out.operation(NUMPY, "BroadcastTo")
            .set("shape", KerasShapes.list(to.fixedDims()))
            .on(out.tensor(node.input(0)), node.output().type()));
  }

  private static void tile(Tile op, Node node, KerasWriteGraph out) {
    KerasShapes.rank(node.input(0));
    var repeats = KerasShapes.longs(node.input(1), "repeats");
    out.give(
        node,
        out.operation(NUMPY, "Tile")
            .set("repeats", KerasShapes.list(repeats))
            .on(out.tensor(node.input(0)), node.output().type()));
  }
}
