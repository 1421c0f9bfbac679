package watari.api;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.TensorData;

/// The inputs of calls that follow each other in one session, so that state lasts.
///
/// @param inputs of each call, in the graph's order
/// @param carried inputs that take what an output of the call before gave
record Calls(List<List<TensorData>> inputs, List<Carried> carried) {
  /// An input and an output that stand for a state.
  ///
  /// @param input its place among the graph's inputs
  /// @param output its place among the graph's outputs
  /// @param first what the first call takes
  record Carried(int input, int output, TensorData first) {}

  Calls {
    inputs = List.copyOf(inputs);
    carried = List.copyOf(carried);
  }

  static Calls once(List<TensorData> inputs) {
    return new Calls(List.of(inputs), List.of());
  }

  int count() {
    return inputs.size();
  }

  /// The same, ended early.
  Calls first(int count) {
    return new Calls(inputs.subList(0, count), carried);
  }

  /// What a call takes.
  ///
  /// @param before the outputs of the call before; of no use for the first
  List<TensorData> at(int call, List<TensorData> before) {
    var all = new ArrayList<>(inputs.get(call));
    for (var each : carried) {
      var dtype = each.first().dtype();
      all.set(each.input(), call == 0 ? each.first() : before.get(each.output()).cast(dtype));
    }
    return all;
  }
}
