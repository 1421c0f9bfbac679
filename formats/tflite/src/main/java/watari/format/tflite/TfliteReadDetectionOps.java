package watari.format.tflite;

import com.google.flatbuffers.FlexBuffers;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.op.DetectionOp.DetectionPostProcess;
import watari.op.DetectionOp.PaddedNonMaxSuppression;

/// What comes after a detector.
final class TfliteReadDetectionOps {
  private TfliteReadDetectionOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("NON_MAX_SUPPRESSION_V4", TfliteReadDetectionOps::nonMaxSuppressionV4)
        .on("NON_MAX_SUPPRESSION_V5", TfliteReadDetectionOps::nonMaxSuppressionV5);
  }

  private static void nonMaxSuppressionV4(TfliteNode node) {
    node.emit(
        List.of(0, 1),
        new PaddedNonMaxSuppression(false),
        List.of(node.in(0), node.in(1), node.in(2), node.in(3), node.in(4)),
        List.of());
  }

  private static void nonMaxSuppressionV5(TfliteNode node) {
    node.emit(
        List.of(0, 1, 2),
        new PaddedNonMaxSuppression(true),
        List.of(node.in(0), node.in(1), node.in(2), node.in(3), node.in(4), node.in(5)),
        List.of());
  }

  static void postProcess(TfliteNode node) {
    var options = TfliteCustom.map(node);
    var op =
        new DetectionPostProcess(
            options.get("max_detections").asInt(),
            options.get("max_classes_per_detection").asInt(),
            integer(options, "detections_per_class", 100),
            has(options, "use_regular_nms") && options.get("use_regular_nms").asBoolean(),
            number(options, "nms_score_threshold"),
            number(options, "nms_iou_threshold"),
            options.get("num_classes").asInt(),
            number(options, "y_scale"),
            number(options, "x_scale"),
            number(options, "h_scale"),
            number(options, "w_scale"));
    node.emit(List.of(0, 1, 2, 3), op, List.of(node.in(0), node.in(1), node.in(2)), List.of());
  }

  private static boolean has(FlexBuffers.Map options, String key) {
    return !options.get(key).isNull();
  }

  private static int integer(FlexBuffers.Map options, String key, int otherwise) {
    return has(options, key) ? options.get(key).asInt() : otherwise;
  }

  private static float number(FlexBuffers.Map options, String key) {
    return (float) options.get(key).asFloat();
  }
}
