package watari.format.openvino;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.openvino.OpenvinoWritten.all;
import static watari.format.openvino.OpenvinoWritten.data;
import static watari.format.openvino.OpenvinoWritten.layer;
import static watari.format.openvino.OpenvinoWritten.types;
import static watari.tensor.DataType.FLOAT16;
import static watari.tensor.DataType.FLOAT32;
import static watari.tensor.DataType.INT32;
import static watari.tensor.DataType.INT64;
import static watari.tensor.DataType.INT8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.State;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.Loop;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.op.ReduceOp.Cumulative;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.SpaceToBatch;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Files as the specification of IR 11 says them: values worked out by hand.
class OpenvinoWriterTest {
  private static final TensorType VECTOR = TensorType.of(FLOAT32, 2);
  private static final Path ROOT = Path.of("m.xml");

  @TempDir Path folder;
  private GraphBuilder to = new GraphBuilder(new Graph("main"));
  private OpenvinoWritten written;

  @BeforeEach
  void intoTheFolder() {
    written = new OpenvinoWritten(folder);
  }

  private List<Finding> write() {
    return written.findings(to.graph());
  }

  private Element written() {
    return written.net(to.graph());
  }

  private float floatAt(Element constant, int i) throws IOException {
    return written.floatAt(constant, i);
  }

  private Value image() {
    return to.input("x", TensorType.of(FLOAT32, 1, 2, 5, 5));
  }

  private static Conv conv(int groups) {
    var padding = new Padding.Explicit(List.of(1, 0), List.of(0, 1));
    return new Conv(List.of(2, 1), List.of(1, 1), padding, groups, Layout.CHANNELS_FIRST);
  }

