package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;

/// A step from one model to one result, which appears whole or not at all.
final class FileStep {
  /// Makes the result.
  interface Work {
    /// @param temporary where to write it
    /// @param findings errors among them keep the result from being published
    /// @return the format of the model
    String run(Path temporary, Findings findings) throws IOException;
  }

  private final Path model;
  private final Path result;

  FileStep(Path model, Path result) {
    if (model.toAbsolutePath().normalize().equals(result.toAbsolutePath().normalize())) {
      throw new UsageException("the result would be on the path of the model, '" + model + "'");
    }
    this.model = model;
    this.result = result;
  }

  /// @param beside further files that the result may have
  /// @param force whether the result may take the place of a file
  FileReport run(boolean force, List<Path> beside, Work work) {
    var found = new Findings();
    try {
      if (!Files.exists(model)) throw new NoSuchFileException(model.toString());
      if (!force && Files.exists(result)) return report("", List.of(standing()), Ending.IO_FAILED);
      var parent = result.toAbsolutePath().normalize().getParent();
      var paths = new ArrayList<>(List.of(result));
      paths.addAll(beside);
      try (var folder = TemporaryFolder.in(parent == null ? Path.of("") : parent)) {
        var main = folder.path().resolve(result.getFileName());
        var format = work.run(main, found);
        if (!found.hasErrors()) folder.publish(main, paths);
        return report(format, found.all(), found.hasErrors() ? Ending.REFUSED : Ending.DONE);
      }
    } catch (ModelException e) {
      return report("", both(found, e.findings()), Ending.UNREADABLE);
    } catch (IOException e) {
      return report("", both(found, List.of(Causes.of(e))), Ending.IO_FAILED);
    } catch (OutOfMemoryError _) {
      return report("", both(found, List.of(Causes.outOfMemory())), Ending.IO_FAILED);
    }
  }

  private static List<Finding> both(Findings found, List<Finding> others) {
    var all = new ArrayList<>(found.all());
    all.addAll(others);
    return all;
  }

  private Finding standing() {
    return Finding.error("OUTPUT_EXISTS", "'" + result + "' is there")
        .inFile(result.toString())
        .fix("choose another path with -o, or replace it with --force");
  }

  private FileReport report(String format, List<Finding> findings, Ending ending) {
    return new FileReport(model, format, result, Reports.inFile(findings, model), ending);
  }
}
