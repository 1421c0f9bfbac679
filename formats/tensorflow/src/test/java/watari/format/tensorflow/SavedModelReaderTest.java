package watari.format.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import watari.eval.PlainEvaluator;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.ReadOptions;
import watari.graph.Graph;
import watari.graph.Model;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Reads what TensorFlow has saved: see make.py beside the folder `saved`.
class SavedModelReaderTest {
  private static final int VARIANTS = 300;
  private static final String SHARD = "variables/variables.data-00000-of-00001";

  @TempDir Path folder;

  @BeforeEach
  void copy() throws IOException {
    for (var name : new String[] {"saved_model.pb", "variables/variables.index", SHARD}) {
      var target = folder.resolve(name);
      Files.createDirectories(target.getParent());
      Files.write(target, bytes(name));
    }
  }

  private static byte[] bytes(String name) throws IOException {
    try {
      var url = Objects.requireNonNull(SavedModelReaderTest.class.getResource("saved/" + name));
      return Files.readAllBytes(Path.of(url.toURI()));
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private Model read(Findings findings) {
    try {
      return new SavedModelReader().read(folder, Arena.ofAuto(), ReadOptions.DEFAULT, findings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TensorData run(Graph graph, TensorData input) {
    return new PlainEvaluator().run(graph, Map.of(graph.inputs().get(0), input)).get(0);
  }

  @Test
  void eachSignatureIsAGraphAndVariablesAreConstants() {
    assertThat(new SavedModelReader().sniff(folder, new byte[0])).isTrue();
    assertThat(new SavedModelReader().sniff(folder.resolve("variables"), new byte[0])).isFalse();
    var findings = new Findings();
    var model = read(findings);
    assertThat(findings.all()).isEmpty();
    assertThat(model.graphs())
        .extracting(each -> each.signature().key())
        .containsExactly("serving_default", "rows");
    assertThat(model.main().inputs().get(0).type()).hasToString("float32[x.0,3]");
    assertThat(model.main().outputNames()).containsExactly("y");
    assertThat(run(model.main(), TensorData.ofFloats(Shape.of(1, 3), 1, 1, 1)).floats())
        .containsExactly(3, 4, 5);
    var rows = run(model.graphs().get(1), TensorData.ofInts(Shape.of(2), 1, 99));
    assertThat(rows.floats()).containsExactly(3, 4, 5, 297, 298, 299);
    assertThat(model.metadata().producer()).startsWith("TensorFlow 2.");
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    Files.delete(folder.resolve(SHARD));
    var findings = new Findings();
    read(findings);
    assertThat(findings.all())
        .extracting(each -> each.why())
        .contains("the shard 'variables.data-00000-of-00001' of the variables is not there");
  }

  @Test
  void aChangedShardIsFoundByItsChecksum() throws IOException {
    var shard = Files.readAllBytes(folder.resolve(SHARD));
    shard[2] ^= 1;
    Files.write(folder.resolve(SHARD), shard);
    var findings = new Findings();
    read(findings);
    assertThat(findings.all())
        .extracting(each -> each.why())
        .containsExactly(
            "the variable 'bias/.ATTRIBUTES/VARIABLE_VALUE' of the checkpoint does not have the"
                + " checksum that the index says");
  }

  @Test
  void withoutVariablesThereAreNoValues() throws IOException {
    Files.delete(folder.resolve("variables/variables.index"));
    var findings = new Findings();
    read(findings);
    assertThat(findings.all())
        .extracting(each -> each.why())
        .contains("the model has no value for the variable 'bias'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"saved_model.pb", "variables/variables.index", SHARD})
  void corruptFilesEndInFindings(String name) throws IOException {
    var whole = bytes(name);
    int refused = 0;
    for (long seed = 0; seed < VARIANTS; seed++) {
      Files.write(folder.resolve(name), corrupt(whole, new Random(seed)));
      var findings = new Findings();
      try {
        read(findings);
        if (findings.hasErrors()) refused++;
      } catch (ModelException _) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail(name + ", seed " + seed, e);
      }
    }
    assertThat(refused).isGreaterThan(VARIANTS / 20);
  }

  /// Every fourth is cut off, the others have one to eight bytes changed.
  private static byte[] corrupt(byte[] whole, Random random) {
    if (random.nextInt(4) == 0) return Arrays.copyOf(whole, random.nextInt(whole.length));
    var bytes = whole.clone();
    for (int i = random.nextInt(8); i >= 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }

  @Test
  void snappyUnpacksLiteralsAndCopies() {
    // Length 11, the literal "abc", a copy of 8 bytes from 3 before.
    var packed = new byte[] {11, 2 << 2, 'a', 'b', 'c', (byte) ((8 - 4) << 2 | 1), 3};
    assertThat(new String(Snappy.unpack(packed, 100), java.nio.charset.StandardCharsets.US_ASCII))
        .isEqualTo("abcabcabcab");
    assertThatThrownBy(() -> Snappy.unpack(packed, 10))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }
}
