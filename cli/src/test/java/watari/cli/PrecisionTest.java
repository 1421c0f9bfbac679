package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Watari;
import watari.graph.Graph;
import watari.graph.Node;
import watari.op.ConvOp.Conv;
import watari.op.MatMulOp.FullyConnected;
import watari.op.QuantizeOp.Convert;
import watari.tensor.DataType;

/// Precisions that need no data.
class PrecisionTest {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final Path SAMPLE = ROOT.resolve("samples/digits.tflite");

  /// Weights of the sample.
  private static final long PARAMETERS = 10_000;

  @TempDir private Path out;

  private Spoken convert(String formats, String precisions) {
    return Spoken.of(
        "convert", SAMPLE, "--to", formats, "--precision", precisions, "-o", out, "--json");
  }

  private long saved(String name) throws IOException {
    return Files.size(SAMPLE) - Files.size(out.resolve(name));
  }

  private interface Look {
    void at(Graph graph);
  }

  private void look(String name, Look look) throws IOException {
    try (var open = Watari.read(out.resolve(name))) {
      look.at(open.model().main());
    }
  }

  private static boolean isProduct(Node node) {
    return node.op() instanceof Conv || node.op() instanceof FullyConnected;
  }

  @Test
  void severalPrecisionsAreSeveralFiles() throws IOException {
    var said = convert("tflite,onnx,openvino", "float32,float16,weights8");
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.out()).doesNotContain("different", "unverified").contains("\"sqnr\"");
    for (var name : new String[] {"digits", "digits.float16", "digits.weights8"}) {
      for (var suffix : new String[] {".tflite", ".onnx", ".xml", ".bin"}) {
        assertThat(out.resolve(name + suffix)).exists();
      }
    }
    assertThat(saved("digits.float16.tflite")).isGreaterThan(2 * PARAMETERS * 8 / 10);
    long whole = Files.size(out.resolve("digits.bin"));
    assertThat(Files.size(out.resolve("digits.float16.bin")))
        .isBetween(whole / 2, whole * 52 / 100);
    for (var small : new String[] {"digits.weights8.tflite", "digits.weights8.onnx"}) {
      assertThat(saved(small)).as(small).isGreaterThan(3 * PARAMETERS * 8 / 10);
    }
  }

  @Test
  void dynamicProductsTakeWeightsOf8BitsAndFloats() throws IOException {
    assertThat(convert("tflite", "dynamic8").code()).isZero();
    look(
        "digits.dynamic8.tflite",
        graph -> {
          var products = graph.nodes().stream().filter(PrecisionTest::isProduct).toList();
          assertThat(products)
              .hasSizeGreaterThan(3)
              .allSatisfy(node -> {
                assertThat(node.input(0).type().isQuantized()).isFalse();
                assertThat(node.input(1).dtype()).isEqualTo(DataType.INT8);
              });
          assertThat(graph.nodes()).noneMatch(node -> node.op() instanceof Convert);
        });
  }

  @Test
  void weightsOf8BitsAreDecodedBeforeTheyAreUsed() throws IOException {
    assertThat(convert("tflite", "weights8").code()).isZero();
    look(
        "digits.weights8.tflite",
        graph ->
            assertThat(graph.nodes().stream().filter(PrecisionTest::isProduct))
                .isNotEmpty()
                .allMatch(node -> node.input(1).producer().orElseThrow().op() instanceof Convert));
  }

  @Test
  void whatAFormatCannotSayIsRefusedAndTheOthersWritten() {
    var said = convert("onnx", "dynamic8,weights8");
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.out())
        .contains("precision 'dynamic8' cannot be made for onnx", "PRECISION_UNSUPPORTED");
    assertThat(out.resolve("digits.weights8.onnx")).exists();
  }
}
