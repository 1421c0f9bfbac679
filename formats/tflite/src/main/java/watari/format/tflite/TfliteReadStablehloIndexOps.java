package watari.format.tflite;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.StablehloGatherOptions;
import watari.format.tflite.schema.StablehloPadOptions;
import watari.format.tflite.schema.StablehloReduceOptions;
import watari.format.tflite.schema.StablehloReduceWindowOptions;
import watari.format.tflite.schema.StablehloScatterOptions;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.IndexOp.Gather;
import watari.op.IndexOp.GatherNd;
import watari.op.IndexOp.Reduction;
import watari.op.IndexOp.ScatterNd;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Transpose;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// StableHLO operators that gather, scatter, pad and reduce.
///
/// Source: StableHLO specification 1.0.
final class TfliteReadStablehloIndexOps {
  private static final long MAX_PLACES = 1 << 20;

  private TfliteReadStablehloIndexOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("STABLEHLO_GATHER", TfliteReadStablehloIndexOps::gather)
        .on("STABLEHLO_PAD", TfliteReadStablehloIndexOps::pad)
        .on("STABLEHLO_REDUCE", TfliteReadStablehloIndexOps::reduce)
        .on("STABLEHLO_REDUCE_WINDOW", TfliteReadStablehloIndexOps::reduceWindow)
        .on("STABLEHLO_SCATTER", TfliteReadStablehloIndexOps::scatter);
  }

  // ---- gathering

  /// What of a gather's operand each index tuple picks, spelled out: the tuple's starts, moved so
  /// that the slice lies inside, and the places of the slice added to them.
  private static void gather(TfliteNode node) {
    var options = node.options(new StablehloGatherOptions());
    var dims = node.fixedDims(0);
    var sizes = TfliteReadStablehloOps.longs(options.sliceSizesLength(), options::sliceSizes);
    if (sizes.length != dims.length)
      throw Unreadable.broken("it has %d sizes".formatted(sizes.length));
    long places = 1;
    for (long size : sizes) places *= size;
    if (places > MAX_PLACES) {
      throw Unreadable.operator("its slices have %d elements".formatted(places), "gather less");
    }
    var starts = starts(node, options, dims, sizes);
    int batchRank = starts.shape().rank() - 1;
    var column = starts.shape().fixedDims();
    var spread = new long[batchRank + 2];
    System.arraycopy(column, 0, spread, 0, batchRank);
    spread[batchRank] = 1;
    spread[batchRank + 1] = dims.length;
    var all =
        node.add(
            new Binary(Binary.Kind.ADD),
            node.reshaped(starts, spread),
            node.constant(placesOf(sizes, (int) places)));
    var picked = node.move(new GatherNd(0), node.in(0), all);
    emitWindows(node, options, picked, column, batchRank, sizes);
  }

  /// For each index tuple a start along every axis of the operand.
  private static Value starts(
      TfliteNode node, StablehloGatherOptions options, long[] dims, long[] sizes) {
    var indices = indexTuples(node, node.in(1), Math.toIntExact(options.indexVectorDim()));
    int count = options.startIndexMapLength();
    var room = new long[count];
    var from = new long[dims.length];
    Arrays.fill(from, count);
    for (int i = 0; i < count; i++) {
      int axis = Math.toIntExact(options.startIndexMap(i));
      room[i] = dims[axis] - sizes[axis];
      from[axis] = i;
    }
    var low = node.add(new Binary(Binary.Kind.MAX), indices, node.builder().scalar(0L));
    var clamped = node.add(new Binary(Binary.Kind.MIN), low, node.vector(room));
    var column = clamped.shape().fixedDims();
    column[column.length - 1] = 1;
    var zero = TensorData.filled(TensorData.scalar(0L), Shape.of(column));
    var padded = node.add(new Concat(-1), clamped, node.constant(zero));
    return node.add(new Gather(column.length - 1, 0), padded, node.vector(from));
  }

  /// Indices as int64 with their tuples along the last axis.
  private static Value indexTuples(TfliteNode node, Value indices, int vectorAxis) {
    var wide = node.int64(indices);
    var dims = node.fixedDims(1);
    if (vectorAxis == dims.length) {
      var column = Arrays.copyOf(dims, dims.length + 1);
      column[dims.length] = 1;
      return node.reshaped(wide, column);
    }
    if (vectorAxis == dims.length - 1) return wide;
    var perm = new ArrayList<Integer>();
    for (int i = 0; i < dims.length; i++) if (i != vectorAxis) perm.add(i);
    perm.add(vectorAxis);
    return node.add(new Transpose(perm), wide);
  }

  /// The offsets of all elements of a slice, a row each.
  private static TensorData placesOf(long[] sizes, int places) {
    var offsets = new long[places * sizes.length];
    for (int place = 0; place < places; place++) {
      long rest = place;
      for (int axis = sizes.length - 1; axis >= 0; axis--) {
        offsets[place * sizes.length + axis] = rest % sizes[axis];
        rest /= sizes[axis];
      }
    }
    return TensorData.ofLongs(Shape.of(places, sizes.length), offsets);
  }

  private static void emitWindows(
      TfliteNode node,
      StablehloGatherOptions options,
      Value picked,
      long[] column,
      int batchRank,
      long[] sizes) {
    var collapsed =
        TfliteReadStablehloOps.longs(
            options.collapsedSliceDimsLength(), options::collapsedSliceDims);
    var dims = new ArrayList<Long>();
    for (int i = 0; i < batchRank; i++) dims.add(column[i]);
    for (int axis = 0; axis < sizes.length; axis++) {
      int at = axis;
      if (Arrays.stream(collapsed).noneMatch(c -> c == at)) dims.add(sizes[axis]);
    }
    var shape = dims.stream().mapToLong(Long::longValue).toArray();
    var offsets = TfliteReadStablehloOps.longs(options.offsetDimsLength(), options::offsetDims);
    var perm = new ArrayList<Integer>();
    int batch = 0;
    int window = batchRank;
    for (int i = 0; i < shape.length; i++) {
      int at = i;
      perm.add(Arrays.stream(offsets).anyMatch(o -> o == at) ? window++ : batch++);
    }
    boolean moves = false;
    for (int i = 0; i < perm.size(); i++) moves |= perm.get(i) != i;
    if (!moves) node.emitMoved(new Reshape(true), picked, node.vector(shape));
    else node.emitMoved(new Transpose(perm), node.reshaped(picked, shape));
  }

  /// Whole slices of the first axes, which index tuples pick in order.
  private static void scatter(TfliteNode node) {
    var options = node.options(new StablehloScatterOptions());
    int count = options.scatterDimsToOperandDimsLength();
    int updateRank = node.rank(2);
    boolean plain = options.insertedWindowDimsLength() == count;
    for (int i = 0; i < count && plain; i++) {
      plain = options.scatterDimsToOperandDims(i) == i && options.insertedWindowDims(i) == i;
    }
    int windows = options.updateWindowDimsLength();
    for (int i = 0; i < windows && plain; i++) {
      plain = options.updateWindowDims(i) == updateRank - windows + i;
    }
    if (!plain) {
      throw Unreadable.operator(
          "it scatters slices that are not those of the first axes",
          "transpose the operand before");
    }
    var indices = indexTuples(node, node.in(1), Math.toIntExact(options.indexVectorDim()));
    var how = reduction(node, options.updateComputationSubgraphIndex());
    node.emit(new ScatterNd(how), node.in(0), indices, node.in(2));
  }

  // ---- what a small subgraph computes

  private static Reduction reduction(TfliteNode node, int subgraph) {
    var name = function(node, subgraph);
    return switch (name) {
      case "" -> Reduction.REPLACE;
      case "ADD" -> Reduction.ADD;
      case "MULTIPLY", "MUL" -> Reduction.MUL;
      case "MINIMUM" -> Reduction.MIN;
      case "MAXIMUM" -> Reduction.MAX;
      default -> throw unknown(name);
    };
  }

  private static Binary.Kind combination(TfliteNode node, int subgraph) {
    var name = function(node, subgraph);
    return switch (name) {
      case "ADD" -> Binary.Kind.ADD;
      case "MULTIPLY", "MUL" -> Binary.Kind.MUL;
      case "MINIMUM" -> Binary.Kind.MIN;
      case "MAXIMUM" -> Binary.Kind.MAX;
      case "AND", "LOGICAL_AND" -> Binary.Kind.AND;
      case "OR", "LOGICAL_OR" -> Binary.Kind.OR;
      default -> throw unknown(name);
    };
  }

  private static Unreadable unknown(String name) {
    return Unreadable.operator(
        "it combines by '%s'".formatted(name), "combine by a sum, product, minimum or maximum");
  }

  /// The one operator of a subgraph of two parameters; empty where it gives back the second.
  private static String function(TfliteNode node, int subgraph) {
    var source = node.scope().source();
    var tensors = source.tensors(subgraph).subgraph();
    var operators = source.operators(subgraph);
    if (tensors.inputsLength() != 2 || tensors.outputsLength() != 1 || operators.size() > 1) {
      throw unknown("subgraph " + subgraph);
    }
    if (operators.isEmpty()) {
      if (tensors.outputs(0) == tensors.inputs(1)) return "";
      throw unknown("subgraph " + subgraph);
    }
    var operator = operators.get(0);
    boolean fits =
        operator.inputsLength() == 2
            && operator.outputsLength() == 1
            && operator.outputs(0) == tensors.outputs(0)
            && operator.inputs(0) != operator.inputs(1)
            && isInput(tensors.inputs(0), tensors.inputs(1), operator.inputs(0))
            && isInput(tensors.inputs(0), tensors.inputs(1), operator.inputs(1));
    if (!fits) throw unknown("subgraph " + subgraph);
    return TfliteSource.name(source.code(operator)).replace("STABLEHLO_", "");
  }

  private static boolean isInput(int a, int b, int tensor) {
    return tensor == a || tensor == b;
  }

  // ---- reducing

  private static void reduce(TfliteNode node) {
    var options = node.options(new StablehloReduceOptions());
    if (node.outputCount() != 1) {
      throw Unreadable.operator("it reduces several tensors at once", "reduce one at a time");
    }
    var kind = combination(node, options.bodySubgraphIndex());
    var how =
        switch (kind) {
          case ADD -> Reduce.Kind.SUM;
          case MUL -> Reduce.Kind.PROD;
          case MIN -> Reduce.Kind.MIN;
          case MAX -> Reduce.Kind.MAX;
          case AND -> Reduce.Kind.ALL;
          case OR -> Reduce.Kind.ANY;
          default -> throw unknown(kind.name());
        };
    var axes = TfliteReadStablehloOps.longs(options.dimensionsLength(), options::dimensions);
    var reduced = node.add(new Reduce(how, false), node.in(0), node.vector(axes));
    node.emit(new Binary(kind), node.in(1), reduced);
  }

  private static void reduceWindow(TfliteNode node) {
    var options = node.options(new StablehloReduceWindowOptions());
    int rank = node.rank(0);
    var kind = combination(node, options.bodySubgraphIndex());
    var low = new long[rank];
    var high = new long[rank];
    for (int i = 0; i < rank && 2 * i + 1 < options.paddingLength(); i++) {
      low[i] = options.padding(2 * i);
      high[i] = options.padding(2 * i + 1);
    }
    var inner = new long[rank];
    for (int i = 0; i < options.baseDilationsLength(); i++) inner[i] = options.baseDilations(i) - 1;
    var start = node.in(1).shape().hasRank(0) ? node.in(1) : node.reshaped(node.in(1));
    var x = padded(node, node.in(0), start, low, high, inner);
    var window =
        new TfliteReadSegmentOps.Windows(
            ones(rank, options.windowDimensionsLength(), options::windowDimensions),
            ones(rank, options.windowStridesLength(), options::windowStrides),
            ones(rank, options.windowDilationsLength(), options::windowDilations));
    TfliteReadSegmentOps.reduceWindow(node, new Binary(kind), x, start, window);
  }

  private static List<Long> ones(int rank, int length, java.util.function.IntToLongFunction at) {
    var all = new ArrayList<Long>();
    for (int i = 0; i < rank; i++) all.add(i < length ? at.applyAsLong(i) : 1L);
    return all;
  }

  // ---- padding

  private static void pad(TfliteNode node) {
    var options = node.options(new StablehloPadOptions());
    int rank = node.rank(0);
    var low =
        Arrays.copyOf(
            TfliteReadStablehloOps.longs(options.edgePaddingLowLength(), options::edgePaddingLow),
            rank);
    var high =
        Arrays.copyOf(
            TfliteReadStablehloOps.longs(options.edgePaddingHighLength(), options::edgePaddingHigh),
            rank);
    var inner =
        Arrays.copyOf(
            TfliteReadStablehloOps.longs(options.interiorPaddingLength(), options::interiorPadding),
            rank);
    var value = node.in(1).shape().hasRank(0) ? node.in(1) : node.reshaped(node.in(1));
    var spread = TfliteReadSegmentOps.spread(node, node.in(0), value, plusOne(inner));
    node.emitMoved(new Pad(Pad.Mode.CONSTANT), spread, edges(node, low, high), value);
  }

  private static Value padded(
      TfliteNode node, Value x, Value value, long[] low, long[] high, long[] inner) {
    var spread = TfliteReadSegmentOps.spread(node, x, value, plusOne(inner));
    return node.move(new Pad(Pad.Mode.CONSTANT), spread, edges(node, low, high), value);
  }

  private static long[] plusOne(long[] inner) {
    return Arrays.stream(inner).map(each -> each + 1).toArray();
  }

  private static Value edges(TfliteNode node, long[] low, long[] high) {
    var pads = Arrays.copyOf(low, low.length + high.length);
    System.arraycopy(high, 0, pads, low.length, high.length);
    return node.vector(pads);
  }
}
