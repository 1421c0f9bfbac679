package watari.format.openvino;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.eval.PlainEvaluator;
import watari.finding.Finding;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What single operators mean; numbers are worked out by hand from OpenVINO's specification.
class OpenvinoReadOpsTest {
  @TempDir Path folder;

  private OpenvinoTestModel model() {
    return new OpenvinoTestModel(folder);
  }

  /// The elements of the only output, computed by our kernels.
  private static double[] run(OpenvinoTestModel model, Shape shape, float... input) {
    var read = model.read();
    assertThat(read.sentences()).isEmpty();
    var given = Map.of(read.graph().inputs().get(0), TensorData.ofFloats(shape, input));
    return new PlainEvaluator().run(read.graph(), given).get(0).doubles();
  }

  // ---- StridedSlice

  @Test
  void masksOpenNewAndDropAxes() {
    var read =
        model()
            .input("0", "4,5,6")
            .integers("1", "3", 0, 1, 2)
            .integers("2", "3", 0, 3, 3)
            .integers("3", "3", 1, 1, 1)
            .operator(
                "4",
                "StridedSlice",
                "begin_mask=\"0,0,0\" end_mask=\"0,0,0\" new_axis_mask=\"1,0,0\""
                    + " shrink_axis_mask=\"0,0,1\" ellipsis_mask=\"0,0,0\"",
                "0 1 2 3")
            .result("5", "4")
            .read();

    assertThat(read.sentences()).isEmpty();
    // Entry 0 adds an axis, entry 1 takes 1 to 3 of axis 0, entry 2 element 2 of axis 1.
    assertThat(read.graph().outputs().get(0).type()).hasToString("float32[1,2,6]");
  }

  @Test
  void anOpenEndOfANegativeStrideIsTheFirstElement() {
    var model =
        model()
            .input("0", "4")
            .integers("1", "1", -1)
            .integers("2", "1", 0)
            .integers("3", "1", -2)
            .operator(
                "4",
                "StridedSlice",
                "begin_mask=\"0\" end_mask=\"1\" new_axis_mask=\"0\" shrink_axis_mask=\"0\""
                    + " ellipsis_mask=\"0\"",
                "0 1 2 3")
            .result("5", "4");

    assertThat(run(model, Shape.of(4), 1, 2, 3, 4)).containsExactly(4, 2);
  }

  // ---- SegmentMax

  @Test
  void emptySegmentsAreZeroOrLowest() {
    float[] rows = {1, -5, 3, -2, -7, 4, -9, 8};
    assertThat(run(segmentMax("ZERO"), Shape.of(4, 2), rows)).containsExactly(3, -2, 0, 0, -7, 8);
    assertThat(run(segmentMax("LOWEST"), Shape.of(4, 2), rows))
        .containsExactly(3, -2, -Float.MAX_VALUE, -Float.MAX_VALUE, -7, 8);
  }

  @Test
  void segmentsAreCutOffOrAddedToWhatIsCounted() {
    float[] rows = {1, -5, 3, -2, -7, 4, -9, 8};
    assertThat(run(segmentMax("ZERO", 2), Shape.of(4, 2), rows)).containsExactly(3, -2, 0, 0);
    assertThat(run(segmentMax("ZERO", 4), Shape.of(4, 2), rows))
        .containsExactly(3, -2, 0, 0, -7, 8, 0, 0);
  }

  /// @param count of segments, if it is given
  private OpenvinoTestModel segmentMax(String fill, long... count) {
    var model = model().input("0", "4,2").integers("1", "4", 0, 0, 2, 2);
    if (count.length > 0) model.integers("2", "", count);
    return model
        .version("opset16")
        .operator(
            "4", "SegmentMax", "fill_mode=\"" + fill + "\"", count.length > 0 ? "0 1 2" : "0 1")
        .version("opset1")
        .result("5", "4");
  }

  // ---- movements

  @Test
  void rollBringsTheEndToTheBegin() {
    var model =
        model()
            .input("0", "4")
            .integers("1", "1", 1)
            .integers("2", "1", 0)
            .version("opset7")
            .operator("3", "Roll", "", "0 1 2")
            .version("opset1")
            .result("4", "3");

    assertThat(run(model, Shape.of(4), 1, 2, 3, 4)).containsExactly(4, 1, 2, 3);
  }

  @Test
  void channelsAreShuffledByGroups() {
    var model =
        model()
            .input("0", "1,4")
            .operator("1", "ShuffleChannels", "axis=\"1\" group=\"2\"", "0")
            .result("2", "1");

    assertThat(run(model, Shape.of(1, 4), 1, 2, 3, 4)).containsExactly(1, 3, 2, 4);
  }

