package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.op.Custom;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.TensorType;

class CommandsTest {
  /// `y = |x|`, and a constant.
  private static final String IR =
      """
      <net name="n" version="11">
        <layers>
          <layer id="0" name="x" type="Parameter" version="opset1">
            <data shape="3" element_type="f32"/>
            <output><port id="0" precision="FP32" names="x"><dim>3</dim></port></output>
          </layer>
          <layer id="1" name="w" type="Const" version="opset1">
            <data element_type="f32" shape="3" offset="0" size="12"/>
            <output><port id="0" precision="FP32" names="w"><dim>3</dim></port></output>
          </layer>
          <layer id="2" name="abs" type="Abs" version="opset1">
            <input><port id="0" precision="FP32"><dim>3</dim></port></input>
            <output><port id="1" precision="FP32" names="y"><dim>3</dim></port></output>
          </layer>
          <layer id="3" name="first" type="Result" version="opset1">
            <input><port id="0" precision="FP32"><dim>3</dim></port></input>
          </layer>
          <layer id="4" name="second" type="Result" version="opset1">
            <input><port id="0" precision="FP32"><dim>3</dim></port></input>
          </layer>
        </layers>
        <edges>
          <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
          <edge from-layer="2" from-port="1" to-layer="3" to-port="0"/>
          <edge from-layer="1" from-port="0" to-layer="4" to-port="0"/>
        </edges>
      </net>
      """;

  @TempDir private Path folder;

  @Test
  void modelsOfTwoFormatsAreEqual() throws IOException {
    var a = SmallModel.relu("tflite", folder.resolve("a.tflite"));
    var b = SmallModel.relu("onnx", folder.resolve("b.onnx"));
    var said = Spoken.of("verify", a, b, "--samples", 3);
    assertThat(said.out()).contains("y: max absolute 0.00,").contains("equal (TensorFlow Lite");
    assertThat(said.code()).isZero();
  }

  @Test
  void theFirstDifferenceIsNamed() throws IOException {
    var a = SmallModel.relu("onnx", folder.resolve("a.onnx"));
    var b = SmallModel.write("onnx", folder.resolve("b.onnx"), new Unary(Unary.Kind.NEG));
    var said = Spoken.of("verify", a, b);
    assertThat(said.code()).isEqualTo(1);
    assertThat(said.err())
        .contains("source tensor 'y' and result tensor 'y' are the first that differ");
    assertThat(Spoken.of("verify", a, b, "--tolerance", 100).code()).isZero();
  }

  @Test
  void whatNothingRunsIsUnverifiedWithItsReason() throws IOException {
    var a = SmallModel.relu("tflite", folder.resolve("a.tflite"));
    var types = List.of(TensorType.of(DataType.FLOAT32, 1, 3));
    var unheard = new Custom("onnx:dev.example", "Unheard", 1, List.of(), types, true);
    var b = SmallModel.write("onnx", folder.resolve("b.onnx"), unheard);
    var said = Spoken.of("verify", a, b);
    assertThat(said.err())
        .contains("was not compared: ONNX Runtime does not load it")
        .contains("Unheard");
    assertThat(said.out()).contains("unverified (TensorFlow Lite ");
    assertThat(said.code()).isEqualTo(4);
  }

  @Test
  void outputsAreSavedAndCompared() throws IOException {
    var model = SmallModel.relu("tflite", folder.resolve("m.tflite"));
    var outputs = folder.resolve("out.npz");
    var said = Spoken.of("run", model, "-o", outputs, "--repeat", 2);
    assertThat(said.code()).isZero();
    assertThat(said.out()).contains("y: float32[1,3], from ").contains("(median of 2;");
    var standing = Spoken.of("run", model, "-o", outputs);
    assertThat(standing.code()).isEqualTo(5);
    assertThat(standing.err()).contains("[OUTPUT_EXISTS]");
    assertThat(Spoken.of("run", model, "-o", outputs, "--force").code()).isZero();
    assertThat(Spoken.of("verify", outputs, outputs).out()).contains("equal (recorded | recorded)");
    assertThat(Spoken.of("verify", outputs, model).code()).isZero();
  }

