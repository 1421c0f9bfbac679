package watari.format.tensorflow;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.TextFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.LargeFields;
import watari.format.ProtobufShape;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.TensorProto;
import watari.tensor.TensorData;

/// A file of TensorFlow: its records, and the elements of its constants where they lie.
///
/// @param message without the large fields of constants: ask [#data] for the elements of any
/// @param <M> the record that the file holds
record TensorflowFile<M extends Message>(M message, TensorflowElements elements) {
  /// Text of more bytes is no model that anybody writes as text.
  private static final long MOST_TEXT_BYTES = 1L << 28;

  /// Maps a GraphDef for as long as `arena` is open; text is read at once.
  ///
  /// @throws ModelException if it is neither
  static TensorflowFile<GraphDef> openGraph(Path path, Arena arena) throws IOException {
    var file = FileBytes.map(path, arena);
    return TensorflowSniffer.isText(head(file))
        ? text(path, file, GraphDef.newBuilder())
        : open(file, TensorflowShapes.GRAPH, GraphDef.parser());
  }

  private static byte[] head(FileBytes file) {
    var bytes = new byte[(int) Math.min(4096, file.size())];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) file.uint8(i);
    return bytes;
  }

  static <M extends Message> TensorflowFile<M> open(
      FileBytes file, ProtobufShape shape, Parser<M> parser) {
    var large = LargeFields.takeOut(file, shape);
    try {
      var message = parser.parseFrom(large.structure());
      return new TensorflowFile<>(message, new TensorflowElements(file, large.fields()));
    } catch (InvalidProtocolBufferException e) {
      throw file.broken(0, "the message that starts here is not TensorFlow's: " + e.getMessage());
    }
  }

  /// Fields that our schema does not know are passed over, of which protobuf would tell each.
  private static final Logger PROTOBUF = Logger.getLogger(TextFormat.class.getName());

  static {
    PROTOBUF.setLevel(Level.OFF);
  }

  @SuppressWarnings("unchecked") // a builder makes messages of its own type
  static <M extends Message> TensorflowFile<M> text(
      Path path, FileBytes file, Message.Builder builder) throws IOException {
    if (file.size() > MOST_TEXT_BYTES) {
      throw file.broken(MOST_TEXT_BYTES, "text of more than " + MOST_TEXT_BYTES + " bytes");
    }
    try {
      TextFormat.Parser.newBuilder()
          .setAllowUnknownFields(true)
          .build()
          .merge(Files.readString(path, StandardCharsets.ISO_8859_1), builder);
      return new TensorflowFile<>((M) builder.build(), new TensorflowElements(file, List.of()));
    } catch (TextFormat.ParseException e) {
      throw file.broken(0, "the text is not TensorFlow's: " + e.getMessage());
    }
  }

  TensorData data(TensorProto tensor) {
    return elements.of(tensor);
  }
}
