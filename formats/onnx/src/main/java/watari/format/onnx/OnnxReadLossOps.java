package watari.format.onnx;

import java.util.Optional;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.IndexOp.GatherElements;
import watari.op.NormOp.LogSoftmax;
import watari.op.ReduceOp.Reduce;

/// Losses by their parts.
///
/// Source: ONNX NegativeLogLikelihoodLoss-22, SoftmaxCrossEntropyLoss-13.
final class OnnxReadLossOps {
  private OnnxReadLossOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("NegativeLogLikelihoodLoss", n -> n.give(0, loss(n, n.in(0))))
        .on("SoftmaxCrossEntropyLoss", OnnxReadLossOps::softmaxCrossEntropy);
  }

  private static void softmaxCrossEntropy(OnnxReadNode n) {
    var scores = n.in(0);
    var logs = n.add(new LogSoftmax(1), scores);
    n.give(0, loss(n, logs));
    n.give(1, logs);
  }

  /// Of each sample less the log of the probability of its class, times the class's weight; of the
  /// class to ignore nothing.
  private static Value loss(OnnxReadNode n, Value logs) {
    var target = n.in(1);
    var isIgnored = ignored(n, target);
    var classes = target;
    if (isIgnored.isPresent()) {
      classes = n.select(isIgnored.get(), n.like(target, 0), target);
    }
    var column = n.unsqueeze(classes, 1);
    var picked = n.squeeze(n.add(new GatherElements(1), logs, column), 1);
    var losses = n.unary(Unary.Kind.NEG, picked);
    var weights = weights(n, classes, isIgnored, logs);
    if (weights.isPresent()) losses = n.times(losses, weights.get());
    return switch (n.text("reduction", "mean")) {
      case "none" -> losses;
      case "sum" -> n.add(new Reduce(Reduce.Kind.SUM, false), losses);
      default -> mean(n, losses, weights);
    };
  }

  private static Value mean(OnnxTerms n, Value losses, Optional<Value> weights) {
    if (weights.isEmpty()) return n.add(new Reduce(Reduce.Kind.MEAN, false), losses);
    var total = new Reduce(Reduce.Kind.SUM, false);
    return n.over(n.add(total, losses), n.add(total, weights.get()));
  }

  private static Optional<Value> ignored(OnnxReadNode n, Value target) {
    if (!n.hasAttribute("ignore_index")) return Optional.empty();
    return Optional.of(n.equal(target, n.like(target, n.integer("ignore_index", 0))));
  }

  private static Optional<Value> weights(
      OnnxReadNode n, Value classes, Optional<Value> isIgnored, Value logs) {
    Optional<Value> weights = Optional.empty();
    if (n.has(2)) weights = Optional.of(n.gather(n.in(2), classes, 0));
    if (isIgnored.isEmpty()) return weights;
    var none = n.like(logs, 0);
    var one = weights.orElseGet(() -> n.like(logs, 1));
    return Optional.of(n.select(isIgnored.get(), none, one));
  }
}
