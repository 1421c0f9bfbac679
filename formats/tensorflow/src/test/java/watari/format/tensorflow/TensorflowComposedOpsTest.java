package watari.format.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static watari.format.tensorflow.TensorflowTestModel.attribute;
import static watari.format.tensorflow.TensorflowTestModel.flag;
import static watari.format.tensorflow.TensorflowTestModel.number;
import static watari.format.tensorflow.TensorflowTestModel.numbers;
import static watari.format.tensorflow.TensorflowTestModel.real;
import static watari.format.tensorflow.TensorflowTestModel.text;
import static watari.format.tensorflow.TensorflowTestModel.type;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.format.tensorflow.TensorflowTestModel.Read;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.DataType;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators that are read as compositions of others, run by our kernels.
class TensorflowComposedOpsTest {
  @TempDir Path folder;

  private TensorflowTestModel model() {
    return new TensorflowTestModel(folder);
  }

  private static TensorData floats(Shape shape, double... values) {
    return TensorData.ofDoubles(watari.tensor.DataType.FLOAT32, shape, values);
  }

  private static List<TensorData> run(TensorflowTestModel model, TensorData... inputs) {
    Read read = model.read();
    assertThat(read.findings()).isEmpty();
    return read.run(inputs);
  }

  // ---- segments

  @Test
  void segmentsWithoutRowsAreZeroButOfProductsOne() {
    for (var expected :
        List.of(
            java.util.Map.entry("SegmentSum", new double[] {3, 0, 7}),
            java.util.Map.entry("SegmentMean", new double[] {1.5, 0, 3.5}),
            java.util.Map.entry("SegmentMax", new double[] {2, 0, 4}),
            java.util.Map.entry("SegmentProd", new double[] {2, 1, 12}))) {
      var model =
          model()
              .floats("x", 4)
              .integers("ids", List.of(4L), 0, 0, 2, 2)
              .node(expected.getKey(), "y", "x ids");
      assertThat(run(model, floats(Shape.of(4), 1, 2, 3, 4)).get(0).doubles())
          .as(expected.getKey())
          .containsExactly(expected.getValue());
    }
  }

  @Test
  void negativeIdsOfUnsortedSegmentsCountNowhere() {
    var model =
        model()
            .floats("x", 3, 1)
            .integers("ids", List.of(3L), 1, -1, 1)
            .integers("count", List.of(), 3)
            .node("UnsortedSegmentMax", "y", "x ids count");
    assertThat(run(model, floats(Shape.of(3, 1), 5, 9, -6)).get(0).doubles())
        .containsExactly(-Float.MAX_VALUE, 5, -Float.MAX_VALUE);
  }

  // ---- search

  @Test
  void bucketsBeginAtTheirBoundary() {
    var boundaries = AttrValue.newBuilder();
    boundaries.getListBuilder().addF(0).addF(2);
    var model =
        model().floats("x", 4).node("Bucketize", "y", "x", attribute("boundaries", boundaries));
    assertThat(run(model, floats(Shape.of(4), -1, 0, 1.5, 2)).get(0).longs())
        .containsExactly(0, 1, 1, 2);
  }

  @Test
  void ofEqualPredictionsAllAreAmongTheBest() {
    var model =
        model()
            .floats("x", 2, 3)
            .integers("targets", List.of(2L), 2, 7)
            .integers("k", List.of(), 2)
            .node("InTopKV2", "y", "x targets k");
    assertThat(run(model, floats(Shape.of(2, 3), 3, 1, 1, 1, 2, 3)).get(0).longs())
        .containsExactly(1, 0);
  }

  @Test
  void listsDifferByValuesAndPlaces() {
    var model = model().floats("x", 4).floats("y", 2).node("ListDiff", "d", "x y");
    var all = run(model, floats(Shape.of(4), 5, 3, 5, 7), floats(Shape.of(2), 3, 1));
    assertThat(all.get(0).doubles()).containsExactly(5, 5, 7);
    assertThat(all.get(1).longs()).containsExactly(0, 2, 3);
  }

  @Test
  void permutationsAreTurnedAround() {
    var model = model().input("x", DataType.DT_INT32, 3).node("InvertPermutation", "y", "x");
    assertThat(run(model, TensorData.ofInts(Shape.of(3), 2, 0, 1)).get(0).longs())
        .containsExactly(1, 2, 0);
  }

