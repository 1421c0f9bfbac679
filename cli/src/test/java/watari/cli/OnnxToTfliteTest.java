package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.ConvInteger;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.IndexOp.OneHot;
import watari.op.MatMulOp.MatMulInteger;
import watari.op.Padding;
import watari.op.PoolOp.MaxPool;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.op.ReduceOp.Cumulative;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that TFLite lacks, written by others: both runtimes give the same numbers.
class OnnxToTfliteTest {
  @TempDir private Path folder;

  /// Converts a model of the given inputs and compares on these very numbers.
  private void crosses(
      BiFunction<GraphBuilder, List<Value>, List<Value>> formula, TensorData... inputs)
      throws IOException {
    var graph = new Graph("operator");
    var build = new GraphBuilder(graph);
    Map<String, TensorData> data = new LinkedHashMap<>();
    for (var each : inputs) data.put("x" + data.size(), each);
    var values = data.entrySet().stream().map(e -> build.input(e.getKey(), e.getValue().type()));
    for (var output : formula.apply(build, values.toList())) graph.addOutput(output);
    var model = SmallModel.write("onnx", folder.resolve("m.onnx"), graph);
    var given = folder.resolve("data.npz");
    Npz.write(given, data);
    var out = folder.resolve("out");
    var said = Spoken.of("convert", model, "--to", "tflite", "-o", out, "--data", given, "--json");
    assertThat(said.out()).contains("\"verdict\":\"equal\"");
  }

  private static TensorData floats(Shape shape, float... values) {
    return TensorData.ofFloats(shape, values);
  }

