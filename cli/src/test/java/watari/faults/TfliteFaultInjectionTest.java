package watari.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.faults.GraphFault.constant;
import static watari.faults.GraphFault.index;
import static watari.faults.GraphFault.indices;
import static watari.faults.GraphFault.meaning;
import static watari.faults.GraphFault.op;
import static watari.faults.GraphFault.reversed;
import static watari.faults.GraphFault.scaled;
import static watari.faults.GraphFault.swappedInputs;
import static watari.faults.GraphFault.times;
import static watari.faults.GraphFault.transposed;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import watari.api.Verdict;
import watari.api.Watari;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetPipeline;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.GraphCopy;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Node;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.LeakyRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.NormOp.Softmax;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.MaxPool;
import watari.op.ReduceOp.Cumulative;
import watari.op.ResizeOp;
import watari.op.ResizeOp.Resize;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.Transpose;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;

/// A correct TFLite file is broken at one node; verification must name the tensors of that node.
class TfliteFaultInjectionTest {
  private static final String MANY = "faults.onnx";
  private static final String DIGITS = "digits.onnx";
  private static final String INT8 = "digits_int8.tflite";

  @TempDir private Path folder;

  static Stream<GraphFault> faults() {
    return Stream.concat(
        Stream.of(
            fault(
                "permutation swapped",
                MANY,
                "swap",
                "norm",
                op(new Transpose(List.of(0, 1, 2, 3)))),
            many("padded on the wrong side", "norm", behind(indices(1, 0, 1, 1, 0, 0, 0, 0, 0))),
            many("weight transposed", "norm", constant(1, transposed(3, 1, 2, 0))),
            many("bias dropped", "norm", constant(2, times(0))),
            many("slope wrong", "leaky", op(new LeakyRelu(0.12f))),
            many("pads exchanged", "depthwise", behind(indices(1, 0, 2, 2, 0, 0, 0, 0, 0))),
            many("depthwise weight turned", "depthwise", constant(1, reversed())),
            many("mean for largest", "pool", TfliteFaultInjectionTest::meanForLargest),
            many("wrong resize mode", "resize", resize(ResizeOp.Mode.NEAREST, "ASYMMETRIC")),
            many("wrong coordinates", "resize", resize(ResizeOp.Mode.LINEAR, "ASYMMETRIC")),
            many("corners aligned", "resize", resize(ResizeOp.Mode.LINEAR, "ALIGN_CORNERS")),
            many("operands exchanged", "concat", swappedInputs()),
            many("blocks in another order", "spread", TfliteFaultInjectionTest::otherOrder),
            many("slice one off", "slice", indices(1, 0, 0, 0, 1).andThen(indices(2, 1, 8, 8, 5))),
            many("indices wrong", "gather", indices(1, 0, 2, 3, 1)),
            many("factor wrong", "scaled", constant(1, times(1.01))),
            many("sign lost", "sum", op(new Binary(Binary.Kind.ADD))),
            many("sums from the end", "cumulative", TfliteFaultInjectionTest::fromTheEnd),
            many("sums one axis off", "cumulative", index(1, 1)),
            many("dense weight transposed", "gemm", constant(1, transposed(1, 0))),
            many("bias lost", "gemm", constant(2, times(0))),
            many("another function", "y", op(new Unary(Unary.Kind.SIGMOID)))),
        Stream.of(
            fault("softmax one axis off", MANY, "softmax/Softmax", "sum", op(new Softmax(2))),
            fault("upper bound wrong", DIGITS, "depthwise1/clip", op(new Clip(0, 0.6))),
            fault("dilation wrong", DIGITS, "conv0/relu/Conv", "conv0/relu", conv(1, 2)),
            fault("stride wrong", DIGITS, "conv4/relu/Conv", "conv4/relu", conv(3, 1)),
            fault("activation lost", DIGITS, "conv2/relu", op(new Clip(-9, 9))),
            fault(
                "scale wrong",
                INT8,
                "conv2/Conv",
                "conv2",
                meaning(1, scaled(1.5f)).andThen(meaning(2, scaled(1.5f)))),
            fault("bias of another scale", INT8, "conv4/Conv", "conv4", constant(2, times(20))),
            fault("int8 weight turned", INT8, "dense5", constant(1, reversed()))));
  }

