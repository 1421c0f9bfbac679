package watari.format.keras;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import watari.format.keras.KerasRecurrence.Run;
import watari.graph.Value;
import watari.op.ShapeOp.Concat;

/// Recurrent layers, and the wrapper that runs two of them against each other.
final class KerasReadRecurrentOps {
  private KerasReadRecurrentOps() {}

  static void register(KerasReadOps.Table table) {
    for (var name : List.of("LSTM", "GRU", "SimpleRNN")) {
      table
          .on(name, layer -> KerasCell.roles(layer, "cell/"), KerasReadRecurrentOps::recurrent)
          .on(name + "Cell", layer -> KerasCell.roles(layer, ""), KerasReadRecurrentOps::cell);
    }
    table
        .on("RNN", KerasReadRecurrentOps::recurrent)
        .on("StackedRNNCells", KerasReadRecurrentOps::cell)
        .on("Bidirectional", KerasReadRecurrentOps::bidirectional);
    for (int n = 1; n <= 3; n++) {
      table.on(
          "ConvLSTM%dD".formatted(n),
          layer -> KerasCell.roles(layer, "cell/"),
          KerasReadRecurrentOps::convLstm);
    }
  }

  /// A cell outside of a layer has states among its arguments, as structures.
  private static void cell(KerasCall call) {
    throw KerasRefusal.unsupported(
        "it is a cell that is called alone, outside of an RNN layer",
        "wrap it in keras.layers.RNN");
  }

  // ---- layers

  private static void recurrent(KerasCall call) {
    var mask = mask(call);
    boolean zeroes = call.config().flag("zero_output_for_mask", false);
    var x = timeSecond(call, call.in());
    var run = new KerasRecurrence(call, mask, zeroes).run(x, initial(call));
    give(call, run, mask);
  }

  /// The input with the batch before the time.
  private static Value timeSecond(KerasCall call, Value x) {
    boolean isTimeMajor = call.config().flag("time_major", false);
    return isTimeMajor ? call.formula().transpose(x, 1, 0, 2) : x;
  }

  private static void give(KerasCall call, Run run, Optional<Value> mask) {
    boolean isSequence = call.config().flag("return_sequences", false);
    call.give(isSequence ? timeSecond(call, ordered(call, run)) : run.last());
    if (isSequence) mask.ifPresent(call::setMask);
    if (call.config().flag("return_state", false)) run.states().forEach(call::give);
  }

  /// All outputs in the order in which they were made.
  private static Value ordered(KerasCall call, Run run) {
    boolean goesBack = call.config().flag("go_backwards", false);
    return goesBack ? call.formula().reversed(run.sequence(), 1) : run.sequence();
  }

  /// The mask that is an argument, or comes with the input.
  private static Optional<Value> mask(KerasCall call) {
    var given = call.argument(Integer.MAX_VALUE, "mask").tensors();
    return given.isEmpty() ? call.mask() : Optional.of(given.get(0));
  }

  /// States by their name, or behind the input in a list with it.
  private static List<Value> initial(KerasCall call) {
    var named = call.argument(1, "initial_state").tensors();
    if (!named.isEmpty()) return named;
    var all = call.inputs();
    return all.subList(1, all.size());
  }

  // ---- convolutional

  private static void convLstm(KerasCall call) {
    var mask = mask(call);
    boolean zeroes = call.config().flag("zero_output_for_mask", false);
    if (call.config().flag("stateful", false)) {
      throw KerasRefusal.unsupported("it is stateful", "build it with stateful=False");
    }
    var steps = new KerasRecurrence(call, mask, zeroes);
    give(call, steps.steps(call.in(), initial(call), new KerasConvCell(call)), mask);
  }

  // ---- two ways

  private static void bidirectional(KerasCall call) {
    var mask = mask(call);
    var x = call.in();
    var initial = initial(call);
    var forth = direction(call, "forward_layer", x);
    var back = direction(call, "backward_layer", x);
    int half = initial.size() / 2;
    var first = run(forth, x, initial.subList(0, half), mask);
    var second = run(back, x, initial.subList(half, initial.size()), mask);
    boolean isSequence = forth.config().flag("return_sequences", false);
    var y = isSequence ? ordered(forth, first) : first.last();
    var z = isSequence ? flipped(back, second) : second.last();
    merge(call, y, z);
    if (isSequence) mask.ifPresent(call::setMask);
    if (forth.config().flag("return_state", false)) {
      Stream.of(first, second).flatMap(each -> each.states().stream()).forEach(call::give);
    }
  }

  private static KerasCall direction(KerasCall call, String part, Value x) {
    var layer =
        call.layer().part(part).orElseThrow(() -> KerasRefusal.broken("it has no layer inside"));
    return call.of(layer, x);
  }

  private static Run run(KerasCall call, Value x, List<Value> initial, Optional<Value> mask) {
    if (call.layer().className().startsWith("ConvLSTM")) {
      return new KerasRecurrence(call, mask, true).steps(x, initial, new KerasConvCell(call));
    }
    if (call.config().flag("time_major", false)) {
      throw KerasRefusal.unsupported("it is time-major", "build it with time_major=False");
    }
    return new KerasRecurrence(call, mask, true).run(x, initial);
  }

  /// The outputs in the reverse of the order in which they were made.
  private static Value flipped(KerasCall call, Run run) {
    boolean goesBack = call.config().flag("go_backwards", false);
    return goesBack ? run.sequence() : call.formula().reversed(run.sequence(), 1);
  }

  private static void merge(KerasCall call, Value y, Value z) {
    var f = call.formula();
    if (call.config().get("merge_mode").isNothing()) {
      call.give(y);
      call.give(z);
      return;
    }
    switch (call.config().text("merge_mode")) {
      case "concat" -> call.give(new Concat(call.rank(y) - 1), y, z);
      case "sum" -> call.give(f.add(y, z));
      case "ave" -> call.give(f.mul(f.add(y, z), 0.5));
      case "mul" -> call.give(f.mul(y, z));
      default -> throw call.config().unknown("merge_mode", "concat, sum, ave and mul");
    }
  }
}
