package watari.format.keras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.Padding;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Transpose;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// Functions of `keras.ops` that were called while a Functional model was built: what picks
/// elements, adds to edges, or walks along axes.
final class KerasReadIndexOps {
  private KerasReadIndexOps() {}

  static void register(KerasReadOps.Table table) {
    table
        .on("ops.Take", KerasReadIndexOps::take)
        .on("ops.TakeAlongAxis", KerasReadIndexOps::takeAlongAxis)
        .on("ops.Pad", KerasReadIndexOps::pad)
        .on("ops.BroadcastTo", KerasReadIndexOps::broadcastTo)
        .on("ops.Cumsum", call -> cumulative(call, Cumulative.Kind.SUM))
        .on("ops.Cumprod", call -> cumulative(call, Cumulative.Kind.PROD))
        .on("ops.TopK", KerasReadIndexOps::topK)
        .on("ops.Conv", KerasReadIndexOps::conv);
  }

  private static void take(KerasCall call) {
    var indices = KerasOperands.array(call, 1, "indices");
    if (!call.config().has("axis")) throw call.config().unknown("axis", "one axis");
    call.give(new Gather(call.axis("axis", 0), 0), call.in(), indices);
  }

  private static void takeAlongAxis(KerasCall call) {
    var indices = KerasOperands.array(call, 1, "indices");
    if (!call.config().has("axis")) throw call.config().unknown("axis", "one axis");
    call.give(new GatherElements(call.axis("axis", 0)), call.in(), indices);
  }

  private static void pad(KerasCall call) {
    var x = call.in();
    int rank = call.rank();
    var pads = new long[2 * rank];
    var given = KerasArrays.unwrapped(call.config().get("pad_width"));
    for (int i = 0; i < rank; i++) {
      var pair = given.items().size() == rank ? given.items().get(i) : given;
      var numbers = KerasArrays.numbers(pair);
      pads[i] = numbers.getFirst().longValue();
      pads[rank + i] = numbers.getLast().longValue();
    }
    var mode =
        switch (call.config().text("mode", "constant")) {
          case "constant" -> Pad.Mode.CONSTANT;
          case "reflect" -> Pad.Mode.REFLECT;
          case "symmetric" -> Pad.Mode.SYMMETRIC;
          default -> throw call.config().unknown("mode", "constant, reflect and symmetric");
        };
    var value = call.argument(2, "constant_values");
    if (value instanceof KerasArgument.Plain(KerasJson.Numeral(double number))) {
      call.give(new Pad(mode), x, call.formula().vector(pads), call.formula().scalar(x, number));
    } else {
      call.give(new Pad(mode), x, call.formula().vector(pads));
    }
  }

  private static void broadcastTo(KerasCall call) {
    var dims = call.config().integers("shape").stream().mapToLong(dim -> dim).toArray();
    call.give(call.formula().expand(call.in(), Shape.of(dims)));
  }

  private static void cumulative(KerasCall call, Cumulative.Kind kind) {
    if (!call.config().has("axis")) throw call.config().unknown("axis", "one axis");
    var axis = call.builder().scalar((long) call.axis("axis", 0));
    call.give(new Cumulative(kind, false, false), call.in(), axis);
  }

  private static void topK(KerasCall call) {
    var k = call.builder().scalar((long) call.config().integer("k"));
    boolean isSorted = call.config().flag("sorted", true);
    var op = new TopK(call.rank() - 1, true, isSorted, DataType.INT32);
    var made = call.builder().add(op, List.of(call.in(), k), 2, List.of());
    made.outputs().forEach(call::give);
  }

  /// With a kernel `[kernel…, I, O]` that another layer gives.
  private static void conv(KerasCall call) {
    var kernel = KerasOperands.array(call, 1, "kernel");
    int axes = call.rank() - 2;
    if (call.layout() != Layout.CHANNELS_LAST) {
      throw call.config().unknown("data_format", "channels_last");
    }
    var perm = new ArrayList<>(List.of(axes + 1));
    for (int i = 0; i <= axes; i++) perm.add(i);
    Value filter = call.formula().op(new Transpose(perm), kernel);
    Padding padding =
        switch (call.config().text("padding", "valid")) {
          case "same" -> new Padding.Same(true);
          case "valid" -> new Padding.Explicit(zeros(axes), zeros(axes));
          default -> throw call.config().unknown("padding", "valid and same");
        };
    var strides = KerasReadConvOps.strides(call, axes);
    var dilations = KerasReadConvOps.dilations(call, axes);
    call.give(new Conv(strides, dilations, padding, 1, Layout.CHANNELS_LAST), call.in(), filter);
  }

  private static List<Integer> zeros(int count) {
    return Collections.nCopies(count, 0);
  }
}
