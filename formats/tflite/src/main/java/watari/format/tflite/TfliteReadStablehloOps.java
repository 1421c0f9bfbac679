package watari.format.tflite;

import static watari.op.BinaryOp.Binary.Kind.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToLongFunction;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.StablehloBroadcastInDimOptions;
import watari.format.tflite.schema.StablehloCompareOptions;
import watari.format.tflite.schema.StablehloComparisonDirection;
import watari.format.tflite.schema.StablehloComparisonType;
import watari.format.tflite.schema.StablehloConcatenateOptions;
import watari.format.tflite.schema.StablehloDotGeneralOptions;
import watari.format.tflite.schema.StablehloDynamicSliceOptions;
import watari.format.tflite.schema.StablehloIotaOptions;
import watari.format.tflite.schema.StablehloSliceOptions;
import watari.format.tflite.schema.StablehloTransposeOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.Einsum;
import watari.op.Op;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Expand;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Transpose;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// StableHLO operators that compute element by element, or move elements.
///
/// Source: StableHLO specification 1.0.
final class TfliteReadStablehloOps {
  private TfliteReadStablehloOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("STABLEHLO_ABS", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.ABS)))
        .on("STABLEHLO_ADD", logical(ADD, OR))
        .on("STABLEHLO_AND", logical(BITWISE_AND, AND))
        .on("STABLEHLO_BROADCAST_IN_DIM", TfliteReadStablehloOps::broadcastInDim)
        .on("STABLEHLO_CBRT", TfliteReadStablehloOps::cubeRoot)
        .on("STABLEHLO_CLAMP", TfliteReadStablehloOps::clamp)
        .on("STABLEHLO_COMPARE", TfliteReadStablehloOps::compare)
        .on("STABLEHLO_CONCATENATE", TfliteReadStablehloOps::concatenate)
        .on("STABLEHLO_CONVERT", node -> node.emit(new Cast(node.declared(0).dtype()), node.in(0)))
        .on("STABLEHLO_COSINE", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.COS)))
        .on("STABLEHLO_DIVIDE", two(DIV))
        .on("STABLEHLO_DOT_GENERAL", TfliteReadStablehloOps::dotGeneral)
        .on("STABLEHLO_DYNAMIC_SLICE", TfliteReadStablehloOps::dynamicSlice)
        .on("STABLEHLO_DYNAMIC_UPDATE_SLICE", TfliteReadStablehloOps::dynamicUpdateSlice)
        .on("STABLEHLO_EXPONENTIAL", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.EXP)))
        .on("STABLEHLO_FLOOR", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.FLOOR)))
        .on("STABLEHLO_IOTA", TfliteReadStablehloOps::iota)
        .on("STABLEHLO_LOG", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.LOG)))
        .on("STABLEHLO_LOGISTIC", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.SIGMOID)))
        .on("STABLEHLO_MAXIMUM", logical(MAX, OR))
        .on("STABLEHLO_MINIMUM", logical(MIN, AND))
        .on("STABLEHLO_MULTIPLY", logical(MUL, AND))
        .on("STABLEHLO_NEGATE", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.NEG)))
        .on("STABLEHLO_OR", logical(BITWISE_OR, OR))
        .on("STABLEHLO_POWER", two(POW))
        .on("STABLEHLO_REMAINDER", two(TRUNC_MOD))
        .on("STABLEHLO_RESHAPE", TfliteReadStablehloOps::reshape)
        .on("STABLEHLO_RSQRT", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.RSQRT)))
        .on("STABLEHLO_SELECT", TfliteReadStablehloOps::select)
        .on("STABLEHLO_SHIFT_LEFT", TfliteReadStablehloOps::shiftLeft)
        .on("STABLEHLO_SLICE", TfliteReadStablehloOps::slice)
        .on("STABLEHLO_SUBTRACT", two(SUB))
        .on("STABLEHLO_TANH", TfliteReadElementwiseOps.one(new Unary(Unary.Kind.TANH)))
        .on("STABLEHLO_TRANSPOSE", TfliteReadStablehloOps::transpose);
  }

  static long[] longs(int length, IntToLongFunction at) {
    var all = new long[length];
    for (int i = 0; i < length; i++) all[i] = at.applyAsLong(i);
    return all;
  }

  private static Entry two(Binary.Kind kind) {
    return node -> node.emit(new Binary(kind), node.in(0), node.in(1));
  }

  private static Entry logical(Binary.Kind kind, Binary.Kind ofBools) {
    return node -> {
      boolean bools = node.in(0).dtype() == DataType.BOOL;
      node.emit(new Binary(bools ? ofBools : kind), node.in(0), node.in(1));
    };
  }

  /// The root of the size, with the sign of the number.
  private static void cubeRoot(TfliteNode node) {
    var x = node.in(0);
    var size = node.add(new Unary(Unary.Kind.ABS), x);
    var third = node.scalar(TfliteNode.computed(x), 1.0 / 3);
    var root = node.add(new Binary(POW), size, third);
    node.emit(new Binary(MUL), node.add(new Unary(Unary.Kind.SIGN), x), root);
  }

  private static void clamp(TfliteNode node) {
    var above = node.add(new Binary(MAX), node.in(1), node.in(0));
    node.emit(new Binary(MIN), above, node.in(2));
  }

  /// Shifts by as many bits as there are, or more, give 0.
  private static void shiftLeft(TfliteNode node) {
    var x = node.in(0);
    var bits = node.scalar(x.dtype(), x.dtype().bits());
    var fits = node.add(new Binary(LESS), node.in(1), bits);
    var zero = node.scalar(x.dtype(), 0);
    var amount = node.add(new Select(), fits, node.in(1), zero);
    var shifted = node.add(new Binary(SHIFT_LEFT), x, amount);
    node.emit(new Select(), fits, shifted, zero);
  }

  private static void select(TfliteNode node) {
    node.emit(new Select(), node.in(0), node.in(1), node.in(2));
  }

  private static void compare(TfliteNode node) {
    var options = node.options(new StablehloCompareOptions());
    if (options.compareType()
        == StablehloComparisonType.STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER) {
      throw Unreadable.operator("it compares in total order", "compare as usual floats");
    }
    node.emit(new Binary(comparison((int) options.comparisonDirection())), node.in(0), node.in(1));
  }

  private static Binary.Kind comparison(int direction) {
    return switch (direction) {
      case (int) StablehloComparisonDirection.STABLEHLO_COMPARISON_DIRECTION_EQ -> EQUAL;
      case (int) StablehloComparisonDirection.STABLEHLO_COMPARISON_DIRECTION_NE -> NOT_EQUAL;
      case (int) StablehloComparisonDirection.STABLEHLO_COMPARISON_DIRECTION_GE -> GREATER_EQUAL;
      case (int) StablehloComparisonDirection.STABLEHLO_COMPARISON_DIRECTION_GT -> GREATER;
      case (int) StablehloComparisonDirection.STABLEHLO_COMPARISON_DIRECTION_LE -> LESS_EQUAL;
      case (int) StablehloComparisonDirection.STABLEHLO_COMPARISON_DIRECTION_LT -> LESS;
      default -> throw Unreadable.broken("it compares by '%d'".formatted(direction));
    };
  }

  // ---- moving

  private static Shape fixedOutput(TfliteNode node) {
    var shape = node.declared(0).shape();
    if (!shape.isFixed())
      throw Unreadable.dynamic("its output's shape %s is not fixed".formatted(shape));
    return shape;
  }

  private static void reshape(TfliteNode node) {
    node.emitMoved(new Reshape(true), node.in(0), node.vector(fixedOutput(node).fixedDims()));
  }

  private static void concatenate(TfliteNode node) {
    long axis = node.options(new StablehloConcatenateOptions()).dimension();
    node.emitMoved(List.of(0), new Concat(Math.toIntExact(axis)), node.inputs());
  }

  private static void transpose(TfliteNode node) {
    var options = node.options(new StablehloTransposeOptions());
    var perm = longs(options.permutationLength(), options::permutation);
    node.emitMoved(
        new Transpose(Arrays.stream(perm).mapToObj(Math::toIntExact).toList()), node.in(0));
  }

  private static void broadcastInDim(TfliteNode node) {
    var options = node.options(new StablehloBroadcastInDimOptions());
    var to = fixedOutput(node);
    var dims = new long[to.rank()];
    Arrays.fill(dims, 1);
    var from = node.fixedDims(0);
    for (int i = 0; i < options.broadcastDimensionsLength(); i++) {
      dims[Math.toIntExact(options.broadcastDimensions(i))] = from[i];
    }
    var spread = node.reshaped(node.in(0), dims);
    node.emitMoved(new Expand(), spread, node.vector(to.fixedDims()));
  }

  private static void slice(TfliteNode node) {
    var options = node.options(new StablehloSliceOptions());
    var axes = longs(node.rank(0), i -> i);
    Op op = new Slice();
    node.emitMoved(
        op,
        node.in(0),
        node.vector(longs(options.startIndicesLength(), options::startIndices)),
        node.vector(longs(options.limitIndicesLength(), options::limitIndices)),
        node.vector(axes),
        node.vector(longs(options.stridesLength(), options::strides)));
  }

  /// Starts, a scalar for each axis, are moved so that the slice lies inside.
  private static void dynamicSlice(TfliteNode node) {
    var options = node.options(new StablehloDynamicSliceOptions());
    var sizes = longs(options.sliceSizesLength(), options::sliceSizes);
    var dims = node.fixedDims(0);
    var room = new long[dims.length];
    for (int i = 0; i < dims.length; i++) room[i] = dims[i] - sizes[i];
    var low = node.add(new Binary(MAX), starts(node, 1), node.builder().scalar(0L));
    var clamped = node.add(new Binary(MIN), low, node.vector(room));
    var ends = node.add(new Binary(ADD), clamped, node.vector(sizes));
    var cut = node.move(new Slice(), node.in(0), clamped, ends);
    node.emitMoved(new Reshape(true), cut, node.vector(sizes));
  }

  private static void dynamicUpdateSlice(TfliteNode node) {
    int rank = node.fixedDims(0).length;
    if (node.inputCount() != rank + 2) {
      throw Unreadable.broken(
          "it has %d starts for %d axes".formatted(node.inputCount() - 2, rank));
    }
    if (rank == 0) node.emitMoved(new Identity(), node.in(1));
    else TfliteReadSliceOps.updateSlice(node, starts(node, 2));
  }

  /// The scalars from input `first` on as a vector: a start for each axis.
  private static Value starts(TfliteNode node, int first) {
    var parts = new ArrayList<Value>();
    for (int i = first; i < node.inputCount(); i++) {
      parts.add(node.reshaped(node.int64(node.in(i)), 1));
    }
    return parts.size() == 1 ? parts.get(0) : node.builder().add(new Concat(0), parts);
  }

  private static void iota(TfliteNode node) {
    int axis = Math.toIntExact(node.options(new StablehloIotaOptions()).iotaDimension());
    var to = fixedOutput(node);
    var dims = new long[to.rank()];
    Arrays.fill(dims, 1);
    dims[axis] = to.dim(axis).fixed();
    var counted = TensorData.vector(longs(Math.toIntExact(dims[axis]), i -> i));
    var line = counted.reshaped(Shape.of(dims)).cast(node.declared(0).dtype());
    node.emit(new Expand(), node.constant(line), node.vector(to.fixedDims()));
  }

  /// Letters for axes: those of a batch and those that are summed over are shared.
  private static void dotGeneral(TfliteNode node) {
    var options = node.options(new StablehloDotGeneralOptions());
    var left = new char[node.rank(0)];
    var right = new char[node.rank(1)];
    var out = new StringBuilder();
    char next = 'a';
    for (int i = 0; i < options.lhsBatchingDimensionsLength(); i++) {
      left[(int) options.lhsBatchingDimensions(i)] = next;
      right[(int) options.rhsBatchingDimensions(i)] = next;
      out.append(next++);
    }
    for (int i = 0; i < options.lhsContractingDimensionsLength(); i++) {
      left[(int) options.lhsContractingDimensions(i)] = next;
      right[(int) options.rhsContractingDimensions(i)] = next++;
    }
    next = named(left, next, out);
    named(right, next, out);
    var equation = new String(left) + "," + new String(right) + "->" + out;
    node.emit(new Einsum(equation), node.in(0), node.in(1));
  }

  /// Names the axes that have no letter yet, which all are the output's.
  private static char named(char[] letters, char next, StringBuilder out) {
    for (int i = 0; i < letters.length; i++) {
      if (letters[i] != 0) continue;
      letters[i] = next;
      out.append(next++);
    }
    return next;
  }
}
