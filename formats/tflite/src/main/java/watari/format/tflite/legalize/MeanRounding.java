package watari.format.tflite.legalize;

import java.util.Optional;
import java.util.stream.LongStream;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Reduce;
import watari.pass.replace.SmallRule;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.TensorType;

/// TFLite's means of quantized tensors are rounded twice: to a fine grid of `2^-bits` output steps,
/// then to whole steps, halves away from zero.
///
/// That is the mean moved away from zero by half a step of the fine grid, and rounded once; where
/// the fine grid is coarse it changes many results. Source: LiteRT,
/// `reference_ops::QuantizedMeanOrSum` and `MultiplyByQuantizedMultiplier` of int32.
public final class MeanRounding {
  /// Finer grids change fewer than one result in a hundred, by one step.
  private static final int FINEST_BITS = 5;

  /// What decides a tie at the end of the fine rounding: up.
  private static final double TIE = 0x1p-9;

  /// A mean that is not zero is at least a quarter of a fine step.
  private static final float LIFT = 8;

  private MeanRounding() {}

  /// By what the mean of `count` elements is moved before it is rounded; empty where rounding it
  /// once is the same, or nearly so.
  public static Optional<Clip> move(TensorType from, TensorType to, long count) {
    boolean isQuantized =
        from.quantization() instanceof PerTensor && to.quantization() instanceof PerTensor;
    if (!isQuantized || count < 1) return Optional.empty();
    float step = ((PerTensor) to.quantization()).scale();
    double ratio = (double) ((PerTensor) from.quantization()).scale() / step;
    int exponent = Math.getExponent(ratio) + 1;
    if (Math.round(Math.scalb(ratio, 31 - exponent)) == 1L << 31) exponent++;
    int shift = Math.min(63 - Long.numberOfLeadingZeros(count), Math.min(32, 31 + exponent));
    int bits = shift - exponent;
    if (bits < 1 || bits > FINEST_BITS) return Optional.empty();
    double half = Math.scalb((double) step, -bits - 1);
    return Optional.of(new Clip(-half * (1 - TIE), half * (1 + TIE)));
  }

  /// `mean + clip(8 · mean)`: away from zero.
  public static Value moved(Value mean, Clip move, GraphBuilder builder) {
    var lifted = builder.add(new Binary(Binary.Kind.MUL), mean, builder.scalar(LIFT));
    return builder.add(move, lifted);
  }

  /// `Add(mean, Clip(Mul(mean, 8)))` of the bounds that TFLite's own rounding has → `Reduce(MEAN)`.
  static Rule<?> fold() {
    return new SmallRule<>(
        "FoldMeanRounding",
        Op.class,
        (op, match, _) ->
            switch (op) {
              case Binary(var kind) when kind == Binary.Kind.ADD -> fold(match, match.node());
              case Convert _ ->
                  match
                      .soleProducer(0, Binary.class)
                      .filter(sum -> sum.op().equals(new Binary(Binary.Kind.ADD)))
                      .map(sum -> fold(match, sum))
                      .orElse(new Outcome.Left("no sum is quantized"));
              default -> new Outcome.Left("it adds nothing");
            });
  }

  private static Outcome fold(Match<?> match, Node sum) {
    var mean = sum.input(0).producer().filter(n -> n.op() instanceof Reduce);
    var clip = sum.producer(1, Clip.class);
    if (mean.isEmpty() || clip.isEmpty()) return new Outcome.Left("no moved mean is added");
    var lift = clip.get().producer(0, Binary.class);
    boolean isLifted =
        lift.isPresent()
            && lift.get().op().equals(new Binary(Binary.Kind.MUL))
            && lift.get().input(0) == sum.input(0)
            && Match.constantOf(lift.get().input(1)).filter(by -> by.isAll(LIFT)).isPresent();
    if (!isLifted) return new Outcome.Left("the sum is another one");
    var own = move(mean.get().input(0).type(), match.output().type(), count(mean.get()));
    if (own.isEmpty() || !isNear(own.get(), (Clip) clip.get().op())) {
      return new Outcome.Left("TFLite rounds otherwise");
    }
    match.absorb(mean.get());
    return match.replaceWith(mean.get().op(), mean.get().inputs().toArray(Value[]::new));
  }

  /// How many elements a mean is of; 0 where that is not known.
  private static long count(Node mean) {
    var all = mean.input(0).shape();
    var left = mean.output().shape();
    if (!all.isFixed() || !left.isFixed()) return 0;
    long results = LongStream.of(left.fixedDims()).reduce(1, (a, b) -> a * b);
    return results == 0 ? 0 : LongStream.of(all.fixedDims()).reduce(1, (a, b) -> a * b) / results;
  }

  private static boolean isNear(Clip a, Clip b) {
    return (float) a.min() == (float) b.min() && (float) a.max() == (float) b.max();
  }
}
