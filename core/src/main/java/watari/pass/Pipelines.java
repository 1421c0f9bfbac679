package watari.pass;

import java.util.List;
import watari.rewrite.Pass;

/// The pipelines, as lists of stages.
public final class Pipelines {
  private Pipelines() {}

  /// What every model goes through first: one form for each idiom.
  public static List<Pass> canonical() {
    return List.of();
  }
}
