package watari.badinput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Timeout.ThreadMode.SEPARATE_THREAD;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import watari.api.ConvertOptions;
import watari.api.Converter;
import watari.api.Ending;
import watari.api.ModelReport;
import watari.api.Progress;
import watari.api.Watari;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.FormatWriter;
import watari.graph.Validator;

/// Small models of each format, broken in many ways, are read or refused with a place: never
/// another exception, never long, never in much memory.
///
/// `-Dwatari.seed=N` breaks them in other ways, `-Dwatari.variants=N` in more; files that show a
/// fault are kept in `cli/target/badinput`. Where the operator cases are beside the checkout, some
/// of them are broken too.
class BadInputTest {
  private static final long SEED = Long.getLong("watari.seed", 1);
  private static final int VARIANTS = Integer.getInteger("watari.variants", 2400);
  private static final int CASES = 60;

  /// Every so many variants are converted too, if they can be read.
  private static final int CONVERTED = 4;

  private static final double MOST_SECONDS = 5;
  private static final long MOST_BYTES = 64L << 20;
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));

  private static final Path CASES_FOLDER = ROOT.resolve("../shared/cases");

  private static final List<String> TARGETS =
      ServiceLoader.load(FormatWriter.class).stream().map(w -> w.get().format()).sorted().toList();

  @TempDir private Path folder;

  /// What was not as it should be, with the first variant that showed it and their number.
  private final Map<String, Integer> faults = new TreeMap<>();

  private int readable;
  private int converted;

  /// What each target allocates once, such as its tables, is no variant's.
  @BeforeAll
  static void loadTargets(@TempDir Path out) {
    for (var target : TARGETS) {
      Watari.convert(
          List.of(ROOT.resolve("samples/digits.tflite")), ConvertOptions.to(target, out));
    }
  }

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = SEPARATE_THREAD)
  void brokenTfliteFilesAreReadOrRefused() throws IOException {
    breakAll("tflite");
  }

  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = SEPARATE_THREAD)
  void brokenOnnxFilesAreReadOrRefused() throws IOException {
    breakAll("onnx");
  }

  /// Weights lie beside them, whole.
  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = SEPARATE_THREAD)
  void brokenIrFilesAreReadOrRefused() throws IOException {
    var written = folder.resolve("ir");
    for (var sample : list(ROOT.resolve("samples"), "tflite")) {
      Watari.convert(List.of(sample), ConvertOptions.to("openvino", written));
    }
    var models = new ArrayList<>(list(written, ".xml"));
    models.addAll(cases("openvino", "xml"));
    breakAll("openvino", models);
  }

  private void breakAll(String format) throws IOException {
    breakAll(format, models(format));
  }

  private void breakAll(String format, List<Path> models) throws IOException {
    long own = models.stream().filter(model -> !isCase(model)).count();
    int tried = 0;
    for (var model : models) {
      // Ours are broken as often whether or not there are cases beside the checkout.
      int each = Math.ceilDiv(VARIANTS, isCase(model) ? models.size() : Math.toIntExact(own));
      var good = Files.readAllBytes(model);
      if (format.equals("openvino")) weights(model);
      for (int i = 0; i < each; i++) {
        var random = new Random(SEED * 31 + model.getFileName().hashCode() * 1_000_003L + i);
        var variant = model + " #" + i;
        tryOne(Corruption.any(good, random), format, variant, i % CONVERTED == 0);
        tried++;
      }
    }
    System.out.printf("%s: %d broken files, %d of them readable%n", format, tried, readable);
    assertThat(tried).isGreaterThanOrEqualTo(Math.min(VARIANTS, 2000));
    assertThat(converted).as("readable ones that were converted, too").isPositive();
    assertThat(tried - readable).as("refused ones").isGreaterThan(tried / 10);
    assertThat(faults).as("seed %d", SEED).isEmpty();
  }

  private static boolean isCase(Path model) {
    return model.startsWith(CASES_FOLDER);
  }

  private void weights(Path xml) throws IOException {
    var bin = xml.resolveSibling(xml.getFileName().toString().replaceFirst("xml$", "bin"));
    Files.copy(bin, folder.resolve("broken.bin"), StandardCopyOption.REPLACE_EXISTING);
  }

  private void tryOne(byte[] bad, String format, String variant, boolean convert)
      throws IOException {
    var suffix = format.equals("openvino") ? "xml" : format;
    var file = Files.write(folder.resolve("broken." + suffix), bad);
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = threads.getCurrentThreadAllocatedBytes();
    long began = System.nanoTime();
    boolean isRead = read(file, variant);
    if (isRead) readable++;
    if (isRead && convert) {
      convert(file, variant);
      converted++;
    }
    if ((System.nanoTime() - began) / 1e9 > MOST_SECONDS) fault("takes long", variant);
    if (threads.getCurrentThreadAllocatedBytes() - allocated > MOST_BYTES) {
      fault("takes much memory", variant);
    }
  }

  /// Whether the file could be read.
  private boolean read(Path file, String variant) {
    try (var model = Watari.read(file)) {
      model.findings().forEach(f -> placed(f, variant));
      if (model.hasErrors()) return false;
      for (var graph : model.model().graphs()) {
        for (var wrong : Validator.check(graph)) fault("not valid: " + kind(wrong), variant);
      }
      return true;
    } catch (ModelException e) {
      if (e.findings().isEmpty()) fault("no finding", variant);
      e.findings().forEach(f -> placed(f, variant));
    } catch (IOException | RuntimeException | Error e) {
      fault(what(e), variant);
    }
    return false;
  }

  private void convert(Path file, String variant) {
    for (var target : TARGETS) {
      var options = ConvertOptions.to(target, folder.resolve("out-" + target));
      var reports = new Converter(options, new Defects(variant)).convert(List.of(file));
      for (var report : reports) {
        report.outputs().stream()
            .flatMap(o -> o.findings().stream())
            .forEach(f -> placed(f, variant));
        if (report.ending() == Ending.IO_FAILED) fault(target + ": " + report.findings(), variant);
      }
      clear(folder.resolve("out-" + target));
    }
  }

  private static void clear(Path out) {
    try (var all = Files.list(out)) {
      for (var each : all.toList()) Files.delete(each);
    } catch (IOException _) {
      // nothing was written
    }
  }

  /// A finding says in which file it is, and where: the whole file, a node, or an offset, a number
  /// or a name in its sentence.
  private void placed(Finding finding, String variant) {
    boolean hasPlace =
        !finding.node().isEmpty()
            || finding.index() >= 0
            || finding.why().startsWith("the file ")
            || finding.why().matches("(?s).*['\\d].*");
    if (finding.file().isEmpty()) fault("no file: " + kind(finding.why()), variant);
    if (!hasPlace && finding.isError()) fault("no place: " + kind(finding.why()), variant);
  }

  private void fault(String what, String variant) {
    keep(variant);
    var known = faults.keySet().stream().filter(k -> k.startsWith(what + " | ")).findFirst();
    faults.merge(known.orElse(what + " | " + variant), 1, Integer::sum);
  }

  /// Keeps the file that showed a fault, for whoever mends it.
  private void keep(String variant) {
    var kept = ROOT.resolve("cli/target/badinput");
    try (var files = Files.list(folder)) {
      Files.createDirectories(kept);
      for (var file : files.filter(Files::isRegularFile).toList()) {
        var name = variant.replaceAll("[/# ]+", "_") + "_" + file.getFileName();
        Files.copy(file, kept.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A sentence without its numbers and names.
  private static String kind(String sentence) {
    return sentence.replaceAll("'[^']*'", "'…'").replaceAll("-?\\d+", "N");
  }

  private static String what(Throwable e) {
    return Stream.iterate(e, t -> t.getCause() != null, Throwable::getCause)
            .reduce((_, last) -> last)
            .orElse(e)
            .getClass()
            .getSimpleName()
        + ": "
        + kind(String.valueOf(e.getMessage()))
        + Stream.of(e.getStackTrace())
            .filter(f -> f.getClassName().startsWith("watari."))
            .limit(8)
            .map(f -> " < " + f.getFileName() + ":" + f.getLineNumber())
            .reduce("", String::concat);
  }

  private static List<Path> models(String format) throws IOException {
    var all = new ArrayList<Path>();
    all.addAll(list(ROOT.resolve("cli/src/test/resources/models"), format));
    all.addAll(list(ROOT.resolve("samples"), format));
    all.addAll(cases(format, format));
    return all;
  }

  private static List<Path> cases(String format, String suffix) throws IOException {
    var cases = CASES_FOLDER.resolve(format);
    if (!Files.isDirectory(cases)) return List.of();
    var some = new ArrayList<Path>();
    for (var folder : list(cases, "")) some.add(folder.resolve("model." + suffix));
    some.removeIf(file ->
        !Files.isRegularFile(file)
            || file.toFile().length() > 16_384
            || file.toFile().length() < 32);
    Collections.shuffle(some, new Random(SEED));
    return some.subList(0, Math.min(CASES, some.size()));
  }

  private static List<Path> list(Path folder, String suffix) throws IOException {
    try (var all = Files.list(folder)) {
      return all.filter(p -> p.toString().endsWith(suffix)).sorted().toList();
    }
  }

  /// Hears of defects; what else a conversion says does not matter here.
  private final class Defects implements Progress {
    private final String variant;

    Defects(String variant) {
      this.variant = variant;
    }

    @Override
    public void step(String model, String step) {}

    @Override
    public void done(ModelReport report) {}

    @Override
    public void defect(String model, Throwable thrown) {
      fault(what(thrown), variant);
    }
  }
}
