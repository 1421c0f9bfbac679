package watari.format.tflite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static watari.format.tflite.TinyModel.floats;
import static watari.format.tflite.TinyModel.ints;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.eval.PlainEvaluator;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.ReadOptions;
import watari.format.tflite.schema.ActivationFunctionType;
import watari.format.tflite.schema.AddOptions;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.BuiltinOptions;
import watari.format.tflite.schema.Conv2DOptions;
import watari.format.tflite.schema.DepthwiseConv2DOptions;
import watari.format.tflite.schema.Padding;
import watari.format.tflite.schema.ResizeNearestNeighborOptions;
import watari.format.tflite.schema.StridedSliceOptions;
import watari.format.tflite.schema.TensorType;
import watari.format.tflite.schema.TransposeConvOptions;
import watari.format.tflite.schema.WhileOptions;
import watari.graph.Graph;
import watari.graph.Validator;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Custom;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.testkit.GraphText;

class TfliteReaderTest {
  @TempDir Path folder;
  private final Arena arena = Arena.ofAuto();
  private final Findings findings = new Findings();
  private final TinyModel model = new TinyModel();

  private Graph graph() throws IOException {
    var graph = model.read(folder, arena, findings).main();
    assertThat(findings.all()).isEmpty();
    assertThat(Validator.check(graph)).isEmpty();
    return graph;
  }

  private static float[] run(Graph graph, TensorData input) {
    var outputs = new PlainEvaluator().run(graph, Map.of(graph.inputs().get(0), input));
    return outputs.get(0).floats();
  }

