package watari.format.openvino;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import watari.format.FileBytes;
import watari.format.ReadOptions;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The file of weights beside an IR; constants are views of it.
///
/// It is opened when the first constant asks for it: nets without constants need none.
final class OpenvinoWeights {
  private final Path file;
  private final Arena arena;
  private final boolean isGiven;
  private Optional<FileBytes> bytes = Optional.empty();

  private OpenvinoWeights(Path file, Arena arena, boolean isGiven) {
    this.file = file;
    this.arena = arena;
    this.isGiven = isGiven;
  }

  /// The weights that a user names, or else those beside the XML.
  static OpenvinoWeights of(Path xml, ReadOptions options, Arena arena) throws IOException {
    var given = options.weights();
    if (given.isPresent() && !Files.isRegularFile(given.get())) {
      throw new NoSuchFileException(given.get().toString());
    }
    var name = OpenvinoFormat.weightsName(String.valueOf(xml.getFileName()));
    return new OpenvinoWeights(given.orElse(xml.resolveSibling(name)), arena, given.isPresent());
  }

  /// The bytes of a constant.
  ///
  /// @throws OpenvinoRefusal if the file is not there, or ends before them
  MemorySegment slice(long offset, long size) {
    if (size == 0) return MemorySegment.ofArray(new byte[0]);
    var all = bytes();
    if (offset < 0 || size < 0 || offset > all.size() || size > all.size() - offset) {
      throw new OpenvinoRefusal(
          "TENSOR_BROKEN",
          "its %d bytes at offset %d lie outside of '%s', which has %d"
              .formatted(size, offset, file.getFileName(), all.size()),
          "copy the .bin that belongs to this .xml, or name it with --weights-file");
    }
    return all.slice(offset, size);
  }

  private FileBytes bytes() {
    if (bytes.isEmpty()) bytes = Optional.of(open());
    return bytes.get();
  }

  private FileBytes open() {
    try {
      return FileBytes.map(file, arena);
    } catch (IOException e) {
      var what = isGiven ? "cannot be read" : "does not stand beside the .xml";
      throw new OpenvinoRefusal(
          "WEIGHTS_MISSING",
          "its file of weights, '" + file.getFileName() + "', " + what + " (" + kind(e) + ")",
          "put the .bin beside the .xml, or name it with --weights-file");
    }
  }

  private static String kind(IOException e) {
    return e instanceof NoSuchFileException ? "no such file" : String.valueOf(e.getMessage());
  }

  /// A constant.
  TensorData data(DataType dtype, Shape shape, long offset, long size) {
    if (dtype == DataType.STRING) return strings(shape, offset, size);
    long expected = sizeBytes(dtype, shape);
    if (size < expected) {
      throw new OpenvinoRefusal(
          "TENSOR_BROKEN",
          "it has %d bytes, but %s%s needs %d".formatted(size, dtype, shape, expected),
          "correct shape, element_type or size of the constant");
    }
    return TensorData.of(dtype, shape, slice(offset, expected));
  }

  private static long sizeBytes(DataType dtype, Shape shape) {
    try {
      long elements = 1;
      for (long dim : shape.fixedDims()) elements = Math.multiplyExact(elements, dim);
      return dtype.sizeBytes(elements);
    } catch (ArithmeticException _) {
      throw new OpenvinoRefusal(
          "TENSOR_BROKEN",
          "shape '" + shape + "' has more elements than can be counted",
          "correct the shape of the constant");
    }
  }

  /// Strings: their number, where each begins and the last ends, their bytes.
  private TensorData strings(Shape shape, long offset, long size) {
    var packed = new FileBytes(file.toString(), slice(offset, size));
    long count = packed.uint32(0);
    if (!shape.elements().is(count) || count > size / 4) {
      throw new OpenvinoRefusal(
          "TENSOR_BROKEN",
          "it has " + count + " strings, but shape '" + shape + "'",
          "correct the shape of the constant");
    }
    var texts = new ArrayList<byte[]>();
    long start = 4 * (count + 2);
    for (long i = 0; i < count; i++) {
      long from = packed.uint32(4 * (i + 1));
      long to = packed.uint32(4 * (i + 2));
      if (to < from) throw packed.broken(4 * (i + 2), "a string ends before it begins");
      var bytes = packed.slice(start + from, to - from);
      texts.add(bytes.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    }
    return TensorData.ofStrings(shape, texts);
  }

  /// Text as bytes, as attributes are kept.
  static TensorData text(String text) {
    var bytes = text.getBytes(UTF_8);
    return TensorData.of(DataType.UINT8, Shape.of(bytes.length), MemorySegment.ofArray(bytes));
  }
}
