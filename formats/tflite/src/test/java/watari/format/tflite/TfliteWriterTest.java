package watari.format.tflite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Findings;
import watari.format.WriteOptions;
import watari.format.tflite.schema.AddOptions;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.Operator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.Det;
import watari.op.NormOp.Softmax;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.op.ShapeOp.Transpose;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

final class TfliteWriterTest {
  private static final WriteOptions OPTIONS = WriteOptions.of("m");

  @TempDir Path folder;

  private Path write(Graph graph, Findings findings) throws IOException {
    var path = folder.resolve(graph.name() + ".tflite");
    var model = new Model("test", List.of(graph), Metadata.EMPTY);
    new TfliteWriter().write(model, path, OPTIONS, findings);
    return path;
  }

  private static void legalize(Graph graph) {
    var log = new PassLog(false);
    var profile = new TfliteProfile();
    profile.decompose().forEach(pass -> pass.run(graph, log));
    profile.legalize().forEach(pass -> pass.run(graph, log));
  }

  /// The operators of the first subgraph, with their versions: `ADD 1`.
  private static List<String> operators(Path path) throws IOException {
    var names = new ArrayList<String>();
    try (var arena = Arena.ofConfined()) {
      var model = TfliteFile.open(path, arena).model();
      var graph = model.subgraphs(0);
      for (int i = 0; i < graph.operatorsLength(); i++) {
        var code = model.operatorCodes((int) graph.operators(i).opcodeIndex());
        names.add(BuiltinOperator.name(code.builtinCode()) + " " + code.version());
      }
    }
    return names;
  }

  private static Graph graph(String name, TensorType... inputs) {
    var graph = new Graph(name);
    for (int i = 0; i < inputs.length; i++) graph.addInput("x" + i, inputs[i]);
    return graph;
  }

  private static TensorType stored(DataType dtype, double scale, long zero) {
    return TensorType.of(dtype, 2, 3).with(new Quantization.PerTensor((float) scale, zero));
  }

  private List<String> converted(TensorType from, TensorType... to) throws IOException {
    var graph = graph("converted", from);
    var build = new GraphBuilder(graph);
    var value = graph.inputs().get(0);
    for (var type : to) {
      var op = type == to[0] && to.length > 1 ? new Softmax(-1) : new Convert(type.dtype());
      value = build.addQuantized(op, type.dtype(), type.quantization(), value);
    }
    graph.addOutput("y", value);
    legalize(graph);
    var findings = new Findings();
    var path = write(graph, findings);
    assertThat(findings.all()).isEmpty();
    return operators(path);
  }

  @Test
  void aSoftmaxOfEightBitsMayHaveSixteen() throws IOException {
    var wide = stored(DataType.INT16, 1 / 65535.0, -32768);
    var names =
        converted(stored(DataType.INT8, 0.1, 3), wide, stored(DataType.INT32, 1 / 32768.0, 0));
    assertThat(names).containsExactly("SOFTMAX 2", "QUANTIZE 2");
  }

  /// LiteRT's QUANTIZE goes from int16 to int8, not to uint8.
  @Test
  void sixteenBitsBecomeUnsignedOnesByFloats() throws IOException {
    var wide = stored(DataType.INT16, 0.1, 0);
    assertThat(converted(wide, stored(DataType.INT8, 0.2, 3))).containsExactly("QUANTIZE 2");
    assertThat(converted(wide, stored(DataType.UINT8, 0.2, 3)))
        .containsExactly("DEQUANTIZE 3", "QUANTIZE 1");
  }

  @Test
  void anActivationGoesIntoTheOperatorBeforeIt() throws IOException {
    var type = TensorType.of(DataType.FLOAT32, 2, 3);
    var graph = graph("fused", type, type);
    var builder = new GraphBuilder(graph);
    var sum = builder.add(new Binary(Binary.Kind.ADD), graph.inputs());
    graph.addOutput("y", builder.add(new Clip(0, 6), sum));

    var path = write(graph, new Findings());

    assertThat(operators(path)).containsExactly("ADD 1");
    try (var arena = Arena.ofConfined()) {
      Operator add = TfliteFile.open(path, arena).model().subgraphs(0).operators(0);
      var options = (AddOptions) add.builtinOptions(new AddOptions());
      assertThat(options.fusedActivationFunction()).isEqualTo((byte) 3);
    }
  }

