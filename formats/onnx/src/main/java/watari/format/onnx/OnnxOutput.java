package watari.format.onnx;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.ByteSource;
import watari.format.LargeFields;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.TensorProto;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// An ONNX file to be: takes the tensors, then writes the model with their elements streamed into
/// it.
public final class OnnxOutput {
  /// Where the elements of initializers go.
  public enum Storage {
    /// Into the model; refused where it would pass what protobuf can parse.
    MODEL,
    /// Into a second file beside the model.
    BESIDE,
    /// Into the model where it stays below [#MAX_MODEL_BYTES], else beside it.
    BESIDE_IF_LARGE
  }

  /// Below the 2 GiB at which protobuf parsers stop.
  static final long MAX_MODEL_BYTES = 1_900_000_000L;

  private static final int MIN_STREAMED_BYTES = 1024;

  /// Elements that are not in their TensorProto.
  private record Streamed(int field, ByteSource bytes, boolean mayLieBeside) {
    ByteSource inModel() {
      return LargeFields.field(field, bytes);
    }

    ByteSource inTwoFiles(OnnxDataFile data) {
      return mayLieBeside ? data.add(bytes) : inModel();
    }
  }

  private final List<Streamed> streamed = new ArrayList<>();

  /// Starts with no tensors.
  public OnnxOutput() {}

  /// Starts with the tensors of a file: TensorProtos of its model can be written again as they are.
  public OnnxOutput(OnnxFile file) {
    for (var field : file.largeFields()) {
      boolean mayLieBeside = !OnnxNumbers.isOfVariableLength(field.number());
      streamed.add(new Streamed(field.number(), ByteSource.of(file.slice(field)), mayLieBeside));
    }
  }

  /// Adds the bytes of a tensor's `raw_data`; the marker of the first ones is 0.
  void stream(ByteSource bytes) {
    streamed.add(new Streamed(TensorProto.RAW_DATA_FIELD_NUMBER, bytes, true));
  }

  /// An initializer.
  public TensorProto initializer(String name, TensorData data) {
    return tensor(data, true).setName(name).build();
  }

  /// A tensor in an attribute; its elements always stay in the model.
  public TensorProto attribute(TensorData data) {
    return tensor(data, false).build();
  }

  private TensorProto.Builder tensor(TensorData data, boolean mayLieBeside) {
    var tensor = TensorProto.newBuilder().setDataType(OnnxTypes.number(data.dtype()));
    for (long dim : data.shape().fixedDims()) tensor.addDims(dim);
    if (data.dtype() == DataType.STRING) return addStrings(tensor, data);
    if (data.sizeBytes() < MIN_STREAMED_BYTES) return tensor.setRawData(bytes(data));
    streamed.add(
        new Streamed(TensorProto.RAW_DATA_FIELD_NUMBER, ByteSource.of(data), mayLieBeside));
    var marker = UnknownFieldSet.Field.newBuilder().addVarint(streamed.size() - 1L).build();
    return tensor.setUnknownFields(
        UnknownFieldSet.newBuilder().addField(LargeFields.MARKER, marker).build());
  }

  private static TensorProto.Builder addStrings(TensorProto.Builder tensor, TensorData data) {
    for (long i = 0; i < data.size(); i++) {
      tensor.addStringData(ByteString.copyFrom(data.bytesAt(i)));
    }
    return tensor;
  }

  private static ByteString bytes(TensorData data) {
    try (var arena = Arena.ofConfined()) {
      return ByteString.copyFrom(data.packed(arena).toArray(JAVA_BYTE));
    }
  }

  /// The model with all its elements in it.
  ///
  /// @param model its large tensors come from [#initializer] and [#attribute]
  public ByteSource inOneFile(ModelProto model) {
    return LargeFields.putIn(
        model.toByteArray(), OnnxShapes.MODEL, index -> streamed.get(index).inModel());
  }

  /// Writes a model.
  ///
  /// The file beside it, if there is one, has its name and `.data` behind it.
  ///
  /// @throws ModelException if it is to be one file and would be too large for that
  public void write(ModelProto model, Path path, Storage storage) throws IOException {
    var whole = inOneFile(model);
    boolean fits = whole.sizeBytes() <= MAX_MODEL_BYTES;
    if (storage == Storage.MODEL && !fits) throw tooLarge(path, whole.sizeBytes());
    if (storage == Storage.BESIDE || !fits) writeTwoFiles(model, path);
    else whole.writeTo(path);
  }

  private void writeTwoFiles(ModelProto model, Path path) throws IOException {
    var data = new OnnxDataFile(path.getFileName() + ".data");
    var references = new HashMap<Integer, ByteSource>();
    var rest =
        LargeFields.putIn(
            model.toByteArray(),
            OnnxShapes.MODEL,
            index -> references.computeIfAbsent(index, i -> streamed.get(i).inTwoFiles(data)));
    if (rest.sizeBytes() > MAX_MODEL_BYTES) throw tooLarge(path, rest.sizeBytes());
    data.bytes().writeTo(path.resolveSibling(path.getFileName() + ".data"));
    rest.writeTo(path);
  }

  private static ModelException tooLarge(Path path, long sizeBytes) {
    return new ModelException(
        Finding.error(
                "FILE_TOO_LARGE",
                "the model has %d bytes, but one ONNX file holds at most %d"
                    .formatted(sizeBytes, MAX_MODEL_BYTES))
            .inFile(path.toString())
            .fix("let the elements lie in a second file beside the model"));
  }
}
