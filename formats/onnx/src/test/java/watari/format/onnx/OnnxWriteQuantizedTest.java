package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.op.ConvOp.Conv;
import watari.op.ElementwiseOp.Clip;
import watari.op.Padding;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Quantized graphs as ONNX Runtime, which fuses them again, computes them.
class OnnxWriteQuantizedTest {
  private static final Conv CONV =
      new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, Layout.CHANNELS_FIRST);

  @TempDir Path folder;

  private double[] run(GraphBuilder to, TensorData input) {
    var file = folder.resolve("m.onnx");
    assertThat(OnnxRun.write(to.graph(), 0, file)).isEmpty();
    return OnnxRun.run(file, List.of(input)).getFirst().doubles();
  }

  /// A convolution of one element by 2, clamped to `[min, max]`.
  private double[] clamped(double min, double max, PerTensor out, double... stored) {
    var to = new GraphBuilder(new Graph("main"));
    var shape = Shape.of(1, 1, 1, stored.length);
    var x = to.input("x", new TensorType(DataType.UINT8, shape, new PerTensor(0.25f, 8)));
    var filter = TensorData.ofDoubles(DataType.UINT8, Shape.of(1, 1, 1, 1), 4);
    var product = to.add(CONV, x, to.constant("w", filter, new PerTensor(0.5f, 0)));
    var clip = new Clip(min, max);
    to.graph().addOutput("y", to.addQuantized(clip, DataType.UINT8, out, product));
    return run(to, TensorData.ofDoubles(DataType.UINT8, shape, stored));
  }

  @Test
  void aClampWithinHalfAStepOfTheRangeRunsInOnnxRuntime() {
    // 255 steps are 6.000013: the clamp to 6 changes nothing that is stored.
    var sixes = new PerTensor(0.023529463f, 0);
    assertThat(clamped(0, 6, sixes, 0, 8, 9, 100)).containsExactly(0, 0, 21, 255);
    assertThat(clamped(0.001, 7, sixes, 0, 8, 9, 100)).containsExactly(0, 0, 21, 255);
  }

  @Test
  void aClampInsideTheRangeStays() {
    assertThat(clamped(-1, 1, new PerTensor(0.0625f, 128), 0, 8, 9, 100))
        .containsExactly(112, 128, 136, 144);
  }
}
