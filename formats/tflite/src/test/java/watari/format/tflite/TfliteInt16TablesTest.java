package watari.format.tflite;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.Quantization.PerTensor;

/// Against what LiteRT 2's reference kernels give.
class TfliteInt16TablesTest {
  private static final int ZERO = -Short.MIN_VALUE;

  @Test
  void tanhIsTheKernels() {
    var in = new PerTensor(0.000120475415f, 0);
    var table = TfliteInt16Tables.table(Unary.Kind.TANH, in, new PerTensor(1 / 32768f, 0));
    assertThat(table.longAt(ZERO)).isZero();
    assertThat(table.longAt(ZERO + 23491)).isEqualTo(32541);
    assertThat(table.longAt(ZERO - 23510)).isEqualTo(-32542);
  }

  @Test
  void functionsSaturate() {
    var in = new PerTensor(0.00027331596f, 0);
    var out = new PerTensor(9.3872426e-05f, 0);
    var table = TfliteInt16Tables.table(Unary.Kind.RSQRT, in, out);
    assertThat(table.longAt(ZERO + 1)).isEqualTo(Short.MAX_VALUE);
    assertThat(table.longAt(ZERO + 127)).isEqualTo(Short.MAX_VALUE);
  }
}
