package watari.api;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Arrays as NumPy saves them. Source: NumPy's NEP 1, versions 1 to 3.
final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;

  /// More than any header of an array of numbers has.
  private static final int MOST_HEADER_BYTES = 1 << 17;

  private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([<>|=])([a-zA-Z]\\d+)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");

  private Npy() {}

  /// @param name what findings call the array
  /// @throws ModelException if the bytes are no array of numbers
  static TensorData read(String name, byte[] bytes) {
    return read(name, MemorySegment.ofArray(bytes));
  }

  /// The array as a view of the bytes.
  static TensorData read(String name, MemorySegment file) {
    var head = file.asSlice(0, Math.min(file.byteSize(), MOST_HEADER_BYTES));
    var in = new ByteArrayInputStream(head.toArray(ValueLayout.JAVA_BYTE));
    try {
      var header = header(name, in);
      return header.tensor(name, file.asSlice(head.byteSize() - in.available()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads what stands before the elements, and leaves the stream there.
  static Header header(String name, InputStream in) throws IOException {
    var start = in.readNBytes(10);
    if (start.length < 10 || !startsWith(start, MAGIC)) throw broken(name, "it is not an .npy");
    int size = start[8] & 0xFF | (start[9] & 0xFF) << 8;
    if (start[6] > 1) {
      var more = in.readNBytes(2);
      if (more.length < 2) throw broken(name, "its header ends too early");
      size |= (more[0] & 0xFF) << 16 | (more[1] & 0xFF) << 24;
    }
    if (size < 0 || size > MOST_HEADER_BYTES) throw broken(name, "its header ends too early");
    var text = in.readNBytes(size);
    if (text.length < size) throw broken(name, "its header ends too early");
    return Header.of(name, new String(text, StandardCharsets.UTF_8));
  }

  /// What stands before the elements of an array.
  record Header(DataType dtype, boolean isSwapped, boolean isColumnMajor, List<Long> dims) {
    static Header of(String name, String text) {
      var descr = find(DESCR, text, name);
      boolean isColumnMajor = find(ORDER, text, name).group(1).equals("True");
      var dims = Npy.dims(find(SHAPE, text, name).group(1), name);
      return new Header(
          Npy.dtype(descr.group(2), name), descr.group(1).equals(">"), isColumnMajor, dims);
    }

    /// The same of some elements along the first axis.
    Header first(long count) {
      var some = new ArrayList<>(dims);
      some.set(0, count);
      return new Header(dtype, isSwapped, isColumnMajor, some);
    }

    TensorData tensor(String name, MemorySegment bytes) {
      var elements = isSwapped ? swapped(bytes, numberBytes(dtype)) : bytes;
      try {
        var shape = Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
        if (!isColumnMajor) return TensorData.of(dtype, shape, elements);
        var reversed = dims.reversed().stream().mapToLong(Long::longValue).toArray();
        var axes = IntStream.range(0, dims.size()).boxed().toList().reversed();
        return TensorData.of(dtype, Shape.of(reversed), elements).transposed(axes);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw broken(name, String.valueOf(e.getMessage()));
      }
    }
  }

  private static Matcher find(Pattern pattern, String header, String name) {
    var matcher = pattern.matcher(header);
    if (!matcher.find())
      throw broken(name, "its header '" + header.strip() + "' is not understood");
    return matcher;
  }

  private static List<Long> dims(String words, String name) {
    var dims = new ArrayList<Long>();
    for (var word : words.split(",")) {
      if (word.isBlank()) continue;
      try {
        dims.add(Long.parseLong(word.strip()));
      } catch (NumberFormatException _) {
        throw broken(name, "its shape is '" + words + "'");
      }
    }
    return dims;
  }

  private static MemorySegment swapped(MemorySegment bytes, int width) {
    var copy = bytes.toArray(ValueLayout.JAVA_BYTE);
    for (int at = 0; at + width <= copy.length; at += width) {
      for (int i = 0; i < width / 2; i++) {
        byte first = copy[at + i];
        copy[at + i] = copy[at + width - 1 - i];
        copy[at + width - 1 - i] = first;
      }
    }
    return MemorySegment.ofArray(copy);
  }

  private static int numberBytes(DataType dtype) {
    return dtype.isComplex() ? dtype.bits() / 16 : dtype.bits() / 8;
  }

  private static DataType dtype(String word, String name) {
    return switch (word) {
      case "f8" -> DataType.FLOAT64;
      case "f4" -> DataType.FLOAT32;
      case "f2" -> DataType.FLOAT16;
      case "i8" -> DataType.INT64;
      case "i4" -> DataType.INT32;
      case "i2" -> DataType.INT16;
      case "i1" -> DataType.INT8;
      case "u8" -> DataType.UINT64;
      case "u4" -> DataType.UINT32;
      case "u2" -> DataType.UINT16;
      case "u1" -> DataType.UINT8;
      case "b1" -> DataType.BOOL;
      case "c8" -> DataType.COMPLEX64;
      case "c16" -> DataType.COMPLEX128;
      default -> throw broken(name, "its elements are of type '" + word + "'");
    };
  }

  private static String word(DataType dtype) {
    return switch (dtype) {
      case FLOAT64 -> "<f8";
      case FLOAT32 -> "<f4";
      case FLOAT16 -> "<f2";
      case INT64 -> "<i8";
      case INT32 -> "<i4";
      case INT16 -> "<i2";
      case INT8 -> "|i1";
      case UINT64 -> "<u8";
      case UINT32 -> "<u4";
      case UINT16 -> "<u2";
      case UINT8 -> "|u1";
      case BOOL -> "|b1";
      case COMPLEX64 -> "<c8";
      case COMPLEX128 -> "<c16";
      default -> "";
    };
  }

  /// The array as NumPy saves it; of types that NumPy lacks, as float32.
  static byte[] write(TensorData data) throws IOException {
    if (!isKnown(data.dtype())) return write(data.cast(DataType.FLOAT32));
    var out = new ByteArrayOutputStream();
    out.write(head(data));
    try (var arena = Arena.ofConfined()) {
      out.write(data.packed(arena).toArray(ValueLayout.JAVA_BYTE));
    }
    return out.toByteArray();
  }

  /// Whether NumPy has a type.
  static boolean isKnown(DataType dtype) {
    return !word(dtype).isEmpty();
  }

  /// Writes a file, without holding the elements.
  static void write(Path file, TensorData data) throws IOException {
    try (var channel = FileChannel.open(file, CREATE_NEW, WRITE)) {
      var head = ByteBuffer.wrap(head(data));
      while (head.hasRemaining()) channel.write(head);
      data.writeTo(channel);
    }
  }

  private static byte[] head(TensorData data) throws IOException {
    var dims = data.shape().dims().stream().map(Object::toString).collect(Collectors.joining(", "));
    if (data.shape().rank() == 1) dims += ",";
    var header =
        new StringBuilder("{'descr': '")
            .append(word(data.dtype()))
            .append("', 'fortran_order': False, 'shape': (")
            .append(dims)
            .append("), }");
    int length = MAGIC.length + 4 + header.length() + 1;
    header.append(" ".repeat((ALIGNMENT - length % ALIGNMENT) % ALIGNMENT)).append('\n');
    var out = new ByteArrayOutputStream();
    out.write(MAGIC);
    out.write(new byte[] {1, 0, (byte) header.length(), (byte) (header.length() >> 8)});
    out.write(header.toString().getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  private static boolean startsWith(byte[] bytes, byte[] start) {
    for (int i = 0; i < start.length; i++) if (bytes[i] != start[i]) return false;
    return true;
  }

  static ModelException broken(String name, String why) {
    return new ModelException(Finding.error("DATA_BROKEN", "array '" + name + "': " + why));
  }
}
