package watari.format.keras;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.ResizeOp;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// Layers that move elements, or repeat them.
final class KerasReadShapeOps {
  private KerasReadShapeOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("Flatten", KerasReadShapeOps::flatten)
        .on("Reshape", KerasReadShapeOps::reshape)
        .on("Permute", KerasReadShapeOps::permute)
        .on("RepeatVector", KerasReadShapeOps::repeatVector);
    for (int n = 1; n <= 3; n++) {
      int axes = n;
      table
          .on("ZeroPadding%dD".formatted(n), call -> zeroPadding(call, axes))
          .on("Cropping%dD".formatted(n), call -> cropping(call, axes))
          .on("UpSampling%dD".formatted(n), call -> upSampling(call, axes));
    }
  }

  /// All but the batch in one axis; channels come last before.
  private static void flatten(KerasCall call) {
    var f = call.formula();
    var x = call.in();
    int rank = call.rank();
    if (call.layout() == Layout.CHANNELS_FIRST && rank > 2) {
      x = f.transpose(x, Layout.CHANNELS_FIRST.permutationTo(Layout.CHANNELS_LAST, rank));
    }
    call.give(target(call, x, Shape.of(rank > 1 ? x.shape().product(1, rank) : Dim.ONE)));
  }

  /// The batch, and these dims; one of them may be unknown.
  private static Value target(KerasCall call, Value x, Shape rest) {
    var f = call.formula();
    var batch = x.shape().dim(0);
    var shape = Shape.of(batch).concat(rest);
    if (shape.unknownDims() <= 1) return f.reshape(x, shape);
    var dims = rest.dims().stream().mapToLong(dim -> dim.value().orElse(-1)).toArray();
    if (rest.unknownDims() > 1) {
      throw KerasRefusal.unsupported(
          "its output " + shape + " has several dims that are not known",
          "build the model with a fixed input shape");
    }
    return f.reshape(x, f.concat(0, f.dim(x, 0), f.vector(dims)));
  }

  private static void reshape(KerasCall call) {
    var x = call.in();
    var dims = new ArrayList<Dim>();
    for (int size : call.config().integers("target_shape")) dims.add(Dim.of(size));
    int open = dims.indexOf(Dim.of(-1));
    if (open >= 0) {
      dims.set(open, Dim.ONE);
      var known = Shape.of(dims).elements();
      dims.set(open, x.shape().product(1, call.rank()).floorDiv(known));
    }
    call.give(target(call, x, Shape.of(dims)));
  }

  private static void permute(KerasCall call) {
    var perm = new ArrayList<>(List.of(0));
    perm.addAll(call.config().integers("dims"));
    call.give(new Transpose(perm), call.in());
  }

  private static void repeatVector(KerasCall call) {
    var f = call.formula();
    call.give(new Tile(), f.unsqueeze(call.in(), 1), f.vector(1, call.config().integer("n"), 1));
  }

  // ---- edges

  /// Begin and end for each axis: of `n`, of `[n, m]`, or of `[[b, e], [b, e]]`.
  private static List<int[]> edges(KerasCall call, String name, int axes) {
    var value = KerasArrays.unwrapped(call.config().get(name));
    var all = new ArrayList<int[]>();
    if (value instanceof KerasJson.Numeral) {
      int each = call.config().integer(name);
      for (int i = 0; i < axes; i++) all.add(new int[] {each, each});
      return all;
    }
    var items = value.items();
    if (axes == 1 && items.size() == 2 && items.get(0) instanceof KerasJson.Numeral) {
      var both = call.config().integers(name, 2);
      return List.of(new int[] {both.get(0), both.get(1)});
    }
    for (var item : items) {
      var both = KerasArrays.numbers(item);
      all.add(new int[] {both.get(0).intValue(), both.get(both.size() - 1).intValue()});
    }
    if (all.size() != axes) throw call.config().missing(name, axes + " pairs");
    return all;
  }

  private static void zeroPadding(KerasCall call, int axes) {
    var edges = edges(call, "padding", axes);
    int rank = axes + 2;
    var pads = new long[2 * rank];
    for (int i = 0; i < axes; i++) {
      int axis = call.layout().firstSpatialAxis() + i;
      pads[axis] = edges.get(i)[0];
      pads[rank + axis] = edges.get(i)[1];
    }
    call.give(new Pad(Pad.Mode.CONSTANT), call.in(), call.formula().vector(pads));
  }

  private static void cropping(KerasCall call, int axes) {
    var f = call.formula();
    var edges = edges(call, "cropping", axes);
    var starts = new long[axes];
    var ends = new long[axes];
    var along = new long[axes];
    for (int i = 0; i < axes; i++) {
      starts[i] = edges.get(i)[0];
      long end = edges.get(i)[1];
      ends[i] = end == 0 ? Integer.MAX_VALUE : -end;
      along[i] = (long) call.layout().firstSpatialAxis() + i;
    }
    call.give(new Slice(), call.in(), f.vector(starts), f.vector(ends), f.vector(along));
  }

  // ---- larger images

  private static void upSampling(KerasCall call, int axes) {
    var factors = call.config().integers("size", axes);
    var mode = call.config().text("interpolation", "nearest");
    if (mode.equals("nearest")) {
      var along = call.layout().spatialAxes(axes + 2);
      var scales = factors.stream().mapToDouble(each -> each).toArray();
      var data =
          watari.tensor.TensorData.ofDoubles(
              watari.tensor.DataType.FLOAT32, Shape.of(axes), scales);
      call.give(
          KerasResize.nearest(ResizeOp.Coordinates.ASYMMETRIC, ResizeOp.Nearest.FLOOR, along),
          call.in(),
          Value.ABSENT,
          call.builder().constant(data),
          Value.ABSENT);
      return;
    }
    call.give(KerasResize.by(call, call.in(), factors, mode));
  }
}
