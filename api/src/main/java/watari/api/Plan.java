package watari.api;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.format.FormatWriter;
import watari.format.WriteOptions;

/// Which results a run makes, and on which paths.
final class Plan {
  /// One result of a model.
  ///
  /// @param paths all that it may consist of, the main one first
  record Result(FormatWriter writer, Precision precision, String stem, List<Path> paths) {
    Path main() {
      return paths.get(0);
    }
  }

  private final ConvertOptions options;
  private final Formats formats;

  Plan(ConvertOptions options, Formats formats) {
    this.options = options;
    this.formats = formats;
  }

  /// The results of each model, in the order of formats and precisions.
  ///
  /// @throws UsageException if a format cannot be written, two results would be on one path, or one
  ///   on the path of a model
  Map<Path, List<Result>> results(List<Path> models) {
    var writers = new ArrayList<FormatWriter>();
    for (var format : options.formats()) writers.add(writer(format));
    checkOptions(writers);
    var taken = new LinkedHashMap<Path, String>();
    for (var model : models) taken.put(absolute(model), "the model '" + model + "'");
    var all = new LinkedHashMap<Path, List<Result>>();
    for (var model : models) {
      if (all.containsKey(model)) throw new UsageException("'" + model + "' is given twice");
      var results = new ArrayList<Result>();
      for (var writer : writers) {
        for (var precision : options.precisions()) results.add(result(writer, precision, model));
      }
      for (var result : results) claim(result, model, taken);
      all.put(model, results);
    }
    return all;
  }

  /// An option that none of the formats knows would be ignored.
  private void checkOptions(List<FormatWriter> writers) {
    var write = options.write();
    if (write.opset() != 0) checkOption("--opset", writers);
    if (write.externalData()) checkOption("--external-data", writers);
    if (!write.weightsAs().isEmpty()) checkOption("--weights-as", writers);
    for (var writer : writers) {
      writer
          .misuse(writeOptions("model"))
          .ifPresent(why -> {
            throw new UsageException(why);
          });
    }
  }

  private static void checkOption(String option, List<FormatWriter> writers) {
    if (writers.stream().anyMatch(writer -> writer.options().contains(option))) return;
    var names = Formats.join(writers.stream().map(FormatWriter::format).toList());
    throw new UsageException("'" + option + "' means nothing for " + names);
  }

  private FormatWriter writer(String format) {
    return formats
        .writer(format)
        .orElseThrow(() ->
            new UsageException(
                "format '"
                    + format
                    + "' cannot be written; formats: "
                    + Formats.join(formats.writable())));
  }

  private Result result(FormatWriter writer, Precision precision, Path model) {
    var stem = stem(model) + precision.mark();
    return new Result(writer, precision, stem, writer.paths(options.write().folder(), stem));
  }

  private static void claim(Result result, Path model, Map<Path, String> taken) {
    for (var path : result.paths()) {
      var holder = taken.putIfAbsent(absolute(path), "a result of '" + model + "'");
      if (holder != null) {
        throw new UsageException(
            "a result of '" + model + "' would be on '" + path + "', the path of " + holder);
      }
    }
  }

  WriteOptions writeOptions(Result result) {
    return writeOptions(result.stem());
  }

  private WriteOptions writeOptions(String stem) {
    var write = options.write();
    boolean isVariables = write.weightsAs().equals(WriteSettings.VARIABLES);
    return new WriteOptions(
        write.opset(), write.externalData(), stem, Watari.producer(), isVariables);
  }

  /// The name less its last suffix.
  static String stem(Path model) {
    var name = model.toAbsolutePath().normalize().getFileName();
    if (name == null) return "model";
    int dot = name.toString().lastIndexOf('.');
    return dot > 0 ? name.toString().substring(0, dot) : name.toString();
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
