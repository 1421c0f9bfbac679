package watari.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.Random;
import org.junit.jupiter.api.Test;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class CalibratorTest {
  private static TensorData tensor(float... values) {
    return TensorData.ofFloats(Shape.of(values.length), values);
  }

  private static Range range(Calibrator calibrator, Histogram seen) {
    return calibrator.range(seen, DataType.INT8);
  }

  /// Numbers around 0, of which one is far away.
  private static Histogram withOutlier() {
    var random = new Random(3);
    var values = new float[200_000];
    for (int i = 0; i < values.length; i++) values[i] = (float) random.nextGaussian();
    values[7] = 100;
    var seen = new Histogram();
    seen.add(tensor(values));
    return seen;
  }

  @Test
  void minAndMaxAreThoseOfAllTensors() {
    var seen = new Histogram();
    seen.add(tensor(0.5f, 0.25f));
    seen.add(tensor(-7, 0));
    seen.add(tensor(3, Float.NaN, Float.POSITIVE_INFINITY));
    assertThat(range(Calibrator.MINMAX, seen)).isEqualTo(new Range(-7, 3));
    assertThat(seen.notFinite()).isEqualTo(2);
    assertThat(seen.numbers()).isEqualTo(5);
  }

  @Test
  void anAverageIsOfEachTensorsEnds() {
    var seen = new Histogram();
    seen.add(tensor(-1, 1));
    seen.add(tensor(-3, 2));
    assertThat(range(Calibrator.AVERAGE, seen)).isEqualTo(new Range(-2, 1.5));
  }

  @Test
  void binsThatGrowLoseNoNumber() {
    var seen = new Histogram();
    for (int i = 0; i < 40; i++) seen.add(tensor((float) Math.pow(-2, i), i));
    long counted = 0;
    for (int i = 0; i < seen.bins(); i++) counted += seen.count(i);
    assertThat(counted).isEqualTo(80);
  }

  @Test
  void aShareOfTheNumbersIsLeftOutAtEitherEnd() {
    var chosen = range(Calibrator.PERCENTILE, withOutlier());
    assertThat(chosen.max()).isBetween(3.0, 5.0);
    assertThat(chosen.min()).isBetween(-5.0, -3.0);
  }

  @Test
  void squaresOfErrorsAreLeastWhereTheOutlierIsCut() {
    var seen = withOutlier();
    var chosen = range(Calibrator.MSE, seen);
    // (100 - t)² for the outlier and 200000 · ((t + 4.4) / 255)² / 12 for the rest are least at
    // 78.7.
    assertThat(chosen.max()).isCloseTo(78.7, offset(0.8));
    // Without an outlier all that is seen is nearly kept: cutting costs more than steps do.
    var values = new float[4096];
    for (int i = 0; i < values.length; i++) values[i] = i / 4095f * 2 - 1;
    var even = new Histogram();
    even.add(tensor(values));
    assertThat(range(Calibrator.MSE, even).max()).isCloseTo(1, offset(0.02));
    assertThat(range(Calibrator.MSE, even).min()).isCloseTo(-1, offset(0.02));
  }

  @Test
  void theDivergenceIsLeastWhereTheOutlierIsCut() {
    assertThat(range(Calibrator.ENTROPY, withOutlier()).max()).isLessThan(75);
  }

  @Test
  void noNumbersAreTheRangeOfZero() {
    for (var calibrator : Calibrator.values()) {
      assertThat(range(calibrator, new Histogram())).as("%s", calibrator).isEqualTo(Range.ZERO);
    }
  }
}
