package watari.format.keras;

import static org.assertj.core.api.Assertions.assertThat;

import io.jhdf.HdfFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Files that we write, read by jHDF.
class KerasHdfFileTest {
  @TempDir Path folder;

  private HdfFile written(KerasHdfTree tree) {
    var file = folder.resolve("file.h5");
    try {
      KerasHdfFile.of(tree).writeTo(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return new HdfFile(file);
  }

  /// Source: the test vectors of `lookup3.c`.
  @Test
  void theChecksumIsLookup3() {
    assertThat(KerasHdfChecksum.of(new byte[0])).isEqualTo(0xDEADBEEF);
    assertThat(
            KerasHdfChecksum.of(
                "Four score and seven years ago"
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
        .isEqualTo(0x17770551);
  }

  @Test
  void arraysHaveTheirShapesTypesAndNumbers() {
    var tree = new KerasHdfTree();
    tree.array("a/b/floats", TensorData.ofFloats(Shape.of(2, 2), 1, -2, 0.5f, 4));
    tree.array("a/longs", TensorData.vector(1L << 40, -1));
    tree.array("half", TensorData.scalar(DataType.FLOAT16, 1.5));
    tree.array("none", TensorData.ofFloats(Shape.of(0)));
    try (var file = written(tree)) {
      assertThat(file.getDatasetByPath("a/b/floats").getData())
          .isEqualTo(new float[][] {{1, -2}, {0.5f, 4}});
      assertThat(file.getDatasetByPath("a/longs").getData()).isEqualTo(new long[] {1L << 40, -1});
      assertThat(file.getDatasetByPath("half").getData()).isEqualTo(1.5f);
      assertThat(file.getDatasetByPath("none").getDimensions()).containsExactly(0);
    }
  }

  @Test
  void textsMayBeLongerThanAnAttribute() {
    var tree = new KerasHdfTree();
    var text = "configuration ü ".repeat(20_000);
    tree.text("model_config", text);
    try (var file = written(tree)) {
      assertThat(file.getAttribute("model_config").getData()).isEqualTo(text);
    }
  }

  @Test
  void groupsAndListsMayBeEmpty() {
    var tree = new KerasHdfTree();
    tree.group("empty").list("weight_names", List.of());
    tree.group("full").list("weight_names", List.of("one", "two"));
    try (var file = written(tree)) {
      assertThat(file.getChildren().keySet()).containsExactlyInAnyOrder("empty", "full");
      var names = file.getByPath("full").getAttribute("weight_names").getData();
      assertThat(names).isEqualTo(new String[] {"one", "two"});
    }
  }

  /// Keras looks for parts where there is no whole.
  @Test
  void longListsAreInParts() {
    var tree = new KerasHdfTree();
    var names = IntStream.range(0, 7000).mapToObj(i -> "layer" + i).toList();
    tree.list("layer_names", names);
    try (var file = written(tree)) {
      assertThat(file.getAttributes().keySet())
          .containsExactlyInAnyOrder("layer_names0", "layer_names1", "layer_names2");
      var last = (String[]) file.getAttribute("layer_names2").getData();
      assertThat(last).hasSize(1000).endsWith("layer6999");
    }
  }
}
