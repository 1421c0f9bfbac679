package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import watari.finding.ModelException;
import watari.format.onnx.OnnxOutput.Storage;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.TensorProto.DataLocation;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class OnnxOutputTest {
  private final Arena arena = Arena.ofConfined();
  @TempDir Path folder;

  @AfterEach
  void close() {
    arena.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"elements.onnx", "nested.onnx"})
  void aFileWrittenAgainHoldsTheSame(String name) throws IOException {
    var file = OnnxFixtures.open(name, arena);
    var copy = folder.resolve(name);

    new OnnxOutput(file).write(file.model(), copy, Storage.MODEL);

    var source = ModelProto.parseFrom(Files.readAllBytes(OnnxFixtures.path(name)));
    assertThat(ModelProto.parseFrom(Files.readAllBytes(copy))).isEqualTo(source);
  }

  @Test
  void tensorsOfEveryTypeAreWritten() throws IOException {
    var file = OnnxFixtures.open("elements.onnx", arena);
    var output = new OnnxOutput();
    var graph = GraphProto.newBuilder();
    var tensors = file.model().getGraph().getInitializerList();
    for (var tensor : tensors) {
      graph.addInitializer(output.initializer(tensor.getName(), file.data(tensor)));
    }
    var path = folder.resolve("m.onnx");

    output.write(ModelProto.newBuilder().setGraph(graph).build(), path, Storage.MODEL);

    var written = OnnxFile.open(path, arena);
    for (int i = 0; i < tensors.size(); i++) {
      var again = written.data(written.model().getGraph().getInitializer(i));
      assertThat(again.contentEquals(file.data(tensors.get(i))))
          .as(tensors.get(i).getName())
          .isTrue();
    }
  }

  @Test
  void initializersMayLieBesideTheModelAndAttributesMayNot() throws IOException {
    var output = new OnnxOutput();
    var small = TensorData.ofFloats(Shape.of(300), new float[300]);
    var large = ramp(1 << 19);
    var graph =
        GraphProto.newBuilder()
            .addInitializer(output.initializer("small", small))
            .addInitializer(output.initializer("large", large))
            .addInitializer(output.attribute(small).toBuilder().setName("inside"));
    var path = folder.resolve("m.onnx");

    output.write(ModelProto.newBuilder().setGraph(graph).build(), path, Storage.BESIDE);

    var file = OnnxFile.open(path, arena);
    var tensors = file.model().getGraph().getInitializerList();
    assertThat(entries(tensors.get(0))).containsExactly("m.onnx.data", "0", "1200");
    assertThat(entries(tensors.get(1))).containsExactly("m.onnx.data", "4096", "2097152");
    assertThat(tensors.get(2).getDataLocation()).isEqualTo(DataLocation.DEFAULT);
    assertThat(Files.size(folder.resolve("m.onnx.data"))).isEqualTo(4096 + 2097152);
    assertThat(file.data(tensors.get(1)).contentEquals(large)).isTrue();
  }

  private static TensorData ramp(int count) {
    var values = new float[count];
    for (int i = 0; i < count; i++) values[i] = i;
    return TensorData.ofFloats(Shape.of(count), values);
  }

  private static List<String> entries(TensorProto tensor) {
    return tensor.getExternalDataList().stream().map(entry -> entry.getValue()).toList();
  }

  @Test
  void whatPassesTheLimitOfProtobufIsRefusedAsOneFile() {
    var output = new OnnxOutput();
    var zeros = TensorData.scalar(0f).expanded(Shape.of(600, 1_000_000));
    var graph = GraphProto.newBuilder().addInitializer(output.initializer("w", zeros));
    var model = ModelProto.newBuilder().setGraph(graph).build();

    assertThatThrownBy(() -> output.write(model, folder.resolve("m.onnx"), Storage.MODEL))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(
            "the model has 2400000030 bytes, but one ONNX file holds at most 1900000000");
    assertThat(folder).isEmptyDirectory();
  }
}
