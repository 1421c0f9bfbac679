package watari.format.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import watari.format.ByteSource;
import watari.format.tflite.schema.Model;
import watari.graph.Metadata.Attachment;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class TfliteOutputTest {
  /// Enough to be kept outside where anything is.
  private static final int LARGE = 5000;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"small.tflite", "outside.tflite"})
  void aFileWrittenAgainHoldsTheSame(String name) throws IOException {
    var source = TfliteFixtures.bytes(name);

    var copy = toArray(TfliteCopy.of(MemorySegment.ofArray(source), new TfliteOutput()));

    assertThat(TfliteText.of(copy)).isEqualTo(TfliteText.of(source));
  }

  @Test
  void buffersAreAligned() throws IOException {
    var output = new TfliteOutput();
    int small = output.add(ByteSource.of(new byte[] {7}));
    int large = output.add(ByteSource.of(new byte[LARGE]));

    var file = open(output, folder.resolve("m.tflite"));

    assertThat(file.model().buffers(large).offset()).isZero();
    assertThat(file.model().buffers(large).dataLength()).isEqualTo(LARGE);
    for (int buffer : List.of(small, large)) {
      var data = file.model().buffers(buffer).dataAsByteBuffer();
      assertThat(data.position() % 64).isZero();
    }
  }

  @Test
  void largeBuffersLieOutsideWhenTheFlatbufferWouldBeTooLarge() throws IOException {
    var output = new TfliteOutput(LARGE);
    int small = output.add(ByteSource.of(new byte[] {7}));
    int large = output.add(TensorData.ofInts(Shape.of(LARGE), new int[LARGE]));

    var file = open(output, folder.resolve("m.tflite"));

    assertThat(file.model().buffers(small).dataLength()).isEqualTo(1);
    assertThat(file.model().buffers(large).dataVector()).isNull();
    assertThat(file.model().buffers(large).offset() % 64).isZero();
    assertThat(file.buffer(large).byteSize()).isEqualTo(4L * LARGE);
  }

  @Test
  void theSameTensorIsOneBuffer() {
    var output = new TfliteOutput();
    var tensor = TensorData.vector(1, 2);

    assertThat(output.add(tensor)).isEqualTo(output.add(tensor)).isEqualTo(1);
    assertThat(output.add(TensorData.vector(1, 2))).isEqualTo(2);
  }

  @Test
  void buffersWithoutDataAndEmptyOnesDiffer() throws IOException {
    var output = new TfliteOutput();
    int none = output.addWithoutData();
    int empty = output.add(ByteSource.of(new byte[0]));

    var model = open(output, folder.resolve("m.tflite")).model();

    assertThat(model.buffers(none).dataVector()).isNull();
    assertThat(model.buffers(empty).dataLength()).isZero();
    assertThat(model.buffers(empty).dataVector()).isNotNull();
  }

  @Test
  void associatedFilesStayBehindTheModel() throws IOException {
    var path = folder.resolve("m.tflite");
    var files = new LinkedHashMap<String, byte[]>();
    files.put("labels.txt", "cat\ndog".getBytes(UTF_8));
    files.put("empty", new byte[0]);
    var model = ByteSource.of(TfliteFixtures.bytes("small.tflite"));

    TfliteAssociatedFiles.append(model, files).writeTo(path);

    var read = TfliteAssociatedFiles.read(path);
    assertThat(read.keySet()).containsExactly("labels.txt", "empty");
    assertThat(read.get("labels.txt")).isEqualTo(files.get("labels.txt"));
  }

  @Test
  void associatedFilesAreAttachmentsOfTheModel() throws IOException {
    var path = folder.resolve("m.tflite");
    var model = ByteSource.of(TfliteFixtures.bytes("small.tflite"));
    TfliteAssociatedFiles.append(model, Map.of("labels.txt", new byte[] {65})).writeTo(path);

    var metadata = TfliteMetadata.read(TfliteFixtures.open("small.tflite"), path);

    assertThat(metadata.attachments())
        .extracting(Attachment::kind, Attachment::name, a -> a.bytes().sizeBytes())
        .containsExactly(
            tuple("tflite.metadata.internal", "min_runtime_version", 5L),
            tuple("tflite.file", "labels.txt", 1L));
  }

  @Test
  void aModelWithoutAssociatedFilesHasNone() throws IOException {
    var path = folder.resolve("m.tflite");
    Files.write(path, TfliteFixtures.bytes("small.tflite"));

    assertThat(TfliteAssociatedFiles.read(path)).isEmpty();
  }

  /// A model of buffers alone, written and opened.
  private static TfliteFile open(TfliteOutput output, Path path) throws IOException {
    var builder = new FlatBufferBuilder();
    int buffers = output.buffers(builder);
    Model.startModel(builder);
    Model.addVersion(builder, 3);
    Model.addBuffers(builder, buffers);
    output.finish(builder, Model.endModel(builder)).writeTo(path);
    return TfliteFile.of("m.tflite", MemorySegment.ofArray(Files.readAllBytes(path)));
  }

  private static byte[] toArray(ByteSource source) throws IOException {
    var bytes = new ByteArrayOutputStream();
    source.writeTo(Channels.newChannel(bytes));
    return bytes.toByteArray();
  }
}