  @Test
  void aQuantizedClampIsTheActivationThatRoundsAlike() throws IOException {
    var type = TensorType.of(DataType.UINT8, 4).with(new Quantization.PerTensor(0.023529463f, 0));
    var graph = graph("clamped", type, type);
    var builder = new GraphBuilder(graph);
    var sum = builder.add(new Binary(Binary.Kind.ADD), graph.inputs());
    var clip = new Clip(0, 6.000013);
    graph.addOutput("y", builder.addQuantized(clip, DataType.UINT8, type.quantization(), sum));
    legalize(graph);

    var path = write(graph, new Findings());

    assertThat(operators(path)).containsExactly("ADD 1");
    try (var arena = Arena.ofConfined()) {
      Operator add = TfliteFile.open(path, arena).model().subgraphs(0).operators(0);
      var options = (AddOptions) add.builtinOptions(new AddOptions());
      assertThat(options.fusedActivationFunction()).isEqualTo((byte) 3);
    }
  }

  private List<String> fakeQuantized(float... range) throws IOException {
    var graph = graph("faked", TensorType.of(DataType.FLOAT32, 4));
    var builder = new GraphBuilder(graph);
    var inputs = new ArrayList<>(graph.inputs());
    for (float limit : range) inputs.add(builder.scalar(limit));
    graph.addOutput("y", builder.add(new FakeQuantize(256), inputs));
    legalize(graph);
    var findings = new Findings();
    var path = write(graph, findings);
    assertThat(findings.all()).isEmpty();
    return operators(path).stream().map(name -> name.split(" ")[0]).toList();
  }

  @Test
  void fakeQuantizationIsAnOperatorWhereItsRangeStays() throws IOException {
    assertThat(fakeQuantized(-128, 127, -128, 127)).containsExactly("FAKE_QUANT");
    assertThat(fakeQuantized(-128, 127, 0, 1)).contains("ROUND").doesNotContain("FAKE_QUANT");
    assertThat(fakeQuantized(0.1f, 1, 0.1f, 1)).contains("ROUND").doesNotContain("FAKE_QUANT");
  }

  @Test
  void outputsHaveTheirNamesAndInputsThatAreOutputsAreCopied() throws IOException {
    var graph = graph("copied", TensorType.of(DataType.FLOAT32, 2, 3));
    graph.addOutput("y", graph.inputs().get(0));

    var path = write(graph, new Findings());

    try (var arena = Arena.ofConfined()) {
      var main = TfliteFile.open(path, arena).model().subgraphs(0);
      assertThat(main.tensors(main.inputs(0)).name()).isEqualTo("x0");
      assertThat(main.tensors(main.outputs(0)).name()).isEqualTo("y");
    }
    assertThat(operators(path)).containsExactly("RESHAPE 1");
  }

  @Test
  void versionsAreTheLowestThatHaveTheElementTypeAndRank() throws IOException {
    var graph = graph("versions", TensorType.of(DataType.INT8, 1, 2, 1, 2, 3));
    var builder = new GraphBuilder(graph);
    var moved = builder.add(new Transpose(List.of(4, 3, 2, 1, 0)), graph.inputs());
    graph.addOutput("y", moved);

    assertThat(operators(write(graph, new Findings()))).containsExactly("TRANSPOSE 4");
  }

  @Test
  void equalConstantsShareABuffer() throws IOException {
    var type = TensorType.of(DataType.FLOAT32, 3);
    var graph = graph("shared", type);
    var builder = new GraphBuilder(graph);
    var one = builder.constant("a", TensorData.ofFloats(Shape.of(3), 1, 2, 3));
    var two = builder.constant("b", TensorData.ofFloats(Shape.of(3), 1, 2, 3));
    var sum = builder.add(new Binary(Binary.Kind.ADD), graph.inputs().get(0), one);
    graph.addOutput("y", builder.add(new Binary(Binary.Kind.MUL), sum, two));

    var path = write(graph, new Findings());

    try (var arena = Arena.ofConfined()) {
      var main = TfliteFile.open(path, arena).model().subgraphs(0);
      var buffers = new ArrayList<Long>();
      for (int i = 0; i < main.tensorsLength(); i++) {
        if (main.tensors(i).buffer() != 0) buffers.add(main.tensors(i).buffer());
      }
      assertThat(buffers).hasSize(2);
      assertThat(buffers.get(0)).isEqualTo(buffers.get(1));
    }
  }

