package watari.format.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.JsonStyle;

class TfliteJsonTest {
  private static final JsonStyle AS_FLATC = new JsonStyle(false, true, true, false);

  private final TfliteJson json = new TfliteJson();

  @TempDir private Path folder;

  private String written(Path model, JsonStyle style) throws IOException {
    var text = folder.resolve("written.json");
    json.write(model, text, style, new Findings());
    return Files.readString(text);
  }

  private Path read(String text, Findings findings) throws IOException {
    var file = Files.writeString(folder.resolve("m.json"), text);
    var model = folder.resolve("read.tflite");
    json.read(file, model, findings);
    return model;
  }

  /// Reads text, and gives it as written again, without defaults on one line.
  private String again(String text) throws IOException {
    var findings = new Findings();
    var model = read(text, findings);
    assertThat(findings.all()).isEmpty();
    var style = new JsonStyle(true, false, false, false);
    return written(model, style).replaceAll("\\s+", " ").strip();
  }

  private Path fixture(String name) throws IOException {
    return Files.write(folder.resolve(name), TfliteFixtures.bytes(name));
  }

  @Test
  void theTextIsTheOneOfFlatc() throws IOException {
    var flatc = new String(TfliteFixtures.bytes("small.json"), UTF_8);
    assertThat(written(fixture("small.tflite"), AS_FLATC)).isEqualTo(flatc);
  }

  @Test
  void theTextOfFlatcBecomesTheSameModel() throws IOException {
    var flatc = new String(TfliteFixtures.bytes("small.json"), UTF_8);
    var findings = new Findings();
    var model = read(flatc, findings);
    assertThat(findings.all()).isEmpty();
    assertThat(written(model, JsonStyle.PLAIN))
        .isEqualTo(written(fixture("small.tflite"), JsonStyle.PLAIN));
  }

  @Test
  void bytesBehindTheFlatbufferComeIntoIt() throws IOException {
    assertThat(written(fixture("outside.tflite"), JsonStyle.PLAIN))
        .isEqualTo(written(fixture("small.tflite"), JsonStyle.PLAIN));
  }

  @Test
  void floatsKeepTheirLastBit() throws IOException {
    var scales = "0.007843138, 1e-10, 1.17549435e-38, 1e-45, 3.4028235e+38, -0.0, nan, -inf";
    var text =
        again(
            "{version:3, subgraphs:[{tensors:[{quantization:{scale:["
                + scales
                + "]}}]}], buffers:[{}]}");
    assertThat(text)
        .contains(
            "\"scale\": [0.007843138, 1e-10, 1.1754944e-38, 1.4e-45, 3.4028235e+38, -0.0, nan, -inf]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"version\": 3, \"operator_codes\": [{\"builtin_code\": \"CONV_2D\", \"version\": 2}]}",
        "{version: '3', operator_codes: [{builtin_code: 3, version: 0x2,},],}",
        "{ // one\n version: 3 /* two\n lines */, operator_codes: [{builtin_code: \"3\", version: 2}]}",
        "\uFEFF{version:3,operator_codes:[{builtin_code:CONV_2D,version:2}]}",
        "{'version': 3, description: null, 'operator_codes': [{'builtin_code': 'CONV_2D', version: '2'}]}"
      })
  void whatFlatcTakesIsTaken(String text) throws IOException {
    assertThat(again(text))
        .isEqualTo(
            "{ \"version\": 3, \"operator_codes\": [ { \"version\": 2, \"builtin_code\": \"CONV_2D\" } ] }");
  }

  @Test
  void stringsAreRead() throws IOException {
    var text = "{version:3, description:\"a\\u00E9\\uD83D\\uDE00\\/\\x41\\n\"}";
    assertThat(again(text))
        .isEqualTo("{ \"version\": 3, \"description\": \"a\\u00E9\\uD83D\\uDE00/A\\n\" }");
  }

