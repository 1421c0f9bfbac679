package watari.format.keras;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.RecurrentOp.Direction;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A recurrent layer over all steps of its input: as recurrent operators where they say the same,
/// else step by step.
final class KerasRecurrence {
  /// More steps are not written out.
  private static final long MOST_STEPS = 512;

  /// What a layer gives.
  ///
  /// @param sequence all outputs, in the order of time
  /// @param last the output of the last step that was taken
  record Run(Value sequence, Value last, List<Value> states) {}

  /// How steps are taken: state by state, each of which begins with what is given.
  interface Stepper {
    List<Value> zeros(Value x);

    List<Value> step(Value x, List<Value> states);
  }

  private final KerasCall call;
  private final boolean goesBack;
  private final Optional<Value> mask;

  /// Steps that do not count give zeros, else what the step before them gave.
  private final boolean zeroes;

  KerasRecurrence(KerasCall call, Optional<Value> mask, boolean zeroes) {
    this.call = call;
    this.goesBack = call.config().flag("go_backwards", false);
    this.mask = mask;
    this.zeroes = zeroes;
  }

  // ---- layers of cells

  /// @param initial of all states; empty for zeros
  Run run(Value x, List<Value> initial) {
    var cells = KerasCell.of(call);
    var begun = initial.isEmpty() ? kept(x, cells) : initial;
    int count = cells.stream().mapToInt(each -> each.kind().states()).sum();
    if (!begun.isEmpty() && begun.size() != count) {
      throw KerasRefusal.broken(
          "it is given %d initial states, and has %d".formatted(begun.size(), count));
    }
    var states = new ArrayList<Value>();
    var run = new Run(x, x, List.of());
    for (var cell : cells) {
      int from = states.size();
      var own = begun.isEmpty() ? begun : begun.subList(from, from + cell.kind().states());
      run = run(cell, run.sequence(), own);
      states.addAll(run.states());
    }
    keep(states);
    return new Run(run.sequence(), run.last(), states);
  }

  private Run run(KerasCell cell, Value x, List<Value> initial) {
    if (mask.isEmpty()) {
      var direction = goesBack ? Direction.REVERSE : Direction.FORWARD;
      var node = cell.whole(x, direction, initial);
      if (node.isPresent()) {
        var f = call.formula();
        var states =
            IntStream.rangeClosed(1, cell.kind().states())
                .mapToObj(i -> f.squeeze(node.get().output(i), 1))
                .toList();
        return new Run(f.squeeze(node.get().output(0), 2), states.get(0), states);
      }
    }
    return steps(x, initial, stepper(cell));
  }

  private static Stepper stepper(KerasCell cell) {
    return new Stepper() {
      @Override
      public List<Value> zeros(Value x) {
        return cell.zeros(x);
      }

      @Override
      public List<Value> step(Value x, List<Value> states) {
        return cell.step(x, states);
      }
    };
  }

  // ---- step by step

  /// Steps along axis 1 of `x`, written out.
  Run steps(Value x, List<Value> initial, Stepper stepper) {
    var f = call.formula();
    long count = call.dim(x, 1);
    if (count > MOST_STEPS) {
      throw KerasRefusal.unsupported(
          "its %d steps have no operator, and are too many to be written out".formatted(count),
          "use the layer's usual activations and no mask, or fewer steps");
    }
    var states = initial.isEmpty() ? stepper.zeros(x) : initial;
    var outputs = new ArrayList<Value>(Collections.nCopies((int) count, x));
    Value before = stepper.zeros(x).get(0);
    for (int i = 0; i < count; i++) {
      int at = goesBack ? (int) count - 1 - i : i;
      var taken = stepper.step(at(x, at), states);
      var counts = counts(at, taken.get(0));
      var otherwise = zeroes ? stepper.zeros(x).get(0) : before;
      before = chosen(counts, taken.get(0), otherwise);
      outputs.set(at, before);
      var old = states;
      states =
          IntStream.range(0, taken.size())
              .mapToObj(s -> chosen(counts, taken.get(s), old.get(s)))
              .toList();
    }
    return new Run(f.stack(1, outputs), before, states);
  }

  private Value at(Value x, int step) {
    var f = call.formula();
    return f.squeeze(f.slice(x, 1, step, step + 1L), 1);
  }

  /// Whether a step counts, with as many axes as its output.
  private Optional<Value> counts(int step, Value output) {
    return mask.map(all -> {
      var f = call.formula();
      var axes = new long[call.rank(output) - 1];
      for (int i = 0; i < axes.length; i++) axes[i] = i + 1L;
      return f.unsqueeze(at(f.cast(all, DataType.BOOL), step), axes);
    });
  }

  private Value chosen(Optional<Value> counts, Value taken, Value otherwise) {
    return counts.map(each -> call.formula().select(each, taken, otherwise)).orElse(taken);
  }

  // ---- states from one call to the next

  /// What the layer kept from the last call, if it does.
  private List<Value> kept(Value x, List<KerasCell> cells) {
    if (!call.config().flag("stateful", false)) return List.of();
    var all = new ArrayList<Value>();
    for (var cell : cells) {
      for (int i = 0; i < cell.kind().states(); i++) {
        var type = TensorType.of(x.dtype(), call.dim(x, 0), cell.hidden());
        var zero = TensorData.scalar(x.dtype(), 0);
        var name = stateName(all.size());
        call.builder()
            .graph()
            .addState(new State(name, type, TensorData.filled(zero, type.shape())));
        all.add(call.builder().add(new ReadState(name, type)));
      }
    }
    return all;
  }

  private String stateName(int i) {
    return call.layer().name() + "/state" + i;
  }

  private void keep(List<Value> states) {
    if (!call.config().flag("stateful", false)) return;
    for (int i = 0; i < states.size(); i++) {
      call.builder().add(new WriteState(stateName(i)), List.of(states.get(i)), 0, List.of());
    }
  }
}