  @Test
  void whatIsInAModelIsSaid() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var said = Spoken.of("inspect", model, "--targets", "all");
    assertThat(said.out())
        .contains("input  x: float32[1,3]")
        .contains("output y: float32[1,3]")
        .contains("parameters 3; weights 12 bytes")
        .contains("tflite: can express it");
    assertThat(said.code()).isZero();
    assertThat(Spoken.of("inspect", model, "--json").out()).startsWith("{\"version\":1,");
    assertThat(Spoken.of("inspect", folder.resolve("no.onnx")).code()).isEqualTo(5);
  }

  @Test
  void theOperatorsAndCostsAreTheSources() {
    var sample = Path.of(System.getProperty("watari.root", ".."), "samples/digits.tflite");
    var said = Spoken.of("inspect", sample, "--layers");
    assertThat(said.out())
        .contains("image: float32[1,8,8,1], nhwc")
        .contains("CONV_2D v1 3, DEPTHWISE_CONV_2D v1 1, FULLY_CONNECTED v1 1,")
        // conv2 reads 8 x 8 x 16 numbers and writes 8 x 8 x 32; its ReLU is fused.
        .contains("peak activations 12,288 bytes")
        // conv0: 8 x 8 x 16 outputs of a 3 x 3 x 1 window.
        .contains("parameters 160, multiply-adds 9,216");
    assertThat(Spoken.of("inspect", sample, "--json").out()).contains("\"layout\":\"nhwc\"");
  }

  @Test
  void weightsOfAnIrMayLieElsewhere() throws IOException {
    var model = Files.writeString(folder.resolve("m.xml"), IR);
    var without = Spoken.of("run", model);
    assertThat(without.code()).isEqualTo(4);
    assertThat(without.err()).contains("watari cannot read all of it", "'m.bin', does not stand");
    var values = new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40};
    var weights = Files.write(folder.resolve("elsewhere"), values);
    assertThat(Spoken.of("inspect", model).err()).contains("[WEIGHTS_MISSING]");
    assertThat(Spoken.of("inspect", model, "--weights-file", weights).err()).isEmpty();
    var outputs = folder.resolve("out.npz");
    var said = Spoken.of("run", model, "--weights-file", weights, "-o", outputs);
    assertThat(said.err()).isEmpty();
    assertThat(said.out())
        .contains("y: float32[3], from ", "w: float32[3], from 1.00000 to 3.00000");
  }

  @Test
  void engineVersionsAreSaid() {
    var said = Spoken.of("doctor");
    assertThat(said.out())
        .contains("engine for onnx: ONNX Runtime ")
        .contains("engine for tflite: TensorFlow Lite ")
        .containsPattern("engine for openvino: (OpenVINO 20.*openvino_c|not here \\(OpenVINO )");
    assertThat(said.code()).isZero();
  }

  @Test
  void filesThatAreNotThereAreInputOutputErrors() throws IOException {
    var model = SmallModel.relu("tflite", folder.resolve("m.tflite"));
    var missing = folder.resolve("missing");
    for (var option : new String[] {"--labels", "--data", "--image"}) {
      var said = Spoken.of("run", model, option, missing);
      assertThat(said.code()).as(option).isEqualTo(5);
      assertThat(said.err()).contains("there is no '" + missing + "' [FILE_NOT_FOUND]");
    }
    var file = Files.createFile(folder.resolve("file"));
    assertThat(Spoken.of("run", model, "-o", file.resolve("out.npz")).code()).isEqualTo(5);
    assertThat(Spoken.of("run", model, "--normalize", "x / 2").code()).isEqualTo(2);
  }

  @Test
  void unknownCommandsAreWrongUsage() {
    assertThat(Spoken.of("transmute").code()).isEqualTo(2);
  }
}
