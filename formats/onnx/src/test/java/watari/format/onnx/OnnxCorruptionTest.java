package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import watari.finding.ModelException;

class OnnxCorruptionTest {
  private static final int VARIANTS = 500;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"elements.onnx", "nested.onnx", "external.onnx"})
  void corruptFilesEndInAModelException(String name) throws IOException {
    var whole = Files.readAllBytes(OnnxFixtures.path(name));
    int refused = 0;
    for (long seed = 0; seed < VARIANTS; seed++) {
      var path = folder.resolve(seed + ".onnx");
      Files.write(path, corrupt(whole, new Random(seed)));
      try (var arena = Arena.ofConfined()) {
        readAll(OnnxFile.open(path, arena));
      } catch (ModelException _) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail("seed " + seed, e);
      }
    }
    assertThat(refused).isGreaterThan(VARIANTS / 10);
  }

  private static void readAll(OnnxFile file) {
    for (var tensor : OnnxFixtures.tensors(file.model())) {
      var _ = file.data(tensor).toString();
    }
  }

  /// Every fourth is cut off, the others have one to eight bytes changed.
  private static byte[] corrupt(byte[] whole, Random random) {
    if (random.nextInt(4) == 0) return Arrays.copyOf(whole, random.nextInt(whole.length));
    var bytes = whole.clone();
    for (int i = random.nextInt(8); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }
}
