package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.JsonStyle;
import watari.format.onnx.schema.ModelProto;

/// Our JSON against protobuf's own.
class OnnxJsonTest {
  private final OnnxJson json = new OnnxJson();

  @TempDir private Path folder;

  private String written(Path model) throws IOException {
    var text = folder.resolve("written.json");
    json.write(model, text, JsonStyle.PLAIN, new Findings());
    return Files.readString(text);
  }

  private ModelProto read(String text) throws IOException {
    var model = folder.resolve("read.onnx");
    json.read(Files.writeString(folder.resolve("m.json"), text), model, new Findings());
    return ModelProto.parseFrom(Files.readAllBytes(model));
  }

  private Path fixture(String name) throws IOException {
    try (var in = Objects.requireNonNull(OnnxJsonTest.class.getResourceAsStream(name))) {
      return Files.write(folder.resolve(name), in.readAllBytes());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"elements.onnx", "nested.onnx"})
  void protobufReadsWhatWeWrite(String name) throws IOException {
    var model = fixture(name);
    var builder = ModelProto.newBuilder();
    JsonFormat.parser().merge(written(model), builder);
    assertThat(builder.build()).isEqualTo(ModelProto.parseFrom(Files.readAllBytes(model)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"elements.onnx", "nested.onnx"})
  void weReadWhatProtobufWrites(String name) throws IOException {
    var proto = ModelProto.parseFrom(Files.readAllBytes(fixture(name)));
    assertThat(read(JsonFormat.printer().print(proto))).isEqualTo(proto);
  }

  @ParameterizedTest
  @ValueSource(strings = {"elements.onnx", "nested.onnx"})
  void nothingIsLost(String name) throws IOException {
    var model = fixture(name);
    assertThat(read(written(model))).isEqualTo(ModelProto.parseFrom(Files.readAllBytes(model)));
  }

  @Test
  void dataOfOtherFilesComeIntoIt() throws IOException {
    fixture("external.bin");
    assertThat(written(fixture("external.onnx")))
        .contains("\"rawData\": \"", "\"dataLocation\": \"DEFAULT\"")
        .doesNotContain("externalData");
  }

  @Test
  void theFormIsTheOneOfOnnx2json() throws IOException {
    var text =
        """
        {
          "irVersion": "8",
          "graph": {
            "node": [
              {
                "input": [
                  "x",
                  ""
                ],
                "name": "\\u00e9",
                "attribute": [
                  {
                    "name": "alpha",
                    "f": 0.2,
                    "type": "FLOAT"
                  },
                  {
                    "name": "mode",
                    "s": "U0FNRQ==",
                    "floats": [
                      1e-10,
                      3.4028234663852886e+38,
                      "NaN",
                      "-Infinity"
                    ]
                  }
                ]
              }
            ],
            "input": [
              {
                "type": {
                  "tensorType": {
                    "elemType": 1,
                    "shape": {
                      "dim": [
                        {},
                        {
                          "dimValue": "0"
                        }
                      ]
                    }
                  }
                }
              }
            ]
          },
          "opsetImport": [
            {
              "domain": "",
              "version": "13"
            }
          ]
        }\
        """;
    read(text);
    assertThat(written(folder.resolve("read.onnx"))).isEqualTo(text);
  }

  @Test
  void theRulesOfProtobufHold() throws IOException {
    var proto =
        read(
            """
            {"ir_version": 8.0, "modelVersion": 1e3, "docString": null, "graph": {"initializer": [
              {"dims": ["2", 3], "data_type": 1, "rawData": "__-_", "dataLocation": 1}]}}
            """);
    assertThat(proto.getIrVersion()).isEqualTo(8);
    assertThat(proto.getModelVersion()).isEqualTo(1000);
    assertThat(proto.hasDocString()).isFalse();
    var tensor = proto.getGraph().getInitializer(0);
    assertThat(tensor.getDimsList()).containsExactly(2L, 3L);
    assertThat(tensor.getRawData().toByteArray()).containsExactly(0xFF, 0xFF, 0xBF);
    assertThat(tensor.getDataLocation().getNumber()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"irVersion\": 1.5}|line 1, column 15, irVersion: '1.5' is no value of the type int64",
        "{\"irVersion\": 8, \"ir_version\": 8}|'irVersion' is there twice",
        "{\"graph\": {\"nodes\": []}}|line 1, column 19, graph.nodes: GraphProto has no field 'nodes'",
        "{\"graph\": {\"initializer\": [{\"rawData\": \"A\"}]}}|graph.initializer[0].rawData: base64 ends within a byte",
        "{\"graph\": {\"initializer\": [{\"rawData\": \"A*\"}]}}|'*' is not of base64",
        "{\"graph\": {\"node\": [{\"attribute\": [{\"type\": \"Int\"}]}]}}|graph.node[0].attribute[0].type: 'Int' is no value of the type enum",
        "{\"graph\": {\"input\": [{\"type\": {\"tensorType\": {}, \"mapType\": {}}}]}}|only one of the kinds of 'value' can be there",
        "{\"graph\": {\"name\": 3}}|graph.name: expected a string, found '3'"
      })
  void whatDoesNotFitIsToldWithItsPlace(String text, String why) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(why)
        .hasMessageEndingWith("[JSON_BROKEN]");
  }
}
