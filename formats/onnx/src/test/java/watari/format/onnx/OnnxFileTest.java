package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.ModelException;
import watari.format.ByteSource;
import watari.format.LargeFields;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.StringStringEntryProto;
import watari.format.onnx.schema.TensorProto;
import watari.tensor.DataType;
import watari.tensor.Shape;

class OnnxFileTest {
  private final Arena arena = Arena.ofConfined();
  @TempDir Path folder;

  @AfterEach
  void close() {
    arena.close();
  }

  @Test
  void elementsAreTheSameInTypedFieldsAndRaw() throws IOException {
    var file = OnnxFixtures.open("elements.onnx", arena);
    var tensors = file.model().getGraph().getInitializerList();
    int pairs = 2 * (DataType.values().length - 1);

    for (int i = 0; i < 2 * pairs; i += 2) {
      var typed = tensors.get(i);
      var raw = tensors.get(i + 1);
      assertThat(raw.getName()).isEqualTo(typed.getName().replace("typed", "raw"));
      assertThat(file.data(typed).contentEquals(file.data(raw))).as(typed.getName()).isTrue();
    }
  }

  @Test
  void largeElementsAreNotInTheModel() throws IOException {
    var file = OnnxFixtures.open("elements.onnx", arena);

    for (var tensor : file.model().getGraph().getInitializerList()) {
      assertThat(tensor.getSerializedSize()).as(tensor.getName()).isLessThan(350);
    }
  }

  @Test
  void stringsAndEmptyTensorsAreRead() throws IOException {
    var file = OnnxFixtures.open("elements.onnx", arena);
    var tensors = file.model().getGraph().getInitializerList();

    var strings = file.data(tensors.get(tensors.size() - 2));
    assertThat(strings.bytesAt(1)).isEqualTo(new byte[] {(byte) 0xC3, (byte) 0xBC});
    assertThat(file.data(tensors.getLast()).shape()).isEqualTo(Shape.of(0, 4));
  }

  @Test
  void tensorsAreFoundAtAnyDepth() throws IOException {
    var file = OnnxFixtures.open("nested.onnx", arena);
    var graph = file.model().getGraph();
    var branch = graph.getNode(0).getAttribute(0).getG();
    var inner = branch.getNode(0).getAttribute(0).getG();

    assertThat(first(file, graph.getInitializer(0))).isEqualTo(100);
    assertThat(first(file, branch.getInitializer(0))).isEqualTo(200);
    assertThat(first(file, constant(inner.getNode(0)))).isEqualTo(300);
    assertThat(first(file, graph.getSparseInitializer(0).getValues())).isEqualTo(400);
    assertThat(first(file, constant(file.model().getFunctions(0).getNode(0)))).isEqualTo(500);
  }

  private static TensorProto constant(NodeProto node) {
    return node.getAttribute(0).getT();
  }

  private static double first(OnnxFile file, TensorProto tensor) {
    assertThat(tensor.hasRawData()).isFalse();
    return file.data(tensor).doubleAt(0);
  }

  @Test
  void externalDataIsRead() throws IOException {
    var file = OnnxFixtures.open("external.onnx", arena);

    assertThat(file.data(file.model().getGraph().getInitializer(0)).doubleAt(99)).isEqualTo(199);
  }

