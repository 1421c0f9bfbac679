package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The rows of the table in `docs/edit.md`, on a network that was trained: `samples/digits.onnx`,
/// run by ONNX Runtime before and after. What the edit is to do is worked out from the outputs
/// before.
class SurgeryTest {
  private static final Path DIGITS =
      Path.of(System.getProperty("watari.root", ".."), "samples", "digits.onnx");

  /// Sums of products in float32, added in another order.
  private static final float ROUNDING = 1e-5f;

  @TempDir private Path folder;
  private int files;

  private Path edited(Path model, Object... edits) {
    var result = folder.resolve("edited" + files++ + ".onnx");
    var words = new Object[edits.length + 4];
    words[0] = "edit";
    words[1] = model;
    words[2] = "-o";
    words[3] = result;
    System.arraycopy(edits, 0, words, 4, edits.length);
    var said = Spoken.of(words);
    assertThat(said.err()).isEmpty();
    assertThat(said.code()).isZero();
    return result;
  }

  private Map<String, TensorData> run(Path model, Map<String, TensorData> inputs)
      throws IOException {
    var given = folder.resolve("in" + files + ".npz");
    var got = folder.resolve("out" + files++ + ".npz");
    Npz.write(given, inputs);
    var said = Spoken.of("run", model, "--data", given, "-o", got);
    assertThat(said.err()).isEmpty();
    assertThat(said.code()).isZero();
    return Npz.read(got);
  }

  private float[] run(Path model, String input, TensorData image, String output)
      throws IOException {
    return output(run(model, Map.of(input, image)), output).floats();
  }

  private static TensorData output(Map<String, TensorData> outputs, String name) {
    return Objects.requireNonNull(outputs.get(name));
  }

  private static TensorData image(int batch) {
    var random = new Random(7);
    var numbers = new float[batch * 64];
    for (int i = 0; i < numbers.length; i++) numbers[i] = random.nextInt(256) / 255f;
    return TensorData.ofFloats(Shape.of(batch, 1, 8, 8), numbers);
  }

  private float[] digits() throws IOException {
    return run(DIGITS, "image", image(1), "probabilities");
  }

