package watari.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;

class TensorDataTest {
  @Test
  void elementsOfAnArrayAreWritten() throws IOException {
    var bytes = new ByteArrayOutputStream();

    TensorData.ofFloats(Shape.of(2), 1f, -2f).writeTo(Channels.newChannel(bytes));

    assertThat(bytes.toByteArray()).containsExactly(0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0);
  }
}
