package watari.format.keras;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static watari.format.keras.KerasTestModel.tensor;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.op.RecurrentOp.Lstm;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// What single layers mean; numbers are worked out by hand from Keras' definitions.
class KerasReadOpsTest {
  @TempDir Path folder;

  private KerasTestModel model() {
    return new KerasTestModel(folder);
  }

  private double[] run(KerasTestModel model, Shape shape, float... input) {
    var read = model.read();
    assertThat(read.sentences()).isEmpty();
    return read.run(shape, input);
  }

  // ---- functions

  @Test
  void reluHasASlopeAThresholdAndALimit() {
    var model =
        model()
            .input("x", "4")
            .layer("ReLU", "r", "\"max_value\": 3, \"negative_slope\": 0.5, \"threshold\": 1");

    // 0.5 · (x - 1) below the threshold.
    assertThat(run(model, Shape.of(1, 4), -1, 0, 2, 5)).containsExactly(-1, -0.5, 2, 3);
  }

  @Test
  void hardSigmoidOfKeras3IsASixth() {
    var model =
        model().input("x", "3").layer("Activation", "a", "\"activation\": \"hard_sigmoid\"");

    assertThat(run(model, Shape.of(1, 3), -3, 0, 1.5f)).containsExactly(0, 0.5, 0.75);
  }

  @Test
  void softmaxOverSeveralAxesSumsToOne() {
    var model = model().input("x", "2, 2").layer("Softmax", "s", "\"axis\": [1, 2]");

    assertThat(run(model, Shape.of(1, 2, 2), 1, 1, 1, 1)).containsExactly(0.25, 0.25, 0.25, 0.25);
  }

  // ---- convolutions

  @Test
  void causalPaddingLooksBack() {
    var model =
        model()
            .input("x", "4, 1")
            .layer(
                "Conv1D",
                "c",
                "\"filters\": 1, \"kernel_size\": [2], \"padding\": \"causal\","
                    + " \"dilation_rate\": [2], \"use_bias\": false")
            .array("layers/conv1d/vars/0", new float[][][] {{{10}}, {{1}}});

    assertThat(run(model, Shape.of(1, 4, 1), 1, 2, 3, 4)).containsExactly(1, 2, 13, 24);
  }

