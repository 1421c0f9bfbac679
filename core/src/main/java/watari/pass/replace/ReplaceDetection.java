package watari.pass.replace;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.DetectionOp.DetectionPostProcess;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.GatherNd;
import watari.op.ReduceOp.Reduce;
import watari.op.ReduceOp.TopK;
import watari.op.ShapeOp.Pad;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// What comes after a detector → NonMaxSuppression, whose outputs have no fixed number, and
/// movement of what it found.
public final class ReplaceDetection {
  private ReplaceDetection() {}

  public static List<Rule<?>> all() {
    var rules = new ArrayList<Rule<?>>();
    rules.add(
        new Replacement<>(
            "SplitPaddedNms", PaddedNonMaxSuppression.class, ReplaceDetection::padded));
    rules.addAll(heads());
    return rules;
  }

  /// For whole detectors.
  public static List<Rule<?>> heads() {
    return List.of(
        new Replacement<>(
            "SplitDetections", DetectionPostProcess.class, ReplaceDetection::postProcess));
  }

  // ---- one class to a fixed number

  private static Outcome padded(
      PaddedNonMaxSuppression op, Match<PaddedNonMaxSuppression> match, Formula to) {
    if (op.soft() && !isHard(match)) return soft(match, to);
    var most = to.reshape(to.cast(match.input(2), DataType.INT64));
    var found =
        to.op(
            new NonMaxSuppression(false),
            to.unsqueeze(match.input(0), 0),
            to.unsqueeze(match.input(1), 0, 1),
            most,
            justBelow(to.reshape(match.input(3)), to),
            to.reshape(match.input(4)));
    var boxes = to.gather(found, to.constant(TensorData.scalar(2L)), 1);
    var count = to.shape(boxes, 0, 1);
    var missing = to.concat(0, to.vector(0), to.sub(to.reshape(most, 1), count));
    var outputs = new ArrayList<Value>();
    outputs.add(to.cast(filled(boxes, missing, to), DataType.INT32));
    if (op.soft()) outputs.add(filled(to.gather(match.input(1), boxes, 0), missing, to));
    outputs.add(to.cast(to.reshape(count), DataType.INT32));
    return new Outcome.Replaced(outputs);
  }

  private static boolean isHard(Match<PaddedNonMaxSuppression> match) {
    return match.constant(5).filter(sigma -> sigma.isAll(0)).isPresent();
  }

  /// The next smaller float: ONNX suppresses what overlaps more than a threshold, TFLite also what
  /// overlaps just so.
  private static Value justBelow(Value threshold, Formula to) {
    return to.mul(threshold, to.scalar(threshold, Math.nextDown(1f)));
  }

  private static Outcome soft(Match<PaddedNonMaxSuppression> match, Formula to) {
    if (match.constant(5).isEmpty()) return left("whether scores decay is computed");
    var loop =
        SoftNms.of(
            match.input(0),
            match.input(1),
            to.reshape(match.input(3)),
            to.reshape(match.input(4)),
            to.reshape(match.input(5)));
    var inputs = new ArrayList<Value>();
    inputs.add(to.reshape(to.cast(match.input(2), DataType.INT64)));
    inputs.add(Value.ABSENT);
    inputs.add(match.input(1));
    inputs.addAll(loop.captured());
    var made = to.builder().add(loop.op(), inputs, 4, List.of(loop.body()));
    var count = to.reduce(Reduce.Kind.SUM, made.output(3), false, List.of(0));
    return new Outcome.Replaced(
        List.of(
            to.cast(made.output(1), DataType.INT32),
            made.output(2),
            to.cast(count, DataType.INT32)));
  }

  private static Value filled(Value vector, Value pads, Formula to) {
    return to.op(new Pad(Pad.Mode.CONSTANT), vector, pads, to.scalar(vector, 0));
  }

  // ---- a whole detector

  private static Outcome postProcess(
      DetectionPostProcess op, Match<DetectionPostProcess> match, Formula to) {
    var scores = match.input(1).shape();
    if (!scores.hasRank(3) || !scores.dim(2).isFixed() || !scores.dim(1).isFixed()) {
      return left("the number of boxes or classes is not known");
    }
    if (op.regularNms() && op.classes() < 1) return left("it has no classes");
    var boxes = decoded(op, match.node().inputs(), to);
    var each = scores(op, match.input(1), to);
    return new Outcome.Replaced(
        op.regularNms() ? regular(op, boxes, each, to) : fast(op, boxes, each, to));
  }

  /// `[B, classes]`, without the background that may come first.
  static Value scores(DetectionPostProcess op, Value scores, Formula to) {
    long columns = scores.shape().dim(2).fixed();
    return to.slice(real(to.squeeze(scores, 0), to), 1, columns - op.classes(), columns);
  }

  private static Value real(Value value, Formula to) {
    return to.cast(value, DataType.FLOAT32);
  }

