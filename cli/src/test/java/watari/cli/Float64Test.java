package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Float64 goes to TFLite as it is where LiteRT computes in it, else as float32; never as infinity.
class Float64Test {
  private static final TensorData LARGE =
      TensorData.ofDoubles(DataType.FLOAT64, Shape.of(2, 1), 1e200, -3e-200);

  @TempDir private Path folder;

  /// Converts a model of one input `x` of shape [2, 1] to TFLite, verified on large numbers.
  private Spoken convert(BiFunction<GraphBuilder, Value, Value> formula) throws IOException {
    var graph = new Graph("wide");
    var build = new GraphBuilder(graph);
    var x = build.input("x", TensorType.of(DataType.FLOAT64, 2, 1));
    graph.addOutput("y", formula.apply(build, x));
    var model = SmallModel.write("onnx", folder.resolve("m.onnx"), graph);
    var data = folder.resolve("x.npz");
    Npz.write(data, Map.of("x", LARGE));
    var out = folder.resolve("out");
    return Spoken.of("convert", model, "--to", "tflite", "-o", out, "--data", data, "--json");
  }

  private static TensorData row(double... values) {
    return TensorData.ofDoubles(DataType.FLOAT64, Shape.of(values.length), values);
  }

  @Test
  void arithmeticThatLiteRtDoesInFloat64StaysInIt() throws IOException {
    for (var kind : Float64Test.KINDS) {
      var said =
          convert((b, x) -> {
            var y = b.add(new Binary(kind), x, b.constant(row(-1e-5, 2e90, 1.0000000001)));
            return b.add(new Unary(Unary.Kind.NEG), y);
          });
      assertThat(said.code()).as(said.out()).isZero();
      assertThat(said.out())
          .contains("\"verdict\":\"equal\"")
          .contains("\"dtype\":\"float64\"")
          .doesNotContain("DTYPE_NARROWED");
    }
  }

  private static final Binary.Kind[] KINDS = {
    Binary.Kind.ADD, Binary.Kind.SUB, Binary.Kind.MUL, Binary.Kind.MAX, Binary.Kind.MIN
  };

  @Test
  void bitsAreThoseOfTheWholeNumber() throws IOException {
    var said = convert((b, x) -> b.add(new Bitcast(DataType.INT64), x));
    assertThat(said.out()).contains("\"verdict\":\"equal\"");
  }

  @Test
  void whatLiteRtDoesNotComputeIsNarrowedWithAWarning() throws IOException {
    var said = convert((b, x) -> b.add(new Unary(Unary.Kind.SIGMOID), x));
    assertThat(said.out()).contains("DTYPE_NARROWED").contains("\"dtype\":\"float32\"");
  }

  @Test
  void aNumberBeyondFloat32IsNotNarrowed() throws IOException {
    var said =
        convert((b, x) -> {
          var sum = b.add(new Binary(Binary.Kind.ADD), x, b.constant("bias", row(1e39)));
          return b.add(new Unary(Unary.Kind.SIGMOID), sum);
        });
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.out())
        .contains(
            "the constant 'bias' holds 1.0E39, beyond the range of float32 that it would be narrowed to");
  }

  @Test
  void theBitsOfANarrowedNumberAreRefused() throws IOException {
    var said =
        convert((b, x) -> {
          var y = b.add(new Unary(Unary.Kind.SIGMOID), x);
          return b.add(new Bitcast(DataType.INT64), y);
        });
    assertThat(said.code()).isEqualTo(4);
    assertThat(said.out())
        .contains("it takes the bits of float64 as int64, and LiteRT does not compute with both");
  }
}
