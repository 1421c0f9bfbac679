package watari.format.openvino;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.graph.Value;
import watari.op.Custom;

class OpenvinoReaderTest {
  @TempDir Path folder;

  private OpenvinoTestModel model() {
    return new OpenvinoTestModel(folder);
  }

  // ---- what is an IR

  @Test
  void onlyNetsAreSniffed() {
    assertThat(sniff("<?xml version=\"1.0\"?>\n<net name=\"x\" version=\"11\">")).isTrue();
    assertThat(sniff("\uFEFF<!-- by hand --> <net version='10'>")).isTrue();
    assertThat(sniff("<?xml version=\"1.0\"?><html><net >")).isFalse();
    assertThat(sniff("<network>")).isFalse();
    assertThat(sniff("")).isFalse();
  }

  private boolean sniff(String text) {
    return new OpenvinoReader().sniff(folder, text.getBytes(UTF_8));
  }

  @Test
  void olderAndNewerVersionsAreTold() {
    assertThatThrownBy(() -> model().version(7).read())
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("the model has IR version 7, the oldest that Watari reads is 10")
        .hasMessageContaining("[VERSION_TOO_OLD]");
    assertThatThrownBy(() -> model().version(12).read())
        .hasMessageContaining("the model has IR version 12, the newest that Watari reads is 11");
  }

  @Test
  void documentTypesAreRefused() {
    var text =
        "<!DOCTYPE net [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><net name=\"&a;\""
            + " version=\"11\"><layers/><edges/></net>";
    assertThat(sniff(text)).isTrue();
    assertThatThrownBy(() -> model().read(text)).hasMessageContaining("the XML has a DOCTYPE");
  }

  @Test
  void brokenTextSaysWhere() {
    assertThatThrownBy(() -> model().read("<net name=\"x\" version=\"11\">\n<layers></edges>"))
        .hasMessageContaining("line 2, column")
        .hasMessageContaining("the XML is broken")
        .hasMessageContaining("[FILE_BROKEN]");
  }

  @Test
  void bytesThatAreNoTextAreBroken() throws IOException {
    var file = folder.resolve("bytes.xml");
    for (var encoding : List.of("", " encoding='utf-8'", " encoding='US-ASCII'")) {
      var text = "<?xml version='1.0'" + encoding + "?>\n<net name='\u00FF' version='11'/>";
      Files.write(file, text.getBytes(ISO_8859_1));
      assertThatThrownBy(() -> readFile(file))
          .hasMessageContaining("the file is no text in the encoding that it names")
          .hasMessageContaining("[FILE_BROKEN]");
    }
  }

  @Test
  void aByteOrderMarkAndOtherEncodingsAreRead() throws IOException {
    var file = folder.resolve("mark.xml");
    var body = "<net name='\u00FF' version='11'><layers/><edges/></net>";
    Files.writeString(file, "\uFEFF<?xml version='1.0'?>" + body);
    assertThat(readFile(file)).isEqualTo("\u00FF");
    var latin = "<?xml version='1.0' encoding='ISO-8859-1'?>" + body;
    Files.write(file, latin.getBytes(ISO_8859_1));
    assertThat(readFile(file)).isEqualTo("\u00FF");
  }

  /// The net's name.
  private static String readFile(Path file) throws IOException {
    return OpenvinoXml.read(file, new Findings()).name();
  }

  // ---- names and types

  @Test
  void namesDimsAndOriginsAreKept() {
    var read =
        model()
            .layer("0", "data", "Parameter", "shape=\"1..4,?,3\" element_type=\"f32\"", "", "x")
            .layer("1", "act", "ReLU", "", "0", "y,other")
            .result("2", "1")
            .read();

    assertThat(read.sentences()).isEmpty();
    var graph = read.graph();
    assertThat(graph.inputs()).extracting(Value::name).containsExactly("x");
    assertThat(graph.inputs().get(0).type()).hasToString("float32[?x.0,?x.1,3]");
    assertThat(graph.outputNames()).containsExactly("y");
    assertThat(graph.outputs().get(0).sourceNames()).containsExactly("other", "act");
    var origin = graph.nodes().get(0).origin();
    assertThat(origin.node()).isEqualTo("act");
    assertThat(origin.index()).isEqualTo(1);
    assertThat(origin.operator()).isEqualTo("ReLU-1");
  }

  @Test
  void unknownOperatorsAreKept() {
    var read =
        model()
            .layer("0", "x", "Parameter", "shape=\"2\" element_type=\"f32\"", "", "x")
            .version("extension")
            .layer("1", "own", "Frobnicate", "k=\"3\"", "0", "y")
            .version("opset1")
            .result("2", "1")
            .read();

    assertThat(read.sentences()).isEmpty();
    var custom = (Custom) read.graph().nodes().get(0).op();
    assertThat(custom.domain()).isEqualTo("openvino:extension");
    assertThat(custom.name()).isEqualTo("Frobnicate");
    assertThat(custom.attributes()).extracting(Custom.Attribute::name).containsExactly("k");
  }

  @Test
  void version10IsNamedByLayersAndGivesTwoTypes() {
    var read =
        model()
            .version(10)
            .layer("0", "data", "Parameter", "shape=\"2\" element_type=\"f16\"", "", "_")
            .layer("1", "half", "ReLU", "", "0", "_")
            .layer("2", "whole", "Convert", "destination_type=\"i64\"", "0", "_")
            .result("3", "1")
            .result("4", "2")
            .read();

    assertThat(read.sentences()).isEmpty();
    var graph = read.graph();
    assertThat(graph.inputs().get(0).type()).hasToString("float32[2]");
    assertThat(graph.inputs()).extracting(Value::name).containsExactly("data");
    assertThat(graph.outputNames()).containsExactly("half", "whole");
    assertThat(graph.outputs())
        .extracting(value -> value.type().toString())
        .containsExactly("float32[2]", "int32[2]");
  }

  // ---- what hands broke

  @Test
  void everyBrokenLayerIsReportedInOneRun() {
    var read =
        model()
            .layer("0", "x", "Parameter", "shape=\"2\" element_type=\"f32\"", "", "x")
            .layer("1", "a", "ReLU", "", "7", "a")
            .layer("1", "b", "ReLU", "", "0", "b")
            .layer(
                "3",
                "c",
                "Const",
                "element_type=\"f32\" shape=\"4\" offset=\"8\" size=\"16\"",
                "",
                "c")
            .layer("4", "d", "Abs", "", "3", "d")
            .result("5", "4")
            .result("6", "1")
            .read();

    assertThat(read.sentences())
        .containsExactly(
            "layer 'b' has the id 1 of layer 'a'",
            "the edge from layer 7, port 1, to layer 1, port 0 is broken: there is no layer '7'",
            "its file of weights, 'model.bin', does not stand beside the .xml (no such file)");
    assertThat(read.findings().get(2).node()).isEqualTo("c");
  }

  @Test
  void aShapeThatContradictsIsSaid() {
    var read =
        model()
            .layer("0", "x", "Parameter", "shape=\"2,3\" element_type=\"f32\"", "", "x")
            .dims("2", "4")
            .layer("1", "a", "ReLU", "", "0", "a")
            .dims()
            .result("2", "1")
            .read();

    assertThat(read.sentences())
        .containsExactly("port 1 declares the shape '[2,4]', but the operator gives '[2,3]'");
  }
}
