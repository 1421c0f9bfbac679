package watari.pass.edit;

import static java.util.Map.entry;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import watari.op.BinaryOp;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp;
import watari.op.IndexOp.Reduction;
import watari.op.MatMulOp;
import watari.op.NormOp;
import watari.op.Op;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;

/// Operators that users can insert, by name, each with the parameters that it has where none are
/// said; and the inputs that say what others call attributes.
public final class OperatorNames {
  private static final Layout FIRST = Layout.CHANNELS_FIRST;

  /// Those whose names are not the records'.
  private static final Map<String, Op> OTHERS =
      Map.ofEntries(
          entry("where", new BinaryOp.Select()),
          entry("argmax", new ReduceOp.ArgReduce(true, 0, true, false, DataType.INT64)),
          entry("argmin", new ReduceOp.ArgReduce(false, 0, true, false, DataType.INT64)),
          entry("cumsum", new ReduceOp.Cumulative(ReduceOp.Cumulative.Kind.SUM, false, false)),
          entry("shape", new ShapeOp.ShapeOf(0, Integer.MAX_VALUE, DataType.INT64)),
          entry("batchnormalization", new NormOp.BatchNorm(1e-5f, FIRST)),
          entry("instancenormalization", new NormOp.InstanceNorm(1e-5f, FIRST)),
          entry("layernormalization", new NormOp.LayerNorm(-1, 1e-5f)),
          entry("multiply", new Binary(Binary.Kind.MUL)),
          entry("subtract", new Binary(Binary.Kind.SUB)),
          entry("divide", new Binary(Binary.Kind.DIV)),
          entry("averagepool", new AveragePool(window(), FIRST, false)));

  private static final List<Op> RECORDS =
      List.of(
          new BinaryOp.PRelu(),
          new BinaryOp.Select(),
          new ElementwiseOp.Identity(),
          new ElementwiseOp.Clip(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY),
          new ElementwiseOp.LeakyRelu(0.01f),
          new ElementwiseOp.Elu(1),
          new ElementwiseOp.Selu(1.6732632f, 1.050701f),
          new ElementwiseOp.Celu(1),
          new ElementwiseOp.HardSigmoid(0.2f, 0.5f),
          new ElementwiseOp.ThresholdedRelu(1),
          new ElementwiseOp.Shrink(0, 0.5f),
          new ElementwiseOp.Gelu(false),
          new ElementwiseOp.Swish(1),
          new ElementwiseOp.Cast(DataType.FLOAT32, true),
          new ShapeOp.Reshape(false),
          new ShapeOp.Flatten(1),
          new ShapeOp.Transpose(List.of(0)),
          new ShapeOp.Concat(0),
          new ShapeOp.Split(0),
          new ShapeOp.Slice(),
          new ShapeOp.Squeeze(),
          new ShapeOp.Unsqueeze(),
          new ShapeOp.Expand(),
          new ShapeOp.Tile(),
          new ShapeOp.Pad(ShapeOp.Pad.Mode.CONSTANT),
          new ShapeOp.Size(DataType.INT64),
          new ShapeOp.Range(),
          new ShapeOp.ReverseSequence(1, 0),
          new ShapeOp.DepthToSpace(2, true, FIRST),
          new ShapeOp.SpaceToDepth(2, FIRST),
          new ShapeOp.Trilu(true),
          new IndexOp.Gather(0, 0),
          new IndexOp.GatherElements(0),
          new IndexOp.GatherNd(0),
          new IndexOp.ScatterElements(0, Reduction.REPLACE),
          new IndexOp.ScatterNd(Reduction.REPLACE),
          new IndexOp.OneHot(-1, true),
          new IndexOp.NonZero(),
          new NormOp.Softmax(-1),
          new NormOp.LogSoftmax(-1),
          new NormOp.Hardmax(-1),
          new NormOp.LpNorm(-1, 2, 0),
          new NormOp.RmsNorm(-1, 1e-5f),
          new MatMulOp.MatMul(false, false),
          new MatMulOp.FullyConnected(),
          new MatMulOp.Einsum("i->i"),
          new ReduceOp.TopK(-1, true, true, DataType.INT64),
          new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, FIRST),
          new ConvTranspose(List.of(1, 1), List.of(1, 1), Padding.none(2), List.of(0, 0), 1, FIRST),
          new MaxPool(window(), FIRST, false),
          new Resize(
              Mode.NEAREST,
              Coordinates.HALF_PIXEL,
              Nearest.ROUND_PREFER_FLOOR,
              -0.75f,
              false,
              false,
              0,
              ResizeOp.AspectPolicy.STRETCH,
              List.of()));

  private static final Map<String, Op> ALL = all();

  /// Inputs behind the first one that ONNX has had as attributes, or has as constants, in order.
  private static final Map<Class<? extends Op>, List<String>> INPUTS =
      Map.ofEntries(
          entry(ShapeOp.Reshape.class, List.of("shape")),
          entry(ShapeOp.Expand.class, List.of("shape")),
          entry(ShapeOp.Tile.class, List.of("repeats")),
          entry(ShapeOp.Squeeze.class, List.of("axes")),
          entry(ShapeOp.Unsqueeze.class, List.of("axes")),
          entry(ShapeOp.Split.class, List.of("split")),
          entry(ShapeOp.Slice.class, List.of("starts", "ends", "axes", "steps")),
          entry(ShapeOp.Pad.class, List.of("pads", "value", "axes")),
          entry(Reduce.class, List.of("axes")),
          entry(ReduceOp.TopK.class, List.of("k")),
          entry(ReduceOp.Cumulative.class, List.of("axis")),
          entry(Resize.class, List.of("roi", "scales", "sizes")),
          entry(IndexOp.Gather.class, List.of("indices")),
          entry(ShapeOp.Trilu.class, List.of("k")));

  private OperatorNames() {}

  private static Window window() {
    return new Window(List.of(2, 2), List.of(1, 1), List.of(1, 1), Padding.none(2), false);
  }

  private static Map<String, Op> all() {
    var all = new TreeMap<String, Op>();
    for (var kind : Unary.Kind.values()) {
      all.put(OperatorFields.plain(kind.name()), new Unary(kind));
    }
    for (var kind : Binary.Kind.values()) {
      all.put(OperatorFields.plain(kind.name()), new Binary(kind));
    }
    for (var kind : Reduce.Kind.values()) {
      all.put("reduce" + OperatorFields.plain(kind.name()), new Reduce(kind, true));
    }
    for (var op : RECORDS) all.put(OperatorFields.plain(op.name()), op);
    all.putAll(OTHERS);
    return all;
  }

  /// The operator of a name, with its usual parameters. Capitals do not count.
  public static Optional<Op> of(String name) {
    return Optional.ofNullable(ALL.get(OperatorFields.plain(name)));
  }

  /// Names that are near.
  static List<String> near(String name) {
    return NearNames.of(OperatorFields.plain(name), new HashMap<>(ALL).keySet());
  }

  /// Which input of an operator has that name; empty where it is none that is usually constant.
  static Optional<Integer> input(Op op, String name) {
    int at = INPUTS.getOrDefault(op.getClass(), List.of()).indexOf(name);
    return at < 0 ? Optional.empty() : Optional.of(at + 1);
  }
}
