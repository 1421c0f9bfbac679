package watari.format.tflite.legalize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Clip;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Reduce;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorType;

class MeanRoundingTest {
  private static final Op MEAN = new Reduce(Reduce.Kind.MEAN, true);

  private static TensorType int8(float scale) {
    return TensorType.of(DataType.INT8, 2, 8).with(new PerTensor(scale, 3));
  }

  // ---- the integers of the kernel

  private static int doublingHighProduct(int a, int b) {
    long product = (long) a * b;
    long nudge = product >= 0 ? 1L << 30 : 1 - (1L << 30);
    return (int) ((product + nudge) / (1L << 31));
  }

  private static int roundingShift(int x, int exponent) {
    int mask = (1 << exponent) - 1;
    int threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
  }

  private static int kernel(int sum, float in, float out, int count) {
    double ratio = (double) in / out;
    int exponent = Math.getExponent(ratio) + 1;
    long multiplier = Math.round(Math.scalb(ratio, 31 - exponent));
    int shift = 31 - Integer.numberOfLeadingZeros(count);
    int reduced = (int) ((multiplier << shift) / count);
    return roundingShift(doublingHighProduct(sum, reduced), shift - exponent);
  }

  private static void roundsAsTheKernel(float in, float out, int count) {
    var move = MeanRounding.move(int8(in), int8(out), count).orElse(new Clip(0, 0));
    for (int sum = -200; sum <= 200; sum++) {
      double mean = (double) sum * in / count;
      double moved = mean + Math.clamp(8 * mean, move.min(), move.max());
      assertThat((int) Math.rint(moved / out))
          .as("%s to %s, %d of %d", in, out, sum, count)
          .isEqualTo(kernel(sum, in, out, count));
    }
  }

  @Test
  void aMovedMeanRoundedOnceIsTheKernelsMeanRoundedTwice() {
    roundsAsTheKernel(0.007829121f, 0.0030353079f, 8);
    roundsAsTheKernel(0.006107452f, 0.0018844189f, 8);
    roundsAsTheKernel(0.1f, 0.07f, 3);
    roundsAsTheKernel(0.013f, 0.011f, 15);
  }

  @Test
  void tiesOfEqualScalesAreRoundedAsTheKernelDoes() {
    for (int count : new int[] {4, 8, 16}) roundsAsTheKernel(0.5f, 0.5f, count);
    roundsAsTheKernel(0.5f, 0.25f, 8);
  }

  @Test
  void fineGridsAreNotWorthAMove() {
    assertThat(MeanRounding.move(int8(0.1f), int8(0.1f), 4096)).isEmpty();
    assertThat(MeanRounding.move(TensorType.of(DataType.FLOAT32, 2), int8(0.1f), 8)).isEmpty();
    assertThat(MeanRounding.move(int8(0.1f), int8(0.1f), 0)).isEmpty();
  }

  // ---- back to TFLite

  private static Node folded(Quantization out, boolean isConverted, float scaleMovedFor) {
    var to = new GraphBuilder(new Graph("g"));
    var x = to.input("x", int8(0.5f));
    var mean = to.add(MEAN, x, to.vector(1));
    var move = MeanRounding.move(int8(scaleMovedFor), x.type().with(out), 8).orElseThrow();
    var moved = MeanRounding.moved(mean, move, to);
    var add = new Binary(Binary.Kind.ADD);
    var y =
        isConverted
            ? to.addQuantized(
                new Convert(DataType.INT8), DataType.INT8, out, to.add(add, mean, moved))
            : to.addQuantized(add, DataType.INT8, out, mean, moved);
    to.graph().addOutput("y", y);
    TfliteLegalize.decompose(_ -> Optional.empty())
        .forEach(pass -> pass.run(to.graph(), new PassLog(false)));
    assertThat(to.graph().outputs().getFirst().shape()).isEqualTo(Shape.of(2, 1));
    return to.graph().outputs().getFirst().producer().orElseThrow();
  }

  @Test
  void tfliteMovesItsMeansItself() {
    var out = new PerTensor(0.25f, -7);
    for (boolean isConverted : new boolean[] {false, true}) {
      var node = folded(out, isConverted, 0.5f);
      assertThat(node.op()).isEqualTo(MEAN);
      assertThat(node.output().type().quantization()).isEqualTo(out);
      assertThat(folded(out, isConverted, 0.25f).op()).isNotEqualTo(MEAN);
    }
  }
}
