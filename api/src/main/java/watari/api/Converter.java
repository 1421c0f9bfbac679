package watari.api;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import watari.api.Lowering.Lowered;
import watari.api.Plan.Result;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;

/// Converts models: reads each once, lowers and writes it for every target, and verifies.
public final class Converter {
  private final ConvertOptions options;
  private final Progress progress;
  private final Formats formats = new Formats();
  private final Plan plan;

  public Converter(ConvertOptions options, Progress progress) {
    this.options = options;
    this.progress = progress;
    this.plan = new Plan(options, formats);
  }

  /// Converts models one by one; one that fails does not stop the others.
  ///
  /// @return a report for each model, in order
  /// @throws UsageException if two results would be on one path, or a result on the path of a model
  public List<ModelReport> convert(List<Path> models) {
    var reports = new ArrayList<ModelReport>();
    plan.results(models)
        .forEach((model, results) -> {
          var report = convert(model, results);
          progress.done(report);
          reports.add(report);
        });
    return reports;
  }

  private ModelReport convert(Path path, List<Result> results) {
    progress.step(path.toString(), "reading");
    try (var source = Watari.read(path, options.read(), formats)) {
      var outputs = new ArrayList<OutputReport>();
      for (var result : results) outputs.add(new Conversion(source, result).run());
      return Reports.of(source, outputs);
    } catch (ModelException e) {
      return Reports.failed(path, e.findings(), Ending.UNREADABLE);
    } catch (IOException e) {
      return Reports.failed(path, List.of(ioFinding(e, path)), Ending.IO_FAILED);
    } catch (UsageException e) {
      throw e;
    } catch (OutOfMemoryError e) {
      return Reports.failed(path, List.of(memoryFinding(path)), Ending.IO_FAILED);
    } catch (RuntimeException | Error e) {
      progress.defect(path.toString(), e);
      return Reports.failed(path, List.of(defectFinding(e, path)), Ending.DEFECT);
    }
  }

  /// One model's way to one result.
  private final class Conversion {
    private final OpenModel source;
    private final Result result;
    private final long began = System.nanoTime();
    private final List<Finding> findings = new ArrayList<>();
    private List<Port> ports = List.of();
    private int transposes;
    private Explanation explanation = Explanation.NONE;
    private Check check = Check.NONE;

    Conversion(OpenModel source, Result result) {
      this.source = source;
      this.result = result;
    }

    OutputReport run() {
      try {
        return report(write());
      } catch (ModelException e) {
        findings.addAll(Reports.inFile(e.findings(), source.path()));
        return report(Ending.REFUSED);
      } catch (IOException e) {
        findings.add(ioFinding(e, result.main()));
        return report(Ending.IO_FAILED);
      } catch (OutOfMemoryError _) {
        findings.add(memoryFinding(source.path()));
        return report(Ending.IO_FAILED);
      } catch (RuntimeException | Error e) {
        if (source.hasErrors()) return report(Ending.REFUSED);
        progress.defect(source.path().toString(), e);
        findings.add(defectFinding(e, source.path()));
        return report(Ending.DEFECT);
      }
    }

    private Ending write() throws IOException {
      var standing = Standing.of(result, options.write().force(), formats);
      if (standing.isPresent()) {
        findings.add(standing.get());
        return Ending.IO_FAILED;
      }
      step("converting to " + result.writer().format());
      var writeOptions = plan.writeOptions(result);
      var profile = result.writer().profile(writeOptions);
      var lowered = new Lowering(profile, options, result.precision()).lower(source);
      findings.addAll(lowered.findings());
      transposes = lowered.transposes();
      explanation = Reports.explanation(lowered.log());
      if (lowered.hasErrors() || source.hasErrors()) return Ending.REFUSED;
      step("writing " + result.main().getFileName());
      try (var folder = TemporaryFolder.in(options.write().folder())) {
        var main = result.writer().paths(folder.path(), result.stem()).get(0);
        var written = new Findings();
        result.writer().write(lowered.model(), main, writeOptions, written);
        findings.addAll(Reports.inFile(written.all(), source.path()));
        if (written.hasErrors()) return Ending.REFUSED;
        folder.publish(main);
      }
      ports = Ports.of(source.model().main(), lowered);
      if (options.verify().enabled()) check = verify(lowered);
      return check.verdict() == Verdict.DIFFERENT ? Ending.DIFFERENT : Ending.DONE;
    }

    private Check verify(Lowered lowered) throws IOException {
      step("verifying");
      var found = new ArrayList<Finding>();
      try {
        return new ResultCheck(source, lowered, result, options.verify()).run(found);
      } finally {
        findings.addAll(Reports.inFile(found, source.path()));
      }
    }

    private void step(String step) {
      progress.step(source.path().toString(), step);
    }

    private OutputReport report(Ending ending) {
      var status =
          switch (ending) {
            case DONE, DIFFERENT -> OutputReport.Status.WRITTEN;
            case REFUSED -> OutputReport.Status.REFUSED;
            case UNREADABLE, IO_FAILED, DEFECT -> OutputReport.Status.FAILED;
          };
      return new OutputReport(
          result.writer().format(),
          result.precision(),
          result.main(),
          status,
          ending,
          check,
          ports,
          findings,
          transposes,
          (System.nanoTime() - began) / 1e9,
          explanation);
    }
  }

  private static Finding ioFinding(IOException e, Path path) {
    var finding =
        switch (e) {
          case NoSuchFileException missing when missing.getReason() == null ->
              Finding.error("FILE_NOT_FOUND", "there is no '" + missing.getFile() + "'");
          case AccessDeniedException denied ->
              Finding.error(
                      "ACCESS_DENIED", "'" + denied.getFile() + "' may not be read or written")
                  .fix("check its permissions, or choose another folder with -o");
          case FileAlreadyExistsException other ->
              Finding.error("NOT_A_FOLDER", "'" + other.getFile() + "' is a file, not a folder");
          case NotDirectoryException other ->
              Finding.error("NOT_A_FOLDER", "'" + other.getFile() + "' is a file, not a folder");
          default -> Finding.error("IO_FAILED", reason(e));
        };
    return finding.inFile(path.toString());
  }

  private static String reason(IOException e) {
    var reason =
        e instanceof FileSystemException f && f.getReason() != null
            ? f.getReason() + " ('" + f.getFile() + "')"
            : String.valueOf(e.getMessage());
    return "reading or writing failed: " + reason;
  }

  private static Finding memoryFinding(Path path) {
    return Finding.error("OUT_OF_MEMORY", "the Java heap is too small for this model")
        .inFile(path.toString())
        .fix("give it more with WATARI_JAVA_OPTS=-Xmx4g");
  }

  private static Finding defectFinding(Throwable e, Path path) {
    return Finding.error("INTERNAL", "a defect of watari: " + e)
        .inFile(path.toString())
        .fix("please report this with the stack trace and, if you may, the model");
  }
}
