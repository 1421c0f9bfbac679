package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.tensor.Shape;

/// Calibration from records that TensorFlow wrote, as its data sets keep them:
/// `records/make_records.py`.
class RecordsTest {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final Path SAMPLE = ROOT.resolve("samples/digits.tflite");
  private static final Path RECORDS = ROOT.resolve("cli/src/test/resources/records");
  private static final String SHARD = "digits-train.tfrecord-00000-of-00001";

  @TempDir private Path out;

  private Spoken quantize(Object data, Object... more) {
    var words = new ArrayList<Object>(List.of("convert", SAMPLE, "--to", "tflite", "-o", out));
    words.addAll(List.of("--precision", "int8", "--json", "--calibration", data));
    words.addAll(List.of(more));
    return Spoken.of(words.toArray());
  }

  private byte[] result() throws IOException {
    return Files.readAllBytes(out.resolve("digits.int8.tflite"));
  }

  /// The first 40 of the sample's images, which are sixteenths, as an .npy would give them.
  private byte[] byArray(int levels) throws IOException {
    var images =
        Objects.requireNonNull(Npz.read(ROOT.resolve("samples/digits_inputs.npz")).get("image"));
    var some = images.picked(Shape.of(40, 8, 8, 1), at -> at).copied();
    var numbers = some.floats().clone();
    for (int i = 0; i < numbers.length; i++) {
      if (levels > 0) numbers[i] = (float) (Math.rint(numbers[i] * levels) / levels);
    }
    var file = out.resolve("same.npz");
    Npz.write(
        file, java.util.Map.of("image", watari.tensor.TensorData.ofFloats(some.shape(), numbers)));
    assertThat(quantize(file).code()).isZero();
    return result();
  }

  @Test
  void tensorsOfRecordsAreSamples() throws IOException {
    var wanted = byArray(0);
    var said = quantize(RECORDS.resolve("tensors"));
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out()).doesNotContain("CALIBRATION_");
    assertThat(result()).isEqualTo(wanted);
    assertThat(quantize(RECORDS.resolve("tensors").resolve(SHARD)).code()).isZero();
    assertThat(result()).isEqualTo(wanted);
  }

  /// Of the images in two shards of `train`, not those of `test`; 1 / 16 is 16 of 255.
  @Test
  void imagesOfRecordsAreSamples() throws IOException {
    var said = quantize(RECORDS.resolve("pngs"), "--normalize", "x / 255");
    assertThat(said.code()).as(said.out()).isZero();
    assertThat(said.out())
        .doesNotContain("CALIBRATION_")
        .contains("over 40 samples that it was calibrated with");
    var given = result();
    assertThat(given).isEqualTo(byArray(255));
  }

  @Test
  void damagedRecordsAreNamed() throws IOException {
    var bytes = Files.readAllBytes(RECORDS.resolve("tensors").resolve(SHARD));
    var file = out.resolve("a.tfrecord");
    var other = bytes.clone();
    other[200]++;
    Files.write(file, other);
    assertThat(quantize(file).out()).contains("the checksum of a record's content does not fit");
    Files.write(file, java.util.Arrays.copyOf(bytes, 100));
    assertThat(quantize(file).out()).contains("goes beyond the end");
    Files.write(file, new byte[0]);
    assertThat(quantize(file).out()).contains("CALIBRATION_BROKEN", "there are no samples in it");
  }

  @Test
  void recordsOfSeveralDataSetsAreRefused() {
    assertThat(quantize(RECORDS).out()).contains("it has records in several folders");
  }

  @Test
  void aDataSetThatCannotBePreparedIsToldHowTo() {
    var said = quantize("tfds:no_such_data_set");
    assertThat(said.code()).isEqualTo(2);
    assertThat(said.err())
        .contains("tfds:no_such_data_set", "tensorflow_datasets", "file_format='tfrecord'");
  }
}