  @Test
  void aUnionMayStandBeforeItsType() throws IOException {
    var before = "builtin_options: {axis: 1}, builtin_options_type: 'ConcatenationOptions'";
    var behind = "builtin_options_type: 'ConcatenationOptions', builtin_options: {axis: 1}";
    var frame = "{version:3, operator_codes:[{builtin_code:2}], subgraphs:[{operators:[{%s}]}]}";
    assertThat(again(frame.formatted(before)))
        .isEqualTo(again(frame.formatted(behind)))
        .contains(
            "\"builtin_options_type\": \"ConcatenationOptions\", \"builtin_options\": { \"axis\": 1 }");
  }

  @Test
  void presentAndEmptyIsNotAbsent() throws IOException {
    assertThat(again("{version:3, buffers:[{}, {data:[]}, {data:[1, 255]}], description:''}"))
        .isEqualTo(
            "{ \"version\": 3, \"description\": \"\", \"buffers\": [ {}, { \"data\": [] },"
                + " { \"data\": [1, 255] } ] }");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{version:3,\\nbuffers:[{data:[256]}]}|line 2, column 17, buffers[0].data[0]: '256' is no value of the type ubyte",
        "{version:3,operator_codes:[{deprecated_builtin_code:200}]}|'200' is no value of the type byte",
        "{version:3,operator_codes:[{builtin_code:'CONV2D'}]}|'CONV2D' is no BuiltinOperator",
        "{version:3,version:3}|the name 'version' is there twice",
        "{version:3|expected ',' or '}', found the end of the file",
        "{version:3,subgraphs:[{operators:[{builtin_options:{}}]}]}|there is no 'builtin_options_type'",
        "{version:3,subgraphs:[{operators:[{builtin_options_type:'Add'}]}]}|'Add' is no type of builtin_options",
        "{version:3,buffers:[{offset:4096,size:8}]}|offset '4096' is a place behind a flatbuffer",
        "{version:3}x|expected the end of the file, found 'x'",
        "{version:3,description:'a|the file ends within a string",
        "{version:3,description:'\\\\q'}|'\\q' stands for nothing in a string"
      })
  void whatDoesNotFitIsToldWithItsPlace(String text, String why) {
    assertThatThrownBy(() -> read(text.replace("\\n", "\n").replace("\\\\", "\\"), new Findings()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(why)
        .hasMessageContaining("m.json: line ")
        .hasMessageEndingWith("[JSON_BROKEN]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "inputs:[9]|line 4, subgraphs[0].operators[0].inputs[0]: '9' is none of the 3 tensors",
        "inputs:[0,2]|line 4, subgraphs[0].operators[0].inputs[1]: tensor 2 is read here, but made by operators[1], which is not before it",
        "opcode_index:1|line 4, subgraphs[0].operators[0].opcode_index: '1' is none of the 1 operator_codes"
      })
  void numbersThatLeadNowhereAreTold(String edit, String why) throws IOException {
    var findings = new Findings();
    var text =
        """
        {version:3, operator_codes:[{builtin_code:0}], buffers:[{}, {data:[0,0,0,0]}],
        subgraphs:[{tensors:[{shape:[1]}, {shape:[1], buffer:1}, {shape:[1]}], inputs:[0], outputs:[2],
        operators:[
        {%s, outputs:[1]},
        {inputs:[0], outputs:[2]}]}]}
        """
            .formatted(edit);
    read(text, findings);
    assertThat(findings.all()).extracting(Finding::why).containsExactly(why);
  }

  @Test
  void aShapeThatDoesNotFitItsBytesIsTold() throws IOException {
    var findings = new Findings();
    read(
        "{version:3, buffers:[{}, {data:[0,0]}], subgraphs:[{tensors:[{shape:[1], buffer:1}]}]}",
        findings);
    assertThat(findings.all())
        .extracting(Finding::why)
        .containsExactly(
            "line 1, subgraphs[0].tensors[0]: its shape and type need 4 bytes, but buffers[1] has 2");
  }

  @Test
  void aNameThatIsNotOfTheSchemaIsAWarning() throws IOException {
    var findings = new Findings();
    read("{version:3, colour:{a:[1,{b:2}]}}", findings);
    assertThat(findings.all())
        .extracting(Finding::toString)
        .containsExactly(
            folder.resolve("m.json")
                + ": line 1, column 19, colour: Model has no field 'colour'; it is left out [FIELD_UNKNOWN]");
  }
}
