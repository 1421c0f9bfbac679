package watari.format.openvino;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.openvino.OpenvinoWritten.all;
import static watari.format.openvino.OpenvinoWritten.types;
import static watari.tensor.DataType.FLOAT32;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.op.ResizeOp.AspectPolicy;
import watari.op.ResizeOp.Coordinates;
import watari.op.ResizeOp.Mode;
import watari.op.ResizeOp.Nearest;
import watari.op.ResizeOp.Resize;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class OpenvinoResizeRulesTest {
  @TempDir Path folder;
  private final GraphBuilder to = new GraphBuilder(new Graph("main"));

  private Value resized(Value x, List<Integer> axes, long... sizes) {
    var op =
        new Resize(
            Mode.LINEAR,
            Coordinates.HALF_PIXEL,
            Nearest.FLOOR,
            -0.75f,
            false,
            false,
            0,
            AspectPolicy.STRETCH,
            axes);
    return to.add(op, x, Value.ABSENT, Value.ABSENT, to.vector(sizes));
  }

  private Value image() {
    return to.input("x", TensorType.of(FLOAT32, 1, 4, 4, 2));
  }

  private Element written(Value y) {
    to.graph().addOutput("y", y);
    return new OpenvinoWritten(folder).net(to.graph());
  }

  private String axes(Element net) throws java.io.IOException {
    var constant =
        all(net, "layer").stream()
            .filter(layer -> layer.getAttribute("name").endsWith("axes"))
            .findFirst()
            .orElseThrow();
    return all(constant, "data").get(0).getAttribute("shape");
  }

  /// Its axes before the last become those behind the channels.
  @Test
  void aResizeBetweenConvolutionsIsNotTakenApartBecauseChannelsAreLast() {
    var conv = new Conv(List.of(1, 1), List.of(1, 1), Padding.none(2), 1, Layout.CHANNELS_LAST);
    var filter = to.constant("w", TensorData.ofFloats(Shape.of(2, 1, 1, 2), 1, 2, 3, 4));
    var y = to.add(conv, resized(image(), List.of(1, 2), 8, 8), filter);
    assertThat(types(written(y))).contains("Interpolate").doesNotContain("Gather");
  }

  @Test
  void twoAxesBeforeTheLastAreResizedAsTheyAre() throws java.io.IOException {
    var net = written(resized(image(), List.of(1, 2), 8, 8));
    assertThat(types(net)).contains("Interpolate").doesNotContain("Gather", "Transpose");
    assertThat(axes(net)).isEqualTo("2");
  }

  @Test
  void axesThatKeepTheirDimsAreNotNamedWhereTheLastHoldsChannels() throws java.io.IOException {
    var net = written(resized(image(), List.of(0, 1, 2, 3), 1, 8, 8, 2));
    assertThat(types(net)).contains("Interpolate").doesNotContain("Gather");
    assertThat(axes(net)).isEqualTo("2");
  }

  @Test
  void batchAndLastAxisAreResizedByPicking() {
    var net = written(resized(image(), List.of(0, 1, 2, 3), 1, 8, 8, 4));
    assertThat(types(net)).contains("Gather").doesNotContain("Interpolate");
  }
}
