package watari.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.InflaterInputStream;
import watari.api.TfExample.Feature;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A feature of a record, for an input of a model.
///
/// @param described by the data set; empty where only the record itself tells what it is
record RecordValue(String name, Feature feature, Optional<TfdsFeatures.Described> described) {
  private static final List<String> IMAGES =
      List.of("\u0089PNG", "\u00ff\u00d8\u00ff", "BM", "GIF8");

  /// Whether it is one string of bytes that begins as files of images do.
  static boolean isImage(Feature feature) {
    if (!(feature instanceof Feature.Bytes(var all)) || all.size() != 1) return false;
    var bytes = all.getFirst();
    return IMAGES.stream().anyMatch(mark -> begins(bytes, mark));
  }

  private static boolean begins(byte[] bytes, String mark) {
    if (bytes.length < mark.length()) return false;
    for (int i = 0; i < mark.length(); i++) {
      if ((bytes[i] & 0xFF) != mark.charAt(i)) return false;
    }
    return true;
  }

  TensorData fitted(FittedInput input, Path file) throws IOException {
    boolean isImage = described.map(TfdsFeatures.Described::isImage).orElse(isImage(feature));
    if (isImage && feature instanceof Feature.Bytes(var all) && all.size() == 1) {
      return input.ofImage(image(all.getFirst(), file), file.toString());
    }
    return input.of(tensor(input, file), file.toString());
  }

  private Pixels image(byte[] bytes, Path file) {
    try {
      var image = Pixels.read(new ByteArrayInputStream(bytes));
      return image.orElseThrow(() -> broken(file, "holds no image that can be read"));
    } catch (IOException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw broken(file, "holds an image that cannot be read: " + e.getMessage());
    }
  }

  private TensorData tensor(FittedInput input, Path file) throws IOException {
    return switch (feature) {
      case Feature.Floats(var all) -> {
        var numbers = new float[all.size()];
        for (int i = 0; i < numbers.length; i++) numbers[i] = all.get(i);
        yield TensorData.ofFloats(shape(numbers.length, input, file), numbers);
      }
      case Feature.Integers(var all) -> {
        var numbers = all.stream().mapToLong(Long::longValue).toArray();
        yield TensorData.ofLongs(shape(numbers.length, input, file), numbers);
      }
      case Feature.Bytes(var all) -> raw(all, input, file);
    };
  }

  private TensorData raw(List<byte[]> all, FittedInput input, Path file) throws IOException {
    var type = described.flatMap(TfdsFeatures.Described::type);
    var encoding = described.map(TfdsFeatures.Described::encoding).orElse("");
    boolean isNumbers = encoding.equals("bytes") || encoding.equals("zlib");
    if (all.size() != 1 || type.isEmpty() || !isNumbers) {
      throw broken(file, "holds text or bytes, which are no numbers");
    }
    var bytes = all.getFirst();
    if (encoding.equals("zlib")) bytes = inflated(bytes);
    long count = bytes.length / type.get().sizeBytes(1);
    return TensorData.of(type.get(), shape(count, input, file), MemorySegment.ofArray(bytes));
  }

  private static byte[] inflated(byte... bytes) throws IOException {
    try (var in = new InflaterInputStream(new ByteArrayInputStream(bytes))) {
      return in.readAllBytes();
    }
  }

  /// The shape that the data set states, or the input's.
  private Shape shape(long count, FittedInput input, Path file) {
    if (described.isEmpty()) return input.shapeOf(count);
    var dims = described.get().dims().stream().mapToLong(Long::longValue).toArray();
    long known = 1;
    int open = -1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] < 0 && open >= 0) return input.shapeOf(count);
      if (dims[i] < 0) open = i;
      else known *= dims[i];
    }
    if (open >= 0 && known > 0) dims[open] = count / known;
    long elements = 1;
    for (long dim : dims) elements *= dim;
    if (elements == count) return Shape.of(dims);
    throw broken(
        file, "holds %d numbers, but is to have shape %s".formatted(count, Shape.of(dims)));
  }

  private ModelException broken(Path file, String why) {
    return new ModelException(
        Finding.error("CALIBRATION_BROKEN", "feature '" + name + "' " + why)
            .inFile(file.toString())
            .fix("give an .npz with an array named after each input"));
  }
}
