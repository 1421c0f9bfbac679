package watari.format.openvino;

import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.ElementwiseOp.Clip;
import watari.op.IndexOp.GatherNd;
import watari.op.ReduceOp.TopK;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// DetectionOutput: boxes from priors, of which the best of each class are kept.
final class OpenvinoReadDetectionOps {
  private static final int ROW = 7;

  private OpenvinoReadDetectionOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table.on("DetectionOutput", OpenvinoReadDetectionOps::detectionOutput);
  }

  /// Inputs: how far boxes are from their priors (`[1, P · 4]`), confidences (`[1, P · C]`), priors
  /// and variances (`[1, 2, P · 4]`). Output `[1, 1, keep_top_k, 7]`: rows of image, class,
  /// confidence and box, by class, then confidence; a row that begins with -1 ends them.
  private static void detectionOutput(OpenvinoReadNode n) {
    require(n);
    var f = n.formula();
    long priors = n.shape(0).dim(1).fixed() / 4;
    long classes = n.shape(1).dim(1).fixed() / Math.max(priors, 1);
    var boxes = boxes(n, f, priors);
    var scores = f.transpose(f.reshape(n.in(1), 1, priors, classes), 0, 2, 1);
    scores = candidates(n, f, scores, priors, classes);
    var kept = kept(n, f, boxes, scores, priors);
    long most = most(n, priors, classes);
    var found = f.op(new GatherNd(0), scores, kept);
    var places = best(n, f, found, most);
    var rows = rows(n, f, boxes, f.gather(kept, places, 0), f.gather(found, places, 0));
    var ended = new float[Math.toIntExact(most * ROW)];
    if (ended.length > 0) ended[0] = -1;
    var end = f.constant(TensorData.ofFloats(Shape.of(most, ROW), ended));
    var all = f.slice(f.concat(0, List.of(rows, end)), 0, 0, most);
    n.give(0, f.reshape(all, 1, 1, most, ROW));
  }

  /// What cannot be said by records.
  private static void require(OpenvinoReadNode n) {
    require(n.inputCount() == 3, "it takes the confidences of an earlier stage");
    require(n.flag("share_location", true), "classes have boxes of their own");
    require(!n.flag("decrease_label_id", false), "its decrease_label_id is 'true'");
    require(n.flag("normalized", false), "its priors are in pixels");
    boolean isKnown = n.shape(0).isFixed() && n.shape(1).isFixed() && n.shape(0).rank() == 2;
    require(isKnown && n.shape(0).dim(0).is(1), "its batch is not 1");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw OpenvinoRefusal.unsupported(
          otherwise + ", which Watari does not read", "end the model before this layer");
    }
  }

  private static long most(OpenvinoReadNode n, long priors, long classes) {
    var keep = n.integers("keep_top_k");
    if (!keep.isEmpty() && keep.get(0) > 0) return keep.get(0);
    int top = n.integer("top_k", -1);
    return (top > 0 ? Math.min(top, priors) : priors) * classes;
  }

  // ---- boxes

  /// `[1, P, 4]`: x1, y1, x2, y2.
  private static Value boxes(OpenvinoReadNode n, Formula f, long priors) {
    var logits = f.reshape(n.in(0), 1, priors, 4);
    var all =
        f.reshape(n.in(2), Shape.of(Dim.of(1), Dim.named("?rows"), Dim.of(priors), Dim.of(4)));
    var prior = f.squeeze(f.slice(all, 1, 0, 1), 1);
    if (!n.flag("variance_encoded_in_target", false)) {
      logits = f.mul(logits, f.squeeze(f.slice(all, 1, 1, 2), 1));
    }
    var code = n.text("code_type", "caffe.PriorBoxParameter.CORNER").toUpperCase(Locale.ROOT);
    var boxes =
        switch (code.substring(code.lastIndexOf('.') + 1)) {
          case "CORNER" -> f.add(prior, logits);
          case "CENTER_SIZE" -> centred(f, prior, logits);
          default -> throw n.unknown("code_type", "CORNER or CENTER_SIZE");
        };
    return n.flag("clip_before_nms", false) ? f.op(new Clip(0, 1), boxes) : boxes;
  }

  private static Value centred(Formula f, Value prior, Value logits) {
    var begin = f.slice(prior, 2, 0, 2);
    var end = f.slice(prior, 2, 2, 4);
    var size = f.sub(end, begin);
    var centre = f.mul(f.add(begin, end), 0.5);
    var moved = f.add(centre, f.mul(f.slice(logits, 2, 0, 2), size));
    var half = f.mul(f.mul(f.exp(f.slice(logits, 2, 2, 4)), size), 0.5);
    return f.concat(2, List.of(f.sub(moved, half), f.add(moved, half)));
  }

  // ---- what is kept

  /// Confidences `[1, C, P]`, those of the background and behind the best `top_k` of a class below
  /// all thresholds.
  private static Value candidates(
      OpenvinoReadNode n, Formula f, Value scores, long priors, long classes) {
    var none = f.scalar(scores, Float.NEGATIVE_INFINITY);
    int background = n.integer("background_label_id", 0);
    if (background >= 0 && background < classes) {
      var is = new float[Math.toIntExact(classes)];
      is[background] = 1;
      var mask = f.constant(TensorData.ofFloats(Shape.of(1, classes, 1), is).cast(DataType.BOOL));
      scores = f.select(mask, none, scores);
    }
    int top = n.integer("top_k", -1);
    if (top < 1 || top >= priors) return scores;
    var best =
        n.builder()
            .add(
                new TopK(2, true, true, DataType.INT64),
                List.of(scores, n.builder().scalar((long) top)),
                2,
                List.of());
    var least = f.slice(best.output(0), 2, -1, Long.MAX_VALUE);
    return f.select(f.binary(Binary.Kind.LESS, scores, least), none, scores);
  }

  /// Image, class and prior of each box that overlaps no better one of its class too much.
  private static Value kept(OpenvinoReadNode n, Formula f, Value boxes, Value scores, long priors) {
    double threshold = n.real("confidence_threshold", 0);
    return f.op(
        new NonMaxSuppression(false),
        boxes,
        scores,
        n.builder().scalar(priors),
        f.constant(TensorData.scalar((float) n.real("nms_threshold"))),
        f.constant(TensorData.scalar((float) threshold)));
  }

  /// Where the best are, in their order by class and confidence.
  private static Value best(OpenvinoReadNode n, Formula f, Value found, long most) {
    var count = f.squeeze(f.min(f.dim(found, 0), most), 0);
    var largest = new TopK(0, true, true, DataType.INT64);
    var best = n.builder().add(largest, List.of(found, count), 2, List.of());
    var inOrder = new TopK(0, false, true, DataType.INT64);
    return n.builder().add(inOrder, List.of(best.output(1), count), 2, List.of()).output(0);
  }

  private static Value rows(OpenvinoReadNode n, Formula f, Value boxes, Value kept, Value scores) {
    var places = f.cast(f.slice(kept, 1, 0, 2), DataType.FLOAT32);
    var box = f.gather(f.squeeze(boxes, 0), f.squeeze(f.slice(kept, 1, 2, 3), 1), 0);
    if (n.flag("clip_after_nms", false)) box = f.op(new Clip(0, 1), box);
    return f.concat(1, List.of(places, f.unsqueeze(scores, 1), box));
  }
}