  // ---- matrices

  @Test
  void inversesTakeTheLargestPivot() {
    var model = model().floats("x", 2, 2).node("MatrixInverse", "y", "x");
    assertThat(run(model, floats(Shape.of(2, 2), 0, 2, 4, 1)).get(0).doubles())
        .containsExactly(new double[] {-0.125, 0.25, 0.5, 0}, within(1e-6));
  }

  @Test
  void bandsKeepWhatIsNearTheDiagonal() {
    var model =
        model()
            .floats("x", 3, 3)
            .integers("low", List.of(), 0)
            .integers("high", List.of(), -1)
            .node("MatrixBandPart", "y", "x low high");
    assertThat(run(model, floats(Shape.of(3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9)).get(0).doubles())
        .containsExactly(1, 2, 3, 0, 5, 6, 0, 0, 9);
  }

  /// Diagonals above the main one end, those below begin where their row does.
  @Test
  void diagonalsAreAlignedAsTheySay() {
    var model =
        model()
            .floats("x", 3, 3)
            .integers("k", List.of(2L), -1, 1)
            .integers("size", List.of(), -1)
            .constant("padding", List.of(), 9)
            .node("MatrixDiagV3", "y", "x k size size padding");
    var diagonals = floats(Shape.of(3, 3), 0, 1, 2, 3, 4, 5, 6, 7, 0);
    assertThat(run(model, diagonals).get(0).doubles()).containsExactly(3, 1, 9, 6, 4, 2, 9, 7, 5);
    var back =
        model()
            .floats("x", 3, 3)
            .integers("k", List.of(2L), -1, 1)
            .constant("padding", List.of(), 0)
            .node("MatrixDiagPartV3", "y", "x k padding");
    assertThat(run(back, floats(Shape.of(3, 3), 3, 1, 9, 6, 4, 2, 9, 7, 5)).get(0).doubles())
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 0);
  }

  @Test
  void crossProductsTurn() {
    var model = model().floats("a", 3).floats("b", 3).node("Cross", "y", "a b");
    assertThat(
            run(model, floats(Shape.of(3), 1, 2, 3), floats(Shape.of(3), 4, 5, 6)).get(0).doubles())
        .containsExactly(-3, 6, -3);
  }

  // ---- functions

  /// Γ(5) = 24, Γ(1/2) = √π, Γ(-1/2) = -2·√π; ψ(1) = -γ.
  @Test
  void gammaIsReflectedBelowOneHalf() {
    var lgamma = model().floats("x", 3).node("Lgamma", "y", "x");
    assertThat(run(lgamma, floats(Shape.of(3), 5, 0.5, -0.5)).get(0).doubles())
        .containsExactly(
            new double[] {Math.log(24), Math.log(Math.PI) / 2, Math.log(2 * Math.sqrt(Math.PI))},
            within(2e-6));
    var digamma = model().floats("x", 2).node("Digamma", "y", "x");
    double euler = 0.5772156649;
    assertThat(run(digamma, floats(Shape.of(2), 1, 0.5)).get(0).doubles())
        .containsExactly(new double[] {-euler, -euler - 2 * Math.log(2)}, within(2e-6));
  }

  // ---- quantization

  @Test
  void rangesOfEightBitsAreQuantized() {
    var model =
        model()
            .floats("x", 3)
            .constant("min", List.of(), -1)
            .constant("max", List.of(), 3)
            .node("FakeQuantWithMinMaxVars", "y", "x min max");
    var read = model.read();
    var output = read.graph().outputs().get(0);
    var stored = output.producer().orElseThrow().input(0);
    assertThat(stored.producer().orElseThrow().op()).isInstanceOf(Convert.class);
    assertThat(stored.type().quantization())
        .isEqualTo(new Quantization.PerTensor(4 / 255f, 64 - 128));
    assertThat(read.run(floats(Shape.of(3), -5, 0, 5)).get(0).doubles())
        .containsExactly(new double[] {-64 * 4 / 255.0, 0, 191 * 4 / 255.0}, within(1e-6));
  }

