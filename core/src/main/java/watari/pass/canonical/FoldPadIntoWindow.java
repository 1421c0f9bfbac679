package watari.pass.canonical;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.Op;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ShapeOp.Pad;
import watari.op.Shapes;
import watari.op.Window;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Layout;

/// `Conv(Pad(x, 0))` → `Conv(x)` with the padding moved into the window, and the same of pools.
///
/// Holds for constant pads of spatial axes, none of them negative. An AveragePool must count its
/// padding, or have none of its own; a MaxPool must be padded with what never wins. Windows that
/// round up count other cells, and stay.
public final class FoldPadIntoWindow implements Rule<Op> {
  private static final double NEVER_WINS = -3.4028234e38;

  @Override
  public Class<Op> root() {
    return Op.class;
  }

  @Override
  public Outcome apply(Match<Op> match) {
    return switch (match.op()) {
      case Conv conv when conv.padding() instanceof Padding.Explicit own ->
          moved(match, conv.layout(), own, false)
              .map(conv::withPadding)
              .map(op -> replace(match, op))
              .orElseGet(() -> leave("no pad that could be its own stands before it"));
      case AveragePool(Window window, Layout layout, boolean counts)
          when window.padding() instanceof Padding.Explicit own
              && !window.ceil()
              && (counts || own.isZero()) ->
          moved(match, layout, own, false)
              .map(padding -> new AveragePool(window.withPadding(padding), layout, true))
              .map(op -> replace(match, op))
              .orElseGet(() -> leave("no pad that could be its own stands before it"));
      case MaxPool(Window window, Layout layout, boolean columnMajor)
          when window.padding() instanceof Padding.Explicit own
              && !window.ceil()
              && match.node().outputs().size() == 1 ->
          moved(match, layout, own, true)
              .map(padding -> new MaxPool(window.withPadding(padding), layout, columnMajor))
              .map(op -> replace(match, op))
              .orElseGet(() -> leave("no pad that could be its own stands before it"));
      default -> leave("it has no window with explicit padding");
    };
  }

  private static Outcome replace(Match<Op> match, Op op) {
    var pad = match.absorb(match.producer(0, Pad.class).orElseThrow());
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, pad.input(0));
    var value = match.build().add(op, inputs);
    Match.carryQuantization(value, match.output().type());
    return match.replaceWith(value);
  }

  /// The window's padding with what the Pad before it adds.
  private static Optional<Padding> moved(
      Match<Op> match, Layout layout, Padding.Explicit own, boolean max) {
    var pad = match.soleProducer(0, Pad.class);
    if (pad.isEmpty() || !pad.get().op().equals(new Pad(Pad.Mode.CONSTANT))) {
      return Optional.empty();
    }
    if (!pad.get()
        .input(0)
        .type()
        .quantization()
        .equals(pad.get().output().type().quantization())) {
      return Optional.empty();
    }
    boolean fits = max ? neverWins(pad.get().input(2)) : isZero(pad.get().input(2));
    return fits ? pads(match, pad.get()).flatMap(pads -> sum(pads, layout, own)) : Optional.empty();
  }

  private static boolean isZero(Value value) {
    return !value.isPresent() || Constants.scalar(value).orElse(1) == 0;
  }

  private static boolean neverWins(Value value) {
    return value.isPresent() && Constants.scalar(value).orElse(0) <= NEVER_WINS;
  }

  /// Begins of all axes, then ends.
  private static Optional<long[]> pads(Match<Op> match, Node pad) {
    if (!pad.input(0).shape().isRanked()) return Optional.empty();
    int rank = pad.input(0).shape().rank();
    var given = match.inference().integers(pad.input(1)).map(FoldPadIntoWindow::fixed);
    if (given.isEmpty() || given.get().isEmpty()) return Optional.empty();
    var all = new long[2 * rank];
    var numbers = given.get();
    var axes = new ArrayList<Integer>();
    if (pad.input(3).isPresent()) {
      if (!pad.input(3).isConstant()) return Optional.empty();
      axes.addAll(Shapes.axes(pad.input(3).constant().orElseThrow().longs(), rank));
    } else {
      for (int i = 0; i < rank; i++) axes.add(i);
    }
    if (numbers.size() != 2 * axes.size()) return Optional.empty();
    for (int k = 0; k < axes.size(); k++) {
      all[axes.get(k)] = numbers.get(k);
      all[rank + axes.get(k)] = numbers.get(k + axes.size());
    }
    return Optional.of(all);
  }

  private static List<Long> fixed(List<watari.tensor.Dim> dims) {
    boolean known = dims.stream().allMatch(dim -> dim.isFixed() && dim.fixed() >= 0);
    return known ? dims.stream().map(watari.tensor.Dim::fixed).toList() : List.of();
  }

  private static Optional<Padding> sum(long[] pads, Layout layout, Padding.Explicit own) {
    int rank = pads.length / 2;
    var spatial = layout.spatialAxes(rank);
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int axis = 0; axis < rank; axis++) {
      int at = spatial.indexOf(axis);
      if (at < 0 && (pads[axis] != 0 || pads[rank + axis] != 0)) return Optional.empty();
      if (at < 0) continue;
      // What the window crops, it would crop of the pad first.
      if (own.begins().get(at) < 0 || own.ends().get(at) < 0) return Optional.empty();
      begins.add(own.begins().get(at) + Math.toIntExact(pads[axis]));
      ends.add(own.ends().get(at) + Math.toIntExact(pads[rank + axis]));
    }
    return Optional.of(new Padding.Explicit(begins, ends));
  }
}
