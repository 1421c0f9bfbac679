package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.op.ElementwiseOp.Unary;

class ReplaceTest {
  @TempDir private Path folder;

  private Path hardSwish() throws IOException {
    return SmallModel.write("onnx", folder.resolve("m.onnx"), new Unary(Unary.Kind.HARD_SWISH));
  }

  @Test
  void rulesAreListedWithoutAModel() {
    var said = Spoken.of("convert", "--list-rules");
    assertThat(said.code()).isZero();
    assertThat(said.out())
        .contains("hardswish: HardSwish becomes x · relu6(x + 3) · 0.16666666 (EdgeTPU)")
        .contains("(any; changes the function)");
    assertThat(Spoken.of("convert", "--list-rules", "--json").out())
        .contains("{\"name\":\"hardswish\",", "\"exact\":false");
  }

  @Test
  void anExactRuleIsVerified() throws IOException {
    var out = folder.resolve("out");
    var said =
        Spoken.of(
            "convert", hardSwish(), "--to", "tflite,onnx", "--replace", "hardswish", "-o", out);
    assertThat(said.code()).isZero();
    assertThat(said.out()).contains("m.tflite: written, equal", "m.onnx: written, equal");
    assertThat(Spoken.of("inspect", out.resolve("m.tflite")).out())
        .contains("MUL v1 2")
        .doesNotContain("HARD_SWISH");
  }

  @Test
  void aRuleThatChangesTheFunctionIsAWarningAndAnErrorUnderStrict() throws IOException {
    var model = hardSwish();
    var out = folder.resolve("out");
    var said =
        Spoken.of("convert", model, "--to", "tflite", "--replace", "hardswish-to-swish", "-o", out);
    assertThat(said.err()).contains("[FUNCTION_CHANGED]");
    assertThat(said.out()).contains("written, different");
    assertThat(said.code()).isEqualTo(1);
    var strict =
        Spoken.of(
            "convert",
            model,
            "--to",
            "onnx",
            "--replace",
            "hardswish-to-swish",
            "--strict",
            "-o",
            out);
    assertThat(strict.code()).isEqualTo(4);
  }

  @Test
  void anUnknownRuleIsWrongUsage() throws IOException {
    var said =
        Spoken.of("convert", hardSwish(), "--to", "onnx", "--replace", "hard-swish", "-o", folder);
    assertThat(said.code()).isEqualTo(2);
    assertThat(said.err())
        .contains("there is no replacement rule 'hard-swish'; near ones: hardswish");
  }
}
