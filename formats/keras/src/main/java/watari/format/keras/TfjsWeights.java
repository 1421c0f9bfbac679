package watari.format.keras;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.keras.KerasWeights.Named;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Weights of TensorFlow.js: groups of arrays that lie one after the other in files ("shards").
///
/// An array inside one shard stays mapped there; one that is stored in fewer bits is decoded.
final class TfjsWeights {
  private final Path model;
  private final Arena arena;

  TfjsWeights(Path model, Arena arena) {
    this.model = model;
    this.arena = arena;
  }

  List<Named> read(KerasJson manifest) throws IOException {
    var all = new ArrayList<Named>();
    for (var group : manifest.items()) {
      var shards = new ArrayList<FileBytes>();
      for (var path : group.get("paths").items()) shards.add(shard(path.text()));
      long at = 0;
      for (var weight : group.get("weights").items()) {
        var stored = stored(weight);
        var shape = shape(weight);
        long size = stored.sizeBytes(shape.elements().fixed());
        var name = weight.get("name").text();
        var data = TensorData.of(stored, shape, bytes(name, shards, at, size));
        all.add(new Named(name, decoded(weight, data)));
        at += size;
      }
    }
    return all;
  }

  // ---- shards

  private FileBytes shard(String location) throws IOException {
    try {
      var path = resolve(location);
      return FileBytes.map(path, arena);
    } catch (InvalidPathException _) {
      throw refused("its weights are in '" + location + "', which is not a path");
    } catch (NoSuchFileException _) {
      throw refused("its weights are in '" + location + "', which is not there");
    }
  }

  /// A model that is a link may lie beside its shards in the folder that the link leads to.
  private Path resolve(String location) throws IOException {
    var folder = folderOf(model.toAbsolutePath().normalize());
    var path = folder.resolve(location).normalize();
    boolean inside = !Path.of(location).isAbsolute() && path.startsWith(folder);
    if (!inside) throw outside(location);
    var real = path.toRealPath();
    boolean isBeside =
        real.startsWith(folder.toRealPath()) || real.startsWith(folderOf(model.toRealPath()));
    if (!isBeside) throw outside(location);
    return real;
  }

  private static Path folderOf(Path file) {
    return Objects.requireNonNull(file.getParent(), "a file is in a folder");
  }

  private ModelException outside(String location) {
    return refused("its weights are in '" + location + "', which is outside of the model's folder");
  }

  private ModelException refused(String why) {
    return new ModelException(
        Finding.error("EXTERNAL_DATA", why)
            .inFile(model.toString())
            .fix("put the files that the model was saved with beside model.json"));
  }

  /// A part of all shards one after the other.
  private MemorySegment bytes(String name, List<FileBytes> shards, long at, long size) {
    long begin = at;
    for (int i = 0; i < shards.size(); i++) {
      var shard = shards.get(i);
      if (begin + size <= shard.size()) return shard.slice(begin, size);
      if (begin < shard.size()) return joined(name, shards.subList(i, shards.size()), begin, size);
      begin -= shard.size();
    }
    if (size == 0) return MemorySegment.ofArray(new byte[0]);
    throw tooShort(name, size);
  }

  private MemorySegment joined(String name, List<FileBytes> shards, long begin, long size) {
    long there = shards.stream().mapToLong(FileBytes::size).sum() - begin;
    if (there < size) throw tooShort(name, size);
    var whole = arena.allocate(size);
    long done = 0;
    long from = begin;
    for (var shard : shards) {
      long count = Math.min(size - done, shard.size() - from);
      MemorySegment.copy(shard.slice(from, count), 0, whole, done, count);
      done += count;
      from = 0;
      if (done == size) break;
    }
    return whole;
  }

  private ModelException tooShort(String name, long size) {
    return refused("the shards end before the %d bytes of weight '%s'".formatted(size, name));
  }

  // ---- arrays

  private Shape shape(KerasJson weight) {
    var dims = new ArrayList<Long>();
    for (var dim : weight.get("shape").items()) {
      boolean isSize =
          dim instanceof KerasJson.Numeral(double size) && size >= 0 && size <= Integer.MAX_VALUE;
      if (!isSize) throw refused("a weight has the dim '" + dim.show() + "'");
      dims.add((long) ((KerasJson.Numeral) dim).value());
    }
    return Shape.of(dims.stream().mapToLong(each -> each).toArray());
  }

  private DataType stored(KerasJson weight) {
    var quantization = weight.get("quantization");
    var name = (quantization.isNothing() ? weight : quantization).get("dtype").text();
    try {
      return KerasTypes.dtype(name);
    } catch (KerasRefusal e) {
      throw new ModelException(e.finding().inFile(model.toString()));
    }
  }

  /// `stored · scale + min`, or the same number in more bits.
  private static TensorData decoded(KerasJson weight, TensorData stored) {
    var dtype = KerasTypes.dtype(weight.get("dtype").text());
    var quantization = weight.get("quantization");
    if (!(quantization.get("scale") instanceof KerasJson.Numeral(double scale))) {
      return stored.cast(dtype);
    }
    double min = quantization.get("min") instanceof KerasJson.Numeral(double low) ? low : 0;
    var numbers = new double[Math.toIntExact(stored.size())];
    for (int i = 0; i < numbers.length; i++) {
      double number = stored.longAt(i) * scale + min;
      numbers[i] = dtype.isInteger() ? Math.rint(number) : number;
    }
    return TensorData.ofDoubles(dtype, stored.shape(), numbers);
  }
}
