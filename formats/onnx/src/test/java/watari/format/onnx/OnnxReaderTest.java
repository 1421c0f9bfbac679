package watari.format.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static watari.format.onnx.OnnxTestModel.attribute;
import static watari.format.onnx.OnnxTestModel.nodeOf;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.ModelException;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.AttributeProto.AttributeType;
import watari.format.onnx.schema.FunctionProto;
import watari.format.onnx.schema.OperatorSetIdProto;
import watari.format.onnx.schema.StringStringEntryProto;
import watari.format.onnx.schema.TensorProto;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.Custom;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.tensor.DataType;

class OnnxReaderTest {
  @TempDir Path folder;

  private OnnxTestModel model(int opset) {
    return new OnnxTestModel(folder, opset);
  }

  // ---- versions

  @Test
  void newerFilesAreTooNew() {
    var opset = model(OnnxFormat.NEWEST_OPSET + 1).floats("x", 2).output("x");
    assertThatThrownBy(opset::read)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("the model has opset 29, the newest that Watari reads is 28")
        .hasMessageContaining("[VERSION_TOO_NEW]");
    var ir = model(20);
    ir.proto().setIrVersion(99);
    assertThatThrownBy(ir::read).hasMessageContaining("the model has IR version 99");
  }

  @Test
  void otherFilesAreNotSniffed() {
    var onnx = model(13).floats("x", 2).node("Relu", "x", "y").output("y").bytes();
    assertThat(sniff(onnx)).isTrue();
    assertThat(sniff("TFL3 and so on, and more".getBytes(UTF_8))).isFalse();
    assertThat(sniff(new byte[0])).isFalse();
    assertThat(sniff(new byte[] {8, 1, 0x12, 3, 10, 1, 2})).isFalse();
    assertThat(sniff(new byte[] {0x0A, 4, 1, 2, 3, 4})).isFalse();
  }

  private boolean sniff(byte[] head) {
    return new OnnxReader().sniff(folder, head);
  }

  // ---- names and types

  @Test
  void namesDimsAndOriginsAreKept() {
    var read = model(13).floats("x", "batch", 3).node("Relu", "x", "y").output("y").read();

    var graph = read.graph();
    assertThat(graph.inputs()).extracting(Value::name).containsExactly("x");
    assertThat(graph.inputs().get(0).type()).hasToString("float32[batch,3]");
    assertThat(graph.outputNames()).containsExactly("y");
    assertThat(graph.outputs().get(0).name()).isEqualTo("y");
    var origin = graph.nodes().get(0).origin();
    assertThat(origin.node()).isEqualTo("theRelu");
    assertThat(origin.index()).isZero();
    assertThat(origin.operator()).isEqualTo("Relu-13");
  }

  @Test
  void initializersThatAreInputsAreConstants() {
    var read =
        model(13)
            .floats("x", 2)
            .floats("w", 2)
            .constant("w", List.of(2L), 3, 4)
            .node("Add", "x w", "y")
            .output("y")
            .read();

    assertThat(read.graph().inputs()).extracting(Value::name).containsExactly("x");
    assertThat(read.graph().nodes().get(0).input(1).isConstant()).isTrue();
  }

  @Test
  void staleDeclaredTypesDoNotOverruleWhatIsInferred() {
    var model = model(13).floats("x", "batch", 3).node("Relu", "x", "h").node("Abs", "h", "y");
    model.graph().addValueInfo(OnnxTestModel.info("h", TensorProto.DataType.FLOAT, 1, 3));
    var read = model.output("y").read();

    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[batch,3]");
  }

  @Test
  void metadataIsKept() {
    var model = model(13).floats("x", 2).node("Relu", "x", "y").output("y");
    model.proto().setProducerName("maker").setProducerVersion("1.2").setDocString("about");
    model
        .proto()
        .addMetadataProps(StringStringEntryProto.newBuilder().setKey("license").setValue("MIT"));
    var metadata = model.read().model().metadata();

    assertThat(metadata.producer()).isEqualTo("maker 1.2");
    assertThat(metadata.description()).isEqualTo("about");
    assertThat(metadata.license()).isEqualTo("MIT");
  }

  // ---- findings

  @Test
  void everyBrokenNodeIsReportedInOneRun() {
    var read =
        model(13)
            .floats("x", 2)
            .node("Relu", "x x", "a")
            .node("LeakyRelu", "x", "b", attribute("slope", 1))
            .node("Concat", "x x", "c", attribute("axis", 5))
            .node("Add", "x nowhere", "d")
            .node("Abs", "a", "e")
            .node("Sigmoid", "x", "y", attribute("axis", 1))
            .output("y")
            .read();

    assertThat(read.sentences())
        .containsExactly(
            "it has 2 inputs, expected 1",
            "attribute 'slope' is not one of version 6",
            "axis 5 is outside rank 1",
            "'nowhere' is used, but nothing before this node computes it",
            "attribute 'axis' is not one of version 13");
    var finding = read.findings().get(1);
    assertThat(finding.node()).isEqualTo("theLeakyRelu");
    assertThat(finding.index()).isEqualTo(1);
    assertThat(finding.operator()).isEqualTo("LeakyRelu-13");
    assertThat(finding.code()).isEqualTo("ATTRIBUTE_UNKNOWN");
    assertThat(finding.file()).endsWith("model.onnx");
    assertThat(finding.fix()).isNotEmpty();
    assertThat(finding.inputs()).containsExactly("float32[2]");
  }

