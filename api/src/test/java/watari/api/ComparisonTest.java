package watari.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class ComparisonTest {
  @Test
  void equalTensorsHaveNoError() {
    var x = vector(1, -2, Float.NaN, Float.POSITIVE_INFINITY);
    var error = Comparison.of("y", x, x);
    assertThat(error.scaled()).isZero();
    assertThat(error.sqnr()).isInfinite();
    assertThat(error.cosine()).isEqualTo(1, within(1e-12));
  }

  @Test
  void errorsAreRelativeToTheRange() {
    var error = Comparison.of("y", vector(-5, 0, 5), vector(-5, 0.1f, 5));
    assertThat(error.maxAbsolute()).isEqualTo(0.1, within(1e-6));
    assertThat(error.scaled()).isEqualTo(0.01, within(1e-7));
    assertThat(error.sqnr()).isEqualTo(10 * Math.log10(50 / 0.01), within(1e-3));
  }

  @Test
  void zeroIsPartOfTheRange() {
    assertThat(Comparison.of("y", vector(10), vector(11)).scaled()).isEqualTo(0.1, within(1e-12));
    assertThat(Comparison.of("y", vector(0), vector(1e-9f)).scaled()).isEqualTo(1e-9f);
  }

  @Test
  void aNumberThatIsNoneOnOneSideIsInfinitelyFar() {
    assertThat(Comparison.of("y", vector(1), vector(Float.NaN)).scaled()).isInfinite();
    assertThat(Comparison.of("y", vector(Float.POSITIVE_INFINITY), vector(1)).scaled())
        .isInfinite();
  }

  @Test
  void stepsAreCounted() {
    var a = vector(0, 1, 2, 3);
    var b = vector(0, 2, 4, 3);
    assertThat(Comparison.shareBeyond(1, a, b)).isEqualTo(0.25);
    assertThat(Comparison.shareBeyond(2, a, b)).isZero();
  }

  private static TensorData vector(float... values) {
    return TensorData.ofFloats(Shape.of(values.length), values);
  }
}
