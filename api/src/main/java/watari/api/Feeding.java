package watari.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.api.Calls.Carried;
import watari.api.Pairing.Pair;
import watari.engine.EngineException;
import watari.graph.Graph;
import watari.graph.Value;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Gives both sides of a comparison the same inputs, and runs the first one.
///
/// Where one side keeps a state that is an input and an output of the other, that begins with the
/// state's first value and then takes what it gave. Sides that both carry state are called several
/// times; else one call tells all.
final class Feeding {
  /// So many calls show whether state gets from each to the next.
  private static final int CALLS_WITH_STATE = 8;

  private final Side a;
  private final Side b;
  private final Pairing pairing;
  private final VerifySettings settings;
  private final List<Carried> carriedA;
  private final List<Carried> carriedB;

  Feeding(Side a, Side b, Pairing pairing, VerifySettings settings) {
    this.a = a;
    this.b = b;
    this.pairing = pairing;
    this.settings = settings;
    this.carriedA = carried(a.graph(), b.graph(), List.of());
    this.carriedB = carried(b.graph(), a.graph(), pairing.inputs());
  }

  /// What both sides are called with, and what the first gave.
  record Fed(Calls a, Calls b, List<Side.Run> runsA) {}

  /// Runs the first side, with sizes for unknown dims that it takes.
  ///
  /// @param taps inner tensors of the first side that are wanted besides
  Fed run(List<String> taps) throws IOException, EngineException {
    var wanted = new ArrayList<>(taps);
    for (var pair : pairing.inputs()) if (isInner(pair)) wanted.add(pair.a());
    EngineException last = new EngineException("nothing was tried");
    for (var candidate : new Inputs(a.graph(), settings, this::shapeA).candidates(calls())) {
      var calls = new Calls(candidate, carriedA);
      List<Side.Run> runs;
      try {
        runs = a.runs(calls, wanted);
      } catch (EngineException e) {
        last = e;
        continue;
      }
      var misfit = misfit(runs);
      if (misfit.isPresent()) {
        last = new EngineException(misfit.get());
        continue;
      }
      var inputs = new ArrayList<List<TensorData>>();
      for (var run : runs) inputs.add(inputsB(run));
      return new Fed(calls, new Calls(inputs, carriedB), runs);
    }
    throw last;
  }

  /// Why the source does not give what it declares, where drawn numbers may be the reason.
  private Optional<String> misfit(List<Side.Run> runs) {
    boolean areDrawn = settings.data().toString().isEmpty() && ShapeNumbers.areIn(a.graph());
    return areDrawn ? ShapeNumbers.misfit(a.graph(), runs.getFirst().outputs()) : Optional.empty();
  }

  private int calls() {
    boolean carriesA = !a.graph().states().isEmpty() || !carriedA.isEmpty();
    boolean carriesB = !b.graph().states().isEmpty() || !carriedB.isEmpty();
    return carriesA && carriesB ? CALLS_WITH_STATE : 1;
  }

  /// The inputs and outputs of a graph that stand for states of the other.
  private static List<Carried> carried(Graph graph, Graph keeper, List<Pair> inputs) {
    var all = new ArrayList<Carried>();
    for (int i = 0; i < graph.inputs().size(); i++) {
      var input = graph.inputs().get(i);
      var state = keeper.state(input.name());
      int output = graph.outputNames().indexOf(input.name() + "_out");
      if (state.isEmpty() || output < 0) continue;
      var first = Side.as(state.get().initial(), state.get().type(), input.type());
      var permutation = inputs.isEmpty() ? List.<Integer>of() : inputs.get(i).permutation();
      if (!permutation.isEmpty()) first = first.transposed(permutation);
      all.add(new Carried(i, output, fitted(first, input.shape())));
    }
    return all;
  }

  /// The tensor in the other layout, where only that fits.
  static TensorData fitted(TensorData data, Shape shape) {
    int rank = data.shape().rank();
    if (rank < 3 || !shape.isFixed() || data.shape().equals(shape)) return data;
    for (var layout : Layout.values()) {
      var moved = data.transposed(layout.permutationTo(layout.other(), rank));
      if (moved.shape().equals(shape)) return moved;
    }
    return data;
  }

  /// Whether an input of the result is inside the source.
  private boolean isInner(Pair pair) {
    return pair.valueA().isPresent() && !a.graph().inputs().contains(pair.valueA());
  }

  private List<TensorData> inputsB(Side.Run run) throws EngineException {
    var inputs = new ArrayList<TensorData>();
    for (int i = 0; i < pairing.inputs().size(); i++) {
      int place = i;
      var state = carriedB.stream().filter(each -> each.input() == place).findFirst();
      inputs.add(state.isPresent() ? state.get().first() : inputB(pairing.inputs().get(i), run));
    }
    return inputs;
  }

  private TensorData inputB(Pair pair, Side.Run run) throws EngineException {
    int at = a.graph().inputs().indexOf(pair.valueA());
    var found = at >= 0 ? Optional.of(run.inputs().get(at)) : run.tapped(pair.a());
    if (found.isEmpty()) {
      var why = "nothing is known for the result's input '%s'".formatted(pair.b());
      throw new EngineException(why);
    }
    var data = Side.as(found.get(), pair.valueA().type(), pair.valueB().type());
    return pair.permutation().isEmpty() ? data : data.transposed(pair.permutation());
  }

  /// The source's shape of an input, with what the result knows better.
  private Shape shapeA(Value input) {
    for (var pair : pairing.inputs()) {
      var shape = pair.valueB().shape();
      if (pair.valueA() != input || !shape.isRanked()) continue;
      if (pair.permutation().isEmpty()) return shape;
      var dims = new Dim[shape.rank()];
      for (int i = 0; i < dims.length; i++) dims[pair.permutation().get(i)] = shape.dim(i);
      return Shape.of(dims);
    }
    return input.shape();
  }
}
