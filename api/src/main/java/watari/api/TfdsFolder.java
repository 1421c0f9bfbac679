package watari.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Has Python's `tensorflow_datasets` prepare a data set, and finds its folder.
final class TfdsFolder {
  static final String PREFIX = "tfds:";

  private static final String SCRIPT =
      """
      import sys
      import tensorflow_datasets as tfds
      builder = tfds.builder(sys.argv[1], file_format="tfrecord")
      builder.download_and_prepare()
      print("folder=" + str(builder.data_dir))
      """;

  private static final String FOLDER = "folder=";

  private TfdsFolder() {}

  static boolean isMeant(Path data) {
    return data.toString().startsWith(PREFIX);
  }

  /// @throws UsageException if Python, or its package, is not there, or does not know the data set
  static Path of(Path data, Progress progress) {
    var name = data.toString().substring(PREFIX.length());
    var python =
        python()
            .orElseThrow(() -> unprepared(data, "there is no 'python3' on the PATH to prepare it"));
    progress.step(data.toString(), "preparing with tensorflow_datasets");
    try {
      var process =
          new ProcessBuilder(List.of(python.toString(), "-c", SCRIPT, name))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      var lines = new String(process.getInputStream().readAllBytes(), UTF_8).lines();
      var folder = lines.filter(line -> line.startsWith(FOLDER)).findFirst();
      boolean isDone = process.waitFor() == 0;
      return folder
          .filter(_ -> isDone)
          .map(line -> Path.of(line.substring(FOLDER.length())))
          .orElseThrow(() ->
              unprepared(
                  data, "'" + python + "' has no tensorflow_datasets, or not this data set"));
    } catch (IOException e) {
      throw unprepared(data, "'" + python + "' does not start: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unprepared(data, "preparing it was interrupted");
    }
  }

  private static Optional<Path> python() {
    var path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    for (var folder : path.split(File.pathSeparator, -1)) {
      var python = Path.of(folder).resolve("python3");
      if (Files.isExecutable(python)) return Optional.of(python);
    }
    return Optional.empty();
  }

  private static UsageException unprepared(Path data, String why) {
    var name = data.toString().substring(PREFIX.length());
    return new UsageException(
        ("--calibration '%s': %s; 'pip install tensorflow tensorflow-datasets', or prepare it where"
                + " that is, with tfds.builder('%s', file_format='tfrecord').download_and_prepare(),"
                + " and give its folder")
            .formatted(data, why, name));
  }
}
