package watari.api;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// An array of samples along its first axis, read sample by sample.
final class SampleArray implements Closeable {
  private final String name;
  private final InputStream in;
  private final Npy.Header header;

  /// How many elements of the first axis are a sample.
  private final long step;

  /// Whether a sample has the first axis, as the model's batch.
  private final boolean keepsAxis;

  private long at;

  /// @param bytes of an .npy
  /// @param wanted shape of the input that the samples are for
  SampleArray(String name, InputStream bytes, Shape wanted) throws IOException {
    this.name = name;
    in = new BufferedInputStream(bytes, 1 << 16);
    header = Npy.header(name, in);
    if (header.isColumnMajor()) {
      throw Npy.broken(name, "it is stored column by column; save it with order='C'");
    }
    if (header.dims().isEmpty())
      throw Npy.broken(name, "it is one number; its first axis are samples");
    keepsAxis = !wanted.isRanked() || header.dims().size() <= wanted.rank();
    boolean hasBatch = keepsAxis && wanted.hasRank(header.dims().size()) && wanted.dim(0).isFixed();
    step = hasBatch ? Math.max(1, wanted.dim(0).fixed()) : 1;
  }

  /// How many samples there are.
  long count() {
    return header.dims().get(0) / step;
  }

  Npy.Header header() {
    return header;
  }

  /// The next sample; empty at the end.
  Optional<TensorData> next() throws IOException {
    if (at >= count()) return Optional.empty();
    at++;
    var part = header.first(step);
    long elements = 1;
    for (long dim : part.dims()) elements = Math.multiplyExact(elements, dim);
    int size = Math.toIntExact(header.dtype().sizeBytes(elements));
    var bytes = in.readNBytes(size);
    if (bytes.length < size) throw Npy.broken(name, "it ends in sample " + at);
    var data = part.tensor(name, MemorySegment.ofArray(bytes));
    if (keepsAxis) return Optional.of(data);
    List<Long> rest = part.dims().subList(1, part.dims().size());
    return Optional.of(data.reshaped(Shape.of(rest.stream().mapToLong(Long::longValue).toArray())));
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