  /// `[B, 4]`: centre and size by the anchors, then corners.
  static Value decoded(DetectionPostProcess op, List<Value> inputs, Formula to) {
    var codes = real(to.squeeze(inputs.get(0), 0), to);
    var anchors = real(inputs.get(2), to);
    var y = centre(codes, anchors, 0, op.yScale(), to);
    var x = centre(codes, anchors, 1, op.xScale(), to);
    var halfHeight = halfSize(codes, anchors, 2, op.heightScale(), to);
    var halfWidth = halfSize(codes, anchors, 3, op.widthScale(), to);
    return to.concat(
        1,
        to.sub(y, halfHeight),
        to.sub(x, halfWidth),
        to.add(y, halfHeight),
        to.add(x, halfWidth));
  }

  private static Value centre(Value codes, Value anchors, int i, float scale, Formula to) {
    var code = to.div(to.slice(codes, 1, i, i + 1), to.scalar(codes, scale));
    var extent = to.slice(anchors, 1, i + 2, i + 3);
    return to.add(to.mul(code, extent), to.slice(anchors, 1, i, i + 1));
  }

  private static Value halfSize(Value codes, Value anchors, int i, float scale, Formula to) {
    var code = to.div(to.slice(codes, 1, i, i + 1), to.scalar(codes, scale));
    var size = to.mul(to.unary(Unary.Kind.EXP, code), to.slice(anchors, 1, i, i + 1));
    return to.mul(size, to.scalar(size, 0.5));
  }

  /// ONNX keeps scores above the threshold, TFLite those not below it.
  private static Value threshold(DetectionPostProcess op, Formula to) {
    return to.constant(TensorData.scalar(Math.nextDown(op.scoreThreshold())));
  }

  private static Value suppressed(
      DetectionPostProcess op, Value boxes, Value scores, long most, Formula to) {
    return to.op(
        new NonMaxSuppression(false),
        to.unsqueeze(boxes, 0),
        scores,
        to.constant(TensorData.scalar(most)),
        to.constant(TensorData.scalar(op.iouThreshold())),
        threshold(op, to));
  }

  /// Boxes by the score of their best class; of each box that stays its best classes.
  private static List<Value> fast(DetectionPostProcess op, Value boxes, Value scores, Formula to) {
    var best = to.reduce(Reduce.Kind.MAX, scores, false, List.of(1));
    var found = suppressed(op, boxes, to.unsqueeze(best, 0, 1), op.maxDetections(), to);
    var kept = to.gather(found, to.constant(TensorData.scalar(2L)), 1);
    long perBox = Math.min(op.maxClassesPerDetection(), op.classes());
    var classes =
        to.builder()
            .add(
                new TopK(1, true, true, DataType.INT64),
                List.of(to.gather(scores, kept, 0), to.vector(perBox)),
                2,
                List.of());
    var rows = to.unsqueeze(to.gather(boxes, kept, 0), 1);
    var repeated = to.expand(rows, to.vector(1, perBox, 1));
    long missing = op.maxClassesPerDetection() - perBox;
    var named = to.cast(classes.output(1), DataType.FLOAT32);
    return outputs(
        op,
        to.shape(kept, 0, 1),
        to.reshape(behind(repeated, missing, to), -1, 4),
        to.reshape(behind(named, missing, to), -1),
        to.reshape(behind(classes.output(0), missing, to), -1),
        to);
  }

  /// Zeros behind the classes of each box, which has places for more.
  private static Value behind(Value x, long missing, Formula to) {
    if (missing == 0) return x;
    int rank = x.shape().rank();
    var pads = new long[2 * rank];
    pads[rank + 1] = missing;
    return filled(x, to.vector(pads), to);
  }

  /// Each class by itself, then the best of all.
  private static List<Value> regular(
      DetectionPostProcess op, Value boxes, Value scores, Formula to) {
    var byClass = to.unsqueeze(to.transpose(scores, 1, 0), 0);
    var found = suppressed(op, boxes, byClass, op.detectionsPerClass(), to);
    var at = to.slice(found, 1, 1, 3);
    var each = to.op(new GatherNd(0), to.squeeze(byClass, 0), at);
    var count = to.binary(Binary.Kind.MIN, to.shape(each, 0, 1), to.vector(op.maxDetections()));
    var best =
        to.builder()
            .add(new TopK(0, true, true, DataType.INT64), List.of(each, count), 2, List.of());
    var chosen = to.gather(found, best.output(1), 0);
    var rows = to.gather(boxes, to.gather(chosen, to.constant(TensorData.scalar(2L)), 1), 0);
    var classes =
        to.cast(to.gather(chosen, to.constant(TensorData.scalar(1L)), 1), DataType.FLOAT32);
    return outputs(op, count, rows, classes, best.output(0), to);
  }

  /// Filled up with zeros, and how many boxes were selected.
  private static List<Value> outputs(
      DetectionPostProcess op, Value count, Value boxes, Value classes, Value scores, Formula to) {
    long most = op.slots();
    var missing = to.sub(to.vector(most), to.shape(scores, 0, 1));
    var flat = to.concat(0, to.vector(0), missing);
    var rows = to.concat(0, to.vector(0, 0), missing, to.vector(0));
    return List.of(
        to.reshape(filled(boxes, rows, to), 1, most, 4),
        to.reshape(filled(classes, flat, to), 1, most),
        to.reshape(filled(scores, flat, to), 1, most),
        to.cast(count, DataType.FLOAT32));
  }
}