  private static TensorData bytes(DataType dtype, Shape shape, int factor) {
    var values = new long[(int) shape.elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = dtype.min() + i * factor % 256;
    return TensorData.ofLongs(dtype, shape, values);
  }

  @Test
  void boxesAreSuppressedPerImageAndClass() throws IOException {
    var boxes =
        floats(Shape.of(1, 4, 4), 0, 0, 1, 1, 1, 1.1f, 0, 0.1f, 0, 0.5f, 1, 1.5f, 0, 10, 1, 11);
    var scores = floats(Shape.of(1, 2, 4), 0.9f, 0.75f, 0.6f, 0.5f, 0.1f, 0.8f, 0.3f, 0.95f);
    for (boolean isCentred : new boolean[] {false, true}) {
      crosses(
          (b, x) -> {
            var most = b.constant(TensorData.vector(3));
            var overlap = b.constant(floats(Shape.of(1), 1 / 3f));
            var least = b.constant(floats(Shape.of(1), 0.2f));
            var op = new NonMaxSuppression(isCentred);
            return List.of(b.add(op, x.get(0), x.get(1), most, overlap, least));
          },
          boxes,
          scores);
    }
  }

  @Test
  void integersAreMultipliedExactly() throws IOException {
    for (var of : new DataType[] {DataType.UINT8, DataType.INT8}) {
      crosses(
          (b, x) -> List.of(b.add(new MatMulInteger(), x.get(0), x.get(1), x.get(2), x.get(3))),
          bytes(DataType.UINT8, Shape.of(2, 600), 7),
          bytes(of, Shape.of(600, 3), 11),
          TensorData.scalar(DataType.UINT8, 3),
          TensorData.ofLongs(of, Shape.of(3), 1, 100, 5));
    }
  }

  @Test
  void integersAreConvolvedExactly() throws IOException {
    for (int channels : new int[] {4, 64}) {
      var same = new Padding.Explicit(List.of(1, 1), List.of(0, 1));
      var op = new ConvInteger(List.of(1, 1), List.of(1, 1), same, 1, Layout.CHANNELS_FIRST);
      crosses(
          (b, x) -> {
            var filter = b.constant(bytes(DataType.UINT8, Shape.of(2, channels, 3, 3), 13));
            var zero = b.constant(TensorData.scalar(DataType.UINT8, 250));
            return List.of(b.add(op, x.get(0), filter, x.get(1), zero));
          },
          bytes(DataType.UINT8, Shape.of(1, channels, 5, 6), 5),
          TensorData.scalar(DataType.UINT8, 9));
    }
  }

  @Test
  void tensorsAreQuantizedByTheirOwnRange() throws IOException {
    for (var x :
        List.of(
            floats(Shape.of(5), 0, 2, -3, -2.5f, 1.34f),
            floats(Shape.of(2, 2), 1, 2.1f, 1.3f, 2.5f),
            floats(Shape.of(3), 0, 0, 0))) {
      crosses((b, in) -> b.add(new DynamicQuantize(), in, 3, List.of()).outputs(), x);
    }
  }

  @Test
  void uint64IsComputedInTheBitsOfInt64() throws IOException {
    var a = TensorData.ofLongs(DataType.UINT64, Shape.of(4), 1, -1, 5, Long.MIN_VALUE);
    var b = TensorData.ofLongs(DataType.UINT64, Shape.of(4), 2, 3, 5, Long.MAX_VALUE);
    computes(Binary.Kind.ADD, a, b, 3, 2, 10, -1);
    computes(Binary.Kind.SUB, a, b, -1, -4, 0, 1);
    computes(Binary.Kind.MUL, a, b, 2, -3, 25, Long.MIN_VALUE);
    computes(Binary.Kind.MAX, a, b, 2, -1, 5, Long.MIN_VALUE);
    computes(Binary.Kind.MIN, a, b, 1, 3, 5, Long.MAX_VALUE);
    computes(Binary.Kind.EQUAL, a, b, 0, 0, 1, 0);
    computes(Binary.Kind.LESS, a, b, 1, 0, 0, 0);
    computes(Binary.Kind.GREATER_EQUAL, a, b, 0, 1, 1, 1);
  }

  /// Runs what a function of two tensors became, since ONNX Runtime's Java takes no uint64.
  private void computes(Binary.Kind kind, TensorData a, TensorData b, long... wanted)
      throws IOException {
    var graph = new Graph("operator");
    var build = new GraphBuilder(graph);
    var x = build.input("a", a.type());
    graph.addOutput(build.add(new Binary(kind), x, build.input("b", b.type())));
    var model = SmallModel.write("onnx", folder.resolve(kind + ".onnx"), graph);
    var given = folder.resolve("data.npz");
    Npz.write(given, Map.of("a", a, "b", b));
    assertThat(Spoken.of("convert", model, "--to", "tflite", "-o", folder, "--no-verify").code())
        .isZero();
    var result = folder.resolve(kind + ".npz");
    var said = Spoken.of("run", folder.resolve(kind + ".tflite"), "--data", given, "-o", result);
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(Npz.read(result).values())
        .singleElement()
        .satisfies(y -> assertThat(y.longs()).containsExactly(wanted));
  }

  @Test
  void slicesTakeComputedAxesAndSteps() throws IOException {
    crosses(
        (b, x) -> List.of(b.add(new Slice(), x)),
        floats(Shape.of(2, 3, 2), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        TensorData.vector(1, -1),
        TensorData.vector(Long.MAX_VALUE, -9),
        TensorData.vector(-1, 1),
        TensorData.vector(1, -2));
  }

  @Test
  void int64IsDividedExactly() throws IOException {
    crosses(
        (b, x) -> List.of(b.add(new Binary(Binary.Kind.DIV), x)),
        TensorData.vector(
            7, -7, 7, -7, 0, Long.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, -Long.MAX_VALUE, 99),
        TensorData.vector(2, 2, -2, -2, 5, 1, 3, 7, -(1L << 40), Long.MAX_VALUE));
  }

  @Test
  void padsTakeComputedAxes() throws IOException {
    crosses(
        (b, x) -> {
          var value = b.constant(TensorData.scalar(9f));
          return List.of(b.add(new Pad(Pad.Mode.CONSTANT), x.get(0), x.get(1), value, x.get(2)));
        },
        floats(Shape.of(2, 1, 2), 1, 2, 3, 4),
        TensorData.vector(1, 0, 0, 2),
        TensorData.vector(-1, 0));
  }

  @Test
  void computedPadsTakeElementsOfTheTensor() throws IOException {
    for (var mode : new Pad.Mode[] {Pad.Mode.EDGE, Pad.Mode.WRAP}) {
      crosses(
          (b, x) -> List.of(b.add(new Pad(mode), x)),
          floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6),
          TensorData.vector(1, 2, 0, 3));
    }
  }

  @Test
  void plainBytesArePooled() throws IOException {
    var none = new Padding.Explicit(List.of(0, 0), List.of(0, 0));
    var window = new Window(List.of(2, 2), List.of(1, 1), List.of(1, 1), none, false);
    crosses(
        (b, x) -> List.of(b.add(new MaxPool(window, Layout.CHANNELS_FIRST, false), x)),
        bytes(DataType.UINT8, Shape.of(1, 2, 3, 3), 37));
  }

  @Test
  void productsAreAccumulatedAlongAComputedAxis() throws IOException {
    for (int axis : new int[] {0, 1, -1}) {
      crosses(
          (b, x) -> {
            var op = new Cumulative(Cumulative.Kind.PROD, true, false);
            return List.of(b.add(op, x));
          },
          floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6),
          TensorData.scalar(DataType.INT32, axis));
    }
  }

  @Test
  void indicesOfOneHotCountFromAComputedEnd() throws IOException {
    crosses(
        (b, x) -> List.of(b.add(new OneHot(1, true), x)),
        TensorData.vector(0, -1, 2, -4, 9),
        TensorData.vector(4),
        floats(Shape.of(2), -1, 3));
  }
}
