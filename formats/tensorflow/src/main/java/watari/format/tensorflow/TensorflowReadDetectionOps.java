package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.ElementwiseOp.Clip;
import watari.op.IndexOp.GatherNd;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Slice;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What comes after a detector.
///
/// Source: TensorFlow 2.21, image_ops: boxes are suppressed that overlap a better one by more than
/// the threshold; scores have to be above theirs.
final class TensorflowReadDetectionOps {
  /// Images and classes that are unrolled.
  private static final long MOST = 128;

  private TensorflowReadDetectionOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("CombinedNonMaxSuppression", TensorflowReadDetectionOps::combined)
        .on("NonMaxSuppression", n -> n.give(0, int32(n, selected(n, 3))))
        .on("NonMaxSuppressionV2", n -> n.give(0, int32(n, selected(n, 4))))
        .on("NonMaxSuppressionV3", n -> n.give(0, int32(n, selected(n, 5))))
        .on("NonMaxSuppressionV4", TensorflowReadDetectionOps::counted)
        .on("NonMaxSuppressionV5", TensorflowReadDetectionOps::scored);
  }

  private static Value int32(TensorflowReadNode n, Value x) {
    return n.formula().cast(x, DataType.INT32);
  }

  private static Value real(TensorflowReadNode n, int i) {
    return n.formula().cast(n.in(i), DataType.FLOAT32);
  }

  // ---- one image and class

  /// Which boxes remain, as int64. Inputs: boxes, scores, how many at most, and as far as there are
  /// `inputs` the thresholds of overlaps and scores.
  private static Value selected(TensorflowReadNode n, int inputs) {
    var f = n.formula();
    var overlap =
        inputs > 3 ? f.reshape(real(n, 3)) : n.builder().scalar(n.real("iou_threshold", 0.5f));
    var score = inputs > 4 ? f.reshape(real(n, 4)) : Value.ABSENT;
    var found =
        suppressed(
            f, f.unsqueeze(real(n, 0), 0), f.unsqueeze(real(n, 1), 0, 1), most(n), overlap, score);
    return column(f, found, 2);
  }

  private static Value suppressed(
      Formula f, Value boxes, Value scores, Value most, Value overlap, Value score) {
    return f.op(new NonMaxSuppression(false), boxes, scores, most, overlap, score);
  }

  private static Value most(TensorflowReadNode n) {
    var f = n.formula();
    return f.reshape(f.cast(n.in(2), DataType.INT64));
  }

  private static Value column(Formula f, Value rows, long i) {
    return f.gather(rows, f.constant(TensorData.scalar(i)), 1);
  }

  private static void counted(TensorflowReadNode n) {
    var f = n.formula();
    var boxes = selected(n, 5);
    n.give(0, int32(n, padded(n, boxes)));
    n.give(1, int32(n, f.reshape(f.dim(boxes, 0))));
  }

  /// As many elements as were asked for, if they are to be padded with zeros.
  private static Value padded(TensorflowReadNode n, Value vector) {
    if (!n.flag("pad_to_max_output_size", false)) return vector;
    var f = n.formula();
    var most = n.known(2).filter(m -> m.length == 1 && m[0] >= 0 && m[0] <= 1 << 16);
    if (most.isPresent()) {
      long size = most.get()[0];
      var zeros = TensorData.filled(TensorData.scalar(vector.dtype(), 0), Shape.of(size));
      return f.reshape(f.slice(f.concat(0, vector, f.constant(zeros)), 0, 0, size), size);
    }
    var missing = f.sub(f.reshape(most(n), 1), f.dim(vector, 0));
    var pads = f.concat(0, f.vector(0), missing);
    return f.op(new Pad(Pad.Mode.CONSTANT), vector, pads, f.scalar(vector, 0));
  }

  /// Scores may decay by overlaps instead of ending at a threshold.
  private static void scored(TensorflowReadNode n) {
    var f = n.formula();
    var sigma = n.constant(5, "its sigma").doubleAt(0);
    if (sigma > 0) {
      decayed(n);
      return;
    }
    var boxes = selected(n, 5);
    n.give(0, int32(n, padded(n, boxes)));
    n.give(1, f.cast(padded(n, f.gather(real(n, 1), boxes, 0)), n.dtype(1)));
    n.give(2, int32(n, f.reshape(f.dim(boxes, 0))));
  }

  /// No overlap is above 1, so that none suppresses at once.
  private static void decayed(TensorflowReadNode n) {
    var f = n.formula();
    var inputs =
        List.of(
            real(n, 0),
            real(n, 1),
            f.reshape(int32(n, n.in(2))),
            n.builder().scalar(2f),
            f.reshape(real(n, 4)),
            f.reshape(real(n, 5)));
    var found = n.builder().add(new PaddedNonMaxSuppression(true), inputs, 3, List.of());
    var count = f.reshape(f.cast(found.output(2), DataType.INT64), 1);
    n.give(0, used(n, found.output(0), count));
    n.give(1, f.cast(used(n, found.output(1), count), n.dtype(1)));
    n.give(2, found.output(2));
  }

  private static Value used(TensorflowReadNode n, Value vector, Value count) {
    if (n.flag("pad_to_max_output_size", false)) return vector;
    var f = n.formula();
    return f.op(new Slice(), vector, f.vector(0), count, f.vector(0));
  }

  // ---- all classes of several images

  /// What the results of an image come to.
  ///
  /// @param perClass how many boxes a class may have
  /// @param total how many are given
  private record Limits(Value perClass, long total, Value overlap, Value score) {}

  /// Inputs: boxes `[N, B, 1 or C, 4]`, scores `[N, B, C]`, the most of a class, the most of all,
  /// thresholds of overlaps and scores.
  private static void combined(TensorflowReadNode n) {
    var f = n.formula();
    var scores = n.shape(1);
    if (!scores.hasRank(3) || !scores.dim(0).isFixed() || !scores.dim(2).isFixed()) {
      throw TensorflowReadNode.computed("the number of its images or classes");
    }
    long images = scores.dim(0).fixed();
    long classes = scores.dim(2).fixed();
    if (images * classes > MOST || images == 0) {
      throw TensorflowRefusal.unsupported(
          "it has %d images of %d classes, of which Watari unrolls %d at most"
              .formatted(images, classes, MOST),
          "export the model with a batch of 1");
    }
    var limits = limits(n, classes);
    var parts = new ArrayList<List<Value>>();
    for (int i = 0; i < 4; i++) parts.add(new ArrayList<>());
    for (long i = 0; i < images; i++) {
      var image = f.constant(TensorData.scalar(i));
      var one = image(n, f.gather(real(n, 0), image, 0), f.gather(real(n, 1), image, 0), limits);
      for (int k = 0; k < 4; k++) parts.get(k).add(one.get(k));
    }
    for (int k = 0; k < 4; k++) n.give(k, f.stack(0, parts.get(k)));
  }

  private static Limits limits(TensorflowReadNode n, long classes) {
    var f = n.formula();
    long perClass = n.integers(2, "how many boxes a class may have")[0];
    long total = n.integers(3, "how many boxes it gives")[0];
    if (n.flag("pad_per_class", false)) total = Math.min(total, perClass * classes);
    return new Limits(
        n.builder().scalar(perClass), total, f.reshape(real(n, 4)), f.reshape(real(n, 5)));
  }

  /// Boxes, scores, classes and count of the best boxes of one image; what is missing is 0.
  private static List<Value> image(TensorflowReadNode n, Value boxes, Value scores, Limits limits) {
    var f = n.formula();
    var found = found(n, boxes, scores, limits);
    var box = column(f, found, 2);
    var label = column(f, found, 1);
    var score = f.op(new GatherNd(0), scores, f.stack(1, List.of(box, label)));
    boolean isShared = boxes.shape().dim(1).is(1);
    var ownBoxes =
        isShared
            ? f.gather(f.squeeze(boxes, 1), box, 0)
            : f.op(new GatherNd(0), boxes, f.stack(1, List.of(box, label)));
    long total = limits.total();
    var none = TensorData.filled(TensorData.scalar(-Float.MAX_VALUE), Shape.of(total));
    var candidates = f.concat(0, score, f.constant(none));
    var top =
        n.builder()
            .add(
                new TopK(0, true, true, DataType.INT64),
                List.of(candidates, f.vector(total)),
                2,
                List.of());
    var places = top.output(1);
    var isFound = f.binary(Binary.Kind.LESS, places, f.dim(score, 0));
    var count = f.reduce(Reduce.Kind.SUM, f.cast(isFound, DataType.INT32), false, List.of(0));
    var best = best(f, ownBoxes, places, total, 4);
    if (n.flag("clip_boxes", true)) best = f.op(new Clip(0, 1), best);
    return List.of(
        best,
        best(f, score, places, total),
        best(f, f.cast(label, DataType.FLOAT32), places, total),
        count);
  }

  /// The elements at places, zeros behind the end.
  private static Value best(Formula f, Value x, Value places, long total, long... rest) {
    var zeros = TensorData.filled(TensorData.scalar(0f), Shape.of(total).concat(Shape.of(rest)));
    return f.gather(f.concat(0, x, f.constant(zeros)), places, 0);
  }

  /// `[count, 3]`: image, class and box of what remains of one image.
  private static Value found(TensorflowReadNode n, Value boxes, Value scores, Limits limits) {
    var f = n.formula();
    var byClass = f.transpose(scores, 1, 0);
    if (boxes.shape().dim(1).is(1))
      return suppressed(f, f.transpose(boxes, 1, 0, 2), f.unsqueeze(byClass, 0), limits);
    long classes = scores.shape().dim(1).fixed();
    var all = new ArrayList<Value>();
    for (long i = 0; i < classes; i++) {
      var own = f.transpose(f.slice(boxes, 1, i, i + 1), 1, 0, 2);
      var one = suppressed(f, own, f.unsqueeze(f.slice(byClass, 0, i, i + 1), 0), limits);
      all.add(f.add(one, f.vector(0, i, 0)));
    }
    return f.concat(0, all);
  }

  private static Value suppressed(Formula f, Value boxes, Value scores, Limits limits) {
    return suppressed(f, boxes, scores, limits.perClass(), limits.overlap(), limits.score());
  }
}