  private static void assertClose(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).as("element %d", i).isCloseTo(expected[i], within(ROUNDING));
    }
  }

  private static void assertClose(float[] found, double[] expected) {
    var floats = new float[expected.length];
    for (int i = 0; i < floats.length; i++) floats[i] = (float) expected[i];
    assertClose(found, floats);
  }

  private static double[] softmax(float[] x, double factor) {
    var exponentials = new double[x.length];
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      exponentials[i] = Math.exp(factor * x[i]);
      sum += exponentials[i];
    }
    for (int i = 0; i < x.length; i++) exponentials[i] /= sum;
    return exponentials;
  }

  private float[] logits() throws IOException {
    return run(edited(DIGITS, "--outputs", "dense5"), "image", image(1), "dense5");
  }

  // ---- what is not asked for stays

  @Test
  void producerAndOpsetStay() {
    var result = edited(DIGITS, "--rename", "image=picture");
    var json = folder.resolve("edited.json");
    Spoken.of("json", result, "-o", json);
    assertThat(json)
        .content()
        .contains("\"producerName\": \"make_digits\"", "\"version\": \"17\"")
        .contains("\"opType\": \"Clip\"", "\"name\": \"dense5/weight\"");
  }

  @Test
  void anOpsetIsConvertedTo() throws IOException {
    var result = edited(DIGITS, "--opset", 12);
    assertClose(run(result, "image", image(1), "probabilities"), digits());
    assertThat(Spoken.of("inspect", result).out()).contains("Softmax");
  }

  @Test
  void anOpsetThatIsTooOldToWriteIsReplacedByAWarning() throws IOException {
    var json = folder.resolve("old.json");
    Spoken.of("json", edited(DIGITS, "--outputs", "conv0/relu"), "-o", json);
    var text = Files.readString(json).replace("\"version\": \"17\"", "\"version\": \"9\"");
    Files.writeString(json, text);
    var old = folder.resolve("old.onnx");
    Spoken.of("json", json, "-o", old);
    var result = folder.resolve("new.onnx");
    var said = Spoken.of("edit", old, "-o", result, "--rename", "image=picture");
    assertThat(said.err()).contains("opset 9 cannot say all of the model", "[OPSET_CHANGED]");
    assertThat(run(result, "picture", image(1), "conv0/relu"))
        .isEqualTo(run(old, "image", image(1), "conv0/relu"));
    assertThat(Spoken.of("edit", old, "--dry-run", "--opset", 9).code()).isEqualTo(4);
  }

  // ---- sor4onnx

  @Test
  void namesAreChangedExactlyAndByExpression() throws IOException {
    var exact = edited(DIGITS, "--rename", "image=picture", "--rename", "probabilities=p");
    assertThat(run(exact, "picture", image(1), "p")).isEqualTo(digits());
    var all = edited(DIGITS, "--rename-regex", "^=net/");
    assertThat(run(all, "net/image", image(1), "net/probabilities")).isEqualTo(digits());
    assertThat(Spoken.of("edit", DIGITS, "--dry-run", "--rename-regex", "zzz=y").err())
        .contains("'zzz' is in the name of no tensor [NAME_UNKNOWN]");
  }

  // ---- snd4onnx

  @Test
  void aDeletedNodeGivesItsInput() throws IOException {
    assertClose(
        run(edited(DIGITS, "--delete", "probabilities"), "image", image(1), "probabilities"),
        logits());
  }

  // ---- sne4onnx

  @Test
  void aPartIsTakenOut() throws IOException {
    var features = run(edited(DIGITS, "--outputs", "features"), "image", image(1), "features");
    var tail = edited(DIGITS, "--inputs", "features");
    var data = TensorData.ofFloats(Shape.of(1, 128), features);
    assertClose(run(tail, "features", data, "probabilities"), digits());
  }

  // ---- soa4onnx, sod4onnx

  @Test
  void outputsComeAndGo() throws IOException {
    var both = edited(DIGITS, "--add-outputs", "dense5");
    var out = run(both, Map.of("image", image(1)));
    assertThat(out.keySet()).containsExactly("probabilities", "dense5");
    assertClose(output(out, "dense5").floats(), logits());
    var one = edited(both, "--remove-outputs", "probabilities");
    assertThat(run(one, Map.of("image", image(1))).keySet()).containsExactly("dense5");
    assertThat(Spoken.of("edit", one, "--dry-run", "--remove-outputs", "dense5").err())
        .contains("no output would be left [EDIT_IMPOSSIBLE]");
  }

  // ---- sam4onnx

  @Test
  void attributesAndConstantsChange() throws IOException {
    var rectified = run(edited(DIGITS, "--outputs", "conv4/relu"), "image", image(1), "conv4/relu");
    var sigmoid = edited(DIGITS, "--set-attr", "conv4/relu.kind=neg", "--outputs", "conv4/relu");
    var before = run(edited(DIGITS, "--outputs", "conv4"), "image", image(1), "conv4");
    var found = run(sigmoid, "image", image(1), "conv4/relu");
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isEqualTo(-before[i]);
      assertThat(rectified[i]).isEqualTo(Math.max(before[i], 0));
    }
    var zero = edited(DIGITS, "--set-const", "dense5/weight=0", "--set-const", "dense5/bias=0");
    assertClose(run(zero, "image", image(1), "probabilities"), softmax(new float[10], 1));
    var clipped =
        edited(DIGITS, "--set-attr", "depthwise1/clip.max=0", "--outputs", "depthwise1/clip");
    for (float each : run(clipped, "image", image(1), "depthwise1/clip")) assertThat(each).isZero();
  }

  @Test
  void shapesFollowAnAttribute() {
    var pooled = edited(DIGITS, "--outputs", "maxpool3");
    var result = edited(pooled, "--set-attr", "maxpool3.strides=[4,4]");
    assertThat(Spoken.of("inspect", result).out()).contains("output maxpool3: float32[1,32,2,2]");
    var unfit = Spoken.of("edit", DIGITS, "--dry-run", "--set-attr", "conv4.strides=[1,1]");
    assertThat(unfit.err())
        .contains("dense5", "it does not fit after the edit", "[EDIT_IMPOSSIBLE]");
    assertThat(unfit.code()).isEqualTo(4);
    var unknown = Spoken.of("edit", DIGITS, "--dry-run", "--set-attr", "conv4.colour=red");
    assertThat(unknown.err())
        .contains("Conv has no attribute 'colour'; it has: strides, dilations, padding, groups");
    var text = Spoken.of("edit", DIGITS, "--dry-run", "--set-attr", "conv4.strides=wide");
    assertThat(text.err()).contains("'strides' takes a number, not 'wide'");
  }

  // ---- sog4onnx

  @Test
  void aModelOfOneOperatorIsMade() throws IOException {
    var result = folder.resolve("one.onnx");
    var said =
        Spoken.of(
            "edit",
            "--new",
            "onnx",
            "--opset",
            13,
            "-o",
            result,
            "--insert",
            "y = Mul(a:float32[2,2], b:float32[2])");
    assertThat(said.err()).isEmpty();
    var inputs =
        Map.of(
            "a", TensorData.ofFloats(Shape.of(2, 2), 1, 2, 3, 4),
            "b", TensorData.ofFloats(Shape.of(2), 10, 100));
    assertThat(output(run(result, inputs), "y").floats()).containsExactly(10, 200, 30, 400);
  }

  // ---- sna4onnx

  @Test
  void aNodeIsInsertedBehindATensor() throws IOException {
    var scaled = edited(DIGITS, "--insert", "scaled = Mul(@, 0.5) after dense5");
    assertClose(run(scaled, "image", image(1), "probabilities"), softmax(logits(), 0.5));
    var before = edited(DIGITS, "--insert", "Mul(0.5) before probabilities");
    assertClose(run(before, "image", image(1), "probabilities"), softmax(logits(), 0.5));
  }

  @Test
  void aNodeBesideTheOthersHasItsOwnOutputsAndInputs() throws IOException {
    var result =
        edited(
            DIGITS,
            "--insert",
            "best = ArgMax(dense5, axis=1)",
            "--insert",
            "moved = Add(dense5, by:float32[10])");
    var by = TensorData.filled(TensorData.scalar(3f), Shape.of(10));
    var out = run(result, Map.of("image", image(1), "by", by));
    var logits = logits();
    int best = 0;
    for (int i = 0; i < 10; i++) if (logits[i] > logits[best]) best = i;
    assertThat(output(out, "best").longs()).containsExactly(best);
    assertThat(output(out, "moved").floats()[0]).isCloseTo(logits[0] + 3, within(ROUNDING));
    var unknown = Spoken.of("edit", DIGITS, "--dry-run", "--insert", "Mull(dense5, 2)");
    assertThat(unknown.err())
        .contains("there is no operator 'Mull' to insert [NAME_UNKNOWN]", "mul");
  }

  // ---- svs4onnx

  @Test
  void whatReadsATensorReadsAnotherOne() throws IOException {
    var result = edited(DIGITS, "--connect", "conv4=conv4/relu", "--outputs", "features");
    var before = run(edited(DIGITS, "--outputs", "conv4"), "image", image(1), "conv4");
    assertThat(run(result, "image", image(1), "features")).isEqualTo(before);
    assertThat(Spoken.of("edit", DIGITS, "--dry-run", "--connect", "dense5=conv4").err())
        .contains("it would wait for what it computes itself [EDIT_IMPOSSIBLE]");
  }

  // ---- snc4onnx

  @Test
  void modelsAreMerged() throws IOException {
    var head = edited(DIGITS, "--outputs", "features");
    var tail = edited(DIGITS, "--inputs", "features");
    var whole = edited(head, "--merge", tail, "--connect", "features=features");
    assertClose(run(whole, "image", image(1), "probabilities"), digits());
    var twice = edited(DIGITS, "--merge", DIGITS, "--prefix", "a,b", "--connect", "image=image");
    var out = run(twice, Map.of("a_image", image(1)));
    assertThat(out.keySet()).containsExactly("a_probabilities", "b_probabilities");
    assertThat(output(out, "b_probabilities").floats()).isEqualTo(digits());
    assertThat(Spoken.of("edit", DIGITS, "--dry-run", "--merge", DIGITS).err())
        .contains("both models have 'image' [NAME_TAKEN]", "--prefix");
  }

  // ---- onnx2tf -easm, -esm

  @Test
  void aModelIsSplit() throws IOException {
    var result = folder.resolve("part.onnx");
    assertThat(Spoken.of("edit", DIGITS, "--split-at", "maxpool3", "-o", result).err()).isEmpty();
    var first = output(run(folder.resolve("part_1.onnx"), Map.of("image", image(1))), "maxpool3");
    assertClose(run(folder.resolve("part_2.onnx"), "maxpool3", first, "probabilities"), digits());
    assertThat(result).doesNotExist();
  }

  // ---- scc4onnx

  @Test
  void axesAndChannelsOfAnInputChange() throws IOException {
    var last = edited(DIGITS, "--permute-input", "image=0,2,3,1");
    assertClose(
        run(last, "image", image(1).transposed(List.of(0, 2, 3, 1)), "probabilities"), digits());
    var layout = edited(DIGITS, "--input-layout", "image=nhwc");
    assertClose(
        run(layout, "image", image(1).transposed(List.of(0, 2, 3, 1)), "probabilities"), digits());
    var colours =
        edited(
            DIGITS,
            "--insert",
            "gray = ReduceMean(rgb:float32[1,3,8,8], axes=[1])",
            "--insert",
            "other = Mul(rgb, [[[[1]],[[2]],[[4]]]])");
    var swapped = edited(colours, "--swap-channels", "rgb");
    var random = new Random(3);
    var numbers = new float[192];
    for (int i = 0; i < 192; i++) numbers[i] = random.nextFloat();
    var rgb = TensorData.ofFloats(Shape.of(1, 3, 8, 8), numbers);
    var out = output(run(swapped, Map.of("image", image(1), "rgb", rgb)), "other").floats();
    var factors = new float[] {1, 2, 4};
    for (int i = 0; i < 192; i++) {
      assertThat(out[i]).isEqualTo(numbers[(2 - i / 64) * 64 + i % 64] * factors[i / 64]);
    }
    assertThat(Spoken.of("edit", DIGITS, "--dry-run", "--swap-channels", "image").err())
        .contains("input 'image': its shape [1,1,8,8] has no 3 channels at axis [1, 3]");
  }

  @Test
  void preparationGoesIntoTheModel() throws IOException {
    var result = edited(DIGITS, "--preprocess", "image=uint8 x / 255");
    var pixels = new long[64];
    for (int i = 0; i < 64; i++) pixels[i] = Math.round(image(1).floats()[i] * 255.0);
    var data = TensorData.ofLongs(DataType.UINT8, Shape.of(1, 1, 8, 8), pixels);
    assertClose(run(result, "image", data, "probabilities"), digits());
    assertThat(Spoken.of("edit", DIGITS, "--dry-run", "--preprocess", "image=x * x").err())
        .contains("'x * x' is no scale and offset of x");
  }

  // ---- sbi4onnx, sio4onnx

  @Test
  void batchAndShapesChange() throws IOException {
    var result = edited(DIGITS, "--batch", 3);
    assertThat(run(result, "image", image(3), "probabilities")).hasSize(30);
    var shaped = edited(DIGITS, "--input-shape", "image=2,1,8,8");
    assertThat(run(shaped, "image", image(2), "probabilities")).hasSize(20);
  }

  // ---- scs4onnx, spo4onnx

  @Test
  void equalConstantsAreShared() throws IOException {
    var twice = edited(DIGITS, "--merge", DIGITS, "--prefix", "a,b", "--connect", "image=image");
    var shared = edited(twice, "--share-constants");
    assertThat(Files.size(shared)).isLessThan(Files.size(DIGITS) * 6 / 5);
    assertThat(run(shared, "a_image", image(1), "b_probabilities")).isEqualTo(digits());
    var simple = edited(DIGITS, "--simplify");
    assertClose(run(simple, "image", image(1), "probabilities"), digits());
  }

  // ---- scripts

  @Test
  void aScriptDoesItsEditsInOrder() throws IOException {
    var script = folder.resolve("edits.yaml");
    Files.writeString(
        script,
        """
        # what callers did so far
        - preprocess: {image: {type: uint8, formula: x / 255}}
        - insert:
            operator: Mul
            inputs: ["@", 0.5]
            outputs: [scaled]
            after: dense5
        - add-outputs: [scaled]
        - rename: {probabilities: p, scaled: half}
        - set-attr: {p.axis: -1}
        - prune
        """);
    var result = edited(DIGITS, "--script", script);
    var pixels = new long[64];
    for (int i = 0; i < 64; i++) pixels[i] = Math.round(image(1).floats()[i] * 255.0);
    var data = TensorData.ofLongs(DataType.UINT8, Shape.of(1, 1, 8, 8), pixels);
    var out = run(result, Map.of("image", data));
    assertClose(output(out, "p").floats(), softmax(logits(), 0.5));
    assertThat(output(out, "half").floats()[0]).isCloseTo(logits()[0] / 2, within(ROUNDING));
  }

  @Test
  void whatIsWrongInAScriptIsToldWithLineAndPath() throws IOException {
    assertThat(said("- rename: {image: picture}\n- delet: conv0\n"))
        .contains("edits.yaml: line 2, [1].delet: there is no edit 'delet'; near names: delete");
    assertThat(said("- rename: {image: picture\n- delete: conv0\n"))
        .contains("edits.yaml: line 2: ", "[SCRIPT_BROKEN]");
    assertThat(said("- prune\n- delete: [probabilities, conv99]\n"))
        .contains("edits.yaml: line 2, [1].delete: the model has no node 'conv99' [NAME_UNKNOWN]");
    assertThat(said("- set-const:\n    dense5/bias: [1, 2]\n"))
        .contains("line 2, [0].set-const", "'dense5/bias' is float32[10], but float64[2] is given");
    assertThat(said("rename: {image: x}\n")).contains("line 1: a list of edits is expected");
    assertThat(said("- rename: {a: b, a: c}\n")).contains("line 1, [0].rename: 'a' comes twice");
    assertThat(said("- &x [*x]\n")).contains("aliases are not taken");
    assertThat(said("- batch: many\n")).contains("line 1, [0].batch: a whole number is expected");
  }

  private String said(String text) throws IOException {
    var script = folder.resolve("edits.yaml");
    Files.writeString(script, text);
    var result = folder.resolve("never.onnx");
    var said = Spoken.of("edit", DIGITS, "-o", result, "--script", script);
    assertThat(said.code()).isEqualTo(4);
    assertThat(result).doesNotExist();
    return said.err();
  }
}
