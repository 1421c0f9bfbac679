package watari.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.ModelException;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class NpzTest {
  @TempDir private Path folder;

  @Test
  void whatIsWrittenIsRead() throws IOException {
    var arrays = new LinkedHashMap<String, TensorData>();
    arrays.put("a", TensorData.ofFloats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6));
    arrays.put("b/0", TensorData.ofLongs(Shape.of(2), -1, Long.MAX_VALUE));
    arrays.put("c", TensorData.ofDoubles(DataType.FLOAT16, Shape.SCALAR, 0.5));
    var file = folder.resolve("x.npz");
    Npz.write(file, arrays);
    var read = Npz.read(file);
    assertThat(read.keySet()).containsExactly("a", "b/0", "c");
    var written = List.copyOf(arrays.values());
    var back = List.copyOf(read.values());
    for (int i = 0; i < 3; i++) {
      assertThat(back.get(i).contentEquals(written.get(i))).isTrue();
    }
  }

  @Test
  void theSameArraysGiveTheSameBytes() throws IOException {
    var arrays = new LinkedHashMap<String, TensorData>();
    arrays.put("a", TensorData.ofFloats(Shape.of(3), 1, 2, 3));
    Npz.write(folder.resolve("1.npz"), arrays);
    Npz.write(folder.resolve("2.npz"), arrays);
    assertThat(folder.resolve("1.npz")).hasSameBinaryContentAs(folder.resolve("2.npz"));
  }

  @Test
  void columnsFirstAndBigEndianAreUnderstood() throws IOException {
    // numpy.array([[1, 2], [3, 4]], '>i2', order='F')
    byte[] elements = {0, 1, 0, 3, 0, 2, 0, 4};
    var data =
        Npy.read("x", npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }", elements));
    assertThat(data.type()).hasToString("int16[2,2]");
    assertThat(data.longs()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void brokenArraysAreRefused() throws IOException {
    assertThatThrownBy(() -> Npy.read("x", new byte[20]))
        .isInstanceOf(ModelException.class)
        .hasMessage("array 'x': it is not an .npy [DATA_BROKEN]");
    byte[] tooShort = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }", new byte[4]);
    assertThatThrownBy(() -> Npy.read("x", tooShort)).isInstanceOf(ModelException.class);
    byte[] objects = npy("{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }", new byte[8]);
    assertThatThrownBy(() -> Npy.read("x", objects)).isInstanceOf(ModelException.class);
    var file = Files.writeString(folder.resolve("no.npz"), "no zip at all");
    assertThatThrownBy(() -> Npz.read(file)).isInstanceOf(ModelException.class);
  }

  private static byte[] npy(String header, byte[] elements) throws IOException {
    var out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    out.write(header.length());
    out.write(0);
    out.write(header.getBytes(StandardCharsets.US_ASCII));
    out.write(elements);
    return out.toByteArray();
  }
}
