package watari.format.tflite;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.graph.Metadata;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What a TFLite file says of itself.
///
/// Source: TFLite Metadata, metadata_schema.fbs 1.5 (ModelMetadata: name, description, version,
/// subgraph_metadata, author, license).
final class TfliteMetadata {
  static final String STANDARD = "TFLITE_METADATA";

  /// Fields of ModelMetadata that are texts, by their slots.
  static final List<String> TEXTS = List.of("name", "description", "version", "", "author");

  private static final int LICENSE_SLOT = 5;
  private static final int SLOTS = 8;
  private static final String IDENTIFIER = "M001";

  /// Buffers that say how the file was made, not what the model is.
  private static final Set<String> ABOUT_FILE =
      Set.of("min_runtime_version", "CONVERSION_METADATA", "reduced_precision_support");

  private TfliteMetadata() {}

  static Metadata read(TfliteFile file, Path path) throws IOException {
    var model = file.model();
    var attachments = new ArrayList<Metadata.Attachment>();
    var properties = new LinkedHashMap<String, String>();
    var producer = "";
    var license = "";
    for (int i = 0; i < model.metadataLength(); i++) {
      var entry = Objects.requireNonNull(model.metadata(i));
      var bytes = file.buffer(entry.buffer());
      var name = Objects.requireNonNullElse(entry.name(), "");
      if (name.equals(TfliteAttachments.PRODUCER)) {
        producer = text(bytes);
      } else if (name.startsWith(TfliteAttachments.PROPERTY)) {
        properties.put(name.substring(TfliteAttachments.PROPERTY.length()), text(bytes));
      } else {
        attachments.add(attachment(kind(name), name, bytes));
      }
      if (name.equals(STANDARD)) license = standard(bytes, properties);
    }
    TfliteAssociatedFiles.read(path)
        .forEach((name, bytes) ->
            attachments.add(
                attachment(TfliteAttachments.FILE, name, MemorySegment.ofArray(bytes))));
    var description = Objects.requireNonNullElse(model.description(), "");
    return new Metadata(producer, description, license, properties, attachments);
  }

  private static String kind(String name) {
    return ABOUT_FILE.contains(name)
        ? TfliteAttachments.BUFFER_ABOUT_FILE
        : TfliteAttachments.BUFFER;
  }

  /// The standard metadata of a model that has none yet; empty where it has nothing to say.
  static byte[] standard(Metadata metadata) {
    var builder = new FlatBufferBuilder();
    var offsets = new int[SLOTS];
    for (int slot = 0; slot < TEXTS.size(); slot++) {
      var text = metadata.properties().getOrDefault(TEXTS.get(slot), "");
      if (!text.isEmpty()) offsets[slot] = builder.createString(text);
    }
    if (!metadata.license().isEmpty()) {
      offsets[LICENSE_SLOT] = builder.createString(metadata.license());
    }
    if (Arrays.stream(offsets).allMatch(offset -> offset == 0)) return new byte[0];
    builder.startTable(SLOTS);
    for (int slot = 0; slot < SLOTS; slot++) builder.addOffset(slot, offsets[slot], 0);
    builder.finish(builder.endTable(), IDENTIFIER);
    return builder.sizedByteArray();
  }

  /// Puts the texts of the standard metadata into `properties` and gives the license; what is
  /// broken in it is left out.
  private static String standard(MemorySegment bytes, Map<String, String> properties) {
    try {
      var root = FlatTable.root(new FileBytes(STANDARD, bytes));
      for (int slot = 0; slot < TEXTS.size(); slot++) {
        var text = text(root, slot);
        if (!TEXTS.get(slot).isEmpty() && !text.isEmpty()) properties.put(TEXTS.get(slot), text);
      }
      return text(root, LICENSE_SLOT);
    } catch (ModelException _) {
      return "";
    }
  }

  private static String text(FlatTable table, int slot) {
    long field = table.field(slot);
    if (field == 0) return "";
    long at = FlatTable.target(table.file(), field);
    return text(table.file().slice(at + 4, table.file().uint32(at)));
  }

  private static String text(MemorySegment bytes) {
    return new String(bytes.toArray(JAVA_BYTE), UTF_8);
  }

  private static Metadata.Attachment attachment(String kind, String name, MemorySegment bytes) {
    var data = TensorData.of(DataType.UINT8, Shape.of(bytes.byteSize()), bytes);
    return new Metadata.Attachment(kind, name, data);
  }
}
