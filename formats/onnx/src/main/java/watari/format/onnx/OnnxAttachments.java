package watari.format.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import watari.graph.Metadata.Attachment;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Files attached to models of other formats, such as labels: texts among them are properties named
/// by their kind and name, `tflite.file/labels.txt`, and become files again.
final class OnnxAttachments {
  private static final Pattern KEY = Pattern.compile("([a-z_]+\\.file)/(.+)", Pattern.DOTALL);
  private static final int MOST_BYTES = 1 << 20;

  private OnnxAttachments() {}

  /// The property of an attachment; empty where it is no text.
  static Optional<Map.Entry<String, String>> property(Attachment attachment) {
    var key = attachment.kind() + "/" + attachment.name();
    if (!KEY.matcher(key).matches()) return Optional.empty();
    return text(attachment.bytes()).map(text -> Map.entry(key, text));
  }

  private static Optional<String> text(TensorData data) {
    if (data.sizeBytes() > MOST_BYTES) return Optional.empty();
    var bytes = new byte[Math.toIntExact(data.sizeBytes())];
    data.copyTo(0, bytes.length, MemorySegment.ofArray(bytes));
    try {
      var text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      boolean isText = text.chars().noneMatch(c -> c < ' ' && !Character.isWhitespace(c));
      return isText ? Optional.of(text) : Optional.empty();
    } catch (CharacterCodingException _) {
      return Optional.empty();
    }
  }

  /// Takes the properties that are files out of `properties`.
  static List<Attachment> take(Map<String, String> properties) {
    var files = new ArrayList<Attachment>();
    properties
        .entrySet()
        .removeIf(each -> {
          var key = KEY.matcher(each.getKey());
          if (!key.matches()) return false;
          var bytes = MemorySegment.ofArray(each.getValue().getBytes(UTF_8));
          var data = TensorData.of(DataType.UINT8, Shape.of(bytes.byteSize()), bytes);
          files.add(new Attachment(key.group(1), key.group(2), data));
          return true;
        });
    return files;
  }
}