  @Test
  void repeatsOfTileBelongToTheLastAxes() {
    var model =
        model()
            .input("0", "2")
            .integers("1", "2", 2, 1)
            .operator("2", "Tile", "", "0 1")
            .result("3", "2");

    assertThat(run(model, Shape.of(2), 1, 2)).containsExactly(1, 2, 1, 2);
  }

  // ---- numbers

  @Test
  void halvesAreRoundedAwayFromZero() {
    var model =
        model()
            .input("0", "5")
            .version("opset5")
            .operator("1", "Round", "mode=\"half_away_from_zero\"", "0")
            .version("opset1")
            .result("2", "1");

    assertThat(run(model, Shape.of(5), 0.5f, 1.5f, -2.5f, 0.49999997f, -0.2f))
        .containsExactly(1, 2, -3, 0, -0.0);
  }

  @Test
  void bucketsAreClosedAtTheRightOrTheLeft() {
    for (boolean right : List.of(true, false)) {
      var model =
          model()
              .input("0", "3")
              .floats("1", "2", 1, 3)
              .version("opset3")
              .precision("I64")
              .operator(
                  "2", "Bucketize", "output_type=\"i64\" with_right_bound=\"" + right + "\"", "0 1")
              .version("opset1")
              .result("3", "2");

      assertThat(run(model, Shape.of(3), 0, 1, 3))
          .containsExactly(right ? new double[] {0, 0, 1} : new double[] {0, 1, 2});
    }
  }

  @Test
  void aVectorOfSlopesBelongsToTheChannels() {
    var model =
        model()
            .input("0", "1,2,1,2")
            .floats("1", "2", 10, 100)
            .operator("2", "PReLU", "", "0 1")
            .result("3", "2");

    assertThat(run(model, Shape.of(1, 2, 1, 2), -1, 2, -3, 4)).containsExactly(-10, 2, -300, 4);
  }

  @Test
  void lengthIsTheRootOfSumAndEpsilon() {
    var model =
        model()
            .input("0", "1,2")
            .integers("1", "1", 1)
            .operator("2", "NormalizeL2", "eps=\"11\" eps_mode=\"add\"", "0 1")
            .result("3", "2");

    assertThat(run(model, Shape.of(1, 2), 3, 4)).containsExactly(0.5f, 4 / 6f);
  }

  // ---- priors

  @Test
  void priorBoxesLieAroundTheCentresOfCells() {
    var read =
        model()
            .integers("0", "2", 1, 2)
            .integers("1", "2", 10, 20)
            .operator(
                "2",
                "PriorBoxClustered",
                "width=\"4\" height=\"2\" clip=\"false\" step=\"0\" offset=\"0.5\""
                    + " variance=\"0.1,0.1,0.2,0.2\"",
                "0 1")
            .result("3", "2")
            .read();

    assertThat(read.sentences()).isEmpty();
    var boxes = new PlainEvaluator().run(read.graph(), Map.of()).get(0);
    assertThat(boxes.shape()).isEqualTo(Shape.of(2, 8));
    assertThat(boxes.floats())
        .containsExactly(
            3 / 20f, 4 / 10f, 7 / 20f, 6 / 10f, 13 / 20f, 4 / 10f, 17 / 20f, 6 / 10f, 0.1f, 0.1f,
            0.2f, 0.2f, 0.1f, 0.1f, 0.2f, 0.2f);
  }

  // ---- convolutions

  @Test
  void filtersOfGroupsAreMerged() {
    var read =
        model()
            .input("0", "1,2,4,4")
            .floats("1", "2,1,1,1,1", 1, 2)
            .operator(
                "2",
                "GroupConvolution",
                "strides=\"1,1\" pads_begin=\"0,0\" pads_end=\"0,0\" dilations=\"1,1\""
                    + " auto_pad=\"same_lower\"",
                "0 1")
            .result("3", "2")
            .read();

    assertThat(read.sentences()).isEmpty();
    var node = read.graph().nodes().get(0);
    var conv = (Conv) node.op();
    assertThat(conv.groups()).isEqualTo(2);
    assertThat(conv.padding()).isEqualTo(new Padding.Same(false));
    assertThat(node.input(1).shape()).isEqualTo(Shape.of(2, 1, 1, 1));
  }

  // ---- scatter

  @Test
  void severalUpdatesOfOnePlaceLeaveOutWhatWasThere() {
    var read =
        model()
            .version("opset12")
            .input("0", "3")
            .integers("1", "2", 1, 1)
            .floats("2", "2", 3, 5)
            .integers("3", "1", 0)
            .operator(
                "4",
                "ScatterElementsUpdate",
                "reduction=\"prod\" use_init_val=\"false\"",
                "0 1 2 3")
            .result("5", "4")
            .read();

    assertThat(read.sentences()).isEmpty();
    // Nothing is put twice to one place: what that gives is not defined.
    assertThat(read.nodes()).noneMatch(node -> node.contains("REPLACE"));
    var given = Map.of(read.graph().inputs().get(0), TensorData.ofFloats(Shape.of(3), 2, 2, 2));
    var result = new PlainEvaluator().run(read.graph(), given).get(0);
    assertThat(result.doubles()).containsExactly(2, 15, 2);
  }

