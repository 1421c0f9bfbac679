package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.Op;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.Trilu;
import watari.op.Shapes;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Movements, products and broadcasts in the ranks and forms that TFLite has.
final class ShapeRules {
  private static final int MAX_MATMUL_RANK = 5;

  private ShapeRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("SliceNegativePads", Pad.class, ShapeRules::negativePad),
        new Replacement<>("ReplacePadByGather", Pad.class, ShapeRules::gatherPad),
        new Replacement<>("ReplaceTrilu", Trilu.class, ShapeRules::trilu),
        new Replacement<>("ReplaceDepthToSpace", DepthToSpace.class, ShapeRules::depthToSpace),
        new Replacement<>("RaiseMatMulVectors", MatMul.class, ShapeRules::matMulVectors),
        new Replacement<>("FoldMatMulBatch", MatMul.class, ShapeRules::matMulRank),
        new Replacement<>("ReplaceIntegerMatMul", MatMul.class, ShapeRules::integerMatMul),
        new SmallRule<>(
            "ReplaceIntegerFullyConnected", FullyConnected.class, ShapeRules::integerFc),
        new SmallRule<>("FoldBroadcastAxes", Binary.class, ShapeRules::foldBinary),
        new SmallRule<>("FoldSelectAxes", Select.class, ShapeRules::foldSelect),
        new SmallRule<>("ScalarRange", Range.class, ShapeRules::range));
  }

  // ---- pads

  private static int[] padAxes(Match<Pad> match, int rank) {
    if (!match.input(3).isPresent()) return IntStream.range(0, rank).toArray();
    var given = match.integers(3).orElse(new long[0]);
    return Arrays.stream(given).mapToInt(axis -> Shapes.axis(axis, rank)).toArray();
  }

  private static Outcome negativePad(Pad op, Match<Pad> match, Formula f) {
    var pads = match.integers(1);
    var x = match.input(0);
    if (pads.isEmpty() || !x.shape().isRanked()) return Replacement.left("the pads are computed");
    if (Arrays.stream(pads.get()).allMatch(p -> p >= 0))
      return Replacement.left("none is negative");
    var axes = padAxes(match, x.shape().rank());
    int count = axes.length;
    var all = pads.get().clone();
    var cut = x;
    for (int i = 0; i < count; i++) {
      long begin = Math.max(-all[i], 0);
      long end = Math.max(-all[i + count], 0);
      if (begin == 0 && end == 0) continue;
      cut = f.slice(cut, axes[i], begin, end == 0 ? Long.MAX_VALUE : -end);
      Match.carryQuantization(cut, x.type());
      all[i] = Math.max(all[i], 0);
      all[i + count] = Math.max(all[i + count], 0);
    }
    if (Arrays.stream(all).allMatch(p -> p == 0)) return match.replaceWith(cut);
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, cut);
    inputs.set(1, f.vector(all));
    var made = f.builder().add(op, inputs);
    Match.carryQuantization(made, match.output().type());
    return match.replaceWith(made);
  }

  /// Each padded axis is gathered at constant places.
  private static Outcome gatherPad(Pad op, Match<Pad> match, Formula f) {
    var x = match.input(0);
    var pads = match.integers(1);
    if (op.mode() == Pad.Mode.CONSTANT || pads.isEmpty() || !x.shape().isRanked()) {
      return Replacement.left("it adds constants");
    }
    var axes = padAxes(match, x.shape().rank());
    int count = axes.length;
    boolean mirrors = op.mode() == Pad.Mode.REFLECT || op.mode() == Pad.Mode.SYMMETRIC;
    long edge = op.mode() == Pad.Mode.REFLECT ? 1 : 0;
    boolean fits = mirrors && x.shape().rank() <= 5 && x.dtype() == DataType.FLOAT32;
    for (int i = 0; i < count; i++) {
      if (pads.get()[i] == 0 && pads.get()[i + count] == 0) continue;
      var dim = x.shape().dim(axes[i]);
      if (!dim.isFixed()) {
        return Replacement.left("a padded dim is not fixed");
      }
      long most = Math.max(pads.get()[i], pads.get()[i + count]);
      fits &= most <= dim.fixed() - edge;
    }
    if (fits) return Replacement.left("it is an operator");
    var result = x;
    for (int i = 0; i < count; i++) {
      long begin = pads.get()[i];
      long end = pads.get()[i + count];
      if (begin == 0 && end == 0) continue;
      long dim = x.shape().dim(axes[i]).fixed();
      var places = new int[Math.toIntExact(begin + dim + end)];
      for (int k = 0; k < places.length; k++) places[k] = (int) place(op.mode(), k - begin, dim);
      result =
          f.gather(result, f.constant(TensorData.ofInts(Shape.of(places.length), places)), axes[i]);
    }
    return match.replaceWith(result);
  }

  private static long place(Pad.Mode mode, long at, long dim) {
    return switch (mode) {
      case CONSTANT -> throw new IllegalArgumentException("constants are not gathered");
      case EDGE -> Math.clamp(at, 0, dim - 1);
      case WRAP -> Math.floorMod(at, dim);
      case REFLECT -> {
        if (dim == 1) yield 0;
        long period = 2 * (dim - 1);
        long folded = Math.floorMod(at, period);
        yield folded < dim ? folded : period - folded;
      }
      case SYMMETRIC -> {
        long folded = Math.floorMod(at, 2 * dim);
        yield folded < dim ? folded : 2 * dim - 1 - folded;
      }
    };
  }

  private static Outcome trilu(Trilu op, Match<Trilu> match, Formula f) {
    var x = match.input(0);
    int rank = x.shape().isRanked() ? x.shape().rank() : 0;
    if (rank < 2 || !x.shape().dim(-1).isFixed() || !x.shape().dim(-2).isFixed()) {
      return Replacement.left("the matrix' dims are not fixed");
    }
    int rows = Math.toIntExact(x.shape().dim(-2).fixed());
    int columns = Math.toIntExact(x.shape().dim(-1).fixed());
    var diagonals = new int[rows * columns];
    for (int i = 0; i < diagonals.length; i++) diagonals[i] = i % columns - i / columns;
    var matrix = TensorData.ofInts(Shape.of(rows, columns), diagonals);
    var kind = op.upper() ? Binary.Kind.GREATER_EQUAL : Binary.Kind.LESS_EQUAL;
    Value keeps;
    var k = match.input(1).isPresent() ? match.integers(1) : java.util.Optional.of(new long[] {0});
    if (k.isPresent()) {
      var mask = new double[diagonals.length];
      for (int i = 0; i < mask.length; i++) {
        boolean in = op.upper() ? diagonals[i] >= k.get()[0] : diagonals[i] <= k.get()[0];
        mask[i] = in ? 1 : 0;
      }
      keeps = f.constant(TensorData.ofDoubles(DataType.BOOL, matrix.shape(), mask));
    } else {
      var diagonal = f.reshape(f.cast(match.input(1), DataType.INT32));
      keeps = f.binary(kind, f.constant(matrix), diagonal);
    }
    return match.replaceWith(f.select(keeps, x, f.scalar(x, 0)));
  }

  private static Outcome depthToSpace(DepthToSpace op, Match<DepthToSpace> match, Formula f) {
    var x = match.input(0);
    boolean applies =
        op.channelsOutermost() && op.layout() == Layout.CHANNELS_LAST && x.shape().isFixed();
    if (!applies) return Replacement.left("it is an operator");
    var dims = x.shape().fixedDims();
    long block = op.block();
    long channels = dims[3] / (block * block);
    var cells = f.reshape(x, dims[0], dims[1], dims[2], channels, block, block);
    var moved = f.transpose(cells, 0, 1, 4, 2, 5, 3);
    return match.replaceWith(f.reshape(moved, dims[0], dims[1] * block, dims[2] * block, channels));
  }

  // ---- products

  private static Outcome matMulVectors(MatMul op, Match<MatMul> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    if (!a.shape().isRanked() || !b.shape().isRanked()) return Replacement.left("no rank");
    boolean row = a.shape().rank() == 1;
    boolean column = b.shape().rank() == 1;
    if (!row && !column) return Replacement.left("no operand is a vector");
    if (!match.output().shape().isRanked()) return Replacement.left("no rank");
    if (row) a = f.reshape(a, Shape.of(Dim.ONE).concat(a.shape()));
    if (column) b = f.reshape(b, b.shape().concat(Shape.of(Dim.ONE)));
    var product = f.op(new MatMul(op.transposeA() && !row, op.transposeB() && !column), a, b);
    return match.replaceWith(f.reshape(product, match.output().shape()));
  }

  /// Batches of more axes than BATCH_MATMUL takes are one axis.
  private static Outcome matMulRank(MatMul op, Match<MatMul> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    var out = match.output().shape();
    if (!out.isRanked() || out.rank() <= MAX_MATMUL_RANK || !out.isFixed()) {
      return Replacement.left("its rank is taken");
    }
    var batch = out.slice(0, out.rank() - 2);
    var flatA = flatBatch(a, batch, f);
    var flatB = flatBatch(b, batch, f);
    return match.replaceWith(f.reshape(f.op(op, flatA, flatB), out));
  }

  private static Value flatBatch(Value x, Shape batch, Formula f) {
    var matrix = x.shape().slice(x.shape().rank() - 2, x.shape().rank());
    if (x.shape().rank() == 2) return x;
    var whole = f.expand(x, batch.concat(matrix));
    return f.reshape(whole, Shape.of(batch.elements()).concat(matrix));
  }

  /// The sum of products that are broadcast.
  private static Outcome integerMatMul(MatMul op, Match<MatMul> match, Formula f) {
    var a = match.input(0);
    var b = match.input(1);
    boolean applies =
        a.dtype().isInteger()
            && !a.type().isQuantized()
            && a.shape().isRanked()
            && b.shape().isRanked()
            && a.shape().rank() >= 2
            && b.shape().rank() >= 2;
    if (!applies) return Replacement.left("it is not of integers");
    if (op.transposeA()) a = f.toLast(a, a.shape().rank() - 2);
    if (op.transposeB()) b = f.toLast(b, b.shape().rank() - 2);
    int rank = a.shape().rank();
    var left = f.reshape(a, a.shape().concat(Shape.of(Dim.ONE)));
    var dims = new ArrayList<>(b.shape().dims());
    dims.add(b.shape().rank() - 2, Dim.ONE);
    var right = f.reshape(b, Shape.of(dims));
    var products = f.mul(left, right);
    int axis = products.shape().rank() - 2;
    if (rank < 2) return Replacement.left("no rank");
    return match.replaceWith(f.reduce(Reduce.Kind.SUM, products, false, List.of(axis)));
  }

  private static Outcome integerFc(FullyConnected op, Match<FullyConnected> match, Formula f) {
    var x = match.input(0);
    if (!x.dtype().isInteger() || x.type().isQuantized()) return Replacement.left("it is float");
    var product = f.op(new MatMul(false, true), x, match.input(1));
    return match.replaceWith(match.input(2).isPresent() ? f.add(product, match.input(2)) : product);
  }

  // ---- broadcasts

  private static Outcome foldBinary(Binary op, Match<Binary> match, Formula f) {
    return fold(op, match, BroadcastLimits.of(op.kind()), f);
  }

  private static Outcome foldSelect(Select op, Match<Select> match, Formula f) {
    return fold(op, match, BroadcastLimits.SELECT, f);
  }

  /// Neighbouring axes that all operands broadcast alike become one.
  private static Outcome fold(Op op, Match<?> match, int most, Formula f) {
    var out = match.output().shape();
    if (!out.isRanked() || out.rank() <= most) return Replacement.left("its rank is taken");
    var inputs = match.node().inputs();
    boolean fixed = out.isFixed() && inputs.stream().allMatch(v -> v.shape().isFixed());
    if (!fixed) return Replacement.left("the shapes are not fixed");
    if (inputs.stream().allMatch(v -> v.shape().equals(out))) {
      return Replacement.left("nothing is broadcast");
    }
    var shapes = inputs.stream().map(v -> raised(v.shape(), out.rank())).toList();
    var groups = new ArrayList<Integer>();
    for (int axis = 0; axis < out.rank(); axis++) {
      if (axis == 0 || !isAlike(shapes, out, axis)) groups.add(axis);
    }
    boolean quantized = inputs.stream().anyMatch(v -> v.type().isQuantized());
    if (groups.size() > most || quantized) return Replacement.left("its axes cannot be folded");
    var folded = new ArrayList<Value>();
    for (int i = 0; i < inputs.size(); i++) {
      folded.add(f.reshape(inputs.get(i), folded(shapes.get(i), groups)));
    }
    var made = f.builder().add(op, folded);
    return match.replaceWith(f.reshape(made, out));
  }

  private static Shape raised(Shape shape, int rank) {
    var dims = new ArrayList<>(Collections.nCopies(rank - shape.rank(), Dim.ONE));
    dims.addAll(shape.dims());
    return Shape.of(dims);
  }

  /// Whether each operand is broadcast, or not, along an axis as along the one before.
  private static boolean isAlike(List<Shape> shapes, Shape out, int axis) {
    for (var shape : shapes) {
      boolean here = shape.dim(axis).equals(out.dim(axis));
      boolean before = shape.dim(axis - 1).equals(out.dim(axis - 1));
      if (out.dim(axis).is(1) || out.dim(axis - 1).is(1)) continue;
      if (here != before) return false;
    }
    return true;
  }

  private static Shape folded(Shape shape, List<Integer> groups) {
    var dims = new ArrayList<Dim>();
    for (int g = 0; g < groups.size(); g++) {
      int end = g + 1 < groups.size() ? groups.get(g + 1) : shape.rank();
      dims.add(shape.product(groups.get(g), end));
    }
    return Shape.of(dims);
  }

  private static Outcome range(Range op, Match<Range> match, Formula f) {
    boolean scalars = match.node().inputs().stream().allMatch(v -> v.shape().hasRank(0));
    if (scalars) return Replacement.left("all are scalars");
    var inputs = match.node().inputs().stream().map(v -> f.reshape(v)).toList();
    return match.replaceWith(f.builder().add(op, inputs));
  }
}
