package watari.format.tflite.legalize;

import java.util.List;
import watari.rewrite.Pass;

/// The stages that make a graph writable as TFLite.
public final class TfliteLegalize {
  private TfliteLegalize() {}

  public static List<Pass> decompose() {
    return List.of();
  }

  public static List<Pass> legalize() {
    return List.of();
  }
}
