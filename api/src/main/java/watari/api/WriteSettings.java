package watari.api;

import java.nio.file.Path;

/// Where and how results are written.
///
/// @param folder for all results; made if it is not there
/// @param force whether results of other programs are replaced, too
/// @param opset ONNX opset, or 0 for the default
/// @param externalData ONNX weights in a file beside the model
public record WriteSettings(Path folder, boolean force, int opset, boolean externalData) {
  public static WriteSettings into(Path folder) {
    return new WriteSettings(folder, false, 0, false);
  }
}
