package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each option of `convert` does what the manual says, or is refused by name.
class OptionsTest {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final Path SAMPLE = ROOT.resolve("samples/digits.tflite");
  private static final Path MODELS = ROOT.resolve("cli/src/test/resources/models");

  @TempDir private Path folder;
  private Path out = Path.of("");

  @BeforeEach
  void output() {
    out = folder.resolve("out");
  }

  private Spoken convert(Object model, String target, Object... more) {
    var all = new ArrayList<Object>(List.of("convert", model, "--to", target, "-o", out));
    all.addAll(List.of(more));
    return Spoken.of(all.toArray());
  }

  @Test
  void whatIsNotThereYetIsRefusedAndNamedInTheReadme() throws IOException {
    var readme = Files.readString(ROOT.resolve("README.md"));
    for (var command : Later.COMMANDS) {
      var said = Spoken.of(command, SAMPLE);
      assertThat(said.code()).as(command).isEqualTo(2);
      assertThat(said.err()).contains("the command '" + command + "' is not there yet");
      assertThat(readme).contains("`" + command + "`");
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void unknownOptionsAreSaidInAFewLines() {
    var said = convert(SAMPLE, "onnx", "--forse");
    assertThat(said.code()).isEqualTo(2);
    assertThat(said.err()).contains("Unknown option: '--forse'").contains("--help says more");
    assertThat(said.err().lines()).hasSizeLessThan(5);
  }

  @Test
  void numbersThatCountNothingAreWrongUsage() {
    for (var option : new String[] {"--batch", "--opset"}) {
      for (var number : new String[] {"0", "-1", "x", "99999999999"}) {
        var said = convert(SAMPLE, "onnx", option + "=" + number);
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains(option + " takes a number above 0, not '" + number + "'");
      }
    }
  }

  @Test
  void opsetsThatAreNotWrittenAreWrongUsage() {
    for (int opset : new int[] {10, 99}) {
      var said = convert(SAMPLE, "onnx", "--opset", opset);
      assertThat(said.code()).isEqualTo(2);
      assertThat(said.err()).contains("opset " + opset + " cannot be written; opsets: 11 to ");
    }
    assertThat(convert(SAMPLE, "onnx", "--opset", 13).code()).isZero();
    assertThat(Spoken.of("inspect", out.resolve("digits.onnx")).out()).contains("Conv-13 4");
  }

  @Test
  void optionsOfOtherFormatsAreNotIgnored() {
    var said = convert(SAMPLE, "tflite", "--opset", 13);
    assertThat(said.code()).isEqualTo(2);
    assertThat(said.err()).contains("'--opset' means nothing for tflite");
    assertThat(convert(SAMPLE, "tflite", "--external-data").code()).isEqualTo(2);
    assertThat(convert(SAMPLE, "tflite,onnx", "--opset", 13, "--no-verify").code()).isZero();
    assertThat(convert(SAMPLE, "onnx", "--weights-file", SAMPLE).err())
        .contains("has its weights inside, as every tflite file");
  }

  @Test
  void weightsMayLieElsewhere() throws IOException {
    var model = Files.copy(MODELS.resolve("external.onnx"), folder.resolve("moved.onnx"));
    assertThat(convert(model, "tflite").code()).isEqualTo(4);
    var weights = Files.copy(MODELS.resolve("external.data"), folder.resolve("weights"));
    var said = convert(model, "tflite", "--weights-file", weights);
    assertThat(said.err()).isEmpty();
    assertThat(said.out()).contains("consistent");
    assertThat(convert(model, "tflite", "--weights-file", folder.resolve("no")).code())
        .isEqualTo(5);
    var sample = ROOT.resolve("samples/digits.onnx");
    assertThat(convert(sample, "tflite", "--weights-file", weights).err())
        .contains("nothing is read from '" + weights + "' [WEIGHTS_UNUSED]");
  }

  @Test
  void weightsGoBesideTheModel() {
    var said = convert(ROOT.resolve("samples/digits.onnx"), "onnx", "--external-data");
    assertThat(said.out()).contains("written, equal");
    assertThat(out.resolve("digits.onnx").toFile().length()).isLessThan(20_000);
    assertThat(out.resolve("digits.onnx.data").toFile().length()).isGreaterThan(40_000);
  }

  @Test
  void aBatchThatConstantsForbidIsRefusedAtTheirNode() {
    var said = convert(SAMPLE, "onnx", "--batch", 3);
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.err()).contains("node 'features' (RESHAPE v1)").contains("[SHAPE_FROZEN]");
    assertThat(said.err().lines()).hasSize(2);
  }

  @Test
  void shapesAndBatchesAreSet() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    assertThat(convert(model, "tflite", "--batch", 5).code()).isZero();
    assertThat(Spoken.of("inspect", out.resolve("m.tflite")).out()).contains("x: float32[5,3]");
    assertThat(convert(model, "tflite", "--input-shape", "x=7,-1").code()).isZero();
    assertThat(Spoken.of("inspect", out.resolve("m.tflite")).out()).contains("y: float32[7,3]");
    assertThat(convert(model, "tflite", "--input-shape", "z=7,3").err())
        .contains("the model has no input 'z' [NAME_UNKNOWN]");
  }