  @Test
  void theSameGraphGivesTheSameBytes() throws IOException {
    var first = Files.readAllBytes(write(mish("one"), new Findings()));
    var second = Files.readAllBytes(write(mish("one"), new Findings()));

    assertThat(second).isEqualTo(first);
  }

  private static Graph mish(String name) {
    var graph = graph(name, TensorType.of(DataType.FLOAT32, 2, 3));
    var builder = new GraphBuilder(graph);
    graph.addOutput("y", builder.add(new Unary(Unary.Kind.MISH), graph.inputs()));
    legalize(graph);
    return graph;
  }

  @Test
  void functionsWithoutAKernelBecomeArithmetic() throws IOException {
    assertThat(operators(write(mish("mish"), new Findings())))
        .containsExactly(
            "ABS 1", "NEG 1", "EXP 1", "ADD 1", "LOG 1", "RELU 1", "ADD 1", "TANH 1", "MUL 1");
  }

  @Test
  void narrowIntegersAreAddedAsInt32() throws IOException {
    var type = TensorType.of(DataType.UINT8, 4);
    var graph = graph("narrow", type, type);
    var builder = new GraphBuilder(graph);
    graph.addOutput("y", builder.add(new Binary(Binary.Kind.ADD), graph.inputs()));
    legalize(graph);

    assertThat(operators(write(graph, new Findings())))
        .containsExactly("CAST 1", "CAST 1", "ADD 1", "CAST 1");
  }

  @Test
  void quantizedOperandsOfAFloatKernelAreDequantized() throws IOException {
    var type = TensorType.of(DataType.INT8, 4).with(new Quantization.PerTensor(0.5f, 3));
    var graph = graph("floats", type);
    var builder = new GraphBuilder(graph);
    graph.addOutput(
        "y",
        builder.addQuantized(
            new Unary(Unary.Kind.SIN), DataType.INT8, type.quantization(), graph.inputs().get(0)));
    legalize(graph);

    assertThat(operators(write(graph, new Findings())))
        .containsExactly("DEQUANTIZE 2", "SIN 1", "QUANTIZE 1");
  }

  @Test
  void groupsOfStoredIntegersStayInOneConvolution() throws IOException {
    var stored = new Quantization.PerTensor(0.5f, 3);
    var graph = graph("grouped", TensorType.of(DataType.INT8, 1, 2, 2, 4).with(stored));
    var builder = new GraphBuilder(graph);
    var scales = new Quantization.PerAxis(0, List.of(0.5f, 0.25f), List.of(0L, 0L));
    var data = TensorData.ofLongs(DataType.INT8, Shape.of(2, 1, 1, 2), 1, 2, 3, 4);
    var filter = builder.constant("filter", data, scales);
    var op = new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 2, Layout.CHANNELS_LAST);
    var x = graph.inputs().get(0);
    graph.addOutput("y", builder.addQuantized(op, DataType.INT8, stored, x, filter));
    legalize(graph);

    assertThat(operators(write(graph, new Findings()))).containsExactly("CONV_2D 6");
  }

  @Test
  void aSquareRootThatRoundsToTheNearestIsOneOfFloats() throws IOException {
    var type = TensorType.of(DataType.INT8, 4).with(new Quantization.PerTensor(0.5f, -128));
    var graph = graph("root", type);
    var root = new Unary(Unary.Kind.SQRT);
    graph.addOutput(
        "y",
        new GraphBuilder(graph)
            .addQuantized(root, DataType.INT8, type.quantization(), graph.inputs().get(0)));
    legalize(graph);

    assertThat(operators(write(graph, new Findings())))
        .containsExactly("DEQUANTIZE 2", "SQRT 1", "QUANTIZE 1");
  }

  @Test
  void whatTfliteCannotExpressIsAFindingAndNothingIsWritten() throws IOException {
    var graph = graph("refused", TensorType.of(DataType.COMPLEX64, 5, 5));
    var builder = new GraphBuilder(graph);
    graph.addOutput("y", builder.add(new Det(), graph.inputs()));
    legalize(graph);
    var findings = new Findings();

    var path = write(graph, findings);

    assertThat(path).doesNotExist();
    assertThat(findings.all()).hasSize(1);
    assertThat(findings.all().get(0).why()).isEqualTo("TFLite has no operator for 'Det'");
    assertThat(findings.all().get(0).fix()).isNotEmpty();
  }
}
