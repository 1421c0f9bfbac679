package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.Shapes;

/// Functions of `keras.ops` that were called while a Functional model was built: movements.
final class KerasReadMovementOps {
  private KerasReadMovementOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("ops.Identity", call -> call.give(call.in()))
        .on("ops.Reshape", KerasReadMovementOps::reshape)
        .on("ops.Transpose", KerasReadMovementOps::transpose)
        .on("ops.Swapaxes", KerasReadMovementOps::swapAxes)
        .on("ops.ExpandDims", KerasReadMovementOps::expandDims)
        .on("ops.Squeeze", KerasReadMovementOps::squeeze)
        .on("ops.Concatenate", KerasReadMovementOps::concatenate)
        .on("ops.Stack", KerasReadMovementOps::stack)
        .on("ops.Split", KerasReadMovementOps::split)
        .on("ops.Tile", KerasReadMovementOps::tile)
        .on("ops.Flip", KerasReadMovementOps::flip)
        .on("ops.GetItem", KerasReadMovementOps::getItem);
  }

  private static void reshape(KerasCall call) {
    var name = call.config().has("newshape") ? "newshape" : "shape";
    var sizes = call.config().integers(name);
    call.give(call.formula().reshape(call.in(), sizes.stream().mapToLong(each -> each).toArray()));
  }

  private static void transpose(KerasCall call) {
    int rank = call.rank();
    var perm = new ArrayList<Integer>();
    if (call.config().has("axes")) {
      call.config().integers("axes").forEach(axis -> perm.add(Shapes.axis(axis, rank)));
    } else {
      for (int i = rank - 1; i >= 0; i--) perm.add(i);
    }
    call.give(new Transpose(perm), call.in());
  }

  private static void swapAxes(KerasCall call) {
    int rank = call.rank();
    var perm = new ArrayList<>(KerasCall.axes(0, rank));
    int a = call.axis("axis1", 0);
    int b = call.axis("axis2", 1);
    perm.set(a, b);
    perm.set(b, a);
    call.give(new Transpose(perm), call.in());
  }

  private static void expandDims(KerasCall call) {
    var axes = call.config().integers("axis");
    int rank = call.rank() + axes.size();
    var all = axes.stream().mapToLong(axis -> Shapes.axis(axis, rank)).toArray();
    call.give(call.formula().unsqueeze(call.in(), all));
  }

  private static void squeeze(KerasCall call) {
    var shape = call.in().shape();
    var axes = new ArrayList<Integer>();
    if (call.config().has("axis")) axes.addAll(call.config().integers("axis"));
    else KerasCall.axes(0, call.rank()).stream().filter(i -> shape.dim(i).is(1)).forEach(axes::add);
    call.give(call.formula().squeeze(call.in(), axes.stream().mapToLong(axis -> axis).toArray()));
  }

  private static void concatenate(KerasCall call) {
    call.give(call.builder().add(new Concat(call.axis("axis", -1)), call.inputs()));
  }

  private static void stack(KerasCall call) {
    int axis = KerasReadOperationOps.newAxis(call, call.rank() + 1);
    call.give(call.formula().stack(axis, call.inputs()));
  }

  /// Equal parts, or those between indices.
  private static void split(KerasCall call) {
    var x = call.in();
    int axis = call.axis("axis", 0);
    long size = call.dim(x, axis);
    var ends = new ArrayList<Long>();
    var given = call.config().get("indices_or_sections");
    if (given instanceof KerasJson.Numeral(double sections)) {
      for (long i = 1; i < (long) sections; i++) ends.add(i * size / (long) sections);
    } else {
      call.config().integers("indices_or_sections").forEach(each -> ends.add((long) each));
    }
    ends.add(size);
    long from = 0;
    for (long end : ends) {
      call.give(call.formula().slice(x, axis, from, end));
      from = end;
    }
  }

  private static void tile(KerasCall call) {
    var repeats = call.config().integers("repeats");
    if (repeats.size() != call.rank()) {
      throw call.config().unknown("repeats", "one number for each axis");
    }
    call.give(new Tile(), call.in(), call.builder().vector(repeats));
  }

  private static void flip(KerasCall call) {
    var axes =
        call.config().has("axis") ? call.config().integers("axis") : KerasCall.axes(0, call.rank());
    Value x = call.in();
    for (int axis : axes) x = call.formula().reversed(x, Shapes.axis(axis, call.rank()));
    call.give(x);
  }

  // ---- x[…]

  /// What an index does: slices first, then axes that go, then axes that come.
  private record Index(
      List<Long> starts,
      List<Long> ends,
      List<Long> axes,
      List<Long> steps,
      List<Long> dropped,
      List<Long> added) {}

  private static void getItem(KerasCall call) {
    var key = call.argument(1, "key");
    if (!(key instanceof KerasArgument.Plain(var json))) {
      throw KerasRefusal.unsupported(
          "its index is computed", "index with numbers and slices, or use keras.ops.take");
    }
    var items = KerasArrays.unwrapped(json);
    var all = items instanceof KerasJson.Items(var each) ? each : List.of(json);
    var f = call.formula();
    var x = call.in();
    var index = index(all, call.rank());
    if (!index.axes().isEmpty()) {
      x =
          f.op(
              new Slice(),
              x,
              call.builder().vector(index.starts()),
              call.builder().vector(index.ends()),
              call.builder().vector(index.axes()),
              call.builder().vector(index.steps()));
    }
    x = f.squeeze(x, longs(index.dropped()));
    call.give(f.unsqueeze(x, longs(index.added())));
  }

  private static long[] longs(List<Long> all) {
    return all.stream().mapToLong(each -> each).toArray();
  }

  private static Index index(List<KerasJson> keys, int rank) {
    var index =
        new Index(
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>());
    long taken = keys.stream().filter(key -> !key.isNothing() && !isEllipsis(key)).count();
    long axis = 0;
    long place = 0;
    for (var key : keys) {
      if (isEllipsis(key)) {
        axis += rank - taken;
        place += rank - taken;
      } else if (key.isNothing()) {
        index.added().add(place++);
      } else {
        boolean isNumber = key instanceof KerasJson.Numeral;
        if (isNumber) number(index, axis, ((KerasJson.Numeral) key).value());
        else slice(index, axis, key.get("config"));
        axis++;
        if (!isNumber) place++;
      }
    }
    return index;
  }

  private static boolean isEllipsis(KerasJson key) {
    return key.get("class_name").text().equals("__ellipsis__");
  }

  private static void number(Index index, long axis, double value) {
    long at = (long) value;
    index.starts().add(at);
    index.ends().add(at == -1 ? Long.MAX_VALUE : at + 1);
    index.axes().add(axis);
    index.steps().add(1L);
    index.dropped().add(axis);
  }

  private static void slice(Index index, long axis, KerasJson slice) {
    if (!(slice instanceof KerasJson.Members)) {
      throw KerasRefusal.unsupported(
          "its index has the part '" + slice.show() + "'", "index with numbers and slices");
    }
    long step = bound(slice.get("step"), 1);
    boolean isWhole = slice.get("start").isNothing() && slice.get("stop").isNothing() && step == 1;
    if (isWhole) return;
    index.starts().add(bound(slice.get("start"), step > 0 ? 0 : -1));
    index.ends().add(bound(slice.get("stop"), step > 0 ? Long.MAX_VALUE : Long.MIN_VALUE));
    index.axes().add(axis);
    index.steps().add(step);
  }

  private static long bound(KerasJson json, long otherwise) {
    if (json.isNothing()) return otherwise;
    if (json instanceof KerasJson.Numeral(double value)) return (long) value;
    throw KerasRefusal.unsupported(
        "its slice has the bound '" + json.show() + "'", "slice with numbers");
  }
}
