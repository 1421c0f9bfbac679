package watari.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import watari.finding.ModelException;

class FileBytesTest {
  private final FileBytes file =
      new FileBytes("a.bin", MemorySegment.ofArray(new byte[] {1, 2, 3, (byte) 0xFF, 5, 6, 7, 8}));

  @Test
  void numbersAreLittleEndian() {
    assertThat(file.uint16(0)).isEqualTo(0x0201);
    assertThat(file.int32(0)).isEqualTo(0xFF030201);
    assertThat(file.uint32(0)).isEqualTo(0xFF030201L);
    assertThat(file.int64(0)).isEqualTo(0x08070605FF030201L);
  }

  @Test
  void whatPassesTheEndIsTold() {
    assertThatThrownBy(() -> file.int32(5))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            "a.bin: byte 5: 4 bytes are needed here, but the file ends at byte 8 [FILE_BROKEN]");
  }

  @Test
  void sizesThatOverflowAreTold() {
    assertThatThrownBy(() -> file.slice(4, Long.MAX_VALUE)).isInstanceOf(ModelException.class);
    assertThatThrownBy(() -> file.slice(-1, 1)).isInstanceOf(ModelException.class);
    assertThatThrownBy(() -> file.slice(1, -1)).isInstanceOf(ModelException.class);
  }
}
