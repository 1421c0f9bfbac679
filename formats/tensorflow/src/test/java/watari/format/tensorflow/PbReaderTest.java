package watari.format.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static watari.format.tensorflow.TensorflowTestModel.flag;
import static watari.format.tensorflow.TensorflowTestModel.function;
import static watari.format.tensorflow.TensorflowTestModel.nodeOf;
import static watari.format.tensorflow.TensorflowTestModel.numbers;
import static watari.format.tensorflow.TensorflowTestModel.text;

import com.google.protobuf.ByteString;
import com.google.protobuf.TextFormat;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.ModelException;
import watari.format.tensorflow.schema.DataType;
import watari.format.tensorflow.schema.FunctionDef;
import watari.format.tensorflow.schema.TensorProto;
import watari.format.tensorflow.schema.TensorShapeProto;
import watari.graph.Validator;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class PbReaderTest {
  @TempDir Path folder;

  private TensorflowTestModel model() {
    return new TensorflowTestModel(folder);
  }

  // ---- what a file is

  @Test
  void graphsAreToldFromOtherFiles() {
    var graph = model().floats("x", 2).node("Relu", "y", "x");
    var reader = new PbReader();
    assertThat(reader.sniff(folder, graph.bytes())).isTrue();
    assertThat(reader.sniff(folder, "# a graph\nnode {\n name: \"x\"".getBytes(UTF_8))).isTrue();
    assertThat(reader.sniff(folder, "nodes are fine".getBytes(UTF_8))).isFalse();
    assertThat(reader.sniff(folder, new byte[0])).isFalse();
    // An ONNX file begins with its version, a SavedModel with its own.
    assertThat(reader.sniff(folder, new byte[] {8, 10, 18, 3, 'p', 'y', 't', 58, 4})).isFalse();
    assertThat(reader.sniff(folder, new byte[] {8, 1, 18, 40, 10, 20})).isFalse();
  }

  @Test
  void textMeansTheSameAsBytes() {
    var source = model().floats("x", 2).constant("c", List.of(2L), 3).node("AddV2", "y", "x c");
    var text = TextFormat.printer().printToString(source.proto().build());
    var read = TensorflowTestModel.read(folder, (text + "unheard_of: 7\n").getBytes(UTF_8));
    assertThat(read.findings()).isEmpty();
    assertThat(read.run(TensorData.ofFloats(Shape.of(2), 1, 2)).get(0).floats())
        .containsExactly(4, 5);
  }

  /// protobuf would tell of each unknown field on standard error.
  @Test
  void unknownFieldsOfTextArePassedOverInSilence() {
    var told = new java.util.ArrayList<String>();
    var handler =
        new java.util.logging.StreamHandler() {
          @Override
          public synchronized void publish(java.util.logging.LogRecord entry) {
            told.add(entry.getMessage());
          }
        };
    var logger = java.util.logging.Logger.getLogger(TextFormat.class.getName());
    logger.addHandler(handler);
    var text = TextFormat.printer().printToString(model().floats("x", 2).proto().build());
    TensorflowTestModel.read(
        folder, (text + "node { name: \"y\" op: \"Relu\" input: \"x\" fresh: 7 }").getBytes(UTF_8));
    logger.removeHandler(handler);
    assertThat(told).isEmpty();
  }

  @Test
  void brokenBytesAreSaidToBe() {
    var bytes = model().floats("x", 2).node("Relu", "y", "x").bytes();
    var cut = java.util.Arrays.copyOf(bytes, bytes.length - 3);
    assertThatThrownBy(() -> TensorflowTestModel.read(folder, cut))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("[FILE_BROKEN]");
  }

  // ---- inputs and outputs

  @Test
  void outputsAreWhatNothingTakes() {
    var read =
        model()
            .floats("x", -1, 3)
            .floats("unused", 1)
            .node("Relu", "a", "x")
            .node("Neg", "b", "a")
            .node("NoOp", "done", "^b")
            .node("Abs", "c", "a ^done")
            .node("Unpack", "d", "a", TensorflowTestModel.number("num", 3), axis(1))
            .read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().inputs()).extracting(Value::name).containsExactly("x");
    assertThat(read.graph().outputNames()).containsExactly("c", "d", "d:1", "d:2");
    assertThat(read.graph().inputs().get(0).type()).hasToString("float32[x.0,3]");
    assertThat(Validator.check(read.graph())).isEmpty();
  }

  private static java.util.Map.Entry<String, watari.format.tensorflow.schema.AttrValue> axis(
      int axis) {
    return TensorflowTestModel.number("axis", axis);
  }

  @Test
  void everythingThatIsNotReadIsReportedOnce() {
    var read =
        model()
            .floats("x", 2)
            .node("StringJoin", "s", "x")
            .node("Relu", "after", "s")
            .node("RandomUniform", "r", "x")
            .node("Mystery", "m", "x")
            .node("Neg", "missing", "nowhere")
            .read();
    assertThat(read.sentences())
        .containsExactly(
            "it computes with text, which no other format does",
            "it draws random numbers: no other runtime draws the same, and nothing could be"
                + " compared",
            "'Mystery' is neither an operator of TensorFlow nor a function of the model",
            "'nowhere' is used, but nothing computes it");
    assertThat(read.findings().get(0).node()).isEqualTo("s");
    assertThat(read.findings().get(0).operator()).isEqualTo("StringJoin");
  }

  @Test
  void aCircleIsBroken() {
    var circle = model().floats("x", 2).node("AddV2", "a", "x b").node("Neg", "b", "a");
    circle.node("Abs", "y", "b");
    assertThatThrownBy(circle::read)
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("needs its own output");
  }

  // ---- constants

  private static TensorProto.Builder tensor(DataType type, long... dims) {
    var shape = TensorShapeProto.newBuilder();
    for (long dim : dims) shape.addDimBuilder().setSize(dim);
    return TensorProto.newBuilder().setDtype(type).setTensorShape(shape);
  }

  private TensorData only(TensorProto.Builder tensor) {
    var read = model().constant("c", tensor.build()).node("Identity", "y", "c").read();
    assertThat(read.findings()).isEmpty();
    return read.graph().outputs().get(0).constant().orElseThrow();
  }

  @Test
  void theLastListedElementIsRepeated() {
    var floats = tensor(DataType.DT_FLOAT, 2, 2).addFloatVal(1).addFloatVal(7);
    assertThat(only(floats).floats()).containsExactly(1, 7, 7, 7);
    assertThat(only(tensor(DataType.DT_INT32, 3)).ints()).containsExactly(0, 0, 0);
    assertThat(only(tensor(DataType.DT_HALF, 2).addHalfVal(0x3C00)).doubles())
        .containsExactly(1, 1);
    assertThat(only(tensor(DataType.DT_UINT32, 1).addUint32Val(-1)).longs())
        .containsExactly(0xFFFF_FFFFL);
    assertThat(only(tensor(DataType.DT_BOOL, 2).addBoolVal(true)).longs()).containsExactly(1, 1);
  }

  @Test
  void largeConstantsStayInTheFile() {
    var content = new byte[4096];
    content[3] = 0x40; // 2.0
    var packed = tensor(DataType.DT_FLOAT, 1024).setTensorContent(ByteString.copyFrom(content));
    var data = only(packed);
    assertThat(data.contiguous().orElseThrow().isNative()).isTrue();
    assertThat(data.doubleAt(0)).isEqualTo(2);
    var listed = tensor(DataType.DT_FLOAT, 2000);
    for (int i = 0; i < 1000; i++) listed.addFloatVal(i);
    assertThat(only(listed).doubleAt(998)).isEqualTo(998);
    assertThat(only(listed).doubleAt(1999)).isEqualTo(999);
  }

  @Test
  void aConstantThatDoesNotFitItsShapeIsBroken() {
    var read =
        model()
            .constant("c", tensor(DataType.DT_FLOAT, 1).addFloatVal(1).addFloatVal(2).build())
            .node("Identity", "y", "c")
            .read();
    assertThat(read.sentences())
        .containsExactly("a constant lists 2 elements, but float32[1] has 1");
  }

  // ---- functions

  @Test
  void callsAreReadInTheirPlace() {
    var function = FunctionDef.newBuilder();
    function.getSignatureBuilder().setName("twice");
    function.getSignatureBuilder().addInputArgBuilder().setName("a").setType(DataType.DT_FLOAT);
    function.getSignatureBuilder().addOutputArgBuilder().setName("r").setType(DataType.DT_FLOAT);
    function.addNodeDef(
        nodeOf("Split", "parts", "axis:output:0 a", TensorflowTestModel.number("num_split", 2)));
    var axis = model().integers("axis", List.of(), 0).proto().getNode(0);
    function.addNodeDef(axis);
    function.addNodeDef(nodeOf("Neg", "n", "parts:output:1"));
    function.putRet("r", "n:y:0");
    var read =
        model()
            .floats("x", 4)
            .function(function)
            .node("PartitionedCall", "call", "x", function("f", "twice"), outputs())
            .node("Identity", "y", "call")
            .read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.run(TensorData.ofFloats(Shape.of(4), 1, 2, 3, 4)).get(0).floats())
        .containsExactly(-3, -4);
  }

  private static java.util.Map.Entry<String, watari.format.tensorflow.schema.AttrValue> outputs() {
    var value = watari.format.tensorflow.schema.AttrValue.newBuilder();
    value.getListBuilder().addType(DataType.DT_FLOAT);
    return TensorflowTestModel.attribute("Tout", value);
  }

  // ---- convolutions

  @Test
  void filtersAreOnlyLookedAtInAnotherOrder() {
    var read =
        model()
            .floats("x", 1, 5, 5, 2)
            .constant("w", List.of(1L, 1L, 2L, 3L), 1, 2, 3, 4, 5, 6)
            .node(
                "Conv2D",
                "y",
                "x w",
                numbers("strides", 1, 2, 2, 1),
                text("padding", "SAME"),
                flag("use_cudnn_on_gpu", true))
            .read();
    assertThat(read.findings()).isEmpty();
    var node = read.graph().nodes().get(0);
    var conv = (Conv) node.op();
    assertThat(conv.strides()).containsExactly(2, 2);
    assertThat(conv.padding()).isEqualTo(new Padding.Same(true));
    assertThat(conv.layout()).isEqualTo(Layout.CHANNELS_LAST);
    assertThat(node.input(1).shape()).isEqualTo(Shape.of(3, 1, 1, 2));
    assertThat(node.input(1).constant().orElseThrow().floats()).containsExactly(1, 4, 2, 5, 3, 6);
  }

  @Test
  void shapesThatAreComputedOfKnownOnesAreConstants() {
    var read =
        model()
            .floats("x", 2, 3, 4)
            .node("Shape", "s", "x")
            .integers("zero", List.of(1L), 0)
            .integers("one", List.of(1L), 1)
            .node(
                "StridedSlice",
                "n",
                "s zero one one",
                TensorflowTestModel.number("shrink_axis_mask", 1))
            .integers("rest", List.of(), -1)
            .node("Pack", "shape", "n rest", TensorflowTestModel.number("N", 2))
            .node("Reshape", "y", "x shape")
            .read();
    assertThat(read.findings()).isEmpty();
    var reshape = read.graph().outputs().get(0).producer().orElseThrow();
    assertThat(reshape.input(1).constant().orElseThrow().longs()).containsExactly(2, -1);
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[2,12]");
  }
}
