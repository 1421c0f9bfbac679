package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.api.Watari;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.engine.Feed;
import watari.graph.Graph;
import watari.graph.Value;
import watari.op.QuantizeOp.Convert;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Precisions that need data, on the sample of digits.
class QuantizeTest {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final Path SAMPLE = ROOT.resolve("samples/digits.tflite");
  private static final Path QUANTIZED = ROOT.resolve("samples/digits_int8.tflite");
  private static final Path DATA = ROOT.resolve("samples/digits_inputs.npz");

  private static final Pattern SQNR = Pattern.compile("\\(SQNR ([0-9.]+) dB\\)");

  @TempDir private Path out;

  private Spoken convert(Path model, String formats, Object... more) {
    var words =
        new ArrayList<Object>(List.of("convert", model, "--to", formats, "-o", out, "--json"));
    words.addAll(List.of(more));
    return Spoken.of(words.toArray());
  }

  private Spoken quantize(String formats, String precision, Path data, Object... more) {
    var words = new ArrayList<Object>(List.of("--precision", precision, "--calibration", data));
    words.addAll(List.of(more));
    return convert(SAMPLE, formats, words.toArray());
  }

  private interface Look {
    void at(Graph graph);
  }

  private void look(String name, Look look) throws IOException {
    try (var open = Watari.read(out.resolve(name))) {
      assertThat(open.findings()).isEmpty();
      look.at(open.model().main());
    }
  }

  private static TensorData images() throws IOException {
    return Objects.requireNonNull(Npz.read(DATA).get("image"));
  }

  /// How many of the test images a file gets right, on its own runtime.
  private double right(String name, boolean isChannelsFirst) throws IOException, EngineException {
    var images = images();
    var labels =
        Objects.requireNonNull(Npz.read(ROOT.resolve("samples/digits_labels.npz")).get("label"));
    var format = name.substring(name.lastIndexOf('.') + 1);
    int right = 0;
    try (var session = new Engines().of(format).orElseThrow().load(out.resolve(name), List.of())) {
      for (int i = 0; i < labels.size(); i++) {
        long from = 64L * i;
        var shape = isChannelsFirst ? Shape.of(1, 1, 8, 8) : Shape.of(1, 8, 8, 1);
        var image = images.picked(shape, at -> from + at).copied();
        var given = session.run(List.of(new Feed("image", image))).getFirst();
        int best = 0;
        for (int k = 1; k < 10; k++) if (given.doubleAt(k) > given.doubleAt(best)) best = k;
        if (best == labels.longAt(i)) right++;
      }
    }
    return (double) right / labels.size();
  }

  @Test
  void everyPrecisionKeepsTheDigitsApart() throws IOException, EngineException {
    assertThat(quantize("tflite", "int8,int16x8", DATA).code()).isZero();
    assertThat(quantize("onnx", "int8", DATA).code()).isZero();
    assertThat(right("digits.int8.tflite", false)).isGreaterThan(0.985);
    assertThat(right("digits.int16x8.tflite", false)).isGreaterThan(0.985);
    assertThat(right("digits.int8.onnx", true)).isGreaterThan(0.985);
  }

  @Test
  void theExampleOfTheManualDoesWhatItSays() throws IOException {
    var manual = Files.readString(ROOT.resolve("docs/quantization.md"));
    var line =
        manual.lines().filter(each -> each.startsWith("    ./watari ")).findFirst().orElseThrow();
    var words =
        line.strip()
            .substring("./watari ".length())
            .replace("samples/", ROOT.resolve("samples") + "/")
            .replaceAll("-o out$", "-o " + out)
            .split(" ", -1);
    var said = Spoken.of((Object[]) words);
    assertThat(said.code()).as(said.err()).isZero();
    var sqnrs = SQNR.matcher(said.out()).results().toList();
    assertThat(sqnrs)
        .hasSize(2)
        .allSatisfy(
            found -> assertThat(Double.parseDouble(found.group(1))).isCloseTo(50, offset(5.0)));
    assertThat(out).isDirectoryContaining("glob:**/digits.full_int8.tflite");
    assertThat(out).isDirectoryContaining("glob:**/digits.full_int8.onnx");
  }

  @Test
  void fullIntegerModelsHaveNoFloats() throws IOException {
    assertThat(quantize("tflite", "full_int8,full_uint8", DATA).code()).isZero();
    look(
        "digits.full_int8.tflite",
        graph -> {
          assertThat(ends(graph))
              .allMatch(v -> v.dtype() == DataType.INT8 && v.type().isQuantized());
          assertThat(graph.nodes())
              .noneMatch(node -> node.op() instanceof Convert)
              .allMatch(node -> node.output().type().isQuantized() || isInner(node.output()));
        });
    look(
        "digits.full_uint8.tflite",
        graph ->
            assertThat(ends(graph))
                .allMatch(v -> v.dtype() == DataType.UINT8 && v.type().isQuantized()));
  }

