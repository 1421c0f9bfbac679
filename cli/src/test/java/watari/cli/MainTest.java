package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void versionIsDone() {
    assertThat(Main.execute("--version")).isZero();
  }

  @Test
  void nothingAskedIsWrongUsage() {
    assertThat(Main.execute()).isEqualTo(2);
  }
}
