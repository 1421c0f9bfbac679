package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.WriteOptions;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.ValueInfoProto;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Origin;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.If;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.Custom;
import watari.op.DetectionOp.DetectionPostProcess;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.MatMulOp.MatMul;
import watari.op.NormOp.RmsNorm;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.op.ReduceOp.Reduce;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceRnn;
import watari.op.SequenceOp.Svdf;
import watari.op.ShapeOp.BatchToSpace;
import watari.op.ShapeOp.SpaceToBatch;
import watari.op.ShapeOp.Transpose;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.RealFft2d;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class OnnxWriterTest {
  private static final TensorType VECTOR = TensorType.of(DataType.FLOAT32, 2);

  @TempDir Path folder;
  private final GraphBuilder to = new GraphBuilder(new Graph("main"));

  private List<Finding> write(int opset) {
    return OnnxRun.write(to.graph(), opset, folder.resolve("m.onnx"));
  }

  private ModelProto written(int opset) throws IOException {
    assertThat(write(opset)).isEmpty();
    return ModelProto.parseFrom(Files.readAllBytes(folder.resolve("m.onnx")));
  }

  private static List<String> types(ModelProto model) {
    return model.getGraph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  private static Stream<Class<?>> records(Class<?> family) {
    return family.isSealed()
        ? Stream.of(family.getPermittedSubclasses()).flatMap(OnnxWriterTest::records)
        : Stream.of(family);
  }

  @Test
  void everyRecordIsWrittenTakenApartOrRefused() {
    var takenApart =
        List.of(
            SpaceToBatch.class,
            BatchToSpace.class,
            RealFft2d.class,
            ComplexPart.class,
            FakeQuantize.class,
            PaddedNonMaxSuppression.class,
            DetectionPostProcess.class,
            SequenceLstm.class,
            SequenceRnn.class,
            Svdf.class);
    var refused = List.of(ReadState.class, WriteState.class);
    var all = new ArrayList<Class<?>>(OnnxWriteOps.TABLE.kinds());
    all.addAll(takenApart);
    all.addAll(refused);

    assertThat(all).containsExactlyInAnyOrderElementsOf(records(Op.class).toList());
  }

  @Test
  void outputsHaveTheirNamesWhateverStandsForThem() throws IOException {
    var x = to.input("x", VECTOR);
    var y = to.addNamed("y", new Unary(Unary.Kind.ABS), x);
    to.graph().addOutput("first", y);
    to.graph().addOutput("second", y);
    to.graph().addOutput("third", x);
    to.graph().addOutput("fourth", to.scalar(3f));

    var graph = written(0).getGraph();

    assertThat(graph.getOutputList().stream().map(ValueInfoProto::getName))
        .containsExactly("first", "second", "third", "fourth");
    assertThat(graph.getInput(0).getName()).isEqualTo("x");
    var outputs =
        OnnxRun.run(folder.resolve("m.onnx"), List.of(TensorData.ofFloats(Shape.of(2), -1, 2)));
    assertThat(outputs.stream().map(d -> d.doubleAt(0))).containsExactly(1.0, 1.0, -1.0, 3.0);
  }

  @Test
  void nodesAreNamedAfterTheirOriginsOnceEach() throws IOException {
    var x = to.input("x", VECTOR);
    to.from(new Origin("block/relu", 0, "RELU"));
    var once = to.add(new Unary(Unary.Kind.RELU), x);
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.RELU), once));

    assertThat(written(0).getGraph().getNodeList().stream().map(NodeProto::getName))
        .containsExactly("block/relu", "block/relu/2");
  }

  @Test
  void namedDimsAreParametersAndInventedOnesStayOpen() throws IOException {
    var shape = Shape.of(Dim.named("batch"), Dim.of(3), Dim.named("?7"));
    var x = to.input("x", new TensorType(DataType.FLOAT32, shape));
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.ABS), x));

    var dims = written(0).getGraph().getInput(0).getType().getTensorType().getShape();

    assertThat(dims.getDim(0).getDimParam()).isEqualTo("batch");
    assertThat(dims.getDim(1).getDimValue()).isEqualTo(3);
    assertThat(dims.getDim(2).hasDimParam() || dims.getDim(2).hasDimValue()).isFalse();
  }

  @Test
  void aMeanOverAllOfSpaceIsGlobalAveragePooling() throws IOException {
    var x = to.input("x", TensorType.of(DataType.FLOAT32, 1, 2, 3, 4));
    var mean = new Reduce(Reduce.Kind.MEAN, true);
    to.graph().addOutput("space", to.add(mean, x, to.vector(-1, 2)));
    to.graph().addOutput("other", to.add(mean, x, to.vector(1, 2)));
    var model = written(17);
    assertThat(types(model)).containsExactly("GlobalAveragePool", "ReduceMean");
    assertThat(model.getGraph().getInitializerList()).isEmpty();
  }

  @Test
  void equalConstantsAreThereOnce() throws IOException {
    var x = to.input("x", VECTOR);
    var one = to.add(new Binary(Binary.Kind.ADD), x, to.scalar(7f));
    to.graph().addOutput("y", to.add(new Binary(Binary.Kind.MUL), one, to.scalar(7f)));

    assertThat(written(0).getGraph().getInitializerList()).hasSize(1);
  }

  @Test
  void theSameGraphGivesTheSameBytes() throws IOException {
    var x = to.input("x", VECTOR);
    var custom = new Custom("onnx:com.microsoft", "Gelu", 1, List.of(), List.of(VECTOR), true);
    to.graph().addOutput("y", to.add(custom, x));
    written(0);
    var first = Files.readAllBytes(folder.resolve("m.onnx"));
    written(0);

    assertThat(Files.readAllBytes(folder.resolve("m.onnx"))).isEqualTo(first);
  }

  @Test
  void whatTheModelSaysOfItselfIsKept() throws IOException {
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.ABS), to.input("x", VECTOR)));
    to.graph().setDescription("about the graph");
    to.graph().describe("x", "what goes in");
    var metadata = new Metadata("else", "about the model", "MIT", Map.of("k", "v"), List.of());
    var file = folder.resolve("m.onnx");
    var options = new WriteOptions(0, false, "m", "watari 1.2");

    new OnnxWriter()
        .write(new Model("test", List.of(to.graph()), metadata), file, options, new Findings());

    var model = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(model.getProducerName()).isEqualTo("watari");
    assertThat(model.getProducerVersion()).isEqualTo("1.2");
    assertThat(model.getDocString()).isEqualTo("about the model");
    assertThat(model.getGraph().getDocString()).isEqualTo("about the graph");
    assertThat(model.getGraph().getInput(0).getDocString()).isEqualTo("what goes in");
    assertThat(model.getGraph().getOutput(0).hasDocString()).isFalse();
    assertThat(model.getMetadataPropsList().stream().map(p -> p.getKey() + "=" + p.getValue()))
        .containsExactly("k=v", "license=MIT");
  }

  @Test
  void theOpsetIsTheUsualOneUnlessMoreIsNeeded() throws IOException {
    var x = to.input("x", VECTOR);
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.ABS), x));
    assertThat(written(0).getOpsetImport(0).getVersion()).isEqualTo(18);
    assertThat(written(11).getOpsetImport(0).getVersion()).isEqualTo(11);

    to.graph().addOutput("z", to.add(new Cast(DataType.INT4), x));
    assertThat(written(0).getOpsetImport(0).getVersion()).isEqualTo(21);
    assertThat(write(18)).extracting(Finding::code).containsExactly("OPSET_TOO_LOW");
    assertThat(write(18).getFirst().toString())
        .contains("Cast needs opset 21, but opset 18 is asked for", "--opset 21");
  }

  @Test
  void operatorsOfOtherFormatsAndStateAreRefusedTogether() {
    var x = to.input("x", VECTOR);
    to.from(new Origin("odd", 4, "ODD"));
    var custom = new Custom("tflite", "ODD", 1, List.of(), List.of(VECTOR), true);
    to.graph().addOutput("y", to.add(custom, x));
    to.add(new WriteState("memory"), List.of(x), 0, List.of());

    var findings = write(0);

    assertThat(findings).hasSize(2).allMatch(f -> f.code().equals("OP_UNSUPPORTED"));
    assertThat(findings.getFirst().toString())
        .startsWith("node 'odd' (ODD): operator 'ODD' has no ONNX equivalent");
    assertThat(folder.resolve("m.onnx")).doesNotExist();
  }

  @Test
  void anOperatorThatOnlyAnOlderOpsetHasIsNotWrittenInANewerOne() {
    var x = to.input("x", VECTOR);
    var upsample = new Custom("onnx:", "Upsample", 9, List.of(), List.of(VECTOR), true);
    to.graph().addOutput("y", to.add(upsample, x));

    assertThat(write(0)).extracting(Finding::code).containsOnly("OPSET_CHANGED");
  }

  @Test
  void bodiesSeeWhatIsAroundThem() throws IOException {
    var condition = to.input("condition", TensorType.of(DataType.BOOL));
    var x = to.input("x", VECTOR);
    var hidden = to.add(new Unary(Unary.Kind.ABS), x);
    var negate = new GraphBuilder(new Graph("then"));
    negate.graph().addOutput(negate.add(new Unary(Unary.Kind.NEG), negate.input("v", VECTOR)));
    var keep = new GraphBuilder(new Graph("else"));
    keep.graph().addOutput(keep.input("v", VECTOR));
    var node =
        to.add(new If(), List.of(condition, hidden), 1, List.of(negate.graph(), keep.graph()));
    to.graph().addOutput("y", node.output());
    written(0);

    for (int holds = 0; holds < 2; holds++) {
      var flag = TensorData.scalar(DataType.BOOL, holds);
      var outputs =
          OnnxRun.run(
              folder.resolve("m.onnx"), List.of(flag, TensorData.ofFloats(Shape.of(2), -1, 2)));
      assertThat(outputs.getFirst().doubles())
          .containsExactly(holds > 0 ? new double[] {-1, -2} : new double[] {1, 2});
    }
  }

  // ---- quantization

  private static final Quantization HALVES = new Quantization.PerTensor(0.5f, 1);

  @Test
  void quantizedOperandsBecomeRealOnesAndBack() throws IOException {
    var x = to.input("x", new TensorType(DataType.INT8, Shape.of(2), HALVES));
    var sum =
        to.addQuantized(
            new Binary(Binary.Kind.ADD), DataType.INT8, new Quantization.PerTensor(1, 0), x, x);
    to.graph().addOutput("y", sum);

    assertThat(types(written(0)))
        .containsExactly("DequantizeLinear", "DequantizeLinear", "Add", "QuantizeLinear");
    var outputs =
        OnnxRun.run(
            folder.resolve("m.onnx"),
            List.of(TensorData.ofDoubles(DataType.INT8, Shape.of(2), 5, -128)));
    // 2 + 2 = 4; -64.5 - 64.5 = -129, which saturates.
    assertThat(outputs.getFirst().doubles()).containsExactly(4, -128);
  }

  @Test
  void elementsThatOnlyMoveStayIntegers() throws IOException {
    var x = to.input("x", new TensorType(DataType.INT8, Shape.of(1, 2), HALVES));
    var moved = to.addQuantized(new Transpose(List.of(1, 0)), DataType.INT8, HALVES, x);
    to.graph().addOutput("y", moved);

    assertThat(types(written(0))).containsExactly("Transpose");
  }

  @Test
  void wideIntegersAreDequantizedByOpset21OrByArithmetic() {
    for (var dtype : List.of(DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64)) {
      var graph = new GraphBuilder(new Graph("g"));
      var x = graph.input("x", new TensorType(dtype, Shape.of(2), HALVES));
      graph.graph().addOutput("y", graph.add(new Convert(DataType.FLOAT32), x));
      var data = TensorData.ofDoubles(dtype, Shape.of(2), 5, -7);
      assertThat(OnnxRun.matches(graph.graph(), 0, List.of(data), 0, new double[] {2, -4}))
          .isTrue();
      var again = new GraphBuilder(new Graph("g"));
      var y = again.input("x", new TensorType(dtype, Shape.of(2), HALVES));
      again.graph().addOutput("y", again.add(new Convert(DataType.FLOAT32), y));
      assertThat(OnnxRun.matches(again.graph(), 13, List.of(data), 0, new double[] {2, -4}))
          .isTrue();
    }
  }

  @Test
  void realNumbersAreQuantizedToAnyWidth() {
    for (var dtype : List.of(DataType.INT8, DataType.INT16, DataType.INT32)) {
      for (int opset : List.of(0, 11, 21)) {
        var graph = new GraphBuilder(new Graph("g"));
        var x = graph.input("x", TensorType.of(DataType.FLOAT32, 4));
        graph.graph().addOutput("y", graph.addQuantized(new Convert(dtype), dtype, HALVES, x));
        var data = TensorData.ofFloats(Shape.of(4), 0.25f, 0.75f, -0.25f, 1e30f);
        assertThat(
                OnnxRun.matches(
                    graph.graph(), opset, List.of(data), 0, new double[] {1, 3, 1, dtype.max()}))
            .isTrue();
      }
    }
  }

  @Test
  void weightsAreQuantizedAlongAnAxis() {
    for (int opset : List.of(0, 11, 21)) {
      var graph = new GraphBuilder(new Graph("g"));
      var x = graph.input("x", TensorType.of(DataType.FLOAT32, 1, 2));
      var weights =
          graph.constant(
              "w",
              TensorData.ofDoubles(DataType.INT8, Shape.of(2, 2), 1, 2, 3, 4),
              new Quantization.PerAxis(0, List.of(1f, 10f), List.of(0L, 1L)));
      graph.graph().addOutput("y", graph.add(new MatMul(false, true), x, weights));
      var data = TensorData.ofFloats(Shape.of(1, 2), 1, 1);
      assertThat(OnnxRun.matches(graph.graph(), opset, List.of(data), 1e-6, new double[] {3, 50}))
          .isTrue();
    }
  }

  @Test
  void rmsNormsAreTakenApartWhereTheOpsetLacksThem() {
    for (int opset : List.of(0, 11, 17, 21)) {
      var graph = new GraphBuilder(new Graph("g"));
      var x = graph.input("x", VECTOR);
      var scale = graph.constant(TensorData.ofFloats(Shape.of(2), 1, 2));
      graph.graph().addOutput("y", graph.add(new RmsNorm(0, 0), x, scale));
      var data = TensorData.ofFloats(Shape.of(2), 1, 7);
      assertThat(
              OnnxRun.matches(graph.graph(), opset, List.of(data), 1e-6, new double[] {0.2, 2.8}))
          .isTrue();
    }
  }

  @Test
  void weightsAreWrittenAsTheyLieInMemory() throws IOException {
    var x = to.input("x", TensorType.of(DataType.FLOAT32, 1, 2));
    var stored = TensorData.ofFloats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
    var turned = to.constant("w", stored.transposed(List.of(1, 0)));
    var bias = to.constant("b", TensorData.ofFloats(Shape.of(3), 7, 8, 9));
    to.graph().addOutput("y", to.add(new FullyConnected(), x, turned, bias));

    var model = written(0);

    var weights = model.getGraph().getInitializer(0);
    assertThat(weights.getDimsList()).containsExactly(2L, 3L);
    try (var arena = Arena.ofConfined()) {
      assertThat(weights.getRawData().toByteArray())
          .isEqualTo(stored.packed(arena).toArray(ValueLayout.JAVA_BYTE));
    }
    assertThat(model.getGraph().getNode(0).getAttributeList()).isEmpty();
    var data = TensorData.ofFloats(Shape.of(1, 2), 1, 10);
    assertThat(OnnxRun.matches(to.graph(), 0, List.of(data), 0, new double[] {48, 60, 72}))
        .isTrue();
  }
}
