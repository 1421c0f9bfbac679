package watari.format.tflite;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.tflite.schema.Model;
import watari.format.tflite.schema.Operator;

/// A TFLite file: its records, checked, and the bytes of its buffers where they lie.
public final class TfliteFile {
  private static final String IDENTIFIER = "TFL3";
  private static final int VERSION = 3;

  /// What a ByteBuffer can view; a flatbuffer ends at 2 GiB in any case.
  private static final int MAX_STRUCTURE_BYTES = Integer.MAX_VALUE - 8;

  /// Where LiteRT's writers put 0 or 1 although the bytes are in `data`.
  private static final long MIN_OFFSET = 2;

  private final FileBytes file;
  private final Model model;

  private TfliteFile(FileBytes file) {
    checkIdentifier(file);
    var structure = file.first(MAX_STRUCTURE_BYTES);
    TfliteVerifier.verify(structure, TfliteSchema.load());
    this.file = file;
    this.model = Model.getRootAsModel(structure.slice(0, structure.size()).asByteBuffer());
    checkVersion(file, model);
  }

  /// Maps a file for as long as `arena` is open.
  ///
  /// @throws ModelException if it is not a TFLite file of version 3, or broken
  public static TfliteFile open(Path path, Arena arena) throws IOException {
    return new TfliteFile(FileBytes.map(path, arena));
  }

  /// A file that is in memory already.
  ///
  /// @param name what findings call it
  public static TfliteFile of(String name, MemorySegment bytes) {
    return new TfliteFile(new FileBytes(name, bytes));
  }

  /// Whether a file that begins with these bytes says that it is TFLite.
  static boolean isTflite(byte[] head) {
    return head.length >= 8 && IDENTIFIER.equals(new String(head, 4, 4, ISO_8859_1));
  }

  private static void checkIdentifier(FileBytes file) {
    var head = file.slice(0, Math.min(8, file.size())).toArray(JAVA_BYTE);
    if (isTflite(head)) return;
    throw new ModelException(
        Finding.error("FORMAT_UNKNOWN", "bytes 4 to 7 are not '" + IDENTIFIER + "'")
            .inFile(file.name())
            .fix("check that this is a TFLite model and that its download was complete"));
  }

  private static void checkVersion(FileBytes file, Model model) {
    long version = model.version();
    if (version == VERSION) return;
    var age = version < VERSION ? "too old" : "too new";
    throw new ModelException(
        Finding.error(
                "FORMAT_VERSION",
                "schema version '%d' is %s, Watari reads %d".formatted(version, age, VERSION))
            .inFile(file.name()));
  }

  public Model model() {
    return model;
  }

  /// The bytes of the file.
  FileBytes bytes() {
    return file;
  }

  /// The bytes of a buffer of the model, whether they are in its record or behind all records; none
  /// for a buffer without data.
  ///
  /// @throws ModelException if there is no such buffer, or its bytes are not in the file
  public MemorySegment buffer(long index) {
    if (index < 0 || index >= model.buffersLength()) {
      var why = "the file has " + model.buffersLength() + " buffers, but number '%d' is used";
      throw new ModelException(
          Finding.error("FILE_BROKEN", why.formatted(index)).inFile(file.name()));
    }
    var buffer = Objects.requireNonNull(model.buffers((int) index));
    return buffer.offset() < MIN_OFFSET
        ? segment(buffer.dataAsByteBuffer())
        : file.slice(buffer.offset(), buffer.size());
  }

  /// The options of a custom operator, wherever they are.
  public MemorySegment customOptions(Operator operator) {
    return operator.largeCustomOptionsOffset() < MIN_OFFSET
        ? segment(operator.customOptionsAsByteBuffer())
        : file.slice(operator.largeCustomOptionsOffset(), operator.largeCustomOptionsSize());
  }

  private static MemorySegment segment(@Nullable ByteBuffer bytes) {
    return bytes == null ? MemorySegment.NULL : MemorySegment.ofBuffer(bytes);
  }
}
