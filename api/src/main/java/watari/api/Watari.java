package watari.api;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FormatJson;
import watari.format.ReadOptions;

/// Where programs begin.
///
/// ```java
/// var options = ConvertOptions.to("onnx", Path.of("out"));
/// var reports = Watari.convert(List.of(Path.of("model.tflite")), options);
/// ```
public final class Watari {
  private Watari() {}

  /// Reads a model of any readable format.
  ///
  /// @throws watari.finding.ModelException if it is none, or broken
  /// @throws IOException if the file is not there or cannot be read
  public static OpenModel read(Path path) throws IOException {
    return read(path, ReadSettings.DEFAULT);
  }

  /// Reads a model.
  ///
  /// @throws watari.finding.ModelException if it is none, or broken
  /// @throws IOException if the file is not there or cannot be read
  public static OpenModel read(Path path, ReadSettings settings) throws IOException {
    return read(path, settings, new Formats());
  }

  static OpenModel read(Path path, ReadSettings settings, Formats formats) throws IOException {
    var json = formats.jsonOf(path);
    var wanted = settings.format();
    if (json.isPresent() && (wanted.isEmpty() || wanted.equals(json.get().format()))) {
      return readJson(path, json.get(), settings, formats);
    }
    return read(path, path, settings, formats, OpenModel.Scratch.NONE);
  }

  /// Runtimes load files, so that a model of JSON becomes one, for as long as it is open.
  private static OpenModel readJson(
      Path path, FormatJson json, ReadSettings settings, Formats formats) throws IOException {
    var folder = TemporaryFolder.in(Path.of(System.getProperty("java.io.tmpdir", ".")));
    boolean isRead = false;
    try {
      var findings = new Findings();
      var file = folder.path().resolve("model");
      json.read(path, file, findings);
      if (findings.hasErrors()) throw new ModelException(findings.all());
      var model = read(path, file, settings, formats, folder::close);
      isRead = true;
      var all = new ArrayList<>(findings.all());
      for (var found : model.findings()) {
        all.add(found.file().equals(file.toString()) ? found.inFile(path.toString()) : found);
      }
      return model.with(all);
    } finally {
      if (!isRead) folder.close();
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the OpenModel closes the arena
  private static OpenModel read(
      Path path, Path file, ReadSettings settings, Formats formats, OpenModel.Scratch scratch)
      throws IOException {
    var reader =
        settings.format().isEmpty() ? formats.readerOf(file) : formats.reader(settings.format());
    if (!settings.weightsFile().toString().isEmpty() && !reader.takesWeightsFile()) {
      throw new UsageException(
          "'%s' has its weights inside, as every %s file; leave out --weights-file"
              .formatted(path, reader.format()));
    }
    var findings = new Findings();
    var arena = Arena.ofShared();
    boolean isRead = false;
    try {
      var model = reader.read(file, arena, new ReadOptions(settings.weightsFile()), findings);
      var all = Reports.inFile(findings.all(), path);
      isRead = true;
      return new OpenModel(path, file, settings.weightsFile(), model, all, arena, scratch);
    } finally {
      if (!isRead) arena.close();
    }
  }

  /// Converts models one by one; one that fails does not stop the others.
  ///
  /// @return a report for each model, in order
  /// @throws UsageException if two results would be on one path, or a result on the path of a model
  public static List<ModelReport> convert(List<Path> models, ConvertOptions options) {
    return new Converter(options, Progress.NONE).convert(models);
  }

  /// Name and version of this program, as results name their producer.
  public static String producer() {
    return Optional.ofNullable(Watari.class.getPackage().getImplementationVersion())
        .map(version -> "watari " + version)
        .orElse("watari");
  }
}
