package watari.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
    var results = plan.results(models);
    var data = options.quantize().calibration().data();
    if (TfdsFolder.isMeant(data)) {
      var prepared = options.withCalibration(TfdsFolder.of(data, progress));
      return new Converter(prepared, progress).convert(models);
    }
    var reports = new ArrayList<ModelReport>();
    results.forEach((model, all) -> {
      var report = convert(model, all);
      progress.done(report);
      reports.add(report);
    });
    return reports;
  }

  private ModelReport convert(Path path, List<Result> results) {
    progress.step(path.toString(), "reading");
    try (var read = read(path)) {
      var source = read.with(options.judged(read.findings()));
      var outputs = new ArrayList<OutputReport>();
      for (var result : results) outputs.add(new Conversion(source, result).run());
      return Reports.of(source, outputs);
    } catch (ModelException e) {
      return Reports.failed(path, e.findings(), Ending.UNREADABLE);
    } catch (IOException e) {
      return Reports.failed(path, List.of(Causes.of(e)), Ending.IO_FAILED);
    } catch (UsageException e) {
      throw e;
    } catch (OutOfMemoryError _) {
      return Reports.failed(path, List.of(Causes.outOfMemory()), Ending.IO_FAILED);
    } catch (RuntimeException | Error e) {
      progress.defect(path.toString(), e);
      return Reports.failed(path, List.of(Causes.defect(e)), Ending.DEFECT);
    }
  }

  /// The data to verify with is looked at first: nothing is written if it is not there.
  private OpenModel read(Path path) throws IOException {
    var verify = options.verify();
    if (verify.enabled() && !verify.data().toString().isEmpty()) Npz.check(verify.data());
    return Watari.read(path, options.read(), formats);
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
      } catch (UncheckedIOException e) {
        findings.add(Causes.of(Objects.requireNonNull(e.getCause())));
        return report(Ending.IO_FAILED);
      } catch (IOException e) {
        findings.add(Causes.of(e).inFile(result.main().toString()));
        return report(Ending.IO_FAILED);
      } catch (OutOfMemoryError _) {
        findings.add(Causes.outOfMemory().inFile(source.path().toString()));
        return report(Ending.IO_FAILED);
      } catch (RuntimeException | Error e) {
        if (source.hasErrors()) return report(Ending.REFUSED);
        progress.defect(source.path().toString(), e);
        findings.add(Causes.defect(e).inFile(source.path().toString()));
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
      if (!lowered.hasErrors()) {
        ports = Ports.of(source.model().main(), lowered);
        findings.addAll(Ports.fixed(ports, options.edits().keepDynamic(), source.path()));
      }
      if (findings.stream().anyMatch(Finding::isError) || source.hasErrors()) {
        ports = List.of();
        return Ending.REFUSED;
      }
      step("writing " + result.main().getFileName());
      try (var folder = TemporaryFolder.in(options.write().folder())) {
        var main = result.writer().paths(folder.path(), result.stem()).get(0);
        var written = new Findings();
        result.writer().write(lowered.model(), main, writeOptions, written);
        var judged = options.judged(written.all());
        findings.addAll(Reports.inFile(judged, source.path()));
        if (judged.stream().anyMatch(Finding::isError)) return Ending.REFUSED;
        folder.publish(main, result.paths());
      }
      if (options.verify().enabled()) check = verify(lowered);
      return check.verdict() == Verdict.DIFFERENT ? Ending.DIFFERENT : Ending.DONE;
    }

    private Check verify(Lowered lowered) throws IOException {
      step("verifying");
      var found = new ArrayList<Finding>();
      try {
        return new ResultCheck(source, lowered, result, options).run(found);
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
}
