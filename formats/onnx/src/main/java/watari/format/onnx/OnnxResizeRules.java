package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Brings Resize to the coordinate modes and inputs that ONNX and its runtimes take.
final class OnnxResizeRules {
  private final OnnxOpset opset;

  OnnxResizeRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("ReplaceTfHalfPixel", Resize.class, OnnxResizeRules::tfHalfPixel),
        new OnnxRule<>("ResizeLastAxes", Resize.class, OnnxResizeRules::lastAxes),
        new OnnxRule<>("ResizeAllAxes", Resize.class, this::allAxes));
  }

  /// `floor((x + 0.5) / scale)` is what HALF_PIXEL gives when 0.5 goes up.
  private static Outcome tfHalfPixel(Resize op, Match<Resize> match) {
    if (op.coordinates() != Coordinates.TF_HALF_PIXEL_FOR_NN) return left("it is another mode");
    boolean fits = op.mode() == Mode.NEAREST && op.nearest() == Nearest.FLOOR;
    if (!fits) return left("it does not round down");
    var to = new OnnxCompose(match);
    var half =
        new Resize(
            op.mode(),
            Coordinates.HALF_PIXEL,
            Nearest.ROUND_PREFER_CEIL,
            op.cubicCoefficient(),
            op.excludeOutside(),
            op.antialias(),
            op.extrapolation(),
            op.policy(),
            op.axes());
    return to.replace(to.builder().add(half, match.node().inputs()));
  }

  /// ONNX Runtime interpolates along any axes of a tensor of rank 2 or 3, else along axes from 2
  /// up; linearly also along axes 1 and 2 of rank 4. Others become the last for as long.
  private static Outcome lastAxes(Resize op, Match<Resize> match) {
    if (op.mode() == Mode.NEAREST) return left("it takes elements as they are");
    var shape = match.input(0).shape();
    if (!shape.isRanked() || shape.rank() < 4) return left("any axes will do");
    int rank = shape.rank();
    var axes = op.axes();
    boolean isTaken =
        axes.size() == rank
            || axes.stream().allMatch(axis -> axis >= 2)
            || rank == 4 && op.mode() == Mode.LINEAR && axes.equals(List.of(1, 2));
    if (isTaken) return left("runtimes take these axes");
    if (axes.size() > rank - 2) return left("it interpolates along more axes than runtimes do");
    if (op.policy() != AspectPolicy.STRETCH) return left("the other axes are not to be scaled");
    var order = new ArrayList<Integer>();
    for (int axis = 0; axis < rank; axis++) if (!axes.contains(axis)) order.add(axis);
    order.addAll(axes);
    var to = new OnnxCompose(match);
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, to.transpose(inputs.get(0), order));
    var last = op.withAxes(IntStream.range(rank - axes.size(), rank).boxed().toList());
    var back = IntStream.range(0, rank).map(order::indexOf).boxed().toList();
    return to.replace(to.transpose(to.builder().add(last, inputs), back));
  }

  /// Sizes, scales and the region of interest for each axis: only opset 18 and later take some of
  /// them.
  private Outcome allAxes(Resize op, Match<Resize> match) {
    var x = match.input(0);
    if (!x.shape().isRanked()) return left("the rank is not known");
    int rank = x.shape().rank();
    if (op.axes().size() == rank) return left("it names all axes");
    if (op.policy() != AspectPolicy.STRETCH) return left("the other axes are not to be scaled");
    boolean isFixed =
        IntStream.range(0, rank).allMatch(i -> op.axes().contains(i) || x.shape().dim(i).isFixed());
    if (!isFixed && match.input(3).isPresent() && opset.has(18)) return left("a dim is not fixed");
    if (OnnxNeeds.isComputed(match.input(1)) || OnnxNeeds.isComputed(match.input(2))) {
      return left("its region of interest, or its scales, are computed");
    }
    var to = new OnnxCompose(match);
    var inputs =
        Arrays.asList(
            x,
            spread(match.input(1), 2, op, rank, to),
            spread(match.input(2), 1, op, rank, to),
            match.input(3).isPresent() ? sizes(match.input(3), op, x, to) : Value.ABSENT);
    var whole = op.withAxes(IntStream.range(0, rank).boxed().toList());
    return to.replace(to.builder().add(whole, inputs));
  }

  /// Scales with ones for the other axes, or a region with zeros for their begins and ones for
  /// their ends.
  private static Value spread(Value given, int parts, Resize op, int rank, OnnxCompose to) {
    if (!given.isPresent()) return given;
    var data = given.constant().orElseThrow();
    var all = new double[parts * rank];
    Arrays.fill(all, (parts - 1) * rank, parts * rank, 1);
    int count = op.axes().size();
    for (int part = 0; part < parts; part++) {
      for (int i = 0; i < count; i++) {
        all[part * rank + op.axes().get(i)] = data.doubleAt((long) part * count + i);
      }
    }
    return to.constant(TensorData.ofDoubles(given.dtype(), Shape.of(all.length), all));
  }

  private static Value sizes(Value given, Resize op, Value x, OnnxCompose to) {
    var wide = to.cast(given, watari.tensor.DataType.INT64);
    var known = wide.constant();
    var parts = new ArrayList<Value>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      int i = op.axes().indexOf(axis);
      if (i < 0) parts.add(to.dim(x, axis));
      else if (known.isPresent()) parts.add(to.vector(known.get().longAt(i)));
      else parts.add(to.slice(wide, 0, i, i + 1));
    }
    return to.vectors(parts);
  }
}