  /// A float that an activation in the same operator stores.
  private static boolean isInner(Value value) {
    return value.uses().size() == 1
        && value.uses().iterator().next().node().output().type().isQuantized();
  }

  private static List<Value> ends(Graph graph) {
    var ends = new ArrayList<>(graph.inputs());
    ends.addAll(graph.outputs());
    return ends;
  }

  @Test
  void softmaxHasTheScaleOfItsKernelAndInputsAreFloats() throws IOException {
    assertThat(quantize("tflite", "int8", DATA).code()).isZero();
    look(
        "digits.int8.tflite",
        graph -> {
          assertThat(ends(graph)).allMatch(v -> v.dtype() == DataType.FLOAT32);
          var before = graph.outputs().getFirst().producer().orElseThrow().input(0);
          assertThat(before.type().quantization()).isEqualTo(new PerTensor(1f / 256, -128));
        });
  }

  @Test
  void oneScaleForATensorIsThereForDevicesThatNeedIt() throws IOException {
    assertThat(quantize("tflite", "int8", DATA, "--per-tensor").code()).isZero();
    look(
        "digits.int8.tflite",
        graph ->
            assertThat(graph.nodes())
                .allMatch(node ->
                    node.inputs().stream()
                        .noneMatch(v ->
                            v.isPresent()
                                && v.type().quantization() instanceof Quantization.PerAxis)));
  }

  @Test
  void whatItCostIsSaidOfSamplesThatWereNotCalibratedWith() {
    var said = quantize("tflite", "int8", DATA, "--calibration-samples", 128);
    assertThat(said.out())
        .contains("over 64 samples that it was not calibrated with, SQNR is 4")
        .contains("\"verdict\":\"rounding\"");
    assertThat(quantize("tflite", "int8", DATA).out())
        .contains("over 64 samples that it was calibrated with");
  }

