package watari.api;

import java.nio.file.Path;
import java.util.List;
import watari.finding.Finding;
import watari.finding.Severity;

/// All that a conversion can be told.
///
/// @param formats names of the targets' formats
/// @param precisions of each format; [Precision#KEPT] keeps the source's
/// @param strict whether every lossy or substituting step is an error
/// @param explain whether reports say which rules fired and which did not
public record ConvertOptions(
    List<String> formats,
    List<Precision> precisions,
    ReadSettings read,
    Edits edits,
    LayoutSettings layout,
    WriteSettings write,
    QuantizeSettings quantize,
    VerifySettings verify,
    boolean strict,
    boolean explain) {
  public ConvertOptions {
    formats = List.copyOf(formats);
    precisions = List.copyOf(precisions);
  }

  ConvertOptions withCalibration(Path data) {
    return new ConvertOptions(
        formats,
        precisions,
        read,
        edits,
        layout,
        write,
        quantize.withData(data),
        verify,
        strict,
        explain);
  }

  /// Findings as they count: with `strict` every warning is an error.
  List<Finding> judged(List<Finding> findings) {
    if (!strict) return findings;
    return findings.stream()
        .map(f -> f.severity() == Severity.WARNING ? f.withSeverity(Severity.ERROR) : f)
        .toList();
  }

  /// Converts to one format, everything else as usual, without verification.
  public static ConvertOptions to(String format, Path folder) {
    return new ConvertOptions(
        List.of(format),
        List.of(Precision.KEPT),
        ReadSettings.DEFAULT,
        Edits.NONE,
        LayoutSettings.NATIVE,
        WriteSettings.into(folder),
        QuantizeSettings.NONE,
        VerifySettings.OFF,
        false,
        false);
  }
}
