package watari.api;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FileBytes;
import watari.format.FormatJson;
import watari.format.FormatReader;
import watari.format.FormatWeights;
import watari.format.FormatWriter;
import watari.format.JsonInput;

/// The readers and writers that are on the class path.
public final class Formats {
  private static final int HEAD_BYTES = 4096;

  /// How many files of a folder are looked at.
  private static final int MOST_FILES = 100;

  private final List<FormatReader> readers = new ArrayList<>();
  private final List<FormatWriter> writers = new ArrayList<>();
  private final List<FormatJson> jsons = new ArrayList<>();
  private final List<FormatWeights> weights = new ArrayList<>();

  public List<String> readable() {
    return readers().stream().map(FormatReader::format).sorted().toList();
  }

  public List<String> writable() {
    return writers().stream().map(FormatWriter::format).sorted().toList();
  }

  List<FormatReader> readers() {
    if (readers.isEmpty()) ServiceLoader.load(FormatReader.class).forEach(readers::add);
    return readers;
  }

  List<FormatWriter> writers() {
    if (writers.isEmpty()) ServiceLoader.load(FormatWriter.class).forEach(writers::add);
    return writers;
  }

  Optional<FormatWriter> writer(String format) {
    return writers().stream().filter(w -> w.format().equals(format)).findFirst();
  }

  private List<FormatJson> jsons() {
    if (jsons.isEmpty()) ServiceLoader.load(FormatJson.class).forEach(jsons::add);
    return jsons;
  }

  /// How constants of a format's files are had and changed.
  Optional<FormatWeights> weights(String format) {
    if (weights.isEmpty()) ServiceLoader.load(FormatWeights.class).forEach(weights::add);
    return weights.stream().filter(each -> each.format().equals(format)).findFirst();
  }

  /// The JSON form of a format.
  Optional<FormatJson> json(String format) {
    return jsons().stream().filter(json -> json.format().equals(format)).findFirst();
  }

  /// The form that a file of JSON has; empty if it is of none, or no JSON.
  Optional<FormatJson> jsonOf(Path path) throws IOException {
    if (Files.isDirectory(path) || !Files.exists(path)) return Optional.empty();
    var head = head(path);
    for (byte c : head) {
      if (c < 0 || c > 0 && c < ' ' && !Character.isWhitespace(c)) break;
      if (c != '{') continue;
      var name = firstName(head);
      return jsons().stream()
          .filter(json -> name.isPresent() && json.sniff(name.get()))
          .findFirst();
    }
    return Optional.empty();
  }

  private static Optional<String> firstName(byte[] head) {
    var in = new JsonInput(new FileBytes("", MemorySegment.ofArray(head)));
    try {
      in.beginObject();
      return in.nextName();
    } catch (ModelException _) {
      return Optional.empty();
    }
  }

  /// The reader of a format.
  ///
  /// @throws UsageException if there is none
  FormatReader reader(String format) {
    return readers().stream()
        .filter(r -> r.format().equals(format))
        .findFirst()
        .orElseThrow(() ->
            new UsageException(
                "format '" + format + "' cannot be read; formats: " + join(readable())));
  }

  /// The reader for a file or folder, found from its content.
  ///
  /// @throws ModelException if it is of no format
  FormatReader readerOf(Path path) throws IOException {
    if (!Files.exists(path)) throw new NoSuchFileException(path.toString());
    boolean isFolder = Files.isDirectory(path);
    byte[] head = isFolder ? new byte[0] : head(path);
    if (!isFolder && head.length == 0) throw unreadable(path, "FILE_EMPTY", "the file is empty");
    for (var reader : readers()) if (reader.sniff(path, head)) return reader;
    var why =
        (isFolder ? "the folder holds" : "the file is")
            + " no model of a format that watari reads: "
            + join(readable());
    var inside = isFolder ? modelIn(path) : Optional.<String>empty();
    if (inside.isEmpty()) throw unreadable(path, "FORMAT_UNKNOWN", why);
    throw new ModelException(
        Finding.error("FORMAT_UNKNOWN", why + "; it holds files of models")
            .inFile(path.toString())
            .fix("name the files themselves, as many as you like, such as '" + inside.get() + "'"));
  }

  /// The first file of a folder, by name, that is a model.
  private Optional<String> modelIn(Path folder) throws IOException {
    List<Path> files;
    try (var all = Files.list(folder)) {
      files = all.filter(Files::isRegularFile).sorted().limit(MOST_FILES).toList();
    }
    for (var file : files) {
      var head = head(file);
      if (head.length > 0 && readers().stream().anyMatch(r -> r.sniff(file, head))) {
        return Optional.of(file.toString());
      }
    }
    return Optional.empty();
  }

  private static ModelException unreadable(Path path, String code, String why) {
    return new ModelException(Finding.error(code, why).inFile(path.toString()));
  }

  private static byte[] head(Path path) throws IOException {
    try (var in = Files.newInputStream(path)) {
      return in.readNBytes(HEAD_BYTES);
    }
  }

  static String join(List<String> words) {
    return String.join(", ", words);
  }
}