  private static GraphFault many(String what, String tensor, BiConsumer<Graph, Node> mistake) {
    return new GraphFault(what, MANY, tensor, tensor, mistake);
  }

  private static GraphFault fault(
      String what, String model, String tensor, BiConsumer<Graph, Node> mistake) {
    return new GraphFault(what, model, tensor, tensor, mistake);
  }

  private static GraphFault fault(
      String what, String model, String tensor, String named, BiConsumer<Graph, Node> mistake) {
    return new GraphFault(what, model, tensor, named, mistake);
  }

  /// The same mistake at the node before.
  private static BiConsumer<Graph, Node> behind(BiConsumer<Graph, Node> mistake) {
    return (graph, node) -> mistake.accept(graph, node.input(0).producer().orElseThrow());
  }

  private static void meanForLargest(Graph graph, Node node) {
    var pool = (MaxPool) node.op();
    graph.setOp(node, new AveragePool(pool.window(), pool.layout(), false));
  }

  private static void otherOrder(Graph graph, Node node) {
    var op = (DepthToSpace) node.op();
    graph.setOp(node, new DepthToSpace(op.block(), true, op.layout()));
  }

  private static void fromTheEnd(Graph graph, Node node) {
    graph.setOp(node, new Cumulative(((Cumulative) node.op()).kind(), false, true));
  }

  private static BiConsumer<Graph, Node> resize(ResizeOp.Mode mode, String coordinates) {
    return (graph, node) -> {
      var old = (Resize) node.op();
      graph.setOp(
          node,
          new Resize(
              mode,
              ResizeOp.Coordinates.valueOf(coordinates),
              old.nearest(),
              old.cubicCoefficient(),
              old.excludeOutside(),
              old.antialias(),
              old.extrapolation(),
              old.policy(),
              old.axes()));
    };
  }

  private static BiConsumer<Graph, Node> conv(int stride, int dilation) {
    return (graph, node) -> {
      var old = (Conv) node.op();
      graph.setOp(
          node,
          new Conv(
              List.of(stride, stride == 1 ? 1 : 2),
              List.of(dilation, dilation),
              old.padding(),
              old.groups(),
              old.layout()));
    };
  }

  @ParameterizedTest
  @MethodSource("faults")
  void verificationNamesTheTensors(GraphFault fault) throws IOException {
    var conversion = Conversion.of(fault.model(), "tflite", folder);
    rewrite(conversion.result(), fault);
    var report = conversion.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.DIFFERENT);
    var found = Conversion.firstDifference(report);
    assertThat(found).as("first difference, at '%s'", fault.named()).hasSize(1);
    var tensors =
        "source tensor '%s' and result tensor '%s'".formatted(fault.named(), fault.named());
    assertThat(found.get(0).why()).contains(tensors);
  }

  private static void rewrite(Path file, GraphFault fault) throws IOException {
    var options = WriteOptions.of("wrong");
    var writer =
        ServiceLoader.load(FormatWriter.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(each -> each.format().equals("tflite"))
            .findFirst()
            .orElseThrow();
    var wrong = file.resolveSibling("wrong.tflite");
    var findings = new Findings();
    try (var open = Watari.read(file)) {
      var graph = GraphCopy.of(open.model().main());
      fault.inject(graph);
      var profile = writer.profile(options);
      new TargetPipeline(profile, List.of(), List.of(), LayoutWishes.KEEP)
          .run(graph, new PassLog(false));
      var model = new Model("tflite", List.of(graph), Metadata.EMPTY);
      writer.write(model, wrong, options, findings);
    }
    findings.throwIfErrors();
    java.nio.file.Files.move(wrong, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }
}
