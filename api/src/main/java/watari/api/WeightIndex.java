package watari.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import watari.format.FileBytes;
import watari.format.FormatWeights.Weight;
import watari.format.JsonInput;
import watari.format.JsonOutput;
import watari.tensor.DataType;

/// `index.json` beside extracted constants.
///
/// `{"version": 1, "format": "tflite", "weights": [{"id": "0/3", "name": "conv/w", "dtype":
/// "float32", "shape": [8, 3, 3, 3], "file": "conv_w.npy", "stored": "float32"}]}`
final class WeightIndex {
  static final String FILE = "index.json";

  /// A constant to be written.
  ///
  /// @param stored the type in the file
  record Entry(Weight weight, String file, DataType stored) {}

  /// A constant as the index has it.
  ///
  /// @param number of the line in the index
  record Line(String id, String file, long number) {
    /// Its file, which is in the folder of the index.
    Path resolvedIn(Path folder) {
      return folder.resolve(Objects.requireNonNull(Path.of(file).getFileName()));
    }
  }

  private WeightIndex() {}

  static void write(Path folder, String format, List<Entry> entries) throws IOException {
    try (var out = Files.newOutputStream(folder.resolve(FILE))) {
      var json = new JsonOutput(out, new JsonOutput.Form(2, true, false, false));
      json.beginObject();
      json.name("version");
      json.word("1");
      json.name("format");
      json.text(format);
      json.name("weights");
      json.beginArray();
      for (var entry : entries) entry(json, entry);
      json.endArray();
      json.endObject();
      json.newLine();
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  private static void entry(JsonOutput json, Entry entry) {
    json.beginObject();
    text(json, "id", entry.weight().id());
    text(json, "name", entry.weight().name());
    text(json, "dtype", entry.weight().data().dtype().toString());
    json.name("shape");
    json.beginArray();
    for (long dim : entry.weight().data().shape().fixedDims()) json.number(Long.toString(dim));
    json.endNumbers();
    text(json, "file", entry.file());
    text(json, "stored", entry.stored().toString());
    json.endObject();
  }

  private static void text(JsonOutput json, String name, String text) {
    json.name(name);
    json.text(text);
  }

  /// The lines of the index in a folder.
  ///
  /// @throws watari.finding.ModelException if it is none
  static List<Line> read(Path folder) throws IOException {
    var file = folder.resolve(FILE);
    if (!Files.exists(file)) throw new NoSuchFileException(file.toString());
    try (var arena = Arena.ofConfined()) {
      var in = new JsonInput(FileBytes.map(file, arena));
      var lines = new ArrayList<Line>();
      in.beginObject();
      for (var name = in.nextName(); name.isPresent(); name = in.nextName()) {
        switch (name.get()) {
          case "version" -> version(in);
          case "weights" -> lines(in, lines);
          default -> in.skip();
        }
      }
      in.end();
      return lines;
    }
  }

  private static void version(JsonInput in) {
    var version = in.scalar();
    if (!version.equals("1")) throw in.broken("version '" + version + "' is not 1");
  }

  private static void lines(JsonInput in, List<Line> lines) {
    var known = new HashSet<String>();
    in.beginArray();
    while (in.nextElement()) {
      var line = line(in);
      if (!known.add(line.id())) throw in.broken("the constant '" + line.id() + "' is there twice");
      lines.add(line);
    }
  }

  private static Line line(JsonInput in) {
    long number = in.line();
    var id = "";
    var file = "";
    in.beginObject();
    for (var name = in.nextName(); name.isPresent(); name = in.nextName()) {
      switch (name.get()) {
        case "id" -> id = in.text();
        case "file" -> file = in.text();
        default -> in.skip();
      }
    }
    if (id.isEmpty() || file.isEmpty()) throw in.broken("an entry has an 'id' and a 'file'");
    return new Line(id, file, number);
  }
}
