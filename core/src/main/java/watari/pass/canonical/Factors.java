package watari.pass.canonical;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;

/// A product taken apart: one number, and the values that are multiplied.
///
/// Products, quotients by numbers, squares and small powers inside that nothing else uses are taken
/// apart, too.
final class Factors {
  private static final int MOST_FACTORS = 6;

  private double constant = 1;
  private final List<Value> values = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();

  private Factors() {}

  static Factors of(Value product) {
    var factors = new Factors();
    var stack = new ArrayDeque<Value>(List.of(product));
    boolean isTop = true;
    while (!stack.isEmpty()) {
      var value = stack.pop();
      boolean open = isTop || isFree(value) && factors.values.size() + stack.size() < MOST_FACTORS;
      if (!open || !factors.takeApart(value, stack)) factors.values.add(value);
      isTop = false;
    }
    return factors;
  }

  private static boolean isFree(Value value) {
    return value.uses().size() == 1
        && !value.type().isQuantized()
        && value.producer().filter(node -> !node.graph().isOutput(value)).isPresent();
  }

  private boolean takeApart(Value value, ArrayDeque<Value> stack) {
    var node = value.producer().orElse(null);
    if (node == null) return false;
    boolean apart =
        switch (node.op()) {
          case Binary(var kind) ->
              switch (kind) {
                case MUL -> times(node, stack);
                case DIV -> scaled(node.input(1), -1) && push(node.input(0), 1, stack);
                case POW -> power(node, stack);
                default -> false;
              };
          case Unary(var kind) ->
              switch (kind) {
                case SQUARE -> push(node.input(0), 2, stack);
                case NEG -> {
                  constant = -constant;
                  yield push(node.input(0), 1, stack);
                }
                default -> false;
              };
          default -> false;
        };
    if (apart) nodes.add(node);
    return apart;
  }

  private boolean times(Node node, ArrayDeque<Value> stack) {
    if (scaled(node.input(1), 1)) return push(node.input(0), 1, stack);
    if (scaled(node.input(0), 1)) return push(node.input(1), 1, stack);
    push(node.input(1), 1, stack);
    return push(node.input(0), 1, stack);
  }

  private boolean power(Node node, ArrayDeque<Value> stack) {
    var exponent = Constants.scalar(node.input(1));
    if (exponent.isEmpty()) return false;
    double times = exponent.getAsDouble();
    return (times == 2 || times == 3) && push(node.input(0), (int) times, stack);
  }

  private boolean scaled(Value by, int exponent) {
    var number = Constants.scalar(by);
    if (number.isEmpty() || number.getAsDouble() == 0) return false;
    constant *= exponent > 0 ? number.getAsDouble() : 1 / number.getAsDouble();
    return true;
  }

  private static boolean push(Value value, int times, ArrayDeque<Value> stack) {
    for (int i = 0; i < times; i++) stack.push(value);
    return true;
  }

  double constant() {
    return constant;
  }

  List<Value> values() {
    return values;
  }

  /// The nodes that were taken apart, the top one first.
  List<Node> nodes() {
    return nodes;
  }

  /// Whether these are the values, in any order, under that number.
  boolean are(double number, Value... wanted) {
    if (values.size() != wanted.length || values.isEmpty()) return false;
    if (!Constants.isNear(constant, number, values.get(0).dtype())) return false;
    var left = new ArrayList<>(values);
    for (var value : wanted) if (!left.remove(value)) return false;
    return true;
  }
}
