package watari.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenvinoTapsTest {
  private static final String NET =
      """
      <?xml version="1.0" encoding="ISO-8859-1"?>
      <net name="n" version="11">
        <layers>
          <layer id="0" name="x" type="Parameter" version="opset1">
            <output><port id="0" precision="FP32" names="x"><dim>-1</dim></port></output>
          </layer>
          <layer id="7" name="split" type="Split" version="opset1">
            <input><port id="0"><dim>-1</dim></port></input>
            <output>
              <port id="2" precision="FP32" names="left,a\\,b"><dim>-1</dim><dim>4</dim></port>
              <port id="3" precision="FP32" names="split:0"><dim>2</dim></port>
            </output>
            <rt_info><attribute name="p" version="0" value="&lt;&quot;&gt;"/></rt_info>
          </layer>
          <layer id="3" name="loop" type="Loop" version="opset5">
            <output><port id="0" precision="FP32" names="y"><dim>2</dim></port></output>
            <body>
              <layers>
                <layer id="9" name="inside" type="Relu" version="opset1">
                  <output><port id="0" precision="FP32" names="deep"><dim>2</dim></port></output>
                </layer>
              </layers>
              <edges/>
            </body>
          </layer>
          <layer id="6" name="set" type="Assign" version="opset6">
            <output><port id="1" precision="FP32" names="state"><dim>2</dim></port></output>
          </layer>
          <layer id="4" name="r" type="Result" version="opset1">
            <input><port id="0" precision="FP32"/></input>
          </layer>
        </layers>
        <edges><edge from-layer="3" from-port="0" to-layer="4" to-port="0"/></edges>
      </net>
      """;

  @TempDir private Path folder;

  @Test
  void resultsStandBehindTheNetsOwn() throws IOException, EngineException {
    var tapped = tapped("a,b", "split.1");
    assertThat(tapped.taps()).containsExactly("a,b", "split.1");
    assertThat(tapped.xml())
        .doesNotContain("ISO-8859-1")
        .contains("value=\"&lt;&quot;&gt;\"")
        .containsOnlyOnce(
            "<layer id=\"8\" name=\"watari/tap/0\" type=\"Result\" version=\"opset1\"><input>"
                + "<port id=\"0\" precision=\"FP32\"><dim>-1</dim><dim>4</dim></port></input></layer>"
                + "<layer id=\"9\" name=\"watari/tap/1\" type=\"Result\" version=\"opset1\"><input>"
                + "<port id=\"0\" precision=\"FP32\"><dim>2</dim></port></input></layer></layers>")
        .contains(
            "<edge from-layer=\"7\" from-port=\"2\" to-layer=\"8\" to-port=\"0\"></edge>"
                + "<edge from-layer=\"7\" from-port=\"3\" to-layer=\"9\" to-port=\"0\"></edge>"
                + "</edges>\n</net>");
  }

  @Test
  void aTensorsNameComesBeforeALayers() throws IOException, EngineException {
    assertThat(tapped("split:0").xml()).contains("from-layer=\"7\" from-port=\"3\"");
  }

  @Test
  void inputsOutputsStatesAndBodiesAreNotTapped() throws IOException, EngineException {
    assertThat(tapped("state", "set", "x", "y", "loop", "deep", "inside", "split").taps())
        .isEmpty();
    assertThat(tapped("left", "a,b").taps()).containsExactly("left");
  }

  @Test
  void brokenXmlIsSaid() throws IOException {
    var file = Files.writeString(folder.resolve("m.xml"), NET.substring(0, NET.length() / 2));
    assertThatThrownBy(() -> OpenvinoTaps.tapped(file, List.of("left")))
        .isInstanceOf(EngineException.class)
        .hasMessageStartingWith("the xml ends early or is broken: ");
  }

  @Test
  void nothingOutsideTheFileIsRead() throws IOException {
    var secret = Files.writeString(folder.resolve("secret"), "secret");
    var entity = "<!DOCTYPE net [<!ENTITY e SYSTEM '" + secret.toUri() + "'>]>\n<net name";
    var file = folder.resolve("m.xml");
    Files.writeString(file, NET.replace("<net name", entity).replace("<dim>4", "<dim>&e;"));
    assertThatThrownBy(() -> OpenvinoTaps.tapped(file, List.of("left")))
        .isInstanceOf(EngineException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void onlyWhatAMessageTellsIsKept() {
    var message =
        """
        Exception from src/inference/src/cpp/core.cpp:105:
        Check 'is_known(op)' failed at src/frontends/ir/src/ir_deserializer.cpp:900:
        Cannot create Unheard layer y id:1
        """;
    assertThat(OpenvinoLibrary.sentence(message)).isEqualTo("Cannot create Unheard layer y id:1");
    assertThat(
            OpenvinoLibrary.sentence("[CPU] Node 'Y' Exception from src/a/b.cpp:2513:\nis bad\n"))
        .isEqualTo("[CPU] Node 'Y'; is bad");
    assertThat(OpenvinoLibrary.sentence("Exception from a.cpp:1:\n\n"))
        .isEqualTo("Exception from a.cpp:1:");
  }

  private OpenvinoTaps.Tapped tapped(String... taps) throws IOException, EngineException {
    return OpenvinoTaps.tapped(Files.writeString(folder.resolve("m.xml"), NET), List.of(taps));
  }
}
