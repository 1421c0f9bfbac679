package watari.format.tflite.legalize;

import watari.op.BinaryOp.Binary;

/// How many axes LiteRT's kernels broadcast over at most.
public final class BroadcastLimits {
  public static final int SELECT = 5;

  private BroadcastLimits() {}

  public static int of(Binary.Kind kind) {
    return switch (kind) {
      case ADD, MUL, SUB -> 6;
      case DIV, MAX, MIN -> 5;
      default -> 4;
    };
  }
}