  @Test
  void otherRangesAreLimitedInFloats() {
    var model =
        model()
            .floats("x", 1, 2)
            .constant("min", List.of(2L), -1, 0)
            .constant("max", List.of(2L), 2, 15)
            .node("FakeQuantWithMinMaxVarsPerChannel", "y", "x min max", number("num_bits", 4));
    var read = model.read();
    assertThat(read.graph().outputs().get(0).producer().orElseThrow().op())
        .isEqualTo(new FakeQuantize(16));
    var limits = read.graph().outputs().get(0).producer().orElseThrow().inputs();
    assertThat(limits.get(1).constant().orElseThrow().doubles())
        .containsExactly(new double[] {-1, 0}, within(1e-6));
    assertThat(limits.get(2).constant().orElseThrow().doubles())
        .containsExactly(new double[] {2, 15}, within(1e-6));
  }

  // ---- regions

  @Test
  void cropsOutsideOfTheImageAreFilled() {
    var model =
        model()
            .floats("x", 1, 2, 2, 1)
            .constant("boxes", List.of(1L, 4L), 0, 0, 1, 2)
            .integers("which", List.of(1L), 0)
            .integers("size", List.of(2L), 2, 3)
            .node("CropAndResize", "y", "x boxes which size", real("extrapolation_value", 7));
    assertThat(run(model, floats(Shape.of(1, 2, 2, 1), 1, 2, 3, 4)).get(0).doubles())
        .containsExactly(1, 2, 7, 3, 4, 7);
  }

  @Test
  void patchesHaveTheirPixelsOneBehindTheOther() {
    var model =
        model()
            .floats("x", 1, 3, 3, 1)
            .node(
                "ExtractImagePatches",
                "y",
                "x",
                numbers("ksizes", 1, 2, 2, 1),
                numbers("strides", 1, 2, 2, 1),
                numbers("rates", 1, 1, 1, 1),
                text("padding", "SAME"));
    assertThat(run(model, floats(Shape.of(1, 3, 3, 1), 1, 2, 3, 4, 5, 6, 7, 8, 9)).get(0).doubles())
        .containsExactly(1, 2, 4, 5, 3, 0, 6, 0, 7, 8, 0, 0, 9, 0, 0, 0);
  }

  @Test
  void maximaAreCountedChannelsLast() {
    var model =
        model()
            .floats("x", 1, 2, 3, 2)
            .node(
                "MaxPoolWithArgmax",
                "y",
                "x",
                numbers("ksize", 1, 2, 2, 1),
                numbers("strides", 1, 2, 2, 1),
                text("padding", "SAME"));
    var x = floats(Shape.of(1, 2, 3, 2), 1, 9, 2, 8, 3, 7, 6, 5, 5, 4, 4, 11);
    var all = run(model, x);
    assertThat(all.get(0).doubles()).containsExactly(6, 9, 4, 11);
    assertThat(all.get(1).longs()).containsExactly(6, 1, 10, 11);
  }

  /// Keys' weights at a quarter are -9/128, 111/128, 29/128, -3/128; those outside are left out.
  @Test
  void cubicWeightsComeFromATable() {
    var model =
        model()
            .floats("x", 1, 4, 1, 1)
            .integers("size", List.of(2L), 6, 1)
            .node("ResizeBicubic", "y", "x size", flag("half_pixel_centers", true));
    var y = run(model, floats(Shape.of(1, 4, 1, 1), 1, 2, 4, 8)).get(0).doubles();
    // Position 0.5: 512 of 1024.
    assertThat(y[1]).isEqualTo((-0.0 + 0.5625 * (1 + 2) - 0.0625 * 4) / 1.0625, within(1e-6));
    // Position -1/6 is entry 853 of 1024 behind -1.
    double far = 853 / 1024.0;
    double near = 1 - far;
    double first = 1.5 * near * near * near - 2.5 * near * near + 1;
    double second =
        -0.5 * (1 + near) * (1 + near) * (1 + near)
            + 2.5 * (1 + near) * (1 + near)
            - 4 * (1 + near)
            + 2;
    assertThat(y[0]).isEqualTo((first * 1 + second * 2) / (first + second), within(1e-6));
  }

  // ---- detection

