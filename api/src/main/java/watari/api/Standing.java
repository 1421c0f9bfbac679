package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import watari.api.Plan.Result;
import watari.finding.Finding;
import watari.finding.ModelException;

/// Whether what stands on a result's path may be replaced.
final class Standing {
  private Standing() {}

  /// A finding, unless the path is free, force is used or what is there names us as its producer.
  static Optional<Finding> of(Result result, boolean force, Formats formats) {
    if (force) return Optional.empty();
    var standing = result.paths().stream().filter(Files::exists).findFirst();
    if (standing.isEmpty() || isOurs(result, formats)) return Optional.empty();
    return Optional.of(
        Finding.error("OUTPUT_EXISTS", "'" + standing.get() + "' is there and not made by watari")
            .inFile(standing.get().toString())
            .fix("choose another folder with -o, or replace it with --force"));
  }

  private static boolean isOurs(Result result, Formats formats) {
    var main = result.main();
    if (!Files.exists(main)) return false;
    try {
      return formats.reader(result.writer().format()).producer(main).startsWith("watari");
    } catch (IOException | ModelException | UsageException _) {
      return false;
    }
  }
}
