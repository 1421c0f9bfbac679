package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.IndexOp.GatherNd;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Slice;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// NonMaxSuppression.
final class OpenvinoReadNmsOps {
  /// Pairs of image and class whose soft suppression is written out one by one.
  private static final long MOST_PAIRS = 64;

  private OpenvinoReadNmsOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table.on("NonMaxSuppression", OpenvinoReadNmsOps::nonMaxSuppression);
  }

  /// What is kept: indices `[count, 3]` of batch, class and box, and scores `[count]`.
  private record Kept(Value indices, Value scores) {}

  /// The kept boxes by their scores, or by image and class.
  private static void nonMaxSuppression(OpenvinoReadNode n) {
    var f = n.formula();
    var kept = isSoft(n) ? soft(n, f) : hard(n, f);
    if (n.flag("sort_result_descending", true)) kept = sorted(n, f, kept);
    var output = n.element("output_type", DataType.INT64);
    n.give(0, f.cast(kept.indices(), output));
    var places = f.cast(f.slice(kept.indices(), 1, 0, 2), n.dtype(1));
    n.give(1, f.concat(1, List.of(places, f.unsqueeze(kept.scores(), 1))));
    n.give(2, f.cast(f.dim(kept.scores(), 0), output));
  }

  private static boolean isSoft(OpenvinoReadNode n) {
    if (!n.has(5)) return false;
    var sigma = n.constant(5, "its soft_nms_sigma");
    return sigma.size() > 0 && sigma.doubleAt(0) != 0;
  }

  private static boolean isCentred(OpenvinoReadNode n) {
    return switch (n.text("box_encoding", "corner").toLowerCase(Locale.ROOT)) {
      case "corner" -> false;
      case "center" -> true;
      default -> throw n.unknown("box_encoding", "corner or center");
    };
  }

  private static Value threshold(OpenvinoReadNode n, Formula f, int input) {
    return n.has(input)
        ? n.scalarInput(input, DataType.FLOAT32)
        : f.constant(TensorData.scalar(0f));
  }

  private static Value most(OpenvinoReadNode n) {
    return n.has(2) ? n.scalarInput(2, DataType.INT64) : n.builder().scalar(0L);
  }

  private static Kept hard(OpenvinoReadNode n, Formula f) {
    var indices =
        f.op(
            new NonMaxSuppression(isCentred(n)),
            n.in(0),
            n.in(1),
            most(n),
            threshold(n, f, 3),
            threshold(n, f, 4));
    return new Kept(indices, f.op(new GatherNd(0), n.in(1), indices));
  }

  private static Kept sorted(OpenvinoReadNode n, Formula f, Kept kept) {
    var count = f.squeeze(f.dim(kept.scores(), 0), 0);
    var order =
        n.builder()
            .add(
                new TopK(0, true, true, DataType.INT64),
                List.of(kept.scores(), count),
                2,
                List.of());
    return new Kept(f.gather(kept.indices(), order.output(1), 0), order.output(0));
  }

  // ---- soft

  /// Each class of each image for itself, one after the other.
  private static Kept soft(OpenvinoReadNode n, Formula f) {
    var scores = n.shape(1);
    if (!scores.hasRank(3) || !scores.slice(0, 2).isFixed()) {
      throw OpenvinoRefusal.unsupported(
          "the number of its images and classes is not known", "fix the shapes of its inputs");
    }
    long images = scores.dim(0).fixed();
    long classes = scores.dim(1).fixed();
    if (images * classes > MOST_PAIRS) {
      throw OpenvinoRefusal.unsupported(
          "it suppresses %d classes of %d images softly".formatted(classes, images),
          "set soft_nms_sigma to 0");
    }
    var indices = new ArrayList<Value>();
    var kept = new ArrayList<Value>();
    for (long image = 0; image < images; image++) {
      for (long kind = 0; kind < classes; kind++) {
        var one = softOne(n, f, image, kind);
        indices.add(one.indices());
        kept.add(one.scores());
      }
    }
    return new Kept(f.concat(0, indices), f.concat(0, kept));
  }

  private static Kept softOne(OpenvinoReadNode n, Formula f, long image, long kind) {
    var boxes = f.squeeze(f.slice(n.in(0), 0, image, image + 1), 0);
    if (isCentred(n)) boxes = corners(f, boxes);
    var ofImage = f.slice(n.in(1), 0, image, image + 1);
    var scores = f.squeeze(f.slice(ofImage, 1, kind, kind + 1), 0, 1);
    var most = f.cast(most(n), DataType.INT32);
    var limit = f.min(most, f.cast(f.squeeze(f.dim(scores, 0), 0), DataType.INT32));
    var node =
        n.builder()
            .add(
                new PaddedNonMaxSuppression(true),
                List.of(
                    boxes,
                    scores,
                    limit,
                    threshold(n, f, 3),
                    threshold(n, f, 4),
                    n.scalarInput(5, DataType.FLOAT32)),
                3,
                List.of());
    var count = f.unsqueeze(f.cast(node.output(2), DataType.INT64), 0);
    var found = cut(f, f.cast(node.output(0), DataType.INT64), count);
    var zeros = f.mul(found, 0);
    var triples = f.stack(1, List.of(f.add(zeros, image), f.add(zeros, kind), found));
    return new Kept(triples, cut(f, node.output(1), count));
  }

  private static Value cut(Formula f, Value all, Value count) {
    return f.op(new Slice(), all, f.vector(0), count, f.vector(0));
  }

  private static Value corners(Formula f, Value boxes) {
    var centre = f.slice(boxes, 1, 0, 2);
    var half = f.mul(f.slice(boxes, 1, 2, 4), 0.5);
    return f.concat(1, List.of(f.sub(centre, half), f.add(centre, half)));
  }
}
