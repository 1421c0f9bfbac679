package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tflite", "onnx"})
  void aModelGoesThroughJson(String format) throws IOException {
    var model = SmallModel.relu(format, folder.resolve("m." + format));
    var text = folder.resolve("m.json");
    var said = Spoken.of("json", model, "-o", text);
    assertThat(said.out()).isEqualTo(model + " -> " + text + System.lineSeparator());
    assertThat(said.code()).isZero();
    var again = folder.resolve("again." + format);
    assertThat(Spoken.of("json", text, "-o", again).code()).isZero();
    assertThat(Spoken.of("verify", model, again).out()).contains("equal (");
    var run = Spoken.of("convert", text, "--to", "tflite,onnx", "-o", folder.resolve("out"));
    assertThat(run.out()).contains("m.tflite: written, equal").contains("m.onnx: written, equal");
  }

  @Test
  void aFileIsReplacedByForceAlone() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var text = Files.writeString(folder.resolve("m.json"), "mine");
    var said = Spoken.of("json", model, "-o", text);
    assertThat(said.err()).contains("[OUTPUT_EXISTS]");
    assertThat(said.code()).isEqualTo(5);
    assertThat(text).hasContent("mine");
    assertThat(Spoken.of("json", model, "-o", text, "--force").code()).isZero();
    assertThat(Spoken.of("json", model, "-o", model, "--force").code()).isEqualTo(2);
  }

  @Test
  void brokenJsonLeavesNothing() throws IOException {
    var text = Files.writeString(folder.resolve("m.json"), "{\n  \"graph\": {\"nodes\": []}}");
    var result = folder.resolve("m.onnx");
    var said = Spoken.of("json", text, "-o", result);
    assertThat(said.err())
        .contains(
            "m.json: line 2, column 20, graph.nodes: GraphProto has no field 'nodes' [JSON_BROKEN]");
    assertThat(said.code()).isEqualTo(3);
    assertThat(result).doesNotExist();
    var run = Spoken.of("convert", text, "--to", "tflite", "-o", folder.resolve("out"));
    assertThat(run.err()).contains("m.json: line 2, column 20");
    assertThat(run.code()).isEqualTo(3);
  }

  @Test
  void stylesAreOfTextThatIsWritten() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var text = folder.resolve("m.json");
    assertThat(Spoken.of("json", model, "-o", text, "--style", "flatc-exact").err())
        .contains("'--style flatc-exact' and '--json-standard' are for TFLite alone");
    assertThat(Spoken.of("json", model, "-o", text, "--style", "compact").code()).isZero();
    var said = Spoken.of("json", text, "-o", folder.resolve("n.onnx"), "--style", "compact");
    assertThat(said.err()).contains("styles are of JSON that is written");
    assertThat(said.code()).isEqualTo(2);
  }

  @Test
  void irHasNoJson() throws IOException {
    var model = SmallModel.relu("openvino", folder.resolve("m.xml"));
    var said = Spoken.of("json", model, "-o", folder.resolve("m.json"), "--json");
    assertThat(said.out()).contains("\"status\":\"failed\"").contains("FORMAT_WITHOUT_JSON");
    assertThat(said.code()).isEqualTo(3);
  }
}
