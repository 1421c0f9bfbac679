package watari.pass.replace;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.DetectionOp.DetectionPostProcess;
import watari.op.DetectionOp.NonMaxSuppression;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp.Pad;
import watari.pass.fold.DeadCode;
import watari.pass.replace.DetectionHead.Named;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A detection head → what a user asks for in its place.
///
/// [Form#STRIP] ends the graph with all boxes and scores, [Form#FIXED_SIZE] fills what hangs on the
/// number of selected boxes up with zeros, [Form#TFLITE] gives the four outputs of
/// TFLite_Detection_PostProcess.
public final class ChangeDetection implements Pass {
  /// What becomes of a detection head.
  public enum Form {
    STRIP,
    FIXED_SIZE,
    TFLITE
  }

  private static final double SMALLEST_SIZE = 1e-30;

  private final Form form;

  public ChangeDetection(Form form) {
    this.form = form;
  }

  @Override
  public String name() {
    return "change-detection";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    for (var head : DetectionHead.of(graph, log)) {
      var refusal =
          switch (form) {
            case STRIP -> strip(head);
            case FIXED_SIZE -> fix(head, log);
            case TFLITE -> toTflite(head);
          };
      refusal.ifPresentOrElse(log::add, () -> log.fired(name()));
    }
    new DeadCode().run(graph, log);
  }

  // ---- all boxes and scores

  private static Optional<Finding> strip(DetectionHead head) {
    var node = head.node();
    var f = new Formula(GraphBuilder.before(node, inference(node.graph())));
    if (node.op() instanceof DetectionPostProcess op) {
      if (!node.input(1).shape().hasRank(3) || !node.input(1).shape().dim(2).isFixed()) {
        return head.refused("the number of its classes is not known");
      }
      var inputs = node.inputs().stream().map(input -> real(input, f)).toList();
      var boxes = f.unsqueeze(ReplaceDetection.decoded(op, inputs, f), 0);
      var scores = f.unsqueeze(ReplaceDetection.scores(op, inputs.get(1), f), 0);
      head.replaceOutputs(List.of(new Named("boxes", boxes), new Named("scores", scores)));
    } else {
      var boxes = node.input(0);
      var scores = node.input(1);
      head.replaceOutputs(
          List.of(new Named(boxes.name(), boxes), new Named(scores.name(), scores)));
    }
    return Optional.empty();
  }

  /// The numbers that a quantized value denotes.
  private static Value real(Value value, Formula f) {
    return value.type().isQuantized() ? f.op(new Convert(DataType.FLOAT32), value) : value;
  }

  private static Inference inference(Graph graph) {
    var inference = new Inference(graph);
    for (var node : graph) inference.remember(node);
    return inference;
  }

  // ---- fixed sizes

  private static Optional<Finding> fix(DetectionHead head, PassLog log) {
    var node = head.node();
    if (!(node.op() instanceof NonMaxSuppression)) return Optional.empty();
    var most = most(node);
    if (most.isEmpty()) return head.refused("the number of boxes that it selects has no limit");
    var count = node.output(0).shape().dim(0);
    var graph = node.graph();
    var f = new Formula(new GraphBuilder(graph).from(node.origins()));
    var outputs = new ArrayList<Named>();
    for (int i : head.outputs()) {
      var filled = filled(graph.outputs().get(i), count, most.get(), f);
      if (filled.isEmpty()) {
        return head.refused(
            "output '%s' has shape %s, of which not all is known"
                .formatted(graph.outputNames().get(i), graph.outputs().get(i).shape()));
      }
      outputs.add(new Named(graph.outputNames().get(i) + "_filled", filled.get()));
    }
    var number = f.cast(f.dim(node.output(0), 0), DataType.INT32);
    outputs.add(new Named("num_detections", number));
    head.replaceOutputs(outputs);
    log.add(
        Finding.note(
            "NMS_FILLED",
            "outputs have %d places for detections; unused ones are 0".formatted(most.get())));
    return Optional.empty();
  }

  /// How many boxes are selected at most.
  private static Optional<Long> most(Node node) {
    var scores = node.input(1).shape();
    var each = node.input(2).isPresent() ? node.input(2).constant() : Optional.<TensorData>empty();
    if (each.isEmpty() || !scores.hasRank(3) || !scores.isFixed()) return Optional.empty();
    long perClass = Math.min(each.get().longAt(0), scores.dim(2).fixed());
    return Optional.of(scores.dim(0).fixed() * scores.dim(1).fixed() * perClass);
  }