  @Test
  void layoutsAreThoseOfTheLayer() {
    var read =
        model()
            .input("x", "2, 5, 5")
            .layer(
                "Conv2D",
                "c",
                "\"filters\": 3, \"kernel_size\": 1, \"data_format\": \"channels_first\","
                    + " \"use_bias\": false")
            .array("layers/conv2d/vars/0", new float[1][1][2][3])
            .read();

    assertThat(read.sentences()).isEmpty();
    var conv = (Conv) read.graph().nodes().get(0).op();
    assertThat(conv.layout()).isEqualTo(Layout.CHANNELS_FIRST);
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,3,5,5]");
  }

  @Test
  void aTransposedConvolutionCropsWhatSameAddsTooMuch() {
    var read =
        model()
            .input("x", "4, 1")
            .layer(
                "Conv1DTranspose",
                "c",
                "\"filters\": 1, \"kernel_size\": 4, \"strides\": 2, \"padding\": \"same\","
                    + " \"output_padding\": 1, \"use_bias\": false")
            .array("layers/conv1_d_transpose/vars/0", new float[4][1][1])
            .array("layers/conv1d_transpose/vars/0", new float[4][1][1])
            .read();

    assertThat(read.sentences()).isEmpty();
    var op = (ConvTranspose) read.graph().nodes().get(0).op();
    // (4 - 1) · 2 + 4 % 2 + 1 = 7 of 10 elements: 3 are cropped, the odd one at the end.
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,7,1]");
    assertThat(op.padding())
        .isEqualTo(new Padding.Explicit(java.util.List.of(1), java.util.List.of(2)));
  }

  // ---- merges and shapes

  @Test
  void anInputOfFewerAxesGetsThemBehindTheBatch() {
    var model =
        model()
            .input("x", "2")
            .layer("RepeatVector", "r", "\"n\": 3")
            .layer("Add", "a", "", "[" + tensor("r") + ", " + tensor("x") + "]", "");

    assertThat(run(model, Shape.of(1, 2), 1, 10)).containsExactly(2, 20, 2, 20, 2, 20);
  }

  @Test
  void channelsFirstAreFlattenedChannelsLast() {
    var model =
        model().input("x", "2, 1, 2").layer("Flatten", "f", "\"data_format\": \"channels_first\"");

    assertThat(run(model, Shape.of(1, 2, 1, 2), 1, 2, 3, 4)).containsExactly(1, 3, 2, 4);
  }

  @Test
  void dotMultipliesWhatItsAxesSay() {
    var model =
        model()
            .input("x", "2, 2")
            .layer(
                "Dot", "d", "\"axes\": [2, 1]", "[" + tensor("x") + ", " + tensor("x") + "]", "");

    assertThat(run(model, Shape.of(1, 2, 2), 1, 2, 3, 4)).containsExactly(7, 10, 15, 22);
  }

  @Test
  void adaptivePoolingSharesElements() {
    var model =
        model().input("x", "5, 1").layer("AdaptiveAveragePooling1D", "p", "\"output_size\": 2");

    // Elements 0 to 3, then 2 to 5.
    assertThat(run(model, Shape.of(1, 5, 1), 1, 2, 3, 4, 5)).containsExactly(2, 4);
  }

  // ---- time

  @Test
  void aRecurrentLayerIsOneOperator() {
    var read =
        model()
            .input("x", "3, 2")
            .layer(
                "LSTM",
                "l",
                "\"units\": 1, \"activation\": \"tanh\", \"recurrent_activation\": \"sigmoid\"")
            .array("layers/lstm/cell/vars/0", new float[2][4])
            .array("layers/lstm/cell/vars/1", new float[1][4])
            .array("layers/lstm/cell/vars/2", new float[4])
            .read();

    assertThat(read.sentences()).isEmpty();
    assertThat(read.graph().nodes().get(0).op()).isInstanceOf(Lstm.class);
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,1]");
  }

  private KerasTestModel summing(String before, String more) {
    var model = model().input("x", "3, 1");
    if (!before.isEmpty()) model.layer(before, "m", "\"mask_value\": 0");
    return model
        .layer(
            "SimpleRNN",
            "r",
            "\"units\": 1, \"activation\": \"leaky_relu\", \"use_bias\": false" + more)
        .array("layers/simple_rnn/cell/vars/0", new float[][] {{1}})
        .array("layers/simple_rnn/cell/vars/1", new float[][] {{2}});
  }

  @Test
  void goingBackBeginsAtTheEnd() {
    // ((3 · 2) + 2) · 2 + 1, the states in the order in which they were made.
    var model = summing("", ", \"go_backwards\": true, \"return_sequences\": true");
    assertThat(run(model, Shape.of(1, 3, 1), 1, 2, 3)).containsExactly(3, 8, 17);
  }

  @Test
  void maskedStepsKeepTheState() {
    var all = ", \"return_sequences\": true";
    assertThat(run(summing("Masking", all), Shape.of(1, 3, 1), 1, 0, 3)).containsExactly(1, 1, 5);
    var zeroes = all + ", \"zero_output_for_mask\": true";
    assertThat(run(summing("Masking", zeroes), Shape.of(1, 3, 1), 1, 0, 3))
        .containsExactly(1, 0, 5);
  }

  @Test
  void aMaskThatIsNotFollowedIsRefusedWhereItCounts() {
    var read =
        model()
            .input("x", "3, 1")
            .layer("Masking", "m", "")
            .layer("ZeroPadding1D", "z", "\"padding\": 1")
            .layer("SimpleRNN", "r", "\"units\": 1, \"activation\": \"tanh\"")
            .array("layers/simple_rnn/cell/vars/0", new float[][] {{1}})
            .array("layers/simple_rnn/cell/vars/1", new float[][] {{2}})
            .array("layers/simple_rnn/cell/vars/2", new float[] {0})
            .read();

    assertThat(read.sentences()).hasSize(1);
    assertThat(read.sentences().get(0)).contains("node 'r' (SimpleRNN): it heeds the mask");
  }

  @Test
  void gatesThatResetAfterHaveABiasOfTheirOwn() {
    var read =
        model()
            .input("x", "1, 1")
            .layer(
                "GRU",
                "g",
                "\"units\": 1, \"activation\": \"leaky_relu\", \"recurrent_activation\": \"sigmoid\","
                    + " \"reset_after\": true")
            .array("layers/gru/cell/vars/0", new float[][] {{0, 0, 0}})
            .array("layers/gru/cell/vars/1", new float[][] {{0, 0, 0}})
            .array("layers/gru/cell/vars/2", new float[][] {{0, 0, 4}, {0, 0, 2}})
            .read();

    assertThat(read.sentences()).isEmpty();
    // z = r = 1/2: half of 4 + 1/2 · 2.
    assertThat(read.run(Shape.of(1, 1, 1), 0)[0]).isCloseTo(2.5, within(1e-6));
  }

  @Test
  void aLayerOnEachStepSharesItsWeights() {
    var model =
        model()
            .input("x", "2, 2")
            .layer(
                "TimeDistributed",
                "t",
                """
                "layer": {"module": "keras.layers", "class_name": "Dense",
                  "config": {"name": "d", "units": 1, "use_bias": false}}\
                """)
            .array("layers/time_distributed/layer/vars/0", new float[][] {{1}, {10}});

    assertThat(run(model, Shape.of(1, 2, 2), 1, 2, 3, 4)).containsExactly(21, 43);
  }

  // ---- categories and images

  @Test
  void bucketsBeginAtTheirBoundaries() {
    var model = model().input("x", "3").layer("Discretization", "d", "\"bin_boundaries\": [0, 1]");

    assertThat(run(model, Shape.of(1, 3), -1, 0, 5)).containsExactly(0, 1, 2);
  }

  /// Keras 2 says the type of the buckets as that of the layer.
  @Test
  void aLayerOfWholeNumbersTakesFractionsAsTheyAre() {
    var model =
        model()
            .input("x", "2")
            .layer("Discretization", "d", "\"bin_boundaries\": [-1, 1], \"dtype\": \"int64\"");

    assertThat(run(model, Shape.of(1, 2), -1.5f, 0.5f)).containsExactly(0, 1);
    assertThat(model.read().graph().outputs().get(0).type()).hasToString("int64[1,2]");
  }

  @Test
  void aLayerMayBeKeptUnderAnotherNameThanItsOwn() {
    assertThat(KerasLayer.snakeCase("GroupQueryAttention")).isEqualTo("grouped_query_attention");
    assertThat(KerasLayer.snakeCase("Conv2DTranspose")).isEqualTo("conv2d_transpose");
    assertThat(KerasLayer.snakeCase("PReLU")).isEqualTo("p_re_lu");
  }

  @Test
  void aSmallerImageIsMadeLargerBeforeItsMiddleIsTaken() {
    var read =
        model()
            .input("x", "2, 4, 1")
            .layer("CenterCrop", "c", "\"height\": 4, \"width\": 4")
            .read();

    assertThat(read.sentences()).isEmpty();
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,4,4,1]");
  }

  // ---- functions of keras.ops

  private static String slice(String start, String stop, String step) {
    return "{\"class_name\": \"__slice__\", \"config\": {\"start\": %s, \"stop\": %s, \"step\": %s}}"
        .formatted(start, stop, step);
  }

  @Test
  void anIndexSlicesDropsAndAddsAxes() {
    var all = slice("null", "null", "null");
    var key = "[" + all + ", null, 1, " + slice("null", "null", "-2") + "]";
    var read =
        model().input("x", "2, 3").operation("GetItem", "g", "", tensor("x") + ", " + key).read();

    assertThat(read.sentences()).isEmpty();
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,1,2]");
    assertThat(read.run(Shape.of(1, 2, 3), 1, 2, 3, 4, 5, 6)).containsExactly(6, 4);
  }

  @Test
  void numbersTakeTheTypeOfTheTensor() {
    var model =
        model()
            .input("x", "2")
            .operation("Subtract", "s", "", "2.0, " + tensor("x"))
            .operation("Greater", "g", "", tensor("s") + ", 0")
            .operation("Where", "w", "", tensor("g") + ", " + tensor("s") + ", -7");

    assertThat(run(model, Shape.of(1, 2), 1.5f, 3)).containsExactly(0.5, -7);
  }

  @Test
  void aNumberOfALayerIsNoGroupOfItsOwn() {
    // Keras numbers the groups of layers of one class, and functions are no layers.
    var model =
        model()
            .input("x", "1")
            .layer("Dense", "first", "\"units\": 1, \"use_bias\": false")
            .operation("Add", "a", "", tensor("first") + ", 1.0")
            .layer("Dense", "second", "\"units\": 1, \"use_bias\": false")
            .array("layers/dense/vars/0", new float[][] {{2}})
            .array("layers/dense_1/vars/0", new float[][] {{10}});

    assertThat(run(model, Shape.of(1, 1), 3)).containsExactly(70);
  }
}
