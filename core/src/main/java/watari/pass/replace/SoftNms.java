package watari.pass.replace;

import java.util.List;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.Select;
import watari.op.ControlOp.Loop;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.Gather;
import watari.op.Op;
import watari.op.ReduceOp.ArgReduce;
import watari.op.ShapeOp.Range;
import watari.op.ShapeOp.ShapeOf;
import watari.op.ShapeOp.Unsqueeze;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Soft non-maximum suppression as a Loop: each turn takes the best box, then lets the scores of
/// the boxes that overlap it decay by `exp(-iou² / (2 · sigma))`.
///
/// Source: TFLite NON_MAX_SUPPRESSION_V5.
final class SoftNms {
  /// What a Loop node needs.
  ///
  /// @param captured what the body uses beside the carried scores
  record Parts(Op op, Graph body, List<Value> captured) {}

  private final GraphBuilder to = new GraphBuilder(new Graph("soft_nms"));

  private SoftNms() {}

  /// Body outputs: go on, the scores that are left, index (0 where none was taken), score, whether
  /// one was taken.
  static Parts of(
      Value boxes, Value scores, Value iouThreshold, Value scoreThreshold, Value sigma) {
    return new SoftNms().build(boxes, scores, iouThreshold, scoreThreshold, sigma);
  }

  private Parts build(
      Value boxes, Value scores, Value iouThreshold, Value scoreThreshold, Value sigma) {
    to.input("iteration", new TensorType(DataType.INT64, Shape.SCALAR));
    var condition = to.input("condition", new TensorType(DataType.BOOL, Shape.SCALAR));
    var left = to.input("scores", new TensorType(DataType.FLOAT32, scores.shape()));
    var all = to.input("boxes", new TensorType(DataType.FLOAT32, boxes.shape()));
    var scalar = new TensorType(DataType.FLOAT32, Shape.SCALAR);
    var mostOverlap = to.input("iou_threshold", scalar);
    var leastScore = to.input("score_threshold", scalar);
    var width = to.input("sigma", scalar);
    var best = to.add(new ArgReduce(true, 0, false, false, DataType.INT64), left);
    var score = to.add(new Gather(0, 0), left, best);
    var taken = binary(Binary.Kind.GREATER, score, leastScore);
    var decayed = decayed(left, all, best, mostOverlap, width);
    var graph = to.graph();
    graph.addOutput(to.add(new Identity(), condition));
    graph.addOutput(decayed);
    graph.addOutput(to.add(new Select(), taken, best, to.scalar(0L)));
    graph.addOutput(to.add(new Select(), taken, score, to.scalar(0f)));
    graph.addOutput(to.add(new Cast(DataType.INT64), taken));
    var captured = List.of(boxes, iouThreshold, scoreThreshold, sigma);
    return new Parts(new Loop(1, 3), graph, captured);
  }

  private Value decayed(Value scores, Value boxes, Value best, Value mostOverlap, Value width) {
    var iou = overlaps(boxes, best);
    var exponent =
        binary(
            Binary.Kind.DIV,
            binary(Binary.Kind.MUL, binary(Binary.Kind.MUL, iou, iou), to.scalar(-0.5f)),
            width);
    var kept = binary(Binary.Kind.MUL, scores, to.add(new Unary(Unary.Kind.EXP), exponent));
    var none = to.scalar(Float.NEGATIVE_INFINITY);
    var soft = to.add(new Select(), binary(Binary.Kind.LESS, iou, mostOverlap), kept, none);
    var count =
        to.add(new Gather(0, 0), to.add(new ShapeOf(DataType.INT64), scores), to.scalar(0L));
    var places = to.add(new Range(), to.scalar(0L), count, to.scalar(1L));
    return to.add(new Select(), binary(Binary.Kind.EQUAL, places, best), none, soft);
  }

  /// Of all boxes with one of them; 0 where one has no area.
  private Value overlaps(Value boxes, Value best) {
    var one = to.add(new Unsqueeze(), to.add(new Gather(0, 0), boxes, best), to.vector(0));
    var width = extent(boxes, one, 0);
    var height = extent(boxes, one, 1);
    var shared = binary(Binary.Kind.MUL, width, height);
    var area = area(boxes);
    var other = area(one);
    var union = binary(Binary.Kind.SUB, binary(Binary.Kind.ADD, area, other), shared);
    var iou = binary(Binary.Kind.DIV, shared, union);
    var zero = to.scalar(0f);
    var hasArea =
        binary(
            Binary.Kind.AND,
            binary(Binary.Kind.GREATER, area, zero),
            binary(Binary.Kind.GREATER, other, zero));
    return to.add(new Select(), hasArea, iou, zero);
  }

  private Value extent(Value boxes, Value one, int axis) {
    var begin = binary(Binary.Kind.MAX, low(boxes, axis), low(one, axis));
    var end = binary(Binary.Kind.MIN, high(boxes, axis), high(one, axis));
    return binary(Binary.Kind.MAX, binary(Binary.Kind.SUB, end, begin), to.scalar(0f));
  }

  private Value area(Value boxes) {
    return binary(
        Binary.Kind.MUL,
        binary(Binary.Kind.SUB, high(boxes, 0), low(boxes, 0)),
        binary(Binary.Kind.SUB, high(boxes, 1), low(boxes, 1)));
  }

  /// Any two opposite corners may be given.
  private Value low(Value boxes, int axis) {
    return binary(Binary.Kind.MIN, corner(boxes, axis), corner(boxes, axis + 2));
  }

  private Value high(Value boxes, int axis) {
    return binary(Binary.Kind.MAX, corner(boxes, axis), corner(boxes, axis + 2));
  }

  private Value corner(Value boxes, long i) {
    return to.add(new Gather(1, 0), boxes, to.scalar(i));
  }

  private Value binary(Binary.Kind kind, Value a, Value b) {
    return to.add(new Binary(kind), a, b);
  }
}