  /// The value with the dim that hangs on the count filled up; empty where another is not known.
  private static Optional<Value> filled(Value value, Dim count, long most, Formula f) {
    var shape = value.shape();
    if (!shape.isRanked()) return Optional.empty();
    var dims = new ArrayList<Dim>();
    Value pads = f.vector(new long[shape.rank()]);
    for (int i = 0; i < shape.rank(); i++) {
      boolean isCount = shape.dim(i).equals(count);
      if (!isCount && !shape.dim(i).isFixed()) return Optional.empty();
      dims.add(isCount ? Dim.of(most) : shape.dim(i));
      var missing = isCount ? f.sub(f.vector(most), f.dim(value, i)) : f.vector(0);
      pads = f.concat(0, pads, missing);
    }
    if (shape.isFixed()) return Optional.of(value);
    var filled = f.op(new Pad(Pad.Mode.CONSTANT), value, pads, f.scalar(value, 0));
    return Optional.of(f.reshape(filled, Shape.of(dims)));
  }

  // ---- TFLite's own operator

  private static Optional<Finding> toTflite(DetectionHead head) {
    var node = head.node();
    if (node.op() instanceof DetectionPostProcess) return Optional.empty();
    if (node.op() instanceof PaddedNonMaxSuppression) {
      return head.refused("it suppresses boxes of one class, and says no classes");
    }
    var most = most(node);
    if (most.isEmpty() || !node.input(1).shape().dim(0).is(1)) {
      return head.refused("it works on more than one image, or its limits are computed");
    }
    var overlap = constant(node, 3, 0);
    var least = constant(node, 4, -Float.MAX_VALUE);
    if (overlap.isEmpty() || least.isEmpty()) return head.refused("its thresholds are computed");
    long classes = node.input(1).shape().dim(1).fixed();
    var op =
        new DetectionPostProcess(
            Math.toIntExact(most.get()),
            1,
            Math.toIntExact(most.get() / classes),
            /* regularNms= */ true,
            Math.nextUp(least.get()),
            overlap.get(),
            Math.toIntExact(classes),
            1,
            1,
            1,
            1);
    var f = new Formula(GraphBuilder.before(node, inference(node.graph())));
    var scores = f.transpose(real(node.input(1), f), 0, 2, 1);
    var made = f.builder().add(op, List.of(codes(node, f), scores, anchors(node, f)), 4, List.of());
    head.replaceOutputs(
        List.of(
            new Named("detection_boxes", made.output(0)),
            new Named("detection_classes", made.output(1)),
            new Named("detection_scores", made.output(2)),
            new Named("num_detections", made.output(3))));
    return Optional.empty();
  }

  private static Optional<Float> constant(Node node, int input, float otherwise) {
    if (!node.input(input).isPresent()) return Optional.of(otherwise);
    return node.input(input).constant().map(data -> (float) data.doubleAt(0));
  }

  /// Centre, and logarithm of the size: `[1, B, 4]`.
  private static Value codes(Node node, Formula f) {
    var boxes = real(node.input(0), f);
    var columns = new Value[4];
    for (int i = 0; i < 4; i++) columns[i] = f.slice(boxes, 2, i, i + 1);
    boolean isCentred = ((NonMaxSuppression) node.op()).centerPointBox();
    var parts = new ArrayList<Value>();
    for (int i = 1; i >= 0; i--) {
      var from = columns[isCentred ? i : 1 - i];
      var to = columns[isCentred ? i + 2 : 3 - i];
      parts.add(isCentred ? from : f.mul(f.add(from, to), 0.5));
    }
    for (int i = 1; i >= 0; i--) {
      var from = columns[isCentred ? i : 1 - i];
      var to = columns[isCentred ? i + 2 : 3 - i];
      var size = isCentred ? to : f.abs(f.sub(to, from));
      parts.add(f.log(f.max(size, SMALLEST_SIZE)));
    }
    return f.concat(2, parts);
  }

  /// Anchors that leave codes as they are.
  private static Value anchors(Node node, Formula f) {
    long count = node.input(0).shape().dim(1).fixed();
    var rows = new float[Math.toIntExact(4 * count)];
    for (int i = 0; i < rows.length; i++) rows[i] = i % 4 < 2 ? 0 : 1;
    return f.constant(TensorData.ofFloats(Shape.of(count, 4), rows));
  }
}
