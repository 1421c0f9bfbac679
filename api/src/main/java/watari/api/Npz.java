package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.tensor.TensorData;

/// Named arrays as NumPy's `savez` saves them.
public final class Npz {
  private static final String SUFFIX = ".npy";

  /// The first moment that a zip file can tell: two runs give the same bytes.
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

  private Npz() {}

  /// All arrays of an .npz, in the file's order; or the one of an .npy, under the file's stem.
  ///
  /// @throws ModelException if the file is neither
  public static Map<String, TensorData> read(Path file) throws IOException {
    var arrays = new LinkedHashMap<String, TensorData>();
    if (file.toString().endsWith(SUFFIX)) {
      arrays.put(Plan.stem(file), Npy.read(file.toString(), Files.readAllBytes(file)));
      return arrays;
    }
    try (var zip = new ZipFile(file.toFile())) {
      for (var entries = zip.entries(); entries.hasMoreElements(); ) {
        var entry = entries.nextElement();
        if (!entry.getName().endsWith(SUFFIX)) continue;
        var name = entry.getName().substring(0, entry.getName().length() - SUFFIX.length());
        try (var in = zip.getInputStream(entry)) {
          arrays.put(name, Npy.read(name, in.readAllBytes()));
        }
      }
    } catch (ZipException e) {
      throw noArchive(file, e);
    }
    return arrays;
  }

  /// Looks whether the file is there and one of either, without reading its arrays.
  ///
  /// @throws ModelException if the file is neither
  static void check(Path file) throws IOException {
    if (!Files.exists(file)) throw new NoSuchFileException(file.toString());
    if (file.toString().endsWith(SUFFIX)) return;
    try {
      new ZipFile(file.toFile()).close();
    } catch (ZipException e) {
      throw noArchive(file, e);
    }
  }

  private static ModelException noArchive(Path file, ZipException e) {
    var why = "the file is no .npz: " + e.getMessage();
    return new ModelException(Finding.error("DATA_BROKEN", why).inFile(file.toString()));
  }

  /// A finding where a file of arrays would take the place of another; such files do not say who
  /// made them.
  public static Optional<Finding> standing(Path file, boolean force) {
    if (force || file.toString().isEmpty() || !Files.exists(file)) return Optional.empty();
    return Optional.of(
        Finding.error("OUTPUT_EXISTS", "'" + file + "' is there")
            .inFile(file.toString())
            .fix("choose another file with -o, or replace it with --force"));
  }

  /// Writes arrays under their names; the file is there when it is complete.
  public static void write(Path file, Map<String, TensorData> arrays) throws IOException {
    var parent = file.getParent();
    try (var folder = TemporaryFolder.in(parent == null ? Path.of("") : parent)) {
      var main = folder.path().resolve(file.getFileName());
      writeTo(main, arrays);
      folder.publish(main, List.of(file));
    }
  }

  private static void writeTo(Path file, Map<String, TensorData> arrays) throws IOException {
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (var array : arrays.entrySet()) {
        var entry = new ZipEntry(array.getKey() + SUFFIX);
        entry.setTimeLocal(NO_TIME);
        zip.putNextEntry(entry);
        zip.write(Npy.write(array.getValue()));
        zip.closeEntry();
      }
    }
  }
}