  @Test
  void unknownDimsStayWhereThatIsAsked() {
    var model = MODELS.resolve("shapes.onnx");
    var fixed = convert(model, "onnx", "--batch", 2, "-v");
    assertThat(fixed.err()).contains("[DIM_FIXED]");
    assertThat(fixed.code()).isZero();
    var kept = convert(model, "onnx", "--batch", 2, "--keep-dynamic");
    assertThat(kept.code()).isEqualTo(4);
    assertThat(kept.err()).contains("becomes 2 [DIM_FIXED]");
    assertThat(convert(model, "onnx", "--keep-dynamic").code()).isZero();
  }

  @Test
  void layoutsAreChosenByName() {
    var shape = "\"name\":\"image\",\"source_name\":\"image\",\"shape\":";
    assertThat(convert(SAMPLE, "onnx", "--json").out())
        .contains(shape + "[1,1,8,8],\"source_shape\":[1,8,8,1]")
        .contains("\"permutation\":[0,3,1,2]");
    for (var keep : new String[] {"--keep-io-layout", "--input-layout=image=nhwc"}) {
      assertThat(convert(SAMPLE, "onnx", "--json", keep).out())
          .contains(shape + "[1,8,8,1],\"source_shape\":[1,8,8,1]")
          .contains("\"permutation\":[]");
    }
  }

  @Test
  void layoutsThatCannotBeChosenAreRefused() {
    var unknown = convert(SAMPLE, "onnx", "--input-layout", "picture=nchw");
    assertThat(unknown.code()).isEqualTo(4);
    assertThat(unknown.err())
        .contains("the model has no input 'picture' [NAME_UNKNOWN]")
        .contains("inputs: image");
    var flat = convert(SAMPLE, "onnx", "--output-layout", "probabilities=nhwc");
    assertThat(flat.code()).isEqualTo(4);
    assertThat(flat.err()).contains("[LAYOUT_UNKNOWN]");
    assertThat(convert(SAMPLE, "onnx", "--input-layout", "image=up").code()).isEqualTo(2);
  }

  @Test
  void innerTensorsBecomeInputsAndOutputs() {
    var said = convert(SAMPLE, "onnx", "--inputs", "maxpool3", "--outputs", "features");
    assertThat(said.code()).isZero();
    assertThat(Spoken.of("inspect", out.resolve("digits.onnx")).out())
        .contains("input  maxpool3: float32[1,32,4,4]")
        .contains("output features: float32[1,128]");
    assertThat(convert(SAMPLE, "onnx", "--outputs", "nothing").err()).contains("[NAME_UNKNOWN]");
  }

