package watari.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import watari.api.ConvertOptions;
import watari.api.Ending;
import watari.api.ReadSettings;
import watari.api.Verdict;
import watari.api.Verifier;
import watari.api.VerifyReport;
import watari.api.VerifySettings;
import watari.api.Watari;
import watari.finding.Finding;

/// A source of a test and what it was converted to.
record Conversion(Path source, Path result) {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final VerifySettings LAYERS =
      new VerifySettings(true, Double.NaN, Path.of(""), 1, 1, true);

  /// Converts a model below `samples` or `cli/src/test/resources/models`; the result must be right.
  static Conversion of(String model, String format, Path folder) {
    var sample = ROOT.resolve("samples").resolve(model);
    var source =
        Files.exists(sample)
            ? sample
            : ROOT.resolve("cli/src/test/resources/models").resolve(model);
    var report = Watari.convert(List.of(source), ConvertOptions.to(format, folder)).get(0);
    assertThat(report.ending()).as("%s", report).isEqualTo(Ending.DONE);
    var conversion = new Conversion(source, report.outputs().get(0).path());
    var right = conversion.verify();
    assertThat(right.verdict()).as("%s", right.findings()).isIn(Verdict.EQUAL, Verdict.ROUNDING);
    assertThat(firstDifference(right)).isEmpty();
    return conversion;
  }

  VerifyReport verify() {
    return new Verifier(LAYERS, ReadSettings.DEFAULT).verify(source, result);
  }

  static List<Finding> firstDifference(VerifyReport report) {
    return report.findings().stream().filter(f -> f.code().equals("FIRST_DIFFERENCE")).toList();
  }
}
