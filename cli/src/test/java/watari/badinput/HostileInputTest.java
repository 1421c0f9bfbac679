package watari.badinput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import watari.api.ConvertOptions;
import watari.api.Converter;
import watari.api.Ending;
import watari.api.ModelReport;
import watari.api.Progress;
import watari.finding.Finding;
import watari.format.FormatWriter;

/// Files that mean harm end soon, in little memory and with a finding.
///
/// Those named `refused_` cannot be carried across; of those named `bounded_`, such as a graph that
/// fills a tensor of 10^12 elements, it is asked only that nothing of the kind happens here.
/// `make_hostile.py` beside them writes them.
class HostileInputTest {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final Path OURS = ROOT.resolve("cli/src/test/resources/models/hostile");
  private static final Path OTHERS = ROOT.resolve("../shared/models/hostile");
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final long MOST_BYTES_OF_A_TARGET = 340L << 20;

  /// A model in order, which fails only when it is run.
  private static final String FAILS_LATER = "model_invoking_error.tflite";

  @TempDir private Path folder;

  static Stream<String> files() throws IOException {
    try (var all = Files.list(OURS)) {
      return all
          .map(p -> p.getFileName().toString())
          .filter(name -> !name.equals("data.bin"))
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void endsSoonAndWithAFinding(String name) {
    var report = convert(OURS.resolve(name));
    if (name.startsWith("refused_")) refused(report);
  }

  @Test
  void otherPeoplesHostileFilesAreRefused() throws IOException {
    assumeTrue(Files.isDirectory(OTHERS), "no hostile models beside the checkout");
    try (var all = Files.list(OTHERS)) {
      var files = all.sorted().toList();
      assertThat(files).isNotEmpty();
      for (var file : files) {
        if (!file.endsWith(FAILS_LATER)) refused(convert(file));
      }
    }
  }

  private static void refused(ModelReport report) {
    var findings =
        Stream.concat(
                report.findings().stream(),
                report.outputs().stream().flatMap(o -> o.findings().stream()))
            .filter(Finding::isError)
            .toList();
    assertThat(report.ending())
        .as("%s %s", report.model(), findings)
        .isIn(Ending.UNREADABLE, Ending.REFUSED);
    assertThat(findings).as(report.model()).isNotEmpty();
    assertThat(findings).allSatisfy(f -> assertThat(f.file()).isNotEmpty());
  }

  private ModelReport convert(Path file) {
    var targets =
        ServiceLoader.load(FormatWriter.class).stream()
            .map(w -> w.get().format())
            .sorted()
            .toList();
    var options = ConvertOptions.to(targets.get(0), folder);
    var all =
        new ConvertOptions(
            targets,
            options.precisions(),
            options.read(),
            options.edits(),
            options.layout(),
            options.write(),
            options.quantize(),
            options.verify(),
            options.strict(),
            options.explain());
    var defects = new Defects();
    return assertTimeoutPreemptively(
        LIMIT,
        () -> {
          var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
          long before = threads.getCurrentThreadAllocatedBytes();
          var report = new Converter(all, defects).convert(List.of(file)).get(0);
          assertThat(threads.getCurrentThreadAllocatedBytes() - before)
              .isLessThan(MOST_BYTES_OF_A_TARGET * targets.size());
          return report;
        });
  }

  private static final class Defects implements Progress {
    @Override
    public void defect(String model, Throwable cause) {
      fail(model, cause);
    }
  }
}
