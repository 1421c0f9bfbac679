package watari.format.openvino;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.ModelException;
import watari.graph.Validator;

/// Broken XML is read or refused with a reason: nothing else is thrown, and no graph is broken.
class OpenvinoCorruptionTest {
  private static final long SEED = Long.getLong("watari.seed", 1);
  private static final int VARIANTS = 2400;

  @TempDir Path folder;

  private OpenvinoTestModel model() {
    return new OpenvinoTestModel(folder)
        .input("0", "1,2,4,4")
        .floats("1", "3,2,1,1", 1, 2, 3, 4, 5, 6)
        .operator(
            "2",
            "Convolution",
            "strides=\"1,1\" pads_begin=\"0,0\" pads_end=\"0,0\" dilations=\"1,1\"",
            "0 1")
        .integers("3", "2", 1, -1)
        .operator("4", "Reshape", "special_zero=\"true\"", "2 3")
        .operator("5", "SoftMax", "axis=\"1\"", "4")
        .integers("6", "", 1)
        .operator("7", "ReduceMax", "keep_dims=\"false\"", "5 6")
        .operator("8", "Multiply", "auto_broadcast=\"numpy\"", "7 7")
        .result("9", "8");
  }

  @Test
  void brokenXmlIsReadOrRefused() throws IOException {
    var model = model();
    assertThat(model.read().sentences()).isEmpty();
    var good = model.text().getBytes(UTF_8);
    int readable = 0;
    for (int i = 0; i < VARIANTS; i++) {
      var random = new Random(SEED * 1_000_003 + i);
      if (isRead(model, new String(broken(good, random), ISO_8859_1), i)) readable++;
    }
    assertThat(readable).as("readable ones").isBetween(1, VARIANTS - 1);
  }

  private static boolean isRead(OpenvinoTestModel model, String text, int variant) {
    try {
      var read = model.read(text);
      assertThat(read.findings()).allSatisfy(f -> assertThat(f.why()).isNotEmpty());
      assertThat(Validator.check(read.graph())).as("variant %d, seed %d", variant, SEED).isEmpty();
      return read.findings().isEmpty();
    } catch (ModelException e) {
      assertThat(e.findings()).isNotEmpty().allSatisfy(f -> assertThat(f.file()).isNotEmpty());
      return false;
    } catch (RuntimeException | StackOverflowError e) {
      throw new AssertionError("variant " + variant + ", seed " + SEED, e);
    }
  }

  private static byte[] broken(byte[] good, Random random) {
    var bad = good.clone();
    switch (random.nextInt(4)) {
      case 0 -> bad = Arrays.copyOf(good, random.nextInt(good.length));
      case 1 -> bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      case 2 -> {
        // A number becomes another one.
        int at = random.nextInt(bad.length);
        while (at < bad.length && !Character.isDigit(bad[at])) at++;
        if (at < bad.length) bad[at] = (byte) ('0' + random.nextInt(10));
      }
      default -> {
        int from = random.nextInt(good.length);
        int count = Math.min(1 + random.nextInt(80), good.length - from);
        System.arraycopy(good, from + count, bad, from, good.length - from - count);
        bad = Arrays.copyOf(bad, good.length - count);
      }
    }
    return bad;
  }

  @Test
  void deepTreesAreRefused() {
    var deep = "<a>".repeat(100_000);
    var text = "<net name=\"x\" version=\"11\"><rt_info>" + deep;
    assertThat(catchThrowable(() -> model().read(text)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("more than 90 deep");
  }

  @Test
  void namesMayHaveManyReferences() {
    var model = new OpenvinoTestModel(folder).input("0", "4");
    for (int i = 1; i < 2000; i++) {
      model.layer("" + i, "&lt;&amp;&quot;".repeat(20), "ReLU", "", "" + (i - 1), "t&lt;" + i);
    }
    var read = model.result("2000", "1999").read();
    assertThat(read.sentences()).isEmpty();
    assertThat(read.graph().outputNames()).containsExactly("t<1999");
  }

  @Test
  void entitiesDoNotGrow() {
    var bomb =
        "<!DOCTYPE net [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
            + "<net name=\"&b;\" version=\"11\"><layers/><edges/></net>";
    assertThat(catchThrowable(() -> model().read(bomb)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("DOCTYPE");
  }

  @Test
  void constantsBeyondTheFileAreReportedTogether() {
    var text =
        model()
            .text()
            .replace("size=\"24\"", "size=\"2400\"")
            .replace("shape=\"3,2,1,1\"", "shape=\"300,2,1,1\"")
            .replace("offset=\"24\"", "offset=\"99999\"");
    var read = model().read(text);
    assertThat(read.sentences())
        .containsExactly(
            "its 2400 bytes at offset 0 lie outside of 'model.bin', which has 48",
            "its 16 bytes at offset 99999 lie outside of 'model.bin', which has 48");
  }
}
