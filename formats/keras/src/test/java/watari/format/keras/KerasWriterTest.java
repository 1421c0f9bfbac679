package watari.format.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.eval.PlainEvaluator;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatReader;
import watari.format.FormatWriter;
import watari.format.ReadOptions;
import watari.format.TargetPipeline;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.FullyConnected;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.RecurrentOp;
import watari.op.ReduceOp.Reduce;
import watari.op.ResizeOp;
import watari.op.ShapeOp.Transpose;
import watari.op.Window;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What we write, read again by our reader: the same numbers, from both containers.
class KerasWriterTest {
  @TempDir Path folder;

  private final Graph graph = new Graph("net");
  private final GraphBuilder builder = new GraphBuilder(graph);
  private final Findings findings = new Findings();

  private static TensorData counted(DataType dtype, long... dims) {
    var shape = Shape.of(dims);
    var all = new double[Math.toIntExact(shape.elements().fixed())];
    for (int i = 0; i < all.length; i++) all[i] = (i * 7 % 11 - 5) / 4.0;
    return TensorData.ofDoubles(dtype, shape, all);
  }

  private static TensorData counted(long... dims) {
    return counted(DataType.FLOAT32, dims);
  }

  private Value input(String name, long... dims) {
    return builder.input(name, new TensorType(DataType.FLOAT32, Shape.of(dims)));
  }

  private Model model() {
    return new Model("test", List.of(graph), Metadata.EMPTY);
  }

