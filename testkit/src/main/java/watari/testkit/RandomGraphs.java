package watari.testkit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.Softmax;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Split;
import watari.op.ShapeOp.Transpose;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Small random graphs of what sources are full of: arithmetic with constants, movements there and
/// back, shapes computed at run time, quantization, values used twice and not at all.
public final class RandomGraphs {
  private static final int NODES = 24;
  private static final List<Unary.Kind> UNARY =
      List.of(
          Unary.Kind.RELU,
          Unary.Kind.SIGMOID,
          Unary.Kind.TANH,
          Unary.Kind.NEG,
          Unary.Kind.ABS,
          Unary.Kind.SQUARE,
          Unary.Kind.SOFTPLUS);
  private static final List<Binary.Kind> BINARY =
      List.of(Binary.Kind.ADD, Binary.Kind.SUB, Binary.Kind.MUL, Binary.Kind.MAX, Binary.Kind.MIN);

  private final Random random;
  private final GraphBuilder builder;
  private final List<Value> values = new ArrayList<>();

  private RandomGraphs(long seed) {
    random = new Random(seed);
    builder = new GraphBuilder(new Graph("random"));
  }

  /// The graph of a seed, made anew at each call.
  public static Graph of(long seed) {
    return new RandomGraphs(seed).make();
  }

  private Graph make() {
    values.add(builder.input("x", TensorType.of(DataType.FLOAT32, 2, 3, 4)));
    values.add(builder.input("z", TensorType.of(DataType.FLOAT32, 3, 4)));
    for (int i = 0; i < NODES; i++) step();
    for (int i = 0; i < 3; i++) builder.graph().addOutput("y" + i, any());
    return builder.graph();
  }

  private Value any() {
    // Late values more often, so that graphs get deep.
    int back = (int) Math.min(values.size() - 1.0, Math.abs(random.nextGaussian()) * 4);
    return values.get(values.size() - 1 - back);
  }

  private void step() {
    var x = any();
    try {
      values.add(
          switch (random.nextInt(18)) {
            case 0, 1 -> builder.add(new Unary(UNARY.get(random.nextInt(UNARY.size()))), x);
            case 2, 3 -> binary(x, number());
            case 4 -> binary(x, constant(x.shape()));
            case 5 -> binary(x, any());
            case 6, 7 -> builder.add(new Transpose(permutation(x)), x);
            case 8 ->
                builder.add(new Reshape(false), x, builder.vector(-1, x.shape().dim(-1).fixed()));
            case 9 -> reshapedAsItIs(x);
            case 10 -> requantized(x);
            case 11 -> builder.add(new Clip(-random.nextDouble(), random.nextDouble()), x);
            case 12 -> reduced(x);
            case 13 -> joined(x);
            case 14 -> convolved(x);
            case 15 -> multiplied(x);
            case 16 -> moved(x);
            default -> gated(x);
          });
    } catch (IllegalArgumentException e) {
      // The operator does not take this shape; the next step takes another.
    }
  }

  private Value binary(Value x, Value y) {
    return builder.add(new Binary(BINARY.get(random.nextInt(BINARY.size()))), x, y);
  }

  private Value number() {
    return builder.scalar(random.nextInt(5) / 2f);
  }

  private Value constant(Shape like) {
    var dims = new ArrayList<Long>();
    for (var dim : like.dims()) dims.add(random.nextBoolean() ? 1 : dim.fixed());
    var shape = Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    return builder.constant(Tensors.random(new TensorType(DataType.FLOAT32, shape), random));
  }

  private List<Integer> permutation(Value x) {
    var axes = new ArrayList<>(IntStream.range(0, x.shape().rank()).boxed().toList());
    Collections.shuffle(axes, random);
    return axes;
  }

  private Value reshapedAsItIs(Value x) {
    var shape = builder.add(new ShapeOf(DataType.INT64), x);
    var first = builder.add(new Gather(0, 0), shape, builder.vector(0));
    var all = builder.add(new Concat(0), first, builder.vector(-1));
    return builder.add(new Reshape(false), x, all);
  }

  private Value requantized(Value x) {
    var q = new Quantization.PerTensor(1 / 16f, random.nextInt(20));
    var stored = builder.addQuantized(new Convert(DataType.INT8), DataType.INT8, q, x);
    return builder.add(new Convert(DataType.FLOAT32), stored);
  }

  private Value reduced(Value x) {
    var kind = random.nextBoolean() ? Reduce.Kind.MEAN : Reduce.Kind.MAX;
    long axis = random.nextInt(x.shape().rank());
    return builder.add(new Reduce(kind, true), x, builder.vector(axis));
  }

  private Value joined(Value x) {
    if (random.nextBoolean()) return builder.add(new Concat(0), x, x);
    var parts = builder.add(new Split(0), List.of(x), 2, List.of());
    values.add(parts.output(0));
    return parts.output(1);
  }

  private Value convolved(Value x) {
    var image = builder.add(new Unsqueeze(), x, builder.vector(0));
    long channels = image.shape().dim(1).fixed();
    var filter = TensorType.of(DataType.FLOAT32, 2, channels, 1, 1);
    var op = new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, Layout.CHANNELS_FIRST);
    return builder.add(op, image, builder.constant(Tensors.random(filter, random)));
  }

  private Value multiplied(Value x) {
    var type = TensorType.of(DataType.FLOAT32, x.shape().dim(-1).fixed(), 3);
    var data = Tensors.random(type, random);
    var matrix =
        random.nextBoolean()
            ? builder.constant(data)
            : builder.add(
                new Cast(DataType.FLOAT32), builder.constant(data.cast(DataType.FLOAT16)));
    return builder.add(new MatMul(false, false), x, matrix);
  }

  private Value moved(Value x) {
    return switch (random.nextInt(4)) {
      case 0 -> builder.add(new Identity(), x);
      case 1 -> builder.add(new Slice(), x, builder.vector(0), builder.vector(Integer.MAX_VALUE));
      case 2 -> {
        var pads = new long[2 * x.shape().rank()];
        pads[0] = random.nextInt(2);
        yield builder.add(new Pad(Pad.Mode.CONSTANT), x, builder.constant(TensorData.vector(pads)));
      }
      default -> builder.add(new Softmax(-1), x);
    };
  }

  private Value gated(Value x) {
    return builder.add(
        new Binary(Binary.Kind.MUL), x, builder.add(new Unary(Unary.Kind.SIGMOID), x));
  }
}