  @Test
  void suppressedBoxesArePaddedWithZeros() {
    var model =
        model()
            .floats("boxes", 3, 4)
            .floats("scores", 3)
            .integers("most", List.of(), 3)
            .constant("overlap", List.of(), 0.5f)
            .constant("score", List.of(), 0)
            .node(
                "NonMaxSuppressionV4",
                "y",
                "boxes scores most overlap score",
                flag("pad_to_max_output_size", true));
    var read = model.read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.nodes()).contains("NonMaxSuppression[centerPointBox=false]");
    assertThat(read.graph().outputs().get(0).type()).hasToString("int32[3]");
    assertThat(read.graph().outputs().get(1).type()).hasToString("int32[]");
  }

  @Test
  void classesAreSuppressedApartAndSortedTogether() {
    var model =
        model()
            .floats("boxes", 1, 2, 1, 4)
            .floats("scores", 1, 2, 2)
            .integers("most", List.of(), 2)
            .constant("overlap", List.of(), 0.5f)
            .constant("score", List.of(), 0.15f)
            .node("CombinedNonMaxSuppression", "y", "boxes scores most most overlap score");
    var read = model.read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.nodes().stream().filter(op -> op.startsWith("NonMaxSuppression"))).hasSize(1);
    assertThat(read.graph().outputs())
        .extracting(each -> each.type().toString())
        .containsExactly("float32[1,2,4]", "float32[1,2]", "float32[1,2]", "int32[1]");
  }

  // ---- complex numbers

  @Test
  void spectraAreCarriedAsPairs() {
    var model =
        model()
            .floats("x", 4)
            .integers("length", List.of(1L), 4)
            .node("RFFT", "f", "x length")
            .node("ComplexAbs", "size", "f")
            .node("Conj", "c", "f")
            .node("Mul", "p", "f c")
            .node("IRFFT", "back", "p length");
    var read = model.read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.nodes())
        .contains("Dft[inverse=false, oneSided=true]", "Dft[inverse=true, oneSided=true]");
    assertThat(read.graph().outputs())
        .extracting(each -> each.type().toString())
        .containsExactly("float32[3]", "float32[4]");
  }

  @Test
  void complexResultsAreRefused() {
    var read =
        model()
            .floats("x", 4)
            .integers("length", List.of(1L), 4)
            .node("RFFT", "f", "x length", type("Tcomplex", DataType.DT_COMPLEX64))
            .read();
    assertThat(read.sentences())
        .containsExactly("'f' has complex numbers, which no other format has");
  }

  // ---- variables

  /// The write runs before the result, though nothing takes what it gives.
  @Test
  void writesBehindControlEdgesAreRefused() {
    var read =
        model()
            .floats("x", 1)
            .constant("v", List.of(1L), 1)
            .node("AssignAddVariableOp", "write", "v x")
            .node("Relu", "y", "x ^write")
            .read();
    assertThat(read.sentences())
        .containsExactly("it changes a variable, and Watari reads models for inference");
    assertThat(read.findings().get(0).node()).isEqualTo("write");
  }

  @Test
  void writesOfCalledFunctionsAreRefused() {
    var function = watari.format.tensorflow.schema.FunctionDef.newBuilder();
    function.getSignatureBuilder().setName("counts");
    function.getSignatureBuilder().addInputArgBuilder().setName("a").setType(DataType.DT_FLOAT);
    function.getSignatureBuilder().addOutputArgBuilder().setName("r").setType(DataType.DT_FLOAT);
    function.addNodeDef(TensorflowTestModel.nodeOf("Neg", "n", "a"));
    function.addNodeDef(TensorflowTestModel.nodeOf("AssignVariableOp", "write", "a n:y:0"));
    function.putRet("r", "n:y:0").putControlRet("write", "write");
    var value = AttrValue.newBuilder();
    value.getListBuilder().addType(DataType.DT_FLOAT);
    var read =
        model()
            .floats("x", 4)
            .function(function)
            .node(
                "StatefulPartitionedCall",
                "call",
                "x",
                TensorflowTestModel.function("f", "counts"),
                attribute("Tout", value))
            .node("Identity", "y", "call")
            .read();
    assertThat(read.findings())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.node()).isEqualTo("call/write");
          assertThat(finding.operator()).isEqualTo("AssignVariableOp");
        });
  }
}