  private Path write(FormatWriter writer) {
    var options = WriteOptions.of("net");
    var log = new PassLog(false);
    var wishes = LayoutWishes.KEEP;
    new TargetPipeline(writer.profile(options), List.of(), List.of(), wishes).run(graph, log);
    var path = writer.paths(folder, "net").getFirst();
    try {
      writer.write(model(), path, options, findings);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return path;
  }

  private Graph read(FormatReader reader, Path path) {
    var found = new Findings();
    try {
      var model = reader.read(path, Arena.ofAuto(), ReadOptions.DEFAULT, found);
      assertThat(found.all()).isEmpty();
      return model.main();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<TensorData> run(Graph graph) {
    var feeds = new LinkedHashMap<Value, TensorData>();
    for (var input : graph.inputs()) {
      feeds.put(input, counted(input.dtype(), input.shape().fixedDims()));
    }
    return new PlainEvaluator().run(graph, feeds);
  }

  /// Writes both containers, reads them, and compares what they compute.
  private void assertSame(double tolerance) {
    var expected = run(graph);
    var graphs = new ArrayList<Graph>();
    graphs.add(read(new KerasV3Reader(), write(new KerasV3Writer())));
    graphs.add(read(new KerasH5Reader(), write(new KerasH5Writer())));
    for (var back : graphs) {
      var outputs = run(back);
      assertThat(outputs).hasSameSizeAs(expected);
      for (int i = 0; i < outputs.size(); i++) {
        assertThat(outputs.get(i).shape()).isEqualTo(expected.get(i).shape());
        assertThat(outputs.get(i).doubles())
            .containsExactly(expected.get(i).doubles(), within(tolerance));
      }
    }
  }

  private List<String> notes() {
    return findings.all().stream().map(Finding::toString).toList();
  }

  private static Conv conv(Padding padding, int stride, int dilation, int groups) {
    return new Conv(
        List.of(stride, stride),
        List.of(dilation, dilation),
        padding,
        groups,
        Layout.CHANNELS_LAST);
  }

  private Value conv(Value x, Conv op, long outputs, long perGroup, long kernel) {
    return builder.add(
        op,
        x,
        builder.constant(counted(outputs, kernel, kernel, perGroup)),
        builder.constant(counted(outputs)));
  }

  // ---- layers

  @Test
  void convolutionsKeepWhatTheyCompute() {
    var x = input("image", 1, 7, 6, 4);
    var pads = new Padding.Explicit(List.of(1, 1), List.of(1, 1));
    var odd = new Padding.Explicit(List.of(2, 0), List.of(1, 1));
    graph.addOutput("same", conv(x, conv(pads, 1, 1, 1), 3, 4, 3));
    graph.addOutput("odd", conv(x, conv(odd, 2, 1, 1), 3, 4, 3));
    graph.addOutput("depthwise", conv(x, conv(pads, 2, 1, 4), 8, 1, 3));
    graph.addOutput("both", conv(x, conv(pads, 2, 2, 1), 2, 4, 3));
    graph.addOutput("groups", conv(x, conv(pads, 1, 1, 2), 4, 2, 3));
    assertSame(1e-5);
    assertThat(notes()).isEmpty();
  }

  @Test
  void meansDoNotCountWhatIsAdded() {
    var x = input("image", 1, 5, 5, 2);
    var pads = new Padding.Explicit(List.of(1, 1), List.of(1, 1));
    var window = new Window(List.of(3, 3), List.of(2, 2), List.of(1, 1), pads, false);
    graph.addOutput(
        "without", builder.add(new AveragePool(window, Layout.CHANNELS_LAST, false), x));
    graph.addOutput("with", builder.add(new AveragePool(window, Layout.CHANNELS_LAST, true), x));
    assertSame(1e-6);
  }

  @Test
  void activationsArePartOfTheirLayer() {
    var x = input("x", 1, 3);
    builder.from(new Origin("hidden", 0, "Dense"));
    var dense = builder.add(new FullyConnected(), x, builder.constant(counted(4, 3)), Value.ABSENT);
    var relu = builder.add(new Unary(Unary.Kind.RELU), dense);
    graph.addOutput("y", builder.add(new Unary(Unary.Kind.TANH), relu));
    assertSame(1e-6);
    var model = KerasWriteGraph.write(graph);
    assertThat(model.layers().stream().map(KerasWrittenLayer::name))
        .containsExactly("x", "hidden", "y");
  }

  /// Gates stand in another order, and each direction is a layer.
  @Test
  void recurrentLayersKeepTheirGates() {
    var x = input("x", 2, 3, 4);
    var sigmoid = RecurrentOp.Activation.of(RecurrentOp.Activation.Kind.SIGMOID);
    var tanh = RecurrentOp.Activation.of(RecurrentOp.Activation.Kind.TANH);
    var both = List.of(sigmoid, tanh, tanh, sigmoid, tanh, tanh);
    var lstm =
        new RecurrentOp.Lstm(
            5, RecurrentOp.Direction.BIDIRECTIONAL, true, both, Float.POSITIVE_INFINITY, false);
    var w = builder.constant(counted(2, 20, 4));
    var r = builder.constant(counted(2, 20, 5));
    var b = builder.constant(counted(2, 40));
    var all = builder.add(lstm, List.of(x, w, r, b), 3, List.of());
    graph.addOutput("all", all.output(0));
    graph.addOutput("hidden", all.output(1));
    graph.addOutput("cell", all.output(2));
    var names =
        KerasWriteGraph.write(graph).layers().stream().map(KerasWrittenLayer::className).toList();
    assertThat(names).filteredOn("LSTM"::equals).hasSize(2);
  }

  @Test
  void imagesAreRepeatedOrDrawnBetween() {
    var x = input("image", 1, 3, 4, 2);
    graph.addOutput("repeated", resized(x, ResizeOp.Mode.NEAREST, 6, 8));
    graph.addOutput("between", resized(x, ResizeOp.Mode.LINEAR, 5, 7));
    var layers = KerasWriteGraph.write(graph).layers();
    assertThat(layers)
        .extracting(KerasWrittenLayer::className)
        .contains("UpSampling2D", "Resizing");
    assertThat(layers.getLast().settings())
        .containsEntry("height", KerasJson.of(5L))
        .containsEntry("width", KerasJson.of(7L))
        .containsEntry("interpolation", KerasJson.of("bilinear"));
  }

  private Value resized(Value x, ResizeOp.Mode mode, long height, long width) {
    var op =
        new ResizeOp.Resize(
            mode,
            ResizeOp.Coordinates.HALF_PIXEL,
            ResizeOp.Nearest.ROUND_PREFER_FLOOR,
            -0.75f,
            false,
            false,
            0,
            ResizeOp.AspectPolicy.STRETCH,
            List.of(1, 2));
    return builder.add(op, x, Value.ABSENT, Value.ABSENT, builder.vector(height, width));
  }

  @Test
  void aBatchMayBeOpen() {
    var type = new TensorType(DataType.FLOAT32, Shape.of(Dim.named("n"), Dim.of(3)));
    var x = builder.input("x", type);
    graph.addOutput("y", builder.add(new Binary(Binary.Kind.ADD), x, x));
    var back = read(new KerasV3Reader(), write(new KerasV3Writer()));
    assertThat(back.inputs().getFirst().shape().dim(0).isFixed()).isFalse();
    assertThat(back.inputs().getFirst().shape().dim(1)).isEqualTo(Dim.of(3));
  }

  // ---- functions

  @Test
  void functionsNeedKeras3() {
    var x = input("x", 2, 3, 4);
    var moved = builder.add(new Transpose(List.of(1, 0, 2)), x);
    var numbers = builder.constant(counted(3, 1, 4));
    var sum = builder.add(new Binary(Binary.Kind.ADD), moved, numbers);
    graph.addOutput("y", builder.add(new Reduce(Reduce.Kind.SUM, false), sum, builder.vector(1)));
    assertSame(1e-6);
    assertThat(notes()).anyMatch(note -> note.contains("Keras 2 cannot load the file"));
  }

  @Test
  void outputsMayBeConstantsInputsAndEachOther() {
    var x = input("x", 1, 2);
    var y = builder.add(new Unary(Unary.Kind.TANH), x);
    graph.addOutput("a", y);
    graph.addOutput("b", y);
    graph.addOutput("c", x);
    graph.addOutput("d", builder.constant(counted(3)));
    assertSame(1e-6);
  }

  @Test
  void largeConstantsAreWeights() {
    var x = input("x", 1, 60, 60);
    var large = builder.constant(counted(1, 60, 60));
    graph.addOutput("y", builder.add(new Binary(Binary.Kind.MUL), x, large));
    assertSame(1e-6);
    assertThat(KerasWriteGraph.write(graph).layers())
        .anyMatch(layer -> layer.className().equals("Embedding"));
  }

  // ---- order and bytes

  /// Keras brings arrays to layers by their place: farther from the output comes first, then what
  /// is met first on the way back from it.
  @Test
  void layersStandInKerasOrder() {
    var x = input("x", 1, 2);
    var near = builder.add(new FullyConnected(), x, builder.constant(counted(2, 2)));
    builder.from(new Origin("far", 0, ""));
    var far = builder.add(new Unary(Unary.Kind.TANH), x);
    var farther = builder.add(new FullyConnected(), far, builder.constant(counted(2, 2)));
    graph.addOutput("sum", builder.add(new Binary(Binary.Kind.ADD), near, farther));
    var names =
        KerasWriteGraph.write(graph).layers().stream().map(KerasWrittenLayer::className).toList();
    assertThat(names).containsExactly("InputLayer", "Activation", "Dense", "Dense", "Add");
    assertSame(1e-6);
  }

  @Test
  void theSameModelGivesTheSameBytes() throws IOException {
    var x = input("x", 1, 2);
    graph.addOutput("y", builder.add(new FullyConnected(), x, builder.constant(counted(2, 2))));
    var first = Files.readAllBytes(write(new KerasV3Writer()));
    assertThat(Files.readAllBytes(write(new KerasV3Writer()))).isEqualTo(first);
  }

  @Test
  void namesAreThoseThatKerasTakes() {
    assertThat(KerasNames.plain("/block/conv:0")).isEqualTo("block_conv_0");
    assertThat(KerasNames.plain("ü")).isEqualTo("layer");
    assertThat(KerasNames.plain("x.1-a_b")).isEqualTo("x.1-a_b");
  }

  @Test
  void softmaxesOfBfloat16AreRefused() {
    for (var op : List.of(new Softmax(-1), new LogSoftmax(-1))) {
      var x = builder.input("x" + graph.inputs().size(), TensorType.of(DataType.BFLOAT16, 2, 3));
      graph.addOutput("y" + graph.outputs().size(), builder.add(op, x));
    }
    write(new KerasV3Writer());
    assertThat(findings.all())
        .extracting(Finding::why)
        .containsExactly(
            "Keras does not round the steps of a softmax to bfloat16",
            "Keras does not round the steps of a softmax to bfloat16");
  }
}
