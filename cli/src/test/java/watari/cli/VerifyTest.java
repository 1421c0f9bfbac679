package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// `watari verify`: its options and exit codes. The models are `f(x + [1, 2, 3])`.
class VerifyTest {
  @TempDir private Path folder;

  private Path relu = Path.of("");
  private Path negative = Path.of("");

  @BeforeEach
  void models() throws IOException {
    relu = SmallModel.relu("onnx", folder.resolve("relu.onnx"));
    negative = SmallModel.write("onnx", folder.resolve("neg.onnx"), new Unary(Unary.Kind.NEG));
  }

  private Path arrays(String name, Map<String, TensorData> arrays) throws IOException {
    var file = folder.resolve(name);
    Npz.write(file, arrays);
    return file;
  }

  private static TensorData row(float... values) {
    return TensorData.ofFloats(Shape.of(1, values.length), values);
  }

  @Test
  void recordedOutputsThatDifferAreCodeOne() throws IOException {
    var a = arrays("a.npz", Map.of("y", row(0, 1, 2)));
    var b = arrays("b.npz", Map.of("y", row(0, 1, 3)));
    var said = Spoken.of("verify", a, b);
    assertThat(said.out()).contains("y: max absolute 1.00").contains("different (recorded");
    assertThat(said.code()).isEqualTo(1);
    assertThat(Spoken.of("verify", a, b, "--tolerance", 0.5).code()).isZero();
    assertThat(Spoken.of("verify", a, b, "--tolerance", 0.4).code()).isEqualTo(1);
  }

  @Test
  void recordedOutputsAreJudgedByTheSameSteps() throws IOException {
    var a = arrays("a.npz", Map.of("y", row(0, 1000)));
    assertThat(Spoken.of("verify", a, arrays("b.npz", Map.of("y", row(0, 1001)))).out())
        .contains("rounding (recorded");
    assertThat(Spoken.of("verify", a, arrays("c.npz", Map.of("y", row(0, 1003)))).out())
        .contains("different (recorded");
  }

  @Test
  void recordedOutputsOfOtherShapesOrNamesDiffer() throws IOException {
    var two = new LinkedHashMap<String, TensorData>();
    two.put("y", row(1, 2));
    two.put("z", row(1));
    var a = arrays("a.npz", two);
    var less = Spoken.of("verify", a, arrays("b.npz", Map.of("y", row(1, 2))));
    assertThat(less.err()).contains("has no output 'z'").contains("OUTPUT_MISSING");
    assertThat(less.code()).isEqualTo(1);
    var wide = arrays("c.npz", Map.of("y", row(1, 2, 3)));
    var other = Spoken.of("verify", arrays("d.npz", Map.of("y", row(1, 2))), wide);
    assertThat(other.err()).contains("output 'y' is [1,3], but [1,2]").contains("SHAPE_DIFFERS");
    assertThat(other.code()).isEqualTo(1);
  }

  @Test
  void recordedOutputsAreComparedWithAModelOnTheSameData() throws IOException {
    var data = arrays("x.npz", Map.of("x", row(-5, 0, 5)));
    var right = arrays("right.npz", Map.of("y", row(0, 2, 8)));
    var wrong = arrays("wrong.npz", Map.of("y", row(0, 2, 9)));
    assertThat(Spoken.of("verify", right, relu, "--data", data).code()).isZero();
    assertThat(Spoken.of("verify", relu, right, "--data", data).code()).isZero();
    assertThat(Spoken.of("verify", relu, wrong, "--data", data).code()).isEqualTo(1);
  }

  @Test
  void modelsRunOnTheDataThatIsGiven() throws IOException {
    var zero = arrays("zero.npz", Map.of("x", row(-1, -2, -3)));
    assertThat(Spoken.of("verify", relu, negative).code()).isEqualTo(1);
    assertThat(Spoken.of("verify", relu, negative, "--data", zero).code()).isZero();
    var two = new LinkedHashMap<String, TensorData>();
    two.put("a", row(1, 2, 3));
    two.put("b", row(1, 2, 3));
    var said = Spoken.of("verify", relu, negative, "--data", arrays("two.npz", two));
    assertThat(said.err()).contains("the data has no array 'x'");
    assertThat(said.code()).isEqualTo(4);
  }

  @Test
  void theSeedChoosesTheInputs() {
    var one = Spoken.of("verify", relu, negative, "--seed", 1).out();
    assertThat(Spoken.of("verify", relu, negative, "--seed", 1).out()).isEqualTo(one);
    assertThat(Spoken.of("verify", relu, negative, "--seed", 2).out()).isNotEqualTo(one);
  }

  @Test
  void eachSampleIsCompared() {
    var said = Spoken.of("verify", relu, negative, "--samples", 3, "--json");
    assertThat(said.out().split("\"max_absolute\"", -1)).hasSize(4);
    assertThat(said.code()).isEqualTo(1);
    assertThat(Spoken.of("verify", relu, negative, "--samples", 0).code()).isEqualTo(2);
    assertThat(Spoken.of("verify", relu, negative, "--tolerance", "much").code()).isEqualTo(2);
  }

  @Test
  void layersAreComparedThoughOutputsAreWithinTheTolerance() throws IOException {
    var leaky = SmallModel.write("onnx", folder.resolve("leaky.onnx"), new LeakyRelu(0.5f));
    var data = arrays("x.npz", Map.of("x", row(-5, -5, -5)));
    assertThat(Spoken.of("verify", relu, leaky, "--data", data).err()).contains("'y'");
    var same = Spoken.of("verify", relu, relu, "--layers");
    assertThat(same.err()).doesNotContain("FIRST_DIFFERENCE");
    assertThat(same.code()).isZero();
  }

  @Test
  void whatCannotBeReadHasItsCode() throws IOException {
    var broken = folder.resolve("broken.npz");
    Files.writeString(broken, "no archive");
    var said = Spoken.of("verify", relu, broken);
    assertThat(said.err()).contains("DATA_BROKEN");
    assertThat(said.code()).isEqualTo(3);
    assertThat(Spoken.of("verify", relu, folder.resolve("missing.npz")).code()).isEqualTo(5);
    assertThat(Spoken.of("verify", relu, folder.resolve("missing.onnx")).code()).isEqualTo(5);
  }

  @Test
  void weightsOfTheFirstModelMayBeElsewhere() throws IOException {
    var ir = SmallModel.relu("openvino", folder.resolve("relu.xml"));
    var moved = Files.move(folder.resolve("relu.bin"), folder.resolve("weights"));
    assertThat(Spoken.of("verify", ir, relu).err()).contains("WEIGHTS_MISSING");
    var said = Spoken.of("verify", ir, relu, "--weights-file", moved);
    assertThat(said.code()).as(said.err()).isZero();
    var outputs = arrays("a.npz", Map.of("y", row(0, 1, 2)));
    var recorded = Spoken.of("verify", outputs, relu, "--weights-file", moved);
    assertThat(recorded.code()).isEqualTo(2);
    assertThat(recorded.err()).contains("--weights-file is for A, but '" + outputs + "'");
  }
}