  @Test
  void externalDataStaysInTheModelsFolder() throws IOException {
    Files.write(folder.resolve("secret"), new byte[4]);
    var inside = Files.createDirectory(folder.resolve("model"));

    for (var location : List.of("../secret", folder.resolve("secret").toString())) {
      assertThatThrownBy(() -> readExternal(inside, location))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining(
              "m.onnx: tensor 'w' has its data in '%s', which is outside of the model's folder"
                  .formatted(location));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aLinkDoesNotLeadOutOfTheModelsFolder() throws IOException {
    Files.write(folder.resolve("secret"), new byte[4]);
    var inside = Files.createDirectory(folder.resolve("model"));
    Files.createSymbolicLink(inside.resolve("link"), folder.resolve("secret"));

    assertThatThrownBy(() -> readExternal(inside, "link"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("'link', which is outside of the model's folder [EXTERNAL_DATA]");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aLinkedModelMayHaveItsDataWhereItReallyLies() throws IOException {
    var real = Files.createDirectory(folder.resolve("blobs"));
    var linked = Files.createDirectory(folder.resolve("snapshot"));
    Files.write(real.resolve("d41d"), new byte[] {0, 0, (byte) 0x80, 0x3F});
    Files.createSymbolicLink(linked.resolve("w.bin"), real.resolve("d41d"));
    externalModel("w.bin").writeTo(real.resolve("8f3c"));
    Files.createSymbolicLink(linked.resolve("m.onnx"), real.resolve("8f3c"));

    var file = OnnxFile.open(linked.resolve("m.onnx"), arena);

    assertThat(file.data(file.model().getGraph().getInitializer(0)).doubleAt(0)).isEqualTo(1);
  }

  @Test
  void missingExternalDataIsTold() {
    assertThatThrownBy(() -> readExternal(folder, "gone"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("tensor 'w' has its data in 'gone', which is not there");
  }

  private void readExternal(Path inside, String location) throws IOException {
    var path = inside.resolve("m.onnx");
    externalModel(location).writeTo(path);
    var file = OnnxFile.open(path, arena);
    file.data(file.model().getGraph().getInitializer(0));
  }

  private static ByteSource externalModel(String location) {
    var tensor =
        TensorProto.newBuilder()
            .setName("w")
            .addDims(1)
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(
                StringStringEntryProto.newBuilder().setKey("location").setValue(location));
    var graph = GraphProto.newBuilder().addInitializer(tensor);
    return ByteSource.of(ModelProto.newBuilder().setGraph(graph).build().toByteArray());
  }

  @Test
  void elementsThatDoNotFillTheShapeAreTold() throws IOException {
    var file = OnnxFixtures.open("elements.onnx", arena);
    var tensor = TensorProto.newBuilder().setName("t").setDataType(1).addDims(3).addFloatData(1);

    assertThatThrownBy(() -> file.data(tensor.build()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(
            "tensor 't' has 4 bytes of elements, but float32[3] needs 12 [TENSOR_BROKEN]");
  }

  @Test
  void unknownElementTypesAreTold() throws IOException {
    var file = OnnxFixtures.open("elements.onnx", arena);
    var tensor = TensorProto.newBuilder().setName("t").setDataType(27);

    assertThatThrownBy(() -> file.data(tensor.build()))
        .hasMessageContaining(
            "tensor 't' has the element type 'FLOAT6E2M3', which Watari does not know");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void filesMayPassTwoGigabytes() throws IOException {
    long size = 3_000_000_000L;
    var path = folder.resolve("large.onnx");
    sparse(path, size);

    var file = OnnxFile.open(path, arena);
    var data = file.data(file.model().getGraph().getInitializer(0));

    assertThat(data.longAt(size - 1)).isEqualTo(42);
  }

  /// A model with one tensor of zeros, of which the last is 42.
  private static void sparse(Path path, long size) throws IOException {
    var tensor =
        TensorProto.newBuilder().setDataType(TensorProto.DataType.UINT8_VALUE).addDims(size);
    var fields =
        ByteSource.of(
            List.of(
                ByteSource.of(tensor.build().toByteArray()),
                LargeFields.field(TensorProto.RAW_DATA_FIELD_NUMBER, new Zeros(size))));
    var initializer = LargeFields.field(GraphProto.INITIALIZER_FIELD_NUMBER, fields);
    var model = LargeFields.field(ModelProto.GRAPH_FIELD_NUMBER, initializer);
    model.writeTo(path);
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(file.length() + size);
      file.seek(file.length() - 1);
      file.write(42);
    }
  }

  /// Says that it is there, and writes nothing.
  private record Zeros(long sizeBytes) implements ByteSource {
    @Override
    public void writeTo(WritableByteChannel channel) {}
  }
}