  @Test
  void operatorsStayOnFloatsUntilTheSqnrIsReached() {
    var said = quantize("tflite", "int8", DATA, "--calibration-samples", 128, "--min-sqnr", 55);
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out())
        .contains("SENSITIVITY", "operators stay on floats")
        .doesNotContain("SQNR_MISSED");
    var enough = quantize("tflite", "int8", DATA, "--calibration-samples", 128, "--min-sqnr", 30);
    assertThat(enough.out()).doesNotContain("KEPT_FLOAT", "SQNR_MISSED");
    assertThat(quantize("tflite", "int8", DATA, "--explain").out()).contains("SENSITIVITY");
  }

  /// Labels that the float model gets right, but for those of the first images.
  private Path labelled(int wrong) throws IOException {
    var labels =
        Objects.requireNonNull(Npz.read(ROOT.resolve("samples/digits_labels.npz")).get("label"));
    var numbers = labels.longs().clone();
    for (int i = 0; i < wrong; i++) numbers[i] = (numbers[i] + 1) % 10;
    return array(
        "labelled.npz", "image", images(), "labels", TensorData.ofLongs(labels.shape(), numbers));
  }

  @Test
  void rightAnswersAreCountedByLabels() throws IOException {
    var drop = new Object[] {"--max-drop", 1, "--labels", labelled(36)};
    var said = quantize("tflite,onnx", "int8", DATA, drop);
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out())
        .containsPattern("ANSWERS[^}]*of labelled samples (89|90)\\.\\d+ % are right")
        .doesNotContain("DROP_MISSED", "KEPT_FLOAT");
  }

  /// Nine of ten images are a thousand times fainter, so that the average of ranges cuts most off.
  private Path faint() throws IOException {
    var numbers = images().picked(Shape.of(64, 8, 8, 1), at -> at).copied().floats().clone();
    for (int i = 0; i < numbers.length; i++) if (i / 64 % 10 != 0) numbers[i] /= 1000;
    return array("faint.npz", "image", TensorData.ofFloats(Shape.of(64, 8, 8, 1), numbers));
  }

  @Test
  void operatorsStayOnFloatsUntilAnswersAreRight() throws IOException {
    var bad = quantize("tflite", "int8", faint(), "--calibrator", "average");
    assertThat(bad.out()).contains("CALIBRATION_SATURATES");
    var drop = new Object[] {"--calibrator", "average", "--max-drop", 1, "--labels", labelled(0)};
    var said = quantize("tflite", "int8", faint(), drop);
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out()).contains("KEPT_FLOAT", "ANSWERS").doesNotContain("DROP_MISSED");
  }

  @Test
  void labelsThatAreNoneAreRefused() throws IOException {
    var none = quantize("tflite", "int8", DATA, "--max-drop", 1, "--labels", DATA);
    assertThat(none.code()).isEqualTo(4);
    assertThat(none.out()).contains("LABELS_BROKEN", "it has no array 'labels'");
    assertThat(quantize("tflite", "int8", DATA, "--max-drop", 1).code()).isEqualTo(2);
    assertThat(quantize("tflite", "int8", DATA, "--labels", DATA).code()).isEqualTo(2);
  }

  @Test
  void greyImagesAreAsBrightAsTheyAre() throws IOException {
    var folder = Files.createDirectory(out.resolve("grey"));
    for (int k = 0; k < 2; k++) {
      var image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
      for (int i = 0; i < 64; i++) image.getRaster().setSample(i % 8, i / 8, 0, 2 * i);
      ImageIO.write(image, "png", folder.resolve(k + ".png").toFile());
    }
    assertThat(quantize("tflite", "int8", folder, "--calibrator", "minmax").code()).isZero();
    look(
        "digits.int8.tflite",
        graph -> {
          var stored = graph.inputs().getFirst().uses().iterator().next().node().output();
          assertThat(stored.type().quantization()).isEqualTo(new PerTensor(126f / 255, -128));
        });
  }

  @Test
  void withoutDataNothingIsWritten() {
    var said = convert(SAMPLE, "tflite", "--precision", "int8,float16");
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.out())
        .contains("CALIBRATION_MISSING", "precision 'int8' needs samples", "--calibration");
    assertThat(out.resolve("digits.int8.tflite")).doesNotExist();
    assertThat(out.resolve("digits.float16.tflite")).exists();
  }

  @Test
  void optionsThatMeanNothingAreRefused() {
    assertThat(convert(SAMPLE, "tflite", "--calibration", DATA).code()).isEqualTo(2);
    assertThat(convert(SAMPLE, "tflite", "--per-tensor").code()).isEqualTo(2);
    var alone = convert(SAMPLE, "tflite", "--precision", "int8", "--normalize", "x");
    assertThat(alone.code()).isEqualTo(2);
    assertThat(alone.err()).contains("'--normalize' means nothing without --calibration");
    for (var word : new String[] {"--resize=tile", "--channels=gbr", "--calibrator=best"}) {
      assertThat(quantize("tflite", "int8", DATA, word).code()).as(word).isEqualTo(2);
    }
    var call = quantize("tflite", "int8", DATA, "--normalize", "exit(x)");
    assertThat(call.code()).isEqualTo(2);
    assertThat(call.err()).contains("formula 'exit(x)', column 1");
    var zero = quantize("tflite", "int8", DATA, "--normalize", "x / (2 - 2)");
    assertThat(zero.code()).isEqualTo(2);
    assertThat(zero.err()).contains("formula 'x / (2 - 2)' gives no number for x = 1");
  }

  @Test
  void brokenDataIsAFindingOfItsFile() throws IOException {
    var text = Files.writeString(out.resolve("text.npy"), "no array");
    var said = quantize("tflite", "int8", text);
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.out()).contains("it is not an .npy");
    assertThat(quantize("tflite", "int8", out.resolve("missing.npz")).code()).isEqualTo(5);
    var folder = Files.createDirectory(out.resolve("images"));
    assertThat(quantize("tflite", "int8", folder).out()).contains("there are no images");
    Files.writeString(folder.resolve("a.png"), "no image");
    assertThat(quantize("tflite", "int8", folder).out()).contains("it is no image");
    var other = array("other.npz", "image", TensorData.ofFloats(Shape.of(2, 5), new float[10]));
    assertThat(quantize("tflite", "int8", other).out())
        .contains("samples of shape [1,5], but the input takes [1,8,8,1]");
    var unnamed = array("two.npz", "a", TensorData.scalar(1f), "b", TensorData.scalar(1f));
    assertThat(quantize("tflite", "int8", unnamed).out()).contains("it has no array 'image'");
  }

  private Path array(String name, Object... namesAndData) throws IOException {
    Map<String, TensorData> arrays = new LinkedHashMap<>();
    for (int i = 0; i < namesAndData.length; i += 2) {
      arrays.put((String) namesAndData[i], (TensorData) namesAndData[i + 1]);
    }
    var file = out.resolve(name);
    Npz.write(file, arrays);
    return file;
  }

  private Path images(String name, float scale, float offset) throws IOException {
    var images = images();
    var values = new float[64 * 64];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) images.doubleAt(i) * scale + offset;
    }
    return array(name, "image", TensorData.ofFloats(Shape.of(64, 8, 8, 1), values));
  }

  @Test
  void mistakesInTheDataAreWarnedOf() throws IOException {
    assertThat(quantize("tflite", "int8", DATA).out()).doesNotContain("CALIBRATION_");
    assertThat(quantize("tflite", "int8", DATA, "--calibration-samples", 8).out())
        .contains("CALIBRATION_FEW", "8 samples");
    assertThat(quantize("tflite", "int8", images("bytes.npz", 255, 0)).out())
        .contains("CALIBRATION_RANGE", "go from 0.000 to 255.0");
    assertThat(quantize("tflite", "int8", images("twice.npz", 1f / 255, 0)).out())
        .contains("CALIBRATION_RANGE", "scaled twice");
    assertThat(quantize("tflite", "int8", images("none.npz", 0, 0.5f)).out())
        .contains("CALIBRATION_CONSTANT");
    var images = images().picked(Shape.of(64, 1, 8, 8), at -> at).copied();
    assertThat(quantize("tflite", "int8", array("turned.npz", "image", images)).out())
        .contains("CALIBRATION_LAYOUT");
  }

  @Test
  void aFormulaScalesTheSamples() throws IOException {
    assertThat(quantize("tflite", "int8", images("a.npz", 1, 0)).code()).isZero();
    var plain = Files.readAllBytes(out.resolve("digits.int8.tflite"));
    var scaled = quantize("tflite", "int8", images("b.npz", 2, 1), "--normalize", "(x - 1) / 2");
    assertThat(scaled.code()).isZero();
    assertThat(out.resolve("digits.int8.tflite")).hasBinaryContent(plain);
  }

  @Test
  void imagesOfAFolderAreSamples() throws IOException {
    var images = images();
    var folder = Files.createDirectory(out.resolve("images"));
    for (int k = 0; k < 40; k++) {
      var image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < 64; i++) {
        int grey = (int) Math.rint(images.doubleAt(64L * k + i) * 255);
        image.setRGB(i % 8, i / 8, grey * 0x010101);
      }
      var name = "%02d.%s".formatted(k, k % 2 == 0 ? "png" : "bmp");
      ImageIO.write(image, k % 2 == 0 ? "png" : "bmp", folder.resolve(name).toFile());
    }
    var said = quantize("tflite", "int8", folder, "--normalize", "x / 255");
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out()).doesNotContain("CALIBRATION_");
    look(
        "digits.int8.tflite",
        graph -> {
          var stored = graph.inputs().getFirst().uses().iterator().next().node().output();
          assertThat(stored.type().quantization()).isEqualTo(new PerTensor(1f / 255, -128));
        });
  }

  @Test
  void whatIsQuantizedAlreadyKeepsItsScales() throws IOException {
    var said = convert(QUANTIZED, "tflite", "--precision", "int8,full_uint8");
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out()).contains("PRECISION_KEPT");
    look(
        "digits_int8.full_uint8.tflite",
        graph -> assertThat(ends(graph)).allMatch(v -> v.dtype() == DataType.UINT8));
  }

  @Test
  void endsOfAQuantizedModelChangeAndTheResultsDoNot() throws IOException {
    for (var type : List.of("float32", "uint8", "int16")) {
      var said = convert(QUANTIZED, "tflite", "--io", type);
      assertThat(said.code()).as(said.out()).isZero();
      assertThat(said.out()).contains("\"verdict\":\"equal\"");
      look(
          "digits_int8.tflite",
          graph -> assertThat(ends(graph)).allMatch(v -> v.dtype().toString().equals(type)));
    }
    var one = convert(QUANTIZED, "tflite", "--io", "probabilities=float32");
    assertThat(one.code()).isZero();
    look(
        "digits_int8.tflite",
        graph -> {
          assertThat(graph.inputs().getFirst().dtype()).isEqualTo(DataType.INT8);
          assertThat(graph.outputs().getFirst().dtype()).isEqualTo(DataType.FLOAT32);
        });
  }

  @Test
  void endsThatCannotBeStoredSoAreRefused() {
    var floats = convert(SAMPLE, "tflite", "--io", "int8");
    assertThat(floats.code()).isEqualTo(4);
    assertThat(floats.out()).contains("STORAGE_UNSUPPORTED", "nothing says the range");
    var unknown = convert(QUANTIZED, "tflite", "--io", "nothing=int8");
    assertThat(unknown.code()).isEqualTo(4);
    assertThat(unknown.out()).contains("NAME_UNKNOWN", "no input or output 'nothing'");
    assertThat(convert(QUANTIZED, "tflite", "--io", "int32").code()).isEqualTo(2);
  }
}
