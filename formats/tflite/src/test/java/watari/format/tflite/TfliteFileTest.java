package watari.format.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.Tensor;

class TfliteFileTest {
  private static final int VARIANTS = 500;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Test
  void recordsAreRead() {
    var model = TfliteFixtures.open("small.tflite").model();

    assertThat(model.description()).isEqualTo("made by make.py");
    assertThat(model.operatorCodes(2).builtinCode()).isEqualTo(BuiltinOperator.STABLEHLO_CASE);
    assertThat(tensor(1, 1).quantization().scaleAsByteBuffer().asFloatBuffer().get(1))
        .isEqualTo(0.25f);
  }

  private static Tensor tensor(int subgraph, int index) {
    return TfliteFixtures.open("small.tflite").model().subgraphs(subgraph).tensors(index);
  }

  @ParameterizedTest
  @ValueSource(strings = {"small.tflite", "outside.tflite"})
  void buffersAreReadInsideAndOutsideOfTheFlatbuffer(String name) {
    var file = TfliteFixtures.open(name);

    assertThat(file.buffer(0).byteSize()).isZero();
    assertThat(file.buffer(1).toArray(FLOAT)).containsExactly(1, 1, 1, 1);
    assertThat(file.buffer(4).toArray(ValueLayout.JAVA_BYTE)).isEqualTo("1.5.0".getBytes(UTF_8));
  }

  @Test
  void aBufferThatIsNotThereIsTold() {
    var file = TfliteFixtures.open("small.tflite");

    assertThatThrownBy(() -> file.buffer(5))
        .isInstanceOf(ModelException.class)
        .hasMessage("small.tflite: the file has 5 buffers, but number '5' is used [FILE_BROKEN]");
  }

  @Test
  void customOptionsAreRead() {
    var file = TfliteFixtures.open("small.tflite");
    var operator = file.model().subgraphs(1).operators(0);

    assertThat(file.customOptions(operator).toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo("options".getBytes(UTF_8));
  }

  @Test
  void stringsAreUnpackedAndPacked() {
    var buffer = TfliteFixtures.open("small.tflite").buffer(2);

    var strings = TfliteStrings.unpack("small.tflite", buffer);

    assertThat(strings).containsExactly("hi".getBytes(UTF_8), "you".getBytes(UTF_8));
    assertThat(TfliteStrings.pack(strings)).isEqualTo(buffer.toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void otherFilesAreTold() {
    assertRefused(new byte[3], "m.tflite: bytes 4 to 7 are not 'TFL3' [FORMAT_UNKNOWN]");
    assertRefused(new byte[99], "m.tflite: bytes 4 to 7 are not 'TFL3' [FORMAT_UNKNOWN]");
  }

  @Test
  void otherVersionsAreTold() {
    var bytes = TfliteFixtures.bytes("small.tflite");
    var file = new FileBytes("m", MemorySegment.ofArray(bytes));
    bytes[(int) FlatTable.root(file).field(0)] = 2;

    assertRefused(bytes, "schema version '2' is too old, Watari reads 3 [FORMAT_VERSION]");
  }

  @Test
  void aReferenceBeyondTheFileIsTold() {
    var bytes = TfliteFixtures.bytes("small.tflite");
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 10_000);

    assertRefused(
        bytes,
        "m.tflite: byte 10000: 4 bytes are needed here, but the file ends at byte %d [FILE_BROKEN]"
            .formatted(bytes.length));
  }

  /// Every position is a table, a vector and a reference at once.
  @Test
  void partsThatOverlapAreRefused() {
    var bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) bytes.putInt(0x4000);
    bytes.put(4, "TFL3".getBytes(UTF_8));

    assertRefused(bytes.array(), "the parts of the file overlap [FILE_BROKEN]");
  }

  private static void assertRefused(byte[] bytes, String sentence) {
    assertThatThrownBy(() -> TfliteFile.of("m.tflite", MemorySegment.ofArray(bytes)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(sentence);
  }

  @ParameterizedTest
  @ValueSource(strings = {"small.tflite", "outside.tflite"})
  void corruptFilesEndInAModelException(String name) {
    var whole = TfliteFixtures.bytes(name);
    int refused = 0;
    for (long seed = 0; seed < VARIANTS; seed++) {
      try {
        var _ = TfliteText.of(corrupt(whole, new Random(seed)));
      } catch (ModelException _) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail("seed " + seed, e);
      }
    }
    assertThat(refused).isGreaterThan(VARIANTS / 10);
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
