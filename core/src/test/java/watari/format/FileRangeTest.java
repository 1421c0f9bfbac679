package watari.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class FileRangeTest {
  private static final int SIZE = 3 << 20;

  @TempDir private Path folder;

  private final byte[] content = new byte[SIZE];
  private final Arena arena = Arena.ofShared();
  private Path source = Path.of("");
  private FileBytes file = new FileBytes("", MemorySegment.NULL);

  @BeforeEach
  void makeSource() throws IOException {
    new Random(7).nextBytes(content);
    source = folder.resolve("source");
    Files.write(source, content);
    file = FileBytes.map(source, arena);
  }

  @AfterEach
  void close() {
    arena.close();
  }

  private ByteSource part(int offset, int size) {
    return ByteSource.of(file.slice(offset, size));
  }

  private byte[] written(ByteSource bytes) throws IOException {
    var target = folder.resolve("target");
    bytes.writeTo(target);
    return Files.readAllBytes(target);
  }

  private byte[] bytes(int offset, int size) {
    return Arrays.copyOfRange(content, offset, offset + size);
  }

  private static byte[] joined(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (var part : parts) all.writeBytes(part);
    return all.toByteArray();
  }

  @Test
  void partsOfAFileAreFoundAgain() {
    var range = part(1234, 1 << 20).inFile().orElseThrow();

    assertThat(range.file()).isEqualTo(source);
    assertThat(range.offset()).isEqualTo(1234);
    assertThat(range.sizeBytes()).isEqualTo(1 << 20);
  }

  @Test
  void viewsThroughBuffersAndTensorsAreFoundToo() {
    var buffer = file.slice(100, SIZE - 100).asByteBuffer().slice(11, 1 << 20);
    var floats = TensorData.of(DataType.FLOAT32, Shape.of(1 << 18), MemorySegment.ofBuffer(buffer));

    var range = ByteSource.of(floats.reshaped(Shape.of(2, 1 << 17))).inFile().orElseThrow();

    assertThat(range.offset()).isEqualTo(111);
    assertThat(range.sizeBytes()).isEqualTo(1 << 20);
  }

  @Test
  void otherMemoryIsInNoFile() {
    assertThat(ByteSource.of(new byte[1 << 20]).inFile()).isEmpty();
    assertThat(ByteSource.of(arena.allocate(1 << 20)).inFile()).isEmpty();
    var floats = TensorData.of(DataType.FLOAT32, Shape.of(512, 512), file.slice(0, 1 << 20));
    assertThat(ByteSource.of(floats.transposed(List.of(1, 0))).inFile()).isEmpty();
  }

  @Test
  void largePartsAreWrittenWhereTheWriterIs() throws IOException {
    var bytes =
        ByteSource.of(
            List.of(
                ByteSource.of(new byte[] {1, 2, 3}),
                part(4097, 1 << 20),
                ByteSource.of(new byte[5]),
                part(0, 1 << 19),
                part(17, 30),
                part(SIZE - (1 << 20) - 1, 1 << 20)));

    assertThat(written(bytes))
        .isEqualTo(
            joined(
                new byte[] {1, 2, 3},
                bytes(4097, 1 << 20),
                new byte[5],
                bytes(0, 1 << 19),
                bytes(17, 30),
                bytes(SIZE - (1 << 20) - 1, 1 << 20)));
  }

  @Test
  void neighboursAreOnePiece() throws IOException {
    int size = 200_000;
    var parts =
        List.of(
            part(5, size),
            ByteSource.of(new byte[0]),
            part(5 + size, size),
            part(5 + 2 * size, size),
            part(5, size),
            part(6 + size, size),
            ByteSource.of(new byte[0]));

    var whole =
        part(5, size).inFile().flatMap(a -> part(5 + size, 9).inFile().flatMap(a::followedBy));
    assertThat(whole.orElseThrow().sizeBytes()).isEqualTo(size + 9);
    assertThat(
            part(5, size).inFile().flatMap(a -> part(6 + size, 9).inFile().flatMap(a::followedBy)))
        .isEmpty();
    assertThat(written(ByteSource.of(parts)))
        .isEqualTo(joined(bytes(5, 3 * size), bytes(5, size), bytes(6 + size, size)));
  }

  @Test
  void channelsThatAreNoFilesGetTheSameBytes() throws IOException {
    var all = new ByteArrayOutputStream();
    ByteSource.of(List.of(part(0, 1 << 20), part(1 << 20, 1 << 20)))
        .writeTo(Channels.newChannel(all));

    assertThat(all.toByteArray()).isEqualTo(bytes(0, 2 << 20));
  }

  @Test
  void aFileThatWasReplacedIsReadAsItWas() throws IOException {
    var other = folder.resolve("other");
    Files.write(other, new byte[SIZE]);
    Files.move(other, source, StandardCopyOption.REPLACE_EXISTING);

    assertThat(written(part(9, 1 << 20))).isEqualTo(bytes(9, 1 << 20));
  }

  @Test
  void aFileThatIsGoneIsReadAsItWas() throws IOException {
    Files.delete(source);

    assertThat(written(part(9, 1 << 20))).isEqualTo(bytes(9, 1 << 20));
  }

  @Test
  void aFileThatWasCutIsTold() throws IOException {
    try (var channel = FileChannel.open(source, StandardOpenOption.WRITE)) {
      channel.truncate(1 << 20);
    }

    assertThatThrownBy(() -> written(part(1000, 2 << 20)))
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("'" + source + "' was cut while it was read")
        .hasMessageContaining("2097152 bytes are needed at byte 1000, but it ends at byte 1048576");
  }
}
