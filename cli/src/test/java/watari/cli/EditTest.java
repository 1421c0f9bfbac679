package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `y = relu(sum)`, `sum = x + bias`, `bias = [1, 2, 3]`; in TFLite both are one operator, whose
/// sum is read as `y/ADD`.
class EditTest {
  @TempDir private Path folder;

  private Path model(String format, String name) throws IOException {
    return SmallModel.relu(format, folder.resolve(name));
  }

  private Path edited(Path model, Object... edits) {
    var result = folder.resolve("edited").resolve(model.getFileName());
    var words = new Object[edits.length + 4];
    words[0] = "edit";
    words[1] = model;
    words[2] = "-o";
    words[3] = result;
    System.arraycopy(edits, 0, words, 4, edits.length);
    var said = Spoken.of(words);
    assertThat(said.err()).isEmpty();
    assertThat(said.code()).isZero();
    return result;
  }

  @ParameterizedTest
  @CsvSource({"tflite,m.tflite", "onnx,m.onnx", "openvino,m.xml"})
  void namesChangeAndNothingElse(String format, String name) throws IOException {
    var model = model(format, name);
    var result = edited(model, "--rename", "x=picture", "--rename", "y=label");
    assertThat(Spoken.of("inspect", result).out())
        .contains("input  picture: float32[1,3]", "output label: float32[1,3]");
    assertThat(Spoken.of("verify", model, result).code()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"tflite,m.tflite,y/ADD", "onnx,m.onnx,sum", "openvino,m.xml,sum"})
  void aDeletedNodeGivesItsInput(String format, String name, String inner) throws IOException {
    var model = model(format, name);
    var result = edited(model, "--delete", "y");
    assertThat(Spoken.of("inspect", result).out()).doesNotContainIgnoringCase("relu");
    var kept = folder.resolve("kept").resolve(name);
    Spoken.of("edit", result, "-o", kept, "--batch", 1);
    var sum = edited(model, "--outputs", inner, "--force");
    assertThat(Spoken.of("verify", kept, sum).code()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"tflite,m.tflite,y/ADD", "onnx,m.onnx,sum"})
  void aConstantIsFilledByANumber(String format, String name, String inner) throws IOException {
    var model = model(format, name);
    var zero = edited(model, "--set-const", "bias=0");
    assertThat(Spoken.of("verify", model, zero).code()).isEqualTo(1);
    var relu = edited(model, "--inputs", inner, "--force");
    assertThat(Spoken.of("run", relu).code()).isZero();
    assertThat(Spoken.of("inspect", relu).out()).contains("input  " + inner + ": float32[1,3]");
  }

  @Test
  void theBatchGoesThrough() throws IOException {
    var result = edited(model("onnx", "m.onnx"), "--batch", 5);
    assertThat(Spoken.of("inspect", result).out())
        .contains("input  x: float32[5,3]", "output y: float32[5,3]");
  }

  @Test
  void aDryRunSaysTheDifferenceAndWritesNothing() throws IOException {
    var model = model("onnx", "m.onnx");
    var said = Spoken.of("edit", model, "--dry-run", "--delete", "sum", "--rename", "y=z");
    assertThat(said.out().lines())
        .containsExactly(
            "- ADD(x, bias) -> sum: float32[1,3]",
            "- RELU(sum) -> y: float32[1,3]",
            "- output y: float32[1,3]",
            "+ RELU(x) -> z: float32[1,3]",
            "+ output z: float32[1,3]");
    assertThat(said.code()).isZero();
    assertThat(Spoken.of("edit", model, "--dry-run", "--batch", 2, "--json").out())
        .contains("\"difference\":[\"- input x: float32[1,3]\"");
  }

  @Test
  void whatCannotBeDoneIsAFindingAndLeavesNothing() throws IOException {
    var model = model("onnx", "m.onnx");
    var result = folder.resolve("n.onnx");
    var unknown = Spoken.of("edit", model, "-o", result, "--delete", "summ");
    assertThat(unknown.err())
        .contains("the model has no node 'summ' [NAME_UNKNOWN]", "near names: sum");
    assertThat(unknown.code()).isEqualTo(4);
    var taken = Spoken.of("edit", model, "-o", result, "--rename", "x=sum");
    assertThat(taken.err()).contains("'x' cannot become 'sum', which is there [NAME_TAKEN]");
    var text = Spoken.of("edit", model, "-o", result, "--set-const", "bias=one");
    assertThat(text.code()).isEqualTo(2);
    assertThat(result).doesNotExist();
  }

  @Test
  void wrongUsageIsTold() throws IOException {
    var model = model("onnx", "m.onnx");
    assertThat(Spoken.of("edit", model, "-o", model, "--batch", 2).code()).isEqualTo(2);
    assertThat(Spoken.of("edit", model, "--batch", 2).err())
        .contains("edit takes either -o OUT or --dry-run");
    assertThat(Spoken.of("edit", model, "--dry-run").err()).contains("no edit is asked for");
  }
}
