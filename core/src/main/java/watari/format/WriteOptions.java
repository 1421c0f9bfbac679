package watari.format;

/// What a user may say about writing.
///
/// @param opset ONNX opset, or 0 for the default
/// @param externalData weights beside the model, also where they would fit inside
/// @param stem name of the result without suffixes, for side files
/// @param producer name and version of this program, as metadata says it
/// @param weightsAsVariables weights that can be trained, where the format has such
public record WriteOptions(
    int opset, boolean externalData, String stem, String producer, boolean weightsAsVariables) {
  public WriteOptions(int opset, boolean externalData, String stem, String producer) {
    this(opset, externalData, stem, producer, false);
  }

  public static WriteOptions of(String stem) {
    return new WriteOptions(0, false, stem, "watari");
  }
}
