package watari.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class NormalizationTest {
  @Test
  void formulaOfXIsWorkedOut() {
    var formula = Normalization.of("(x - 127.5) / 127.5");
    assertThat(formula.apply(255, 0)).isEqualTo(1);
    assertThat(formula.apply(0, 2)).isEqualTo(-1);
  }

  @Test
  void listsGoByChannel() {
    var formula = Normalization.of("(x - [10, 20,30]) / [1,2,-4]");
    assertThat(formula.apply(40, 0)).isEqualTo(30);
    assertThat(formula.apply(40, 1)).isEqualTo(10);
    assertThat(formula.apply(40, 2)).isEqualTo(-2.5);
  }

  @Test
  void productsBindMoreThanSums() {
    assertThat(Normalization.of("1 + 2*x - 6/3").apply(4, 0)).isEqualTo(7);
    assertThat(Normalization.of("-x*2e-1").apply(10, 0)).isEqualTo(-2, within(1e-12));
  }

  @Test
  void whatIsNoFormulaIsSaidWithItsPlace() {
    assertThatThrownBy(() -> Normalization.of("(x - 1"))
        .isInstanceOf(UsageException.class)
        .hasMessage("formula '(x - 1', column 7: ')' is expected");
    assertThatThrownBy(() -> Normalization.of("x + y"))
        .hasMessage("formula 'x + y', column 5: a number, x, [ or ( is expected");
    assertThatThrownBy(() -> Normalization.of("x 2"))
        .hasMessage("formula 'x 2', column 3: '2' is not expected");
  }
}
