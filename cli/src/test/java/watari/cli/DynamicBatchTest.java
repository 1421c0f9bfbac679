package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.MatMul;
import watari.op.Padding;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.Transpose;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// One file for all batches: it is right at each, or the node that keeps it from being so is named.
class DynamicBatchTest {
  private static final int[] BATCHES = {1, 2, 3, 7};

  @TempDir private Path folder;
  private final Random random = new Random(5);
  private final GraphBuilder build = new GraphBuilder(new Graph("batched"));

  private TensorData noise(long... dims) {
    var shape = Shape.of(dims);
    var values = new float[(int) shape.elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() - 0.5f;
    return TensorData.ofFloats(shape, values);
  }

  private Value input(long... others) {
    return build.input(
        "x", new TensorType(DataType.FLOAT32, Shape.of(Dim.named("n")).concat(Shape.of(others))));
  }

  /// A convolution, flattened into a dense layer.
  private Value classifier(Value x, long batch) {
    var same = new Padding.Explicit(List.of(1, 1), List.of(1, 1));
    var op = new Conv(List.of(2, 2), List.of(1, 1), same, 1, Layout.CHANNELS_FIRST);
    var y = build.add(op, x, build.constant(noise(4, 3, 3, 3)), build.constant(noise(4)));
    y = build.add(new Unary(Unary.Kind.RELU), y);
    build.from(new Origin("flatten", 2, "Reshape-13"));
    y = build.add(new Reshape(false), y, build.vector(batch, 64));
    return build.add(new MatMul(false, false), y, build.constant(noise(64, 5)));
  }

  private void isRightAtEveryBatch(Value result, long... others) throws IOException {
    build.graph().addOutput("y", result);
    var model = SmallModel.write("onnx", folder.resolve("m.onnx"), build.graph());
    for (var format : List.of("tflite", "onnx")) {
      var out = folder.resolve(format);
      var said =
          Spoken.of("convert", model, "--to", format, "-o", out, "--keep-io-layout", "--json");
      assertThat(said.out()).contains("\"status\":\"done\"").doesNotContain("SHAPE_FROZEN");
      for (int batch : BATCHES) {
        var data = folder.resolve(batch + ".npz");
        var dims = new long[others.length + 1];
        dims[0] = batch;
        System.arraycopy(others, 0, dims, 1, others.length);
        Npz.write(data, Map.of("x", noise(dims)));
        var compared = Spoken.of("verify", model, out.resolve("m." + format), "--data", data);
        assertThat(compared.code()).as(format + batch + compared.out() + compared.err()).isZero();
      }
    }
  }

  @Test
  void convolutionsAndDenseLayersTakeAnyBatch() throws IOException {
    isRightAtEveryBatch(classifier(input(3, 8, 8), -1), 3, 8, 8);
  }

  @Test
  void recurrentLayersTakeAnyBatch() throws IOException {
    var activations =
        List.of(
            Activation.of(Activation.Kind.SIGMOID),
            Activation.of(Activation.Kind.TANH),
            Activation.of(Activation.Kind.TANH));
    var op = new Lstm(4, Direction.FORWARD, false, activations, Float.POSITIVE_INFINITY, false);
    var x = build.add(new Transpose(List.of(1, 0, 2)), input(5, 3));
    var w = build.constant(noise(1, 16, 3));
    var r = build.constant(noise(1, 16, 4));
    isRightAtEveryBatch(build.add(op, List.of(x, w, r), 1, List.of()).output(), 5, 3);
  }

  @Test
  void copiedDimsOfSeveralAxesStayDynamic() throws IOException {
    var x =
        build.input(
            "x",
            new TensorType(
                DataType.FLOAT32, Shape.of(Dim.named("n"), Dim.named("length"), Dim.of(6))));
    var split = build.add(new Reshape(false), x, build.vector(0, 0, 2, 3));
    isRightAtEveryBatch(build.add(new Unary(Unary.Kind.ABS), split), 4, 6);
  }

  @Test
  void theNodeThatHoldsTheBatchIsNamed() throws IOException {
    build.graph().addOutput("y", classifier(input(3, 8, 8), 1));
    var model = SmallModel.write("onnx", folder.resolve("m.onnx"), build.graph());
    var out = folder.resolve("out");
    for (var format : List.of("tflite", "onnx")) {
      var said = Spoken.of("convert", model, "--to", format, "-o", out, "--batch", 3);
      assertThat(said.code()).isEqualTo(4);
      assertThat(said.err()).contains("node 'flatten' (Reshape").contains("[SHAPE_FROZEN]");
    }
  }
}