  private Value floats(String name, Shape shape) {
    var values = new float[(int) shape.elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = i + 1;
    return to.constant(name, TensorData.ofFloats(shape, values));
  }

  @Test
  void aConvolutionStatesItsWindowAndItsBiasIsAdded() {
    var filter = floats("w", Shape.of(3, 2, 3, 3));
    to.graph().addOutput("y", to.add(conv(1), image(), filter, floats("b", Shape.of(3))));
    var net = written();
    assertThat(types(net))
        .containsExactly("Parameter", "Const", "Convolution", "Const", "Add", "Result");
    var window = data(net, "Convolution");
    assertThat(window.getAttribute("strides")).isEqualTo("2, 1");
    assertThat(window.getAttribute("pads_begin")).isEqualTo("1, 0");
    assertThat(window.getAttribute("pads_end")).isEqualTo("0, 1");
    assertThat(all(net, "layer").get(3).getElementsByTagName("data").item(0))
        .extracting(node -> ((Element) node).getAttribute("shape"))
        .isEqualTo("1, 3, 1, 1");
    assertThat(layer(net, "Result").getAttribute("output_names")).isEqualTo("y");
  }

  @Test
  void aGroupedFilterHasAnAxisForTheGroups() {
    to.graph().addOutput("y", to.add(conv(2), image(), floats("w", Shape.of(4, 1, 3, 3))));
    var net = written();
    assertThat(types(net)).contains("GroupConvolution");
    assertThat(data(net, "Const").getAttribute("shape")).isEqualTo("2, 2, 1, 3, 3");
  }

  @Test
  void edgesNameTheNumbersOfPortsInputsFirst() {
    to.graph().addOutput("y", to.add(conv(1), image(), floats("w", Shape.of(3, 2, 3, 3))));
    var net = written();
    var edges =
        all(net, "edge").stream()
            .map(e ->
                e.getAttribute("from-layer")
                    + "."
                    + e.getAttribute("from-port")
                    + ">"
                    + e.getAttribute("to-layer")
                    + "."
                    + e.getAttribute("to-port"))
            .toList();
    assertThat(edges).containsExactly("0.0>2.0", "1.0>2.1", "2.2>3.0");
  }

  @Test
  void anInputSaysTheLayoutThatItsUseProves() {
    to.graph().addOutput("y", to.add(conv(1), image(), floats("w", Shape.of(3, 2, 3, 3))));
    var layout =
        all(layer(written(), "Parameter"), "attribute").stream()
            .map(attribute -> attribute.getAttribute("layout"))
            .toList();
    assertThat(layout).containsExactly("[N,C,H,W]");
  }

  @Test
  void equalConstantsLieOnceAndAllAreAligned() throws IOException {
    var x = to.input("x", TensorType.of(FLOAT32, 3));
    var sum = to.add(new Binary(Binary.Kind.ADD), x, floats("a", Shape.of(3)));
    var product = to.add(new Binary(Binary.Kind.MUL), sum, floats("b", Shape.of(3)));
    var five = to.constant("c", TensorData.ofFloats(Shape.of(3), 5, 6, 7));
    to.graph().addOutput("y", to.add(new Binary(Binary.Kind.SUB), product, five));
    var offsets =
        all(written(), "layer").stream()
            .filter(layer -> layer.getAttribute("type").equals("Const"))
            .map(layer -> all(layer, "data").get(0).getAttribute("offset"))
            .distinct()
            .toList();
    assertThat(offsets).containsExactly("0", "64");
    assertThat(Files.size(folder.resolve("m.bin"))).isEqualTo(64 + 12);
  }

  @Test
  void weightsOfFloat16AreSaidToBeDecompressed() {
    var x = to.input("x", VECTOR);
    var half = to.constant("w", TensorData.ofFloats(Shape.of(2), 1, 2).cast(FLOAT16));
    var whole = to.add(new Cast(FLOAT32), half);
    to.graph().addOutput("y", to.add(new Binary(Binary.Kind.MUL), x, whole));
    var net = written();
    assertThat(data(net, "Const").getAttribute("element_type")).isEqualTo("f16");
    assertThat(all(layer(net, "Convert"), "attribute").get(0).getAttribute("name"))
        .isEqualTo("decompression");
  }

  @Test
  void quantizedValuesBetweenOperatorsAreFakeQuantized() throws IOException {
    var x = to.input("x", VECTOR);
    var quantization = new Quantization.PerTensor(0.5f, 10);
    var stored = to.addQuantized(new Unary(Unary.Kind.TANH), INT8, quantization, x);
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.EXP), stored));
    var net = written();
    assertThat(types(net))
        .containsExactly("Parameter", "Tanh", "Const", "Const", "FakeQuantize", "Exp", "Result");
    assertThat(data(net, "FakeQuantize").getAttribute("levels")).isEqualTo("256");
    // (-128 - 10) / 2 and (127 - 10) / 2
    assertThat(floatAt(all(net, "layer").get(2), 0)).isEqualTo(-69f);
    assertThat(floatAt(all(net, "layer").get(3), 0)).isEqualTo(58.5f);
  }

  @Test
  void quantizedWeightsStaySmallBehindTheirScale() {
    var x = to.input("x", TensorType.of(FLOAT32, 1, 2));
    var weights =
        to.constant(
            "w",
            TensorData.ofLongs(INT8, Shape.of(2, 2), 1, 2, 3, 4),
            new Quantization.PerAxis(0, List.of(0.5f, 2f), List.of(0L, 0L)));
    to.graph().addOutput("y", to.add(new watari.op.MatMulOp.FullyConnected(), x, weights));
    var net = written();
    assertThat(types(net))
        .containsExactly("Parameter", "Const", "Convert", "Const", "Multiply", "MatMul", "Result");
    assertThat(data(net, "Const").getAttribute("element_type")).isEqualTo("i8");
    assertThat(all(all(net, "layer").get(3), "data").get(0).getAttribute("shape"))
        .isEqualTo("2, 1");
    assertThat(data(net, "MatMul").getAttribute("transpose_b")).isEqualTo("true");
  }

  @Test
  void anOutputThatIsStoredSmallIsRoundedAndLimited() {
    var x = to.input("x", VECTOR);
    var quantization = new Quantization.PerTensor(0.5f, 0);
    var stored = to.addQuantized(new Convert(INT8), INT8, quantization, x);
    to.graph().addOutput("y", stored);
    var net = written();
    assertThat(types(net))
        .containsExactly("Parameter", "Const", "Divide", "Round", "Clamp", "Convert", "Result");
    assertThat(data(net, "Clamp").getAttribute("min")).isEqualTo("-128");
  }

  @Test
  void bytesThatReachProductsAreScaledByAFakeQuantize() throws IOException {
    var type = new TensorType(INT8, Shape.of(2), new Quantization.PerTensor(0.5f, 10));
    var x = to.add(new Unary(Unary.Kind.TANH), to.input("x", type));
    to.graph().addOutput("y", to.add(new MatMul(false, false), x, to.input("z", VECTOR)));
    var net = written();
    assertThat(types(net))
        .containsSubsequence(
            "Parameter",
            "Convert",
            "Const",
            "Const",
            "Const",
            "Const",
            "FakeQuantize",
            "Tanh",
            "MatMul",
            "Result");
    assertThat(data(net, "Parameter").getAttribute("element_type")).isEqualTo("i8");
    var constants =
        all(net, "layer").stream().filter(l -> l.getAttribute("type").equals("Const")).toList();
    assertThat(floatAt(constants.get(0), 0)).isEqualTo(-128f);
    assertThat(floatAt(constants.get(3), 0)).isEqualTo(58.5f);
  }

  @Test
  void otherBytesThatAreGivenAreScaledByArithmetic() {
    var type = new TensorType(INT8, Shape.of(2), new Quantization.PerTensor(0.5f, 10));
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.TANH), to.input("x", type)));
    assertThat(types(written()))
        .containsExactly(
            "Parameter", "Convert", "Const", "Subtract", "Const", "Multiply", "Tanh", "Result");
  }

  /// OpenVINO would round the bounds to integers of the source.
  @Test
  void boundsBetweenStoredNumbersSelect() {
    assertThat(types(limited(1.25))).contains("Select").doesNotContain("Clamp");
    assertThat(types(limited(1.5))).contains("Clamp").doesNotContain("Select");
  }

  private Element limited(double most) {
    to = new GraphBuilder(new Graph("main"));
    var quantization = new Quantization.PerTensor(0.5f, 10);
    var x = to.addQuantized(new Unary(Unary.Kind.TANH), INT8, quantization, to.input("x", VECTOR));
    to.graph().addOutput("y", to.add(new Clip(-1, most), x));
    return written();
  }

  /// OpenVINO would pad with the integer 0, which is no zero where the zero point is another.
  @Test
  void whatIsStoredIsPaddedBeforeItIsCutToBlocks() {
    var type = TensorType.of(FLOAT32, 1, 3, 4);
    var quantization = new Quantization.PerTensor(0.5f, 10);
    var x = to.addQuantized(new Unary(Unary.Kind.TANH), INT8, quantization, to.input("x", type));
    var edges = to.constant(TensorData.ofLongs(Shape.of(1, 2), 0, 1));
    to.graph().addOutput("y", to.add(new SpaceToBatch(), x, to.vector(2), edges));
    assertThat(types(written())).containsSubsequence("Pad", "SpaceToBatch");
  }

  @Test
  void edgesOfBlocksMayBeComputed() {
    var x = to.input("x", TensorType.of(FLOAT32, 1, 3, 4, 5));
    var edges = to.input("edges", TensorType.of(INT32, 2, 2));
    to.graph().addOutput("y", to.add(new SpaceToBatch(), x, to.vector(2, 2), edges));
    var net = written();
    assertThat(types(net))
        .containsSubsequence(
            "Convert", "Gather", "Concat", "Convert", "Gather", "Concat", "SpaceToBatch");
    // The batch is 4 times what it was, the channels stay; what lies between is not known.
    assertThat(OpenvinoWritten.dims(layer(net, "SpaceToBatch")))
        .containsExactly("4", "-1", "-1", "5");
  }

  @Test
  void whatIsStoredIsPaddedByComputedEdgesBeforeItIsCutToBlocks() {
    var quantization = new Quantization.PerTensor(0.5f, 10);
    var x = to.input("x", TensorType.of(FLOAT32, 1, 3, 4));
    var stored = to.addQuantized(new Unary(Unary.Kind.TANH), INT8, quantization, x);
    var edges = to.input("edges", TensorType.of(INT32, 1, 2));
    to.graph().addOutput("y", to.add(new SpaceToBatch(), stored, to.vector(2), edges));
    assertThat(types(written())).containsSubsequence("Pad", "SpaceToBatch");
  }

  /// A vector added to what is reduced from three axes to two would go along the wrong one.
  @Test
  void anAxisThatIsReducedLastOfThreeIsDroppedAfterwards() {
    var x = to.input("x", TensorType.of(FLOAT32, 2, 3, 4));
    var sum = to.add(new Reduce(Reduce.Kind.SUM, false), x, to.vector(2));
    to.graph().addOutput("y", sum);
    var net = written();
    assertThat(types(net)).containsSubsequence("ReduceSum", "Squeeze");
    assertThat(data(net, "ReduceSum").getAttribute("keep_dims")).isEqualTo("true");
  }

  @Test
  void productsUpToEachElementOfAnUnknownDimAreRefused() {
    var open = new TensorType(FLOAT32, Shape.of(watari.tensor.Dim.named("n")));
    var product =
        to.add(
            new Cumulative(Cumulative.Kind.PROD, false, false),
            to.input("x", open),
            to.input("axis", TensorType.of(INT64)));
    to.graph().addOutput("y", product);
    assertThat(write()).singleElement().extracting(Finding::code).isEqualTo("OP_UNSUPPORTED");
  }

  @Test
  void aLoopMapsItsPortsToLayersOfItsBody() {
    var body = new GraphBuilder(new Graph("body"));
    body.input("i", TensorType.of(INT64));
    var condition = body.input("go", TensorType.of(watari.tensor.DataType.BOOL));
    var carried = body.input("a", VECTOR);
    var next = body.add(new Unary(Unary.Kind.TANH), carried);
    body.graph().addOutput("go_on", body.add(new Identity(), condition));
    body.graph().addOutput("next", next);
    body.graph().addOutput("each", next);
    var x = to.input("x", VECTOR);
    var loop =
        to.add(
            new Loop(1, 1),
            List.of(to.scalar(3L), Value.ABSENT, x),
            List.of("last", "stack"),
            List.of(body.graph()));
    to.graph().addOutput("last", loop.output(0));
    to.graph().addOutput("stack", loop.output(1));
    var map = all(layer(written(), "Loop"), "port_map").get(0);
    assertThat(all(map, "input").stream().map(e -> e.getAttribute("external_port_id")))
        .containsExactly("-1", "2");
    assertThat(all(map, "output").stream().map(e -> e.getAttribute("external_port_id")))
        .containsExactly("-1", "3", "4");
    assertThat(all(map, "output").get(2).getAttribute("axis")).isEqualTo("0");
  }

  @Test
  void aStateThatIsReadAfterItIsWrittenIsWhatWasWritten() {
    var graph = to.graph();
    graph.addState(new State("s", VECTOR, TensorData.ofFloats(Shape.of(2), 0, 0)));
    var x = to.input("x", VECTOR);
    var before = to.add(new ReadState("s", VECTOR));
    var sum = to.add(new Binary(Binary.Kind.ADD), before, x);
    to.add(new WriteState("s"), List.of(sum), 0, List.of());
    var after = to.add(new ReadState("s", VECTOR));
    graph.addOutput("y", to.add(new Unary(Unary.Kind.EXP), after));
    var net = written();
    assertThat(types(net))
        .containsExactly("Parameter", "Const", "ReadValue", "Add", "Assign", "Exp", "Result");
    assertThat(data(net, "Assign").getAttribute("variable_id")).isEqualTo("s");
  }

  @Test
  void floorsOfQuotientsAreFloored() {
    var a = to.input("a", VECTOR);
    var b = to.input("b", VECTOR);
    to.graph().addOutput("y", to.add(new Binary(Binary.Kind.FLOOR_DIV), a, b));
    assertThat(types(written())).containsSubsequence("FloorMod", "Subtract", "Round");
  }

  /// Float32 cannot tell 2²⁴ and 2²⁴ + 1 apart, their difference it can.
  @Test
  void wideIntegersAreComparedByTheirDifference() {
    var type = TensorType.of(INT32, 2);
    var equal = to.add(new Binary(Binary.Kind.EQUAL), to.input("a", type), to.input("b", type));
    to.graph().addOutput("y", equal);
    assertThat(types(written())).containsSubsequence("Subtract", "Equal");
  }

  @Test
  void bytesWrapBecauseTheyAreAddedInMoreBits() {
    var type = TensorType.of(INT8, 2);
    var sum = to.add(new Binary(Binary.Kind.ADD), to.input("a", type), to.input("b", type));
    to.graph().addOutput("y", sum);
    assertThat(types(written()))
        .containsExactly(
            "Parameter", "Parameter", "Convert", "Convert", "Add", "Convert", "Result");
  }

  @Test
  void theCountOfASearchIsAScalar() {
    var made =
        to.add(
            new TopK(0, true, true, INT64),
            List.of(
                to.input("x", TensorType.of(FLOAT32, 5)), to.input("k", TensorType.of(INT64, 1))),
            List.of("values", "indices"),
            List.of());
    to.graph().addOutput("values", made.output(0));
    var net = written();
    assertThat(types(net)).containsSubsequence("Reshape", "TopK");
    assertThat(data(net, "TopK").getAttribute("stable")).isEqualTo("true");
  }

  @Test
  void padsThatAreComputedAreCutInTwo() {
    var x = to.input("x", VECTOR);
    var pads = to.input("pads", TensorType.of(INT64, 2));
    to.graph().addOutput("y", to.add(new Pad(Pad.Mode.EDGE), x, pads));
    var net = written();
    assertThat(types(net).stream().filter("Slice"::equals)).hasSize(2);
    assertThat(data(net, "Pad").getAttribute("pad_mode")).isEqualTo("edge");
  }

  @Test
  void theFileSaysWhoWroteItAndWhatTheModelSaysOfItself() {
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.TANH), to.input("x", VECTOR)));
    var net = written();
    assertThat(all(net, "producer").get(0).getAttribute("value")).isEqualTo("watari 1");
    assertThat(all(net, "labels").get(0).getAttribute("value")).isEqualTo("cat dog");
    assertThat(all(net, "topic").get(0).getAttribute("value")).isEqualTo("pets");
    assertThat(all(net, "license").get(0).getAttribute("value")).isEqualTo("MIT");
  }

  /// What names us may be replaced by us.
  @Test
  void whoWroteTheFileIsReadBack() throws IOException {
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.TANH), to.input("x", VECTOR)));
    assertThat(write()).isEmpty();
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      var read =
          new OpenvinoReader()
              .read(folder.resolve(ROOT), arena, watari.format.ReadOptions.DEFAULT, new Findings());
      assertThat(read.metadata().producer()).isEqualTo("watari 1");
      assertThat(read.main().outputNames()).containsExactly("y");
    }
  }

  @Test
  void whoWroteTheFileLastIsItsProducer() throws IOException {
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.TANH), to.input("x", VECTOR)));
    assertThat(write()).isEmpty();
    var text = Files.readString(folder.resolve(ROOT));
    var test = new OpenvinoTestModel(folder);
    assertThat(test.read(text).model().metadata().producer()).isEqualTo("watari 1");
    var saved = text.replace("<producer", "<Runtime_version value=\"2026.4\"/><producer");
    assertThat(test.read(saved).model().metadata().producer()).isEqualTo("OpenVINO 2026.4");
  }

  @Test
  void onlySpaceIsResized() {
    var x = to.input("x", TensorType.of(FLOAT32, 1, 2, 4, 4));
    var sizes = to.input("sizes", TensorType.of(INT64, 4));
    resized(x, sizes, 1, 2, 8, 8);
    resized(x, sizes, 1, 4, 8, 8);
    var net = written();
    assertThat(types(net)).containsOnlyOnce("Interpolate").contains("Gather");
  }

  private void resized(Value x, Value sizes, long... dims) {
    var op =
        new Resize(
            Mode.NEAREST,
            Coordinates.ASYMMETRIC,
            Nearest.FLOOR,
            -0.75f,
            false,
            false,
            0,
            AspectPolicy.STRETCH,
            List.of(0, 1, 2, 3));
    var inputs = List.of(x, Value.ABSENT, Value.ABSENT, sizes);
    var type = new TensorType(FLOAT32, Shape.of(dims));
    var made = to.addDeclared(op, inputs, List.of("y" + dims[1]), List.of(type), List.of());
    to.graph().addOutput("y" + dims[1], made.output(0));
  }

  @Test
  void anOutputThatIsAnInputHasALayerOfItsOwn() {
    to.graph().addOutput("y", to.input("x", VECTOR));
    assertThat(types(written())).containsExactly("Parameter", "Convert", "Result");
  }

  @Test
  void theSameGraphGivesTheSameBytes() throws IOException {
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.TANH), to.input("x", VECTOR)));
    assertThat(write()).isEmpty();
    var first = Files.readString(folder.resolve(ROOT));
    assertThat(write()).isEmpty();
    assertThat(Files.readString(folder.resolve(ROOT))).isEqualTo(first);
  }
}
