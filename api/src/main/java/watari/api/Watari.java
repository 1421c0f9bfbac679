package watari.api;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import watari.finding.Findings;
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

  @SuppressWarnings("MustBeClosedChecker") // the OpenModel closes the arena
  static OpenModel read(Path path, ReadSettings settings, Formats formats) throws IOException {
    var reader =
        settings.format().isEmpty() ? formats.readerOf(path) : formats.reader(settings.format());
    if (!settings.weightsFile().toString().isEmpty() && !reader.takesWeightsFile()) {
      throw new UsageException(
          "'%s' has its weights inside, as every %s file; leave out --weights-file"
              .formatted(path, reader.format()));
    }
    var findings = new Findings();
    var arena = Arena.ofShared();
    boolean isRead = false;
    try {
      var model = reader.read(path, arena, new ReadOptions(settings.weightsFile()), findings);
      var all =
          findings.all().stream()
              .map(f -> f.file().isEmpty() ? f.inFile(path.toString()) : f)
              .toList();
      isRead = true;
      return new OpenModel(path, settings.weightsFile(), model, all, arena);
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