  // ---- integers

  @Test
  void functionsOfIntegersAreRounded() {
    var read =
        model()
            .layer("0", "x", "Parameter", "shape=\"3\" element_type=\"i32\"", "", "x")
            .operator("1", "Tanh", "", "0")
            .result("2", "1")
            .read();

    assertThat(read.sentences()).isEmpty();
    var given = Map.of(read.graph().inputs().get(0), TensorData.ofInts(Shape.of(3), -1, 0, 3));
    var result = new PlainEvaluator().run(read.graph(), given).get(0);
    // tanh is -0.76, 0 and 0.995.
    assertThat(result.ints()).containsExactly(-1, 0, 1);
  }

  @Test
  void whatIsRoundedInAnotherWayIsRefused() {
    var read =
        model()
            .version("opset6")
            .layer("0", "x", "Parameter", "shape=\"1,3\" element_type=\"i32\"", "", "x")
            .integers("1", "1", 1)
            .operator(
                "2", "MVN", "eps=\"1\" eps_mode=\"inside_sqrt\" normalize_variance=\"true\"", "0 1")
            .result("3", "2")
            .read();

    assertThat(read.findings()).extracting(Finding::code).containsExactly("DTYPE_UNSUPPORTED");
  }

  @Test
  void anAxisThatComesTwiceIsBroken() {
    var read =
        model()
            .version("opset6")
            .input("0", "1,3")
            .integers("1", "2", 1, -1)
            .operator(
                "2", "MVN", "eps=\"1\" eps_mode=\"inside_sqrt\" normalize_variance=\"true\"", "0 1")
            .result("3", "2")
            .read();

    assertThat(read.sentences()).containsExactly("an axis comes twice in [1, 1]");
  }

  // ---- quantization

  private OpenvinoTestModel quantize(int levels, float low, float high) {
    return model()
        .input("0", "1,3")
        .floats("1", "", low)
        .floats("2", "", high)
        .operator("3", "FakeQuantize", "levels=\"" + levels + "\"", "0 1 2 1 2")
        .result("4", "3");
  }

  @Test
  void rangesWithAZeroAreTypes() {
    var read = quantize(256, -1.28f, 1.27f).read();

    assertThat(read.sentences()).isEmpty();
    var nodes = read.graph().nodes();
    assertThat(nodes).hasSize(2).allMatch(node -> node.op() instanceof Convert);
    var type = nodes.get(0).output().type();
    assertThat(type.dtype()).isEqualTo(DataType.INT8);
    var meaning = (Quantization.PerTensor) type.quantization();
    assertThat(meaning.scale()).isEqualTo(0.01f);
    assertThat(meaning.zeroPoint()).isZero();
  }

  @Test
  void anotherOutputRangeIsBroughtToBefore() {
    var model =
        model()
            .input("0", "1,4")
            .floats("1", "", -128)
            .floats("2", "", 127)
            .floats("3", "", 0)
            .floats("4", "", 510)
            .operator("5", "FakeQuantize", "levels=\"256\"", "0 1 2 3 4")
            .result("6", "5");

    assertThat(run(model, Shape.of(1, 4), -128, -126.6f, 127, 500)).containsExactly(0, 2, 510, 510);
  }

  @Test
  void rangesWithoutAZeroStayAnOperator() {
    assertThat(quantize(256, -1.1f, 1.3f).read().graph().nodes().get(0).op())
        .isEqualTo(new FakeQuantize(256));
    assertThat(quantize(7, -1, 1).read().graph().nodes().get(0).op())
        .isEqualTo(new FakeQuantize(7));
  }

  @Test
  void storedWeightsAreAQuantizedConstant() {
    var read =
        model()
            .input("0", "1,2")
            .constant("1", "i8", "2,2", (byte) 1, (byte) 2, (byte) 3, (byte) -4)
            .operator("2", "Convert", "destination_type=\"f32\"", "1")
            .floats("3", "2,1", 0.5f, 0.25f)
            .operator("4", "Multiply", "", "2 3")
            .operator("5", "MatMul", "transpose_a=\"false\" transpose_b=\"true\"", "0 4")
            .result("6", "5")
            .read();

    assertThat(read.sentences()).isEmpty();
    var product = read.graph().lastNode().orElseThrow();
    var weights = product.input(1).producer().orElseThrow();
    assertThat(weights.op()).isInstanceOf(Convert.class);
    assertThat(weights.input(0).type().quantization())
        .isEqualTo(new Quantization.PerAxis(0, List.of(0.5f, 0.25f), List.of(0L, 0L)));
  }
}
