package watari.api;

import java.nio.file.Path;
import java.util.Set;

/// Where and how results are written.
///
/// @param folder for all results; made if it is not there
/// @param force whether results of other programs are replaced, too
/// @param opset ONNX opset, or 0 for the default
/// @param externalData ONNX weights in a file beside the model
/// @param weightsAs `constants` or `variables` of a SavedModel; empty for the default, constants
public record WriteSettings(
    Path folder, boolean force, int opset, boolean externalData, String weightsAs) {
  private static final String CONSTANTS = "constants";
  static final String VARIABLES = "variables";

  public WriteSettings {
    if (!Set.of("", CONSTANTS, VARIABLES).contains(weightsAs)) {
      throw new UsageException(
          "weights are written as '"
              + CONSTANTS
              + "' or '"
              + VARIABLES
              + "', not '"
              + weightsAs
              + "'");
    }
  }

  public WriteSettings(Path folder, boolean force, int opset, boolean externalData) {
    this(folder, force, opset, externalData, "");
  }

  public static WriteSettings into(Path folder) {
    return new WriteSettings(folder, false, 0, false);
  }
}