  @Test
  void strictMakesAnErrorOfWhatIsLost() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var weights = Files.createFile(folder.resolve("weights"));
    var lax = convert(model, "tflite", "--weights-file", weights);
    assertThat(lax.code()).isZero();
    var strict = convert(model, "tflite", "--weights-file", weights, "--strict");
    assertThat(strict.code()).isEqualTo(4);
    assertThat(strict.err()).contains("[WEIGHTS_UNUSED]");
  }

  @Test
  void explainingNamesRules() {
    var said = convert(SAMPLE, "onnx", "--explain");
    assertThat(said.out()).contains(" times").contains("left ");
    assertThat(convert(SAMPLE, "onnx", "--explain", "--json").out()).contains("\"left\":[\"");
  }

  @Test
  void aGivenToleranceIsKept() {
    var said = convert(SAMPLE, "onnx", "--verify=1e-15");
    assertThat(said.code()).isEqualTo(1);
    assertThat(said.out()).contains("written, different");
    assertThat(out.resolve("digits.onnx")).isRegularFile();
    assertThat(convert(SAMPLE, "onnx", "--verify=1e-3").code()).isZero();
    assertThat(convert(SAMPLE, "onnx", "--verify=much").code()).isEqualTo(2);
    assertThat(convert(SAMPLE, "onnx", "--verify=-1").code()).isEqualTo(2);
  }

  @Test
  void dataThatCannotBeReadIsFoundBeforeAnythingIsWritten() throws IOException {
    var missing = convert(SAMPLE, "onnx", "--data", folder.resolve("missing.npz"));
    assertThat(missing.code()).isEqualTo(5);
    assertThat(missing.err()).contains("[FILE_NOT_FOUND]");
    var text = Files.writeString(folder.resolve("text.npz"), "hello");
    var broken = convert(SAMPLE, "onnx", "--data", text);
    assertThat(broken.code()).isEqualTo(3);
    assertThat(broken.err()).contains("[DATA_BROKEN]");
    assertThat(convert(SAMPLE, "onnx", "--data", text, "--no-verify").code()).isEqualTo(2);
    assertThat(out).doesNotExist();
  }

  @Test
  void precisionIsMarkedWhereItWasAskedFor() throws IOException {
    assertThat(convert(SAMPLE, "onnx", "--json").out()).contains("\"precision\":\"kept\"");
    assertThat(convert(SAMPLE, "onnx", "--precision", "float16,float32").code()).isZero();
    assertThat(out).isDirectoryContaining("glob:**/digits.float16.onnx");
    assertThat(out).isDirectoryContaining("glob:**/digits.onnx");
    var quantized = ROOT.resolve("samples/digits_int8.tflite");
    for (var decode : new String[] {"--dequantize", "--precision=float32"}) {
      assertThat(convert(quantized, "onnx", decode).code()).isZero();
      assertThat(Spoken.of("inspect", out.resolve("digits_int8.onnx")).out())
          .contains("image: float32");
    }
  }

  @Test
  void formatsAreFoundFromContentUnlessTheyAreGiven() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var renamed = Files.copy(model, folder.resolve("renamed.tflite"));
    assertThat(convert(renamed, "onnx").code()).isZero();
    assertThat(convert(renamed, "onnx", "--from", "onnx").code()).isZero();
    assertThat(convert(renamed, "onnx", "--from", "tflite").code()).isEqualTo(3);
    assertThat(convert(renamed, "onnx", "--from", "caffe").code()).isEqualTo(2);
  }

  @Test
  void aReportFitsOnAPage() throws IOException {
    var models = new ArrayList<Object>(List.of("convert"));
    for (int i = 0; i < 40; i++) {
      models.add(SmallModel.relu("onnx", folder.resolve("m" + i + ".onnx")));
    }
    models.addAll(List.of("--to", "tflite,onnx", "-o", out, "--no-verify"));
    var said = Spoken.of(models.toArray());
    assertThat(said.out().lines()).hasSizeLessThanOrEqualTo(25);
    assertThat(said.out()).contains("80 written").contains("lines more; -v shows all");
    models.add("-v");
    assertThat(Spoken.of(models.toArray()).out().lines()).hasSizeGreaterThanOrEqualTo(80);
    models.set(models.size() - 1, "-q");
    var quiet = Spoken.of(models.toArray());
    assertThat(quiet.out() + quiet.err()).isEmpty();
    assertThat(quiet.code()).isZero();
  }
}
