package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.List;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherElements;
import watari.op.IndexOp.GatherNd;
import watari.op.PoolOp.MaxPool;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Flatten;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Tile;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Quantizing and dequantizing at once is what FakeQuantize says, and what OpenVINO's low precision
/// passes take to integers.
final class OpenvinoQuantizeRules {
  private static final int MOST_STEPS = 8;

  /// OpenVINO takes a FakeQuantize of more levels out of the graph.
  private static final int MOST_LEVELS = 256;

  private OpenvinoQuantizeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("SplitFineLevels", FakeQuantize.class, OpenvinoQuantizeRules::fine),
        new Replacement<>("SelectWithinBounds", Clip.class, OpenvinoQuantizeRules::limit),
        new Replacement<>("PadBeforeBlocks", SpaceToBatch.class, OpenvinoQuantizeRules::blocks),
        new Small("FuseFakeQuantize", (op, match, f) -> dequantize(match, f)),
        new Small("SplitRequantize", (op, match, f) -> requantize(match, f)),
        new Small("CastPlain", (op, match, f) -> plain(op, match)),
        new Small("DequantizeBias", (op, match, f) -> constant(op, match, f)));
  }

  /// A rule of one method, which says itself what becomes of quantized operands.
  private record Small(String name, Replacement.Step<Convert> step) implements Rule<Convert> {
    @Override
    public Class<Convert> root() {
      return Convert.class;
    }

    @Override
    public Outcome apply(Match<Convert> match) {
      return step.apply(match.op(), match, new Formula(match));
    }
  }

  /// `Convert(Convert(x))` → `x`, where it is on that grid already; else `FakeQuantize(x)`.
  private static Outcome dequantize(Match<Convert> match, Formula f) {
    if (match.output().type().isQuantized()) return left("it quantizes");
    var stored = match.input(0);
    var quantizing = match.producer(0, Convert.class);
    if (quantizing.isEmpty() || !stored.type().isQuantized()) return left("nothing quantizes");
    var x = quantizing.get().input(0);
    if (x.type().isQuantized() || x.dtype() != match.output().dtype()) {
      return left("it requantizes, or changes the type");
    }
    if (isOnGrid(x, stored.type(), MOST_STEPS)) return match.replaceWith(x);
    boolean fits =
        1L << stored.dtype().bits() <= MOST_LEVELS && hasRange(stored.type().quantization());
    if (!fits) return left("it has too many levels");
    return match.replaceWith(fakeQuantize(x, stored.type(), f));
  }

  /// `round((limited - low) / (high - low) · (levels - 1)) / (levels - 1) · (to - from) + from`.
  private static Outcome fine(FakeQuantize op, Match<FakeQuantize> match, Formula f) {
    if (op.levels() <= MOST_LEVELS) return left("OpenVINO computes it");
    var low = match.input(1);
    var high = match.input(2);
    var limited = f.min(f.max(match.input(0), low), high);
    var steps = f.div(f.mul(f.sub(limited, low), op.levels() - 1), f.sub(high, low));
    var rounded = f.unary(Unary.Kind.ROUND, steps);
    var extent = f.sub(match.input(4), match.input(3));
    var real = f.mul(f.mul(rounded, 1.0 / (op.levels() - 1)), extent);
    return match.replaceWith(f.add(real, match.input(3)));
  }

  /// The real numbers that stored integers denote, from one to another.
  private record Grid(double low, double high, double step) {
    boolean holds(double bound) {
      double steps = (bound - low) / step;
      return bound <= low || bound >= high || Math.abs(steps - Math.rint(steps)) < 1e-4;
    }
  }

  /// OpenVINO limits what it keeps as integers by bounds that it rounds to such.
  private static Outcome limit(Clip op, Match<Clip> match, Formula f) {
    var x = match.input(0);
    var grid = gridOf(x, MOST_STEPS);
    if (grid.isEmpty()) return left("nothing is stored");
    if (grid.get().holds(op.min()) && grid.get().holds(op.max())) return left("OpenVINO takes it");
    var low = f.scalar(x, op.min());
    var high = f.scalar(x, op.max());
    var limited = f.select(f.binary(Binary.Kind.GREATER, x, high), high, x);
    return match.replaceWith(f.select(f.binary(Binary.Kind.LESS, limited, low), low, limited));
  }

  /// Of what OpenVINO keeps as integers SpaceToBatch pads with the integer 0, not the number.
  private static Outcome blocks(SpaceToBatch op, Match<SpaceToBatch> match, Formula f) {
    var x = match.input(0);
    var edges = match.input(2);
    boolean isKnown = x.shape().isRanked() && edges.shape().isFixed();
    if (!isKnown) return left("the axes that it pads are not known");
    if (match.constant(2).filter(data -> data.isAll(0)).isPresent()) return left("it pads nothing");
    if (gridOf(x, MOST_STEPS).isEmpty()) return left("nothing is stored");
    int count = Math.toIntExact(edges.shape().dim(0).fixed());
    var first = f.vector(0);
    var rest = f.vector(new long[x.shape().rank() - 1 - count]);
    var begins = edges(edges, 0, f);
    var ends = edges(edges, 1, f);
    var pads = f.concat(0, first, begins, rest, first, ends, rest);
    var padded = f.op(new Pad(Pad.Mode.CONSTANT), x, pads);
    var none = TensorData.ofLongs(edges.shape(), new long[2 * count]);
    return match.replaceWith(op, padded, match.input(1), f.constant(none));
  }

  /// What is padded before (0) or behind (1) each axis, of a matrix `[axes, 2]`.
  private static Value edges(Value all, int side, Formula f) {
    return f.squeeze(f.slice(f.cast(all, DataType.INT64), 1, side, side + 1), 1);
  }

  /// What OpenVINO may keep as integers is on one grid.
  private static Optional<Grid> gridOf(Value x, int steps) {
    var made = x.producer();
    if (made.isEmpty() || steps == 0) return Optional.empty();
    var node = made.get();
    return switch (node.op()) {
      case Convert _ -> gridOf(node.input(0).type());
      case FakeQuantize(int levels) -> gridOf(levels, node);
      default -> moves(node) ? gridOf(node.input(0), steps - 1) : Optional.empty();
    };
  }

  private static Optional<Grid> gridOf(TensorType stored) {
    if (!(stored.quantization() instanceof Quantization.PerTensor(float scale, long zero))) {
      return Optional.empty();
    }
    double low = (stored.dtype().min() - zero) * (double) scale;
    return Optional.of(new Grid(low, (stored.dtype().max() - zero) * (double) scale, scale));
  }

  private static Optional<Grid> gridOf(int levels, Node node) {
    var low = node.input(3).constant().filter(data -> data.size() == 1);
    var high = node.input(4).constant().filter(data -> data.size() == 1);
    if (low.isEmpty() || high.isEmpty()) return Optional.empty();
    double from = low.get().doubleAt(0);
    double to = high.get().doubleAt(0);
    return Optional.of(new Grid(from, to, (to - from) / (levels - 1)));
  }

  private static boolean hasRange(Quantization quantization) {
    return !(quantization instanceof Quantization.Blocked);
  }

  private static Value fakeQuantize(Value x, TensorType stored, Formula f) {
    var low = bound(x, stored, stored.dtype().min(), f);
    var high = bound(x, stored, stored.dtype().max(), f);
    return f.op(new FakeQuantize(1 << stored.dtype().bits()), x, low, high, low, high);
  }

  /// What the smallest, or largest, stored integer denotes.
  private static Value bound(Value x, TensorType stored, long extreme, Formula f) {
    var scales = OpenvinoWriteQuantize.scales(stored, x.shape());
    var zeros = OpenvinoWriteQuantize.zeroPoints(stored, x.shape());
    DoubleBinaryOperator real = (scale, zero) -> (extreme - zero) * scale;
    var values = new double[Math.toIntExact(scales.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = real.applyAsDouble(scales.doubleAt(i), zeros.doubleAt(i));
    }
    return f.constant(TensorData.ofDoubles(x.dtype(), scales.shape(), values));
  }

  /// Whether the numbers of a value are some that a quantized type denotes.
  private static boolean isOnGrid(Value x, TensorType stored, int steps) {
    var made = x.producer();
    if (made.isEmpty() || steps == 0) return false;
    var node = made.get();
    if (!(stored.quantization() instanceof Quantization.PerTensor)) return false;
    return switch (node.op()) {
      case Convert _ -> node.input(0).type().with(x.shape()).equals(stored.with(x.shape()));
      case FakeQuantize _ -> isFakeQuantized(node, stored);
      case Concat _ -> node.inputs().stream().allMatch(v -> isOnGrid(v, stored, steps - 1));
      default -> moves(node) && isOnGrid(node.input(0), stored, steps - 1);
    };
  }

  private static boolean isFakeQuantized(Node node, TensorType stored) {
    if (((FakeQuantize) node.op()).levels() != 1 << stored.dtype().bits()) return false;
    return isBound(node.input(3), stored, stored.dtype().min())
        && isBound(node.input(4), stored, stored.dtype().max());
  }

  private static boolean isBound(Value bound, TensorType stored, long extreme) {
    var scale = OpenvinoWriteQuantize.scales(stored, bound.shape()).doubleAt(0);
    var zero = OpenvinoWriteQuantize.zeroPoints(stored, bound.shape()).doubleAt(0);
    float expected = (float) ((extreme - zero) * scale);
    return bound.constant().filter(data -> data.isAll(expected)).isPresent();
  }

  private static boolean moves(Node node) {
    return switch (node.op()) {
      case Identity _,
          Reshape _,
          Flatten _,
          Transpose _,
          Split _,
          Slice _,
          Squeeze _,
          Unsqueeze _,
          Expand _,
          Tile _,
          Gather _,
          GatherElements _,
          GatherNd _,
          ReverseSequence _,
          DepthToSpace _,
          SpaceToDepth _,
          MaxPool _ ->
          true;
      default -> false;
    };
  }

  private static Outcome requantize(Match<Convert> match, Formula f) {
    boolean both = match.input(0).type().isQuantized() && match.output().type().isQuantized();
    if (!both) return left("it quantizes, or dequantizes");
    var real = f.op(new Convert(DataType.FLOAT32), match.input(0));
    return match.replaceWith(new Convert(match.output().dtype()), real);
  }

  private static Outcome plain(Convert op, Match<Convert> match) {
    boolean none = !match.input(0).type().isQuantized() && !match.output().type().isQuantized();
    return none ? match.replaceWith(new Cast(op.to()), match.input(0)) : left("it quantizes");
  }

  /// Constants that OpenVINO computes with as floats, whatever they are stored as.
  private static Outcome constant(Convert op, Match<Convert> match, Formula f) {
    var stored = match.input(0);
    if (!stored.isConstant() || !stored.type().isQuantized()) return left("it is computed");
    if (isWeight(stored.type())) return left("IR stores it small");
    return Optional.of(stored.constant().orElseThrow())
        .map(data -> data.dequantized(stored.type().quantization(), op.to()))
        .map(data -> match.replaceWith(f.constant(data)))
        .orElseThrow();
  }

  private static boolean isWeight(TensorType type) {
    boolean isSmall =
        switch (type.dtype()) {
          case INT8, UINT8, INT4, UINT4 -> true;
          default -> false;
        };
    return isSmall && hasRange(type.quantization());
  }
}
