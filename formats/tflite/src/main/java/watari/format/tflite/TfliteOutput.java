package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import watari.format.ByteSource;
import watari.format.FileBytes;
import watari.format.tflite.schema.Buffer;
import watari.tensor.TensorData;

/// A TFLite file to be: takes the bytes of buffers, then puts them behind the records.
///
/// ```java
/// var output = new TfliteOutput();
/// int buffer = output.add(weights); // for Tensor.buffer
/// int buffers = output.buffers(builder); // for Model.buffers, when all have been added
/// output.finish(builder, model).writeTo(path);
/// ```
///
/// Up to 1.9 GB the bytes are vectors of the flatbuffer, which the records refer to. Beyond, large
/// ones lie outside of it, at `Buffer.offset`: a flatbuffer ends at 2 GiB.
public final class TfliteOutput {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final String IDENTIFIER = "TFL3";
  private static final int LENGTH_BYTES = 4;
  private static final int ALIGNMENT = 64;
  private static final long MAX_FLATBUFFER_BYTES = 1_900_000_000L;

  /// LiteRT takes no single byte from outside, and small buffers are better together.
  private static final long MIN_OUTSIDE_BYTES = 4096;

  private static final int DATA = 0;
  private static final int OFFSET = 1;
  private static final int SIZE = 2;
  private static final int MODEL_BUFFERS = 4;

  private static final ByteSource NONE = ByteSource.of(new byte[0]);

  private final long maxFlatbufferBytes;
  private final List<ByteSource> buffers = new ArrayList<>(List.of(NONE));
  private final Map<Object, Integer> known = new IdentityHashMap<>();
  private long payloadBytes;

  /// Begins with buffer 0, which never has data.
  public TfliteOutput() {
    this(MAX_FLATBUFFER_BYTES);
  }

  /// Begins with no buffer: those of another file come with their numbers.
  static TfliteOutput withoutBuffers() {
    var output = new TfliteOutput();
    output.buffers.clear();
    return output;
  }

  TfliteOutput(long maxFlatbufferBytes) {
    this.maxFlatbufferBytes = maxFlatbufferBytes;
  }

  /// Adds a buffer with the packed elements of a tensor, and returns its index. The same object
  /// gets the same one again.
  public int add(TensorData elements) {
    return known.computeIfAbsent(elements, _ -> add(TfliteStrings.pack(elements)));
  }

  /// Adds a buffer, and returns its index.
  public int add(ByteSource bytes) {
    buffers.add(bytes);
    payloadBytes += bytes.sizeBytes() + ALIGNMENT;
    return buffers.size() - 1;
  }

  /// Adds a buffer without data, and returns its index.
  public int addWithoutData() {
    buffers.add(NONE);
    return buffers.size() - 1;
  }

  /// Builds the records of the buffers; what they refer to is filled in by [#finish].
  public int buffers(FlatBufferBuilder builder) {
    var offsets = new int[buffers.size()];
    for (int i = 0; i < offsets.length; i++) {
      var bytes = buffers.get(i);
      Buffer.startBuffer(builder);
      if (isOutside(bytes)) {
        Buffer.addOffset(builder, Long.MAX_VALUE);
        Buffer.addSize(builder, Long.MAX_VALUE);
      } else if (bytes != NONE) {
        builder.addInt(DATA, Integer.MAX_VALUE, 0);
      }
      offsets[i] = Buffer.endBuffer(builder);
    }
    return builder.createVectorOfTables(offsets);
  }

  private boolean isOutside(ByteSource bytes) {
    return payloadBytes > maxFlatbufferBytes && bytes.sizeBytes() >= MIN_OUTSIDE_BYTES;
  }

  /// The whole file.
  ///
  /// @param builder has built the records, with [#buffers] among them
  /// @param model offset of the Model in it
  public ByteSource finish(FlatBufferBuilder builder, int model) {
    builder.finish(model, IDENTIFIER);
    return new Layout(builder.sizedByteArray()).file();
  }

  /// Puts the buffers behind the records: those that belong to the flatbuffer first.
  private final class Layout {
    private final MemorySegment records;
    private final FileBytes file;
    private final List<ByteSource> parts = new ArrayList<>();
    private long sizeBytes;

    Layout(byte[] bytes) {
      records = MemorySegment.ofArray(bytes);
      file = new FileBytes("records", records);
      append(ByteSource.of(records));
    }

    ByteSource file() {
      long vector = FlatTable.target(file, FlatTable.root(file).field(MODEL_BUFFERS));
      for (int i = 0; i < buffers.size(); i++) {
        var bytes = buffers.get(i);
        if (bytes != NONE && !isOutside(bytes)) appendInside(record(vector, i), bytes);
      }
      for (int i = 0; i < buffers.size(); i++) {
        if (isOutside(buffers.get(i))) appendOutside(record(vector, i), buffers.get(i));
      }
      return ByteSource.of(parts);
    }

    private FlatTable record(long vector, int index) {
      long reference = vector + LENGTH_BYTES + (long) LENGTH_BYTES * index;
      return new FlatTable(file, FlatTable.target(file, reference));
    }

    private void appendInside(FlatTable buffer, ByteSource bytes) {
      pad(LENGTH_BYTES);
      long reference = buffer.field(DATA);
      records.set(INT, reference, Math.toIntExact(sizeBytes - reference));
      var length = new byte[LENGTH_BYTES];
      MemorySegment.ofArray(length).set(INT, 0, Math.toIntExact(bytes.sizeBytes()));
      append(ByteSource.of(length));
      append(bytes);
    }

    private void appendOutside(FlatTable buffer, ByteSource bytes) {
      pad(0);
      records.set(LONG, buffer.field(OFFSET), sizeBytes);
      records.set(LONG, buffer.field(SIZE), bytes.sizeBytes());
      append(bytes);
    }

    /// Appends zeros until what follows `headBytes` from here is aligned.
    private void pad(int headBytes) {
      append(ByteSource.of(new byte[(int) (-(sizeBytes + headBytes) & (ALIGNMENT - 1))]));
    }

    private void append(ByteSource bytes) {
      parts.add(bytes);
      sizeBytes += bytes.sizeBytes();
    }
  }
}