  private static TensorData counted(long... dims) {
    var values = new float[(int) Shape.of(dims).elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = i;
    return TensorData.ofFloats(Shape.of(dims), values);
  }

  @Test
  void aStoredSquareRootIsRoundedDown() throws IOException {
    int x = model.quantized("x", TensorType.INT8, 1, -128, 4);
    int y = model.quantized("y", TensorType.INT8, 0.25f, -120, 4);
    model.operator(BuiltinOperator.SQRT, List.of(x), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var graph = graph();
    var input = TensorData.ofLongs(DataType.INT8, Shape.of(4), -128, -125, -113, 127);

    var root = new PlainEvaluator().run(graph, Map.of(graph.inputs().get(0), input)).get(0);

    // sqrt(3) is 6.93 steps, sqrt(15) 15.49, sqrt(255) 63.87.
    assertThat(root).hasToString("int8[4] -120, -114, -105, -57");
  }

  @Test
  void fusedActivationsAreNodesOfTheirOwn() throws IOException {
    int x = model.quantized("x", TensorType.INT8, 0.5f, 3, 2);
    int y = model.quantized("y", TensorType.INT8, 0.25f, -1, 2);
    model.operator(
        BuiltinOperator.ADD,
        BuiltinOptions.AddOptions,
        b -> AddOptions.createAddOptions(b, ActivationFunctionType.RELU6, false),
        List.of(x, x),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var graph = graph();
    assertThat(GraphText.of(graph)).isEqualTo("ADD(x, x) Clip(#0)");
    assertThat(graph.firstNode().orElseThrow().output().type().isQuantized()).isFalse();
    assertThat(graph.outputs().get(0).type().quantization())
        .isEqualTo(new Quantization.PerTensor(0.25f, -1));
  }

  /// Converters state the axis of the weights with their bias.
  @Test
  void aBiasHasItsScalesAlongItsOnlyAxis() throws IOException {
    int x = model.quantized("x", TensorType.INT8, 0.5f, 0, 1, 1, 1, 1);
    var scales = new float[] {0.25f, 0.5f};
    int w = model.constant("w", TensorType.INT8, new byte[] {4, 6}, scales, 3, 1, 1, 1, 2);
    var ofBias = new float[] {0.125f, 0.25f};
    int b = model.constant("b", TensorType.INT32, ints(8, 2), ofBias, 3, 2);
    int y = model.quantized("y", TensorType.INT8, 0.5f, 0, 1, 1, 1, 2);
    model.operator(
        BuiltinOperator.DEPTHWISE_CONV_2D,
        BuiltinOptions.DepthwiseConv2DOptions,
        f ->
            DepthwiseConv2DOptions.createDepthwiseConv2DOptions(
                f, Padding.VALID, 1, 1, 2, ActivationFunctionType.NONE, 1, 1),
        List.of(x, w, b),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var graph = graph();
    assertThat(graph.firstNode().orElseThrow().input(2).type().quantization())
        .isEqualTo(new Quantization.PerAxis(0, List.of(0.125f, 0.25f), List.of(0L, 0L)));
    var six = TensorData.ofLongs(DataType.INT8, Shape.of(1, 1, 1, 1), 6);
    // Steps of 0.5.
    assertThat(run(graph, six)).containsExactly(2 * (3 + 1), 2 * (9 + 0.5f));
  }

  /// Two channels, each with a filter of its own: the first sums, the second takes the centre.
  @Test
  void depthwiseFiltersBelongToTheirChannels() throws IOException {
    int x = model.tensor("x", 1, 2, 2, 2);
    var filter = floats(1, 0, 1, 0, 1, 0, 1, 1);
    int w = model.constant("w", TensorType.FLOAT32, filter, 1, 2, 2, 2);
    int y = model.tensor("y", 1, 1, 1, 2);
    model.operator(
        BuiltinOperator.DEPTHWISE_CONV_2D,
        BuiltinOptions.DepthwiseConv2DOptions,
        b ->
            DepthwiseConv2DOptions.createDepthwiseConv2DOptions(
                b, Padding.VALID, 1, 1, 1, ActivationFunctionType.NONE, 1, 1),
        List.of(x, w),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    assertThat(run(graph(), counted(1, 2, 2, 2))).containsExactly(0 + 2 + 4 + 6, 7);
  }

  @Test
  void integerBiasesCountByInputTimesFilter() throws IOException {
    int x = model.quantized("x", TensorType.INT8, 0.5f, 0, 1, 1, 1, 1);
    int w = model.constant("w", TensorType.INT8, new byte[] {4}, 0.25f, 0, 1, 1, 1, 1);
    int b = model.constant("b", TensorType.INT32, ints(8), 1);
    int y = model.quantized("y", TensorType.INT8, 1, 0, 1, 1, 1, 1);
    model.operator(
        BuiltinOperator.CONV_2D,
        BuiltinOptions.Conv2DOptions,
        f ->
            Conv2DOptions.createConv2DOptions(
                f, Padding.SAME, 1, 1, ActivationFunctionType.NONE, 1, 1, TensorType.FLOAT32),
        List.of(x, w, b),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var graph = graph();
    var bias = graph.firstNode().orElseThrow().input(2);
    assertThat(bias.type().quantization()).isEqualTo(new Quantization.PerTensor(0.125f, 0));
    var six = TensorData.ofLongs(watari.tensor.DataType.INT8, Shape.of(1, 1, 1, 1), 6);
    assertThat(run(graph, six)).containsExactly(6 * 0.5f * (4 * 0.25f) + 8 * 0.125f);
  }

  @Test
  void theScaleOfABiasThatIsTheProductButForRoundingIsKept() throws IOException {
    float stated = Math.nextUp(0.125f);
    int x = model.quantized("x", TensorType.INT8, 0.5f, 0, 1, 1, 1, 1);
    int w = model.constant("w", TensorType.INT8, new byte[] {4}, 0.25f, 0, 1, 1, 1, 1);
    int b = model.constant("b", TensorType.INT32, ints(8), stated, 0, 1);
    int y = model.quantized("y", TensorType.INT8, 1, 0, 1, 1, 1, 1);
    model.operator(
        BuiltinOperator.CONV_2D,
        BuiltinOptions.Conv2DOptions,
        f ->
            Conv2DOptions.createConv2DOptions(
                f, Padding.SAME, 1, 1, ActivationFunctionType.NONE, 1, 1, TensorType.FLOAT32),
        List.of(x, w, b),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var bias = graph().firstNode().orElseThrow().input(2);
    assertThat(bias.type().quantization()).isEqualTo(new Quantization.PerTensor(stated, 0));
    assertThat(bias.name()).isEqualTo("b");
  }

  @Test
  void transposedConvolutionsTakeTheirPadsFromTheOutputShape() throws IOException {
    int shape = model.constant("shape", TensorType.INT32, ints(1, 5, 4, 1), 4);
    int w = model.constant("w", TensorType.FLOAT32, floats(new float[9]), 1, 3, 3, 1);
    int x = model.tensor("x", 1, 2, 2, 1);
    int y = model.tensor("y", 1, 5, 4, 1);
    model.operator(
        BuiltinOperator.TRANSPOSE_CONV,
        BuiltinOptions.TransposeConvOptions,
        b ->
            TransposeConvOptions.createTransposeConvOptions(
                b, Padding.VALID, 2, 2, ActivationFunctionType.NONE, TensorType.FLOAT32),
        List.of(shape, w, x),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var op = (ConvTranspose) graph().firstNode().orElseThrow().op();
    assertThat(op.padding())
        .isEqualTo(new watari.op.Padding.Explicit(List.of(0, 0), List.of(0, 1)));
    assertThat(op.outputPadding()).containsExactly(0, 0);
  }

  private Graph stridedSlice(
      int[] begin, int[] end, int[] step, int begins, int ends, int ellipsis, int added, int shrunk)
      throws IOException {
    int x = model.tensor("x", 2, 3, 4);
    int b = model.constant("b", TensorType.INT32, ints(begin), begin.length);
    int e = model.constant("e", TensorType.INT32, ints(end), end.length);
    int s = model.constant("s", TensorType.INT32, ints(step), step.length);
    int y = model.tensor("y");
    model.operator(
        BuiltinOperator.STRIDED_SLICE,
        BuiltinOptions.StridedSliceOptions,
        f ->
            StridedSliceOptions.createStridedSliceOptions(
                f, begins, ends, ellipsis, added, shrunk, false),
        List.of(x, b, e, s),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    return graph();
  }

  /// `x[..., newaxis, -1]` of `[2, 3, 4]`.
  @Test
  void stridedSlicesKnowEllipsesNewAndDroppedAxes() throws IOException {
    var graph =
        stridedSlice(new int[] {0, 0, -1}, new int[] {0, 0, 0}, new int[] {1, 1, 1}, 0, 0, 1, 2, 4);
    assertThat(graph.outputs().get(0).shape()).isEqualTo(Shape.of(2, 3, 1));
    assertThat(run(graph, counted(2, 3, 4))).containsExactly(3, 7, 11, 15, 19, 23);
  }

  /// `x[1, ::-1, 3:0:-2]`.
  @Test
  void stridedSlicesRunBackwards() throws IOException {
    var graph =
        stridedSlice(
            new int[] {1, 9, 3}, new int[] {2, 9, 0}, new int[] {1, -1, -2}, 2, 2, 0, 0, 1);
    assertThat(run(graph, counted(2, 3, 4))).containsExactly(23, 21, 19, 17, 15, 13);
  }

  /// Starts are moved so that the update lies inside: 2 becomes 1.
  @Test
  void slicesAreUpdatedWhereScalarsSay() throws IOException {
    int x = model.tensor("x", 3, 4);
    int update = model.constant("update", TensorType.FLOAT32, floats(-1, -2, -3, -4), 2, 2);
    int row = model.constant("row", TensorType.INT32, ints(2));
    int column = model.constant("column", TensorType.INT32, ints(1));
    int y = model.tensor("y", 3, 4);
    model.operator(
        BuiltinOperator.STABLEHLO_DYNAMIC_UPDATE_SLICE,
        List.of(x, update, row, column),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    assertThat(run(graph(), counted(3, 4)))
        .containsExactly(0, 1, 2, 3, 4, -1, -2, 7, 8, -3, -4, 11);
  }

  @Test
  void nearestNeighboursOfHalfPixelsAreFloored() throws IOException {
    int x = model.tensor("x", 1, 1, 3, 1);
    int size = model.constant("size", TensorType.INT32, ints(1, 4), 2);
    int y = model.tensor("y", 1, 1, 4, 1);
    model.operator(
        BuiltinOperator.RESIZE_NEAREST_NEIGHBOR,
        BuiltinOptions.ResizeNearestNeighborOptions,
        b -> ResizeNearestNeighborOptions.createResizeNearestNeighborOptions(b, false, true),
        List.of(x, size),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var graph = graph();
    assertThat(GraphText.of(graph)).isEqualTo("Resize(x, -, -, const)");
    assertThat(graph.firstNode().orElseThrow().op().toString())
        .contains("TF_HALF_PIXEL_FOR_NN", "FLOOR");
  }

  /// `while (x < 10) x = x + x`, with the condition in a subgraph of its own.
  @Test
  void loopsComputeTheirConditionInFrontAndAtTheEnd() throws IOException {
    int x = model.tensor("x");
    int y = model.tensor("y");
    model.operator(
        BuiltinOperator.WHILE,
        BuiltinOptions.WhileOptions,
        b -> WhileOptions.createWhileOptions(b, 1, 2),
        List.of(x),
        List.of(y));
    model.subgraph(List.of(x), List.of(y));
    int a = model.tensor("a");
    int ten = model.constant("ten", TensorType.FLOAT32, floats(10));
    int c = model.tensor("c", TensorType.BOOL);
    model.operator(BuiltinOperator.LESS, List.of(a, ten), List.of(c));
    model.subgraph(List.of(a), List.of(c));
    int p = model.tensor("p");
    int q = model.tensor("q");
    model.operator(BuiltinOperator.ADD, List.of(p, p), List.of(q));
    model.subgraph(List.of(p), List.of(q));
    var graph = graph();
    assertThat(GraphText.of(graph)).isEqualTo("LESS(x, const) Loop(-, #0, x)");
    var body = graph.lastNode().orElseThrow().bodies().get(0);
    assertThat(GraphText.of(body)).isEqualTo("ADD(p, p) LESS(#0, const)");
  }

  @Test
  void signaturesAreEntriesWithTheirCallersNames() throws IOException {
    for (int i = 0; i < 2; i++) {
      int x = model.tensor("x" + i, -1, 3);
      int y = model.tensor("y" + i, -1, 3);
      model.operator(BuiltinOperator.RELU, List.of(x), List.of(y));
      model.subgraph(List.of(x), List.of(y));
    }
    model.signature("second", 1, "image", 0, "score", 1);
    model.signature("first", 0, "picture", 0, "points", 1);
    var read = model.read(folder, arena, findings);
    assertThat(read.graphs())
        .extracting(g -> g.signature().key())
        .containsExactly("first", "second");
    var second = read.entry("second").orElseThrow();
    assertThat(second.signature().inputs()).containsExactly("image");
    assertThat(second.outputNames()).containsExactly("y1");
    assertThat(second.inputs().get(0).shape()).hasToString("[x1.0,3]");
  }

  @Test
  void equalNamesBecomeDifferentOnes() throws IOException {
    int x = model.tensor("same", 2);
    int y = model.tensor("same", 2);
    model.operator(BuiltinOperator.ABS, List.of(x), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var graph = graph();
    assertThat(graph.inputs().get(0).name()).isEqualTo("same");
    assertThat(graph.outputs().get(0).name()).isNotEqualTo("same");
  }

  @Test
  void unknownOperatorsKeepTheirBytes() throws IOException {
    int x = model.tensor("x", 2);
    int y = model.tensor("y", 2);
    model.custom("Mystery", new byte[] {1, 2, 3}, List.of(x), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var op = (Custom) graph().firstNode().orElseThrow().op();
    assertThat(op.domain()).isEqualTo("tflite:custom");
    assertThat(op.name()).isEqualTo("Mystery");
    assertThat(op.attributes().get(0).encoded().ints()).containsExactly(1, 2, 3);
  }

  @Test
  void anOperatorOfACompiledModelIsUnsupportedNotBroken() throws IOException {
    int x = model.tensor("x", 2);
    int scratch = model.tensor("scratch", TensorType.UINT8, 1024);
    int y = model.tensor("y", 2);
    model.custom("ethos-u", new byte[] {1}, List.of(x, scratch), List.of(y));
    model.subgraph(List.of(x), List.of(y));

    model.read(folder, arena, findings);

    assertThat(findings.all()).hasSize(1);
    assertThat(findings.all().get(0).code()).isEqualTo("OP_UNSUPPORTED");
    assertThat(findings.all().get(0).why())
        .isEqualTo("custom operator 'ethos-u' works in 'scratch', which nothing computes");
  }

  @Test
  void everyUnreadableNodeIsAFindingAndReadingGoesOn() throws IOException {
    int x = model.tensor("x", 2, 2);
    int k = model.tensor("k", TensorType.INT32, 1);
    int y = model.tensor("y", 2, 2);
    int z = model.tensor("z", 2, 2);
    model.operator(BuiltinOperator.REVERSE_V2, List.of(x, k), List.of(y));
    model.operator(BuiltinOperator.REVERSE_V2, List.of(y, k), List.of(z));
    model.subgraph(List.of(x, k), List.of(z));
    var graph = model.read(folder, arena, findings).main();
    assertThat(graph.outputs()).hasSize(1);
    assertThat(findings.all()).hasSize(2);
    Finding first = findings.all().get(0);
    assertThat(first.code()).isEqualTo("DYNAMIC_SHAPE");
    assertThat(first.file()).endsWith("tiny.tflite");
    assertThat(first.node()).isEqualTo("y");
    assertThat(first.index()).isZero();
    assertThat(first.operator()).isEqualTo("REVERSE_V2 v1");
    assertThat(first.inputs()).containsExactly("float32[2,2]", "int32[1]");
    assertThat(first.why()).isEqualTo("input 1 (axis) is computed while the model runs");
    assertThat(first.fix()).isNotEmpty();
  }

  @Test
  void tensorsThatNothingComputesAreNamed() throws IOException {
    int x = model.tensor("x", 2);
    int missing = model.tensor("missing", 2);
    int y = model.tensor("y", 2);
    model.operator(BuiltinOperator.ADD, List.of(x, missing), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    model.read(folder, arena, findings);
    assertThat(findings.all())
        .extracting(Finding::why)
        .containsExactly("tensor 'missing' is used before anything computes it");
  }

  @Test
  void constantsThatAreTooShortBreakTheFile() throws IOException {
    int x = model.tensor("x", 4);
    int c = model.constant("c", TensorType.FLOAT32, floats(1, 2), 4);
    int y = model.tensor("y", 4);
    model.operator(BuiltinOperator.ADD, List.of(x, c), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    assertThatThrownBy(() -> model.read(folder, arena, findings))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("tensor 'c' float32[4] needs 16 bytes, its buffer has 8");
  }

  @Test
  void smallIntegersWithoutScaleArePlain() throws IOException {
    int x = model.tensor("x", TensorType.INT8, 3);
    int y = model.tensor("y", TensorType.INT8, 3);
    model.operator(BuiltinOperator.RELU, List.of(x), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var type = graph().outputs().get(0).type();
    assertThat(type).hasToString("int8[3]");
  }

  /// TFLite copies stored integers, also where the scales differ.
  @Test
  void movedIntegersKeepWhatIsStored() throws IOException {
    int x = model.quantized("x", TensorType.INT8, 0.5f, 0, 2);
    int shape = model.constant("shape", TensorType.INT32, ints(2, 1), 2);
    int y = model.quantized("y", TensorType.INT8, 2, 5, 2, 1);
    model.operator(BuiltinOperator.RESHAPE, List.of(x, shape), List.of(y));
    model.subgraph(List.of(x), List.of(y));
    var stored = TensorData.ofLongs(watari.tensor.DataType.INT8, Shape.of(2), -7, 100);
    assertThat(run(graph(), stored)).containsExactly(-7, 100);
  }

  @Test
  void whatIsNoTfliteFileIsSaid() throws IOException {
    var path = folder.resolve("no.tflite");
    Files.writeString(path, "not a model");
    assertThat(new TfliteReader().sniff(path, Files.readAllBytes(path))).isFalse();
    assertThatThrownBy(() -> new TfliteReader().read(path, arena, ReadOptions.DEFAULT, findings))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("'TFL3'");
  }
}
