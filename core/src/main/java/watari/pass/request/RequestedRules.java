package watari.pass.request;

import java.util.ArrayList;
import java.util.List;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Swish;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Tile;
import watari.rewrite.Pass;
import watari.rewrite.Rule;

/// All replacements that users can ask for, by name.
public final class RequestedRules {
  private static final String EDGE_TPU = "EdgeTPU";
  private static final String MYRIAD = "Myriad";
  private static final String ANY = "any";

  /// The name for all that are for this device.
  private static final String GROUP = "myriad";

  private RequestedRules() {}

  /// In the order in which they are listed; the last one stands for several.
  public static List<Requested> all() {
    var all = new ArrayList<Requested>();
    all.addAll(activations());
    all.addAll(windows());
    all.addAll(myriad());
    var every = myriad().stream().flatMap(rule -> rule.rules().stream()).toList();
    all.add(new Requested(GROUP, "all those for Myriad", MYRIAD, false, every));
    return all;
  }

  /// The passes that a name asks for; none if there is no such rule.
  public static List<Pass> passes(String name) {
    if (name.equals(GROUP)) {
      return myriad().stream().map(rule -> rule.pass(/* mustFire= */ false)).toList();
    }
    return all().stream()
        .filter(rule -> rule.name().equals(name))
        .map(rule -> rule.pass(/* mustFire= */ true))
        .toList();
  }

  private static List<Requested> activations() {
    return List.of(
        exact(
            "hardswish",
            "HardSwish becomes x · relu6(x + 3) · 0.16666666",
            EDGE_TPU,
            onRequest("WriteOutHardSwish", Unary.class, Activations::hardSwish)),
        changing(
            "swish-to-hardswish",
            "Swish, x · sigmoid(x), becomes HardSwish",
            ANY,
            onRequest("SwishToHardSwish", Swish.class, Activations::swishToHardSwish)),
        changing(
            "hardswish-to-swish",
            "HardSwish becomes Swish, x · sigmoid(x)",
            ANY,
            onRequest("HardSwishToSwish", Unary.class, Activations::hardSwishToSwish)),
        exact(
            "prelu-to-minmax",
            "PRelu and LeakyRelu become max(x, 0) + alpha · min(x, 0)",
            EDGE_TPU,
            onRequest("WriteOutPRelu", PRelu.class, Activations::preluToMinMax),
            onRequest("WriteOutLeakyRelu", LeakyRelu.class, Activations::leakyReluToMinMax)),
        exact(
            "minmax-to-prelu",
            "max(x, 0) + alpha · min(x, 0) becomes PRelu",
            ANY,
            onRequest("MinMaxToPRelu", Binary.class, Activations::minMaxToPRelu)));
  }

  private static List<Requested> windows() {
    return List.of(
        changing(
            "resize-for-edgetpu",
            "Resize by other coordinates becomes asymmetric: bilinear and nearest neighbour",
            EDGE_TPU,
            onRequest("ResizeAsymmetric", Resize.class, Windows::resizeAsymmetric)),
        exact(
            "split-mean",
            "a mean over several axes of more than 256 elements becomes one mean an axis",
            EDGE_TPU,
            onRequest("SplitMean", Reduce.class, Windows::splitMean)),
        exact(
            "split-pool",
            "a pool with a window of more than 256 elements becomes one pool an axis",
            EDGE_TPU,
            onRequest("SplitAveragePool", AveragePool.class, Windows::splitAveragePool),
            onRequest("SplitMaxPool", MaxPool.class, Windows::splitMaxPool)));
  }

  private static List<Requested> myriad() {
    return List.of(
        exact(
            "abs-to-sqrt",
            "Abs becomes sqrt(x · x); beyond 1.8e19 that is infinite",
            MYRIAD,
            onRequest("AbsToSqrt", Unary.class, ForMyriad::absToSqrt)),
        exact(
            "argmin-to-argmax",
            "ArgMin becomes ArgMax of -x",
            MYRIAD,
            onRequest("ArgMinToArgMax", ArgReduce.class, ForMyriad::argMinToArgMax)),
        exact(
            "reducemin-to-reducemax",
            "ReduceMin becomes -ReduceMax(-x)",
            MYRIAD,
            onRequest("ReduceMinToReduceMax", Reduce.class, ForMyriad::reduceMinToMax)),
        changing(
            "floordiv-in-floats",
            "FloorDiv of integers becomes a division and Floor in float32; above 2^24 it rounds",
            MYRIAD,
            onRequest("FloorDivInFloats", Binary.class, ForMyriad::floorDivInFloats)),
        changing(
            "tile-in-floats",
            "Tile of integers is done in float32; above 2^24 it rounds",
            MYRIAD,
            onRequest("TileInFloats", Tile.class, ForMyriad::tileInFloats)));
  }

  private static <O extends Op> Rule<O> onRequest(
      String name, Class<O> root, OnRequest.Step<O> step) {
    return new OnRequest<>(name, root, step);
  }

  private static Requested exact(String name, String text, String device, Rule<?>... rules) {
    return new Requested(name, text, device, true, List.of(rules));
  }

  private static Requested changing(String name, String text, String device, Rule<?>... rules) {
    return new Requested(name, text, device, false, List.of(rules));
  }
}
