package watari.format.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.LargeFields;
import watari.format.ReadOptions;
import watari.format.Varints;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.TensorProto;
import watari.tensor.TensorData;

/// An ONNX file: its records, and the elements of its tensors where they lie.
///
/// Large fields of tensors are not in [#model] (`hasRawData()` is false, `getFloatDataCount()` 0):
/// ask [#data] for the elements of any tensor.
public final class OnnxFile {
  private final FileBytes file;
  private final LargeFields large;
  private final ModelProto model;
  private final OnnxElements elements;
  private final OnnxExternalData external;

  private OnnxFile(FileBytes file, OnnxExternalData external, Arena arena) {
    this.external = external;
    this.file = file;
    this.large = LargeFields.takeOut(file, OnnxShapes.MODEL);
    this.model = parse(file, large.structure());
    this.elements = new OnnxElements(file, large.fields(), external, arena);
  }

  /// Maps a file for as long as `arena` is open.
  ///
  /// @throws ModelException if it is not a well-formed protobuf message of ONNX
  public static OnnxFile open(Path path, Arena arena) throws IOException {
    return open(path, ReadOptions.DEFAULT, arena);
  }

  /// The same, with what the user says about where the weights are.
  static OnnxFile open(Path path, ReadOptions options, Arena arena) throws IOException {
    var external = new OnnxExternalData(path, options.weightsFile(), arena);
    return new OnnxFile(FileBytes.map(path, arena), external, arena);
  }

  /// Whether any of the tensors asked for so far had its elements in another file.
  boolean hasExternalData() {
    return external.isUsed();
  }

  private static ModelProto parse(FileBytes file, byte[] structure) {
    try {
      return ModelProto.parseFrom(structure);
    } catch (InvalidProtocolBufferException e) {
      throw file.broken(0, "the message that starts here is not ONNX: " + e.getMessage());
    }
  }

  public ModelProto model() {
    return model;
  }

  /// The elements of a tensor of this file, wherever it keeps them; views of mapped files wherever
  /// they are packed there.
  ///
  /// @throws ModelException if they do not fit the tensor's type and shape, or cannot be reached
  public TensorData data(TensorProto tensor) {
    return elements.of(tensor);
  }

  /// The fields that are not in [#model], by the values of their markers.
  List<LargeFields.Field> largeFields() {
    return large.fields();
  }

  MemorySegment slice(LargeFields.Field field) {
    return file.slice(field.offset(), field.sizeBytes());
  }

  /// The numbers of variable length in a field.
  Varints varints(LargeFields.Field field) {
    return new Varints(file, field.offset(), field.offset() + field.sizeBytes());
  }

  /// The size of the file.
  public long sizeBytes() {
    return file.size();
  }
}
