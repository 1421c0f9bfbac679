package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static watari.cli.CustomModel.map;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import watari.api.Npz;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.IndexOp.Gather;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What becomes of detection heads. The boxes are (0, 0, 1, 1), (0, 0.1, 1, 1.1) and (0.12, 0.1,
/// 0.32, 0.3): the first two overlap by 0.818.
class DetectionHeadTest {
  private static final TensorData CODES =
      TensorData.ofFloats(Shape.of(1, 3, 4), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
  private static final TensorData SCORES =
      TensorData.ofFloats(Shape.of(1, 3, 3), .1f, .9f, .3f, .2f, .8f, .85f, .7f, .1f, .6f);
  private static final TensorData ANCHORS =
      TensorData.ofFloats(Shape.of(3, 4), .5f, .5f, 1, 1, .5f, .6f, 1, 1, .2f, .2f, .2f, .2f);

  @TempDir private Path folder;

  private static TensorType floats(long... dims) {
    return TensorType.of(DataType.FLOAT32, dims);
  }

  private static CustomModel head(boolean regular, int classes, int perBox) {
    var options =
        map(m -> {
          m.putInt("detections_per_class", 100);
          m.putFloat("h_scale", 5);
          m.putInt("max_classes_per_detection", perBox);
          m.putInt("max_detections", 3);
          m.putFloat("nms_iou_threshold", 0.6);
          m.putFloat("nms_score_threshold", 0.5);
          m.putInt("num_classes", classes);
          m.putBoolean("use_regular_nms", regular);
          m.putFloat("w_scale", 5);
          m.putFloat("x_scale", 10);
          m.putFloat("y_scale", 10);
        });
    int places = 3 * perBox;
    var types = List.of(floats(1, places, 4), floats(1, places), floats(1, places), floats(1));
    return new CustomModel("TFLite_Detection_PostProcess", 1, options, types);
  }

  private static float[] numbers(String text) {
    var words = text.strip().split(" ");
    var all = new float[words.length];
    for (int i = 0; i < all.length; i++) all[i] = Float.parseFloat(words[i]);
    return all;
  }

  /// Classes and scores of all places, and how many boxes were selected.
  @ParameterizedTest
  @CsvSource({
    "false,3,1,1 0 0,.9 .7 0,2",
    "false,2,1,0 1 0,.9 .6 0,2",
    "false,3,2,1 2 0 2 0 0,.9 .3 .7 .6 0 0,2",
    "false,2,3,0 1 0 1 0 0 0 0 0,.9 .3 0 .6 .1 0 0 0 0,2",
    "true,3,1,1 2 0,.9 .85 .7,3",
    "true,3,2,1 2 0 0 0 0,.9 .85 .7 0 0 0,3"
  })
  void headsAreWrittenOut(
      boolean regular, int classes, int perBox, String named, String scores, float count)
      throws IOException {
    for (var format : List.of("onnx", "tflite")) {
      var results = head(regular, classes, perBox).run(folder, format, CODES, SCORES, ANCHORS);
      assertThat(results.get(1).floats()).containsExactly(numbers(named));
      assertThat(results.get(2).floats()).containsExactly(numbers(scores), within(1e-6f));
      assertThat(results.get(3).floats()).containsExactly(count);
    }
  }

  private Map<String, TensorData> run(Path model, Map<String, TensorData> inputs)
      throws IOException {
    var given = folder.resolve("in.npz");
    Npz.write(given, inputs);
    var results = folder.resolve("out.npz");
    var ran = Spoken.of("run", model, "--data", given, "-o", results, "--force");
    assertThat(ran.code()).as(ran.err()).isZero();
    return Npz.read(results);
  }

  private static TensorData of(Map<String, TensorData> results, String name) {
    return Objects.requireNonNull(results.get(name), name);
  }

  private Path converted(Path model, String format, String nms) {
    var out = folder.resolve(nms);
    var said =
        Spoken.of(
            "convert",
            model,
            "--to",
            format,
            "-o",
            out,
            "--nms",
            nms,
            "--keep-io-layout",
            "--force");
    assertThat(said.code()).as(said.err()).isZero();
    return out.resolve(model.getFileName().toString().replaceFirst("[.].*", "." + format));
  }

  @Test
  void aStrippedHeadLeavesDecodedBoxesAndScores() throws IOException {
    var model = head(false, 2, 1).write(folder, CODES, SCORES, ANCHORS);
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    inputs.put("x0", CODES);
    inputs.put("x1", SCORES);
    inputs.put("x2", ANCHORS);
    for (var format : List.of("onnx", "tflite")) {
      var results = run(converted(model, format, "strip"), inputs);
      assertThat(results).containsOnlyKeys("boxes", "scores");
      assertThat(of(results, "boxes").floats())
          .containsExactly(
              new float[] {0, 0, 1, 1, 0, .1f, 1, 1.1f, .12f, .1f, .32f, .3f}, within(1e-6f));
      assertThat(of(results, "scores").floats())
          .containsExactly(new float[] {.9f, .3f, .8f, .85f, .1f, .6f}, within(0f));
    }
  }

  /// Two classes, at most two boxes of each; the scores of those that are selected.
  private Path suppression() throws IOException {
    var graph = new Graph("nms");
    var build = new GraphBuilder(graph);
    var boxes = build.input("boxes", floats(1, 3, 4));
    var scores = build.input("scores", floats(1, 2, 3));
    var most = build.constant(TensorData.vector(2));
    var overlap = build.constant(TensorData.ofFloats(Shape.of(1), .6f));
    var least = build.constant(TensorData.ofFloats(Shape.of(1), .5f));
    var found =
        build.addNamed("found", new NonMaxSuppression(false), boxes, scores, most, overlap, least);
    var at = build.add(new Gather(1, 0), found, build.constant(TensorData.scalar(2)));
    graph.addOutput("found", found);
    graph.addOutput("selected", build.addNamed("selected", new Gather(1, 0), boxes, at));
    return SmallModel.write("onnx", folder.resolve("nms.onnx"), graph);
  }

  private static Map<String, TensorData> boxes() {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    inputs.put(
        "boxes",
        TensorData.ofFloats(Shape.of(1, 3, 4), 0, 0, 1, 1, 0, .1f, 1, 1.1f, .12f, .1f, .32f, .3f));
    inputs.put("scores", TensorData.ofFloats(Shape.of(1, 2, 3), .9f, .8f, .1f, .2f, .85f, .6f));
    return inputs;
  }

  @Test
  void fixedSizesHavePlacesForAllThatThereCanBe() throws IOException {
    var model = suppression();
    for (var format : List.of("onnx", "tflite")) {
      var results = run(converted(model, format, "fixed-size"), boxes());
      assertThat(results).containsOnlyKeys("found_filled", "selected_filled", "num_detections");
      assertThat(of(results, "found_filled").shape()).isEqualTo(Shape.of(4, 3));
      assertThat(of(results, "found_filled").longs())
          .containsExactly(0, 0, 0, 0, 1, 1, 0, 1, 2, 0, 0, 0);
      assertThat(of(results, "selected_filled").shape()).isEqualTo(Shape.of(1, 4, 4));
      assertThat(Arrays.copyOfRange(of(results, "selected_filled").floats(), 8, 16))
          .containsExactly(.12f, .1f, .32f, .3f, 0, 0, 0, 0);
      assertThat(of(results, "num_detections").longs()).containsExactly(3);
    }
  }

  @Test
  void aSuppressionBecomesTheOperatorOfTflite() throws IOException {
    var model = suppression();
    var tflite = converted(model, "tflite", "tflite");
    assertThat(Spoken.of("inspect", tflite).out()).contains("TFLite_Detection_PostProcess v1 1");
    for (var result : List.of(tflite, converted(model, "onnx", "tflite"))) {
      var results = run(result, boxes());
      assertThat(of(results, "detection_scores").floats())
          .containsExactly(new float[] {.9f, .85f, .6f, 0}, within(1e-6f));
      assertThat(Arrays.copyOf(of(results, "detection_classes").floats(), 3))
          .containsExactly(0, 1, 1);
      assertThat(Arrays.copyOf(of(results, "detection_boxes").floats(), 12))
          .containsExactly(
              new float[] {0, 0, 1, 1, 0, .1f, 1, 1.1f, .12f, .1f, .32f, .3f}, within(1e-6f));
      assertThat(of(results, "num_detections").floats()).containsExactly(3);
    }
  }

  @Test
  void aModelWithoutAHeadIsWarnedOf() throws IOException {
    var model = SmallModel.relu("onnx", folder.resolve("m.onnx"));
    var said = Spoken.of("convert", model, "--to", "tflite", "-o", folder, "--nms", "strip");
    assertThat(said.code()).isZero();
    assertThat(said.err()).contains("[NMS_UNUSED]");
    var wrong = Spoken.of("convert", model, "--to", "tflite", "-o", folder, "--nms", "all");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.err()).contains("not 'all'");
  }
}
