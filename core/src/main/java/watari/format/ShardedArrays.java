package watari.format;

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
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// Arrays that lie one after the other in files ("shards") beside a model, as TensorFlow.js keeps
/// its weights.
///
/// An array inside one shard stays mapped there.
public final class ShardedArrays {
  private final Path model;
  private final Arena arena;
  private final List<FileBytes> shards = new ArrayList<>();

  private ShardedArrays(Path model, Arena arena) {
    this.model = model;
    this.arena = arena;
  }

  /// Maps the shards of a group for as long as `arena` is open.
  ///
  /// @param locations of the shards, from the model's folder, which they must not leave
  /// @throws ModelException if one is not there
  public static ShardedArrays open(Path model, List<String> locations, Arena arena)
      throws IOException {
    var group = new ShardedArrays(model, arena);
    for (var location : locations) group.shards.add(group.shard(location));
    return group;
  }

  // ---- shards

  private FileBytes shard(String location) throws IOException {
    try {
      return FileBytes.map(resolve(location), arena);
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

  // ---- arrays

  /// A part of all shards one after the other.
  ///
  /// @throws ModelException if they end before
  public MemorySegment bytes(String name, long at, long sizeBytes) {
    long begin = at;
    for (int i = 0; i < shards.size(); i++) {
      var shard = shards.get(i);
      if (begin + sizeBytes <= shard.size()) return shard.slice(begin, sizeBytes);
      if (begin < shard.size()) return joined(name, i, begin, sizeBytes);
      begin -= shard.size();
    }
    if (sizeBytes == 0) return MemorySegment.ofArray(new byte[0]);
    throw tooShort(name, sizeBytes);
  }

  private MemorySegment joined(String name, int first, long begin, long size) {
    var rest = shards.subList(first, shards.size());
    long there = rest.stream().mapToLong(FileBytes::size).sum() - begin;
    if (there < size) throw tooShort(name, size);
    var whole = arena.allocate(size);
    long done = 0;
    long from = begin;
    for (var shard : rest) {
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

  /// `stored · scale + min`; integers are rounded.
  public static TensorData scaled(TensorData stored, DataType dtype, double scale, double min) {
    var numbers = new double[Math.toIntExact(stored.size())];
    for (int i = 0; i < numbers.length; i++) {
      double number = stored.longAt(i) * scale + min;
      numbers[i] = dtype.isInteger() ? Math.rint(number) : number;
    }
    return TensorData.ofDoubles(dtype, stored.shape(), numbers);
  }
}