  @Test
  void nodesMayStandInAnyOrder() {
    var read =
        model(13).floats("x", 2).node("Relu", "a", "y").node("Abs", "x", "a").output("y").read();

    assertThat(read.nodes()).containsExactly("Unary[kind=ABS]", "Unary[kind=RELU]");
    assertThat(read.graph().nodes().get(0).origin().index()).isEqualTo(1);
  }

  @Test
  void circlesAndNamesThatComeTwiceAreReported() {
    var read =
        model(13)
            .floats("x", 2)
            .node("Add", "x b", "a")
            .node("Abs", "a", "b")
            .node("Neg", "x", "x")
            .output("b")
            .read();

    assertThat(read.sentences())
        .containsExactly(
            "'b' is used, but nothing before this node computes it",
            "its output 'x' is defined before");
  }

  @Test
  void whatFollowsABrokenNodeIsNotAtFault() {
    var model = model(13).floats("x", 2).node("Relu", "x x", "a").node("Abs", "a", "b");
    model.graph().addNode(nodeOf("Unheard", "b", "y"));
    var read = model.output("y").read();

    assertThat(read.sentences()).containsExactly("it has 2 inputs, expected 1");
    assertThat(read.graph().nodes())
        .extracting(node -> node.op().name())
        .containsExactly("Unheard");
  }

  @Test
  void operatorsThatCameLaterAreNotPartOfAnOpset() {
    var read = model(13).floats("x", 2).node("Gelu", "x", "y").output("y").read();

    assertThat(read.sentences())
        .containsExactly("operator 'Gelu' is not part of opset 13, which the model imports");
  }

  @Test
  void sequencesAreRefusedAsInputs() {
    var model = model(13).node("SequenceLength", "s", "y").output("y");
    var input = model.graph().addInputBuilder().setName("s");
    input.getTypeBuilder().getSequenceTypeBuilder().getElemTypeBuilder();
    var read = model.read();

    assertThat(read.sentences())
        .containsExactly(
            "input 's' is a sequence, and Watari's graphs take and give only tensors of known"
                + " types");
  }

  // ---- what only ONNX knows

  @Test
  void unknownOperatorsAreKept() {
    var model = model(13).imports("my.domain", 2).floats("x", 2);
    model
        .graph()
        .addNode(nodeOf("Frobnicate", "x", "y", attribute("k", 3)).setDomain("my.domain"))
        .addValueInfo(OnnxTestModel.info("y", TensorProto.DataType.INT8, 7));
    var read = model.output("y").read();

    assertThat(read.findings()).isEmpty();
    var custom = (Custom) read.graph().nodes().get(0).op();
    assertThat(custom.domain()).isEqualTo("onnx:my.domain");
    assertThat(custom.name()).isEqualTo("Frobnicate");
    assertThat(custom.version()).isEqualTo(2);
    assertThat(custom.outputs()).hasToString("[int8[7]]");
    assertThat(custom.attributes()).extracting(Custom.Attribute::name).containsExactly("k");
  }

  // ---- functions

  @Test
  void functionsAreInlinedWithTheirArguments() {
    var reference =
        AttributeProto.newBuilder()
            .setName("alpha")
            .setRefAttrName("slope")
            .setType(AttributeType.FLOAT);
    var function =
        FunctionProto.newBuilder()
            .setName("Twice")
            .setDomain("own")
            .addInput("a")
            .addOutput("b")
            .addAttribute("slope")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(16))
            .addNode(nodeOf("LeakyRelu", "a", "h", reference.build()))
            .addNode(nodeOf("LeakyRelu", "h", "b", reference.build()));
    var model = model(13).imports("own", 1).floats("x", 2);
    model.proto().addFunctions(function);
    model.graph().addNode(nodeOf("Twice", "x", "y", attribute("slope", 0.5f)).setDomain("own"));
    var read = model.output("y").read();

    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().nodes())
        .extracting(node -> node.op())
        .containsExactly(new LeakyRelu(0.5f), new LeakyRelu(0.5f));
    assertThat(read.graph().outputs().get(0).name()).isEqualTo("y");
    assertThat(read.graph().nodes().get(0).output().name()).isEqualTo("theTwice/h");
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  @Test
  void functionsThatCallThemselvesAreRefused() {
    var function =
        FunctionProto.newBuilder()
            .setName("Again")
            .setDomain("own")
            .addInput("a")
            .addOutput("b")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1))
            .addNode(nodeOf("Again", "a", "b").setDomain("own"));
    var model = model(13).imports("own", 1).floats("x", 2);
    model.proto().addFunctions(function);
    model.graph().addNode(nodeOf("Again", "x", "y").setDomain("own"));

    assertThat(model.output("y").read().sentences())
        .containsExactly("function 'Again' calls itself");
  }

  @Test
  void sparseInitializersGetTheirZeros() {
    var model = model(13).floats("x", 2, 2).node("Add", "x w", "y").output("y");
    var sparse = model.graph().addSparseInitializerBuilder().addDims(2).addDims(2);
    sparse
        .getValuesBuilder()
        .setName("w")
        .addDims(2)
        .setDataType(1)
        .addFloatData(5)
        .addFloatData(7);
    sparse.setIndices(
        OnnxTestModel.tensor("", TensorProto.DataType.INT64, List.of(2L, 2L), 0, 1, 1, 0));
    var constant = model.read().graph().nodes().get(0).input(1).constant().orElseThrow();

    assertThat(constant.dtype()).isEqualTo(DataType.FLOAT32);
    assertThat(constant.floats()).containsExactly(0, 5, 7, 0);
  }
}
