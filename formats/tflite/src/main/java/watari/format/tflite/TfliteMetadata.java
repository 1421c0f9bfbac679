package watari.format.tflite;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Objects;
import watari.graph.Metadata;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What a TFLite file says of itself.
final class TfliteMetadata {
  private TfliteMetadata() {}

  static Metadata read(TfliteFile file, Path path) throws IOException {
    var model = file.model();
    var attachments = new ArrayList<Metadata.Attachment>();
    var producer = "";
    for (int i = 0; i < model.metadataLength(); i++) {
      var entry = Objects.requireNonNull(model.metadata(i));
      var bytes = file.buffer(entry.buffer());
      var name = entry.name() == null ? "" : entry.name();
      if (name.equals(TfliteAttachments.PRODUCER)) producer = text(bytes);
      else attachments.add(attachment(TfliteAttachments.BUFFER, name, bytes));
    }
    TfliteAssociatedFiles.read(path)
        .forEach((name, bytes) ->
            attachments.add(
                attachment(TfliteAttachments.FILE, name, MemorySegment.ofArray(bytes))));
    var description = model.description() == null ? "" : model.description();
    return new Metadata(producer, description, "", Map.of(), attachments);
  }

  private static String text(MemorySegment bytes) {
    return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  private static Metadata.Attachment attachment(String kind, String name, MemorySegment bytes) {
    var data = TensorData.of(DataType.UINT8, Shape.of(bytes.byteSize()), bytes);
    return new Metadata.Attachment(kind, name, data);
  }
}
