package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.engine.Engine;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.engine.Feed;
import watari.engine.Session;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.Loop;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.op.ReduceOp.Reduce;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What OpenVINO makes of IR that we write, where its own arithmetic would not do; skipped where it
/// is not installed.
class OpenvinoArithmeticTest {
  private static final int COUNT = 1000;

  @TempDir private Path folder;

  private final Engine engine = new Engines().of("openvino").orElseThrow();
  private final GraphBuilder to = new GraphBuilder(new Graph("main"));

  @BeforeEach
  void openvinoIsThere() {
    try {
      engine.name();
    } catch (EngineException e) {
      abort(e.toString());
    }
  }

  private Session load() throws IOException, EngineException {
    var model = SmallModel.write("openvino", folder.resolve("m.xml"), to.graph());
    return engine.load(model, List.of());
  }

  private Value vector(String name, int count) {
    return to.input(name, TensorType.of(DataType.FLOAT32, count));
  }

  private static Feed feed(String name, float... values) {
    return new Feed(name, TensorData.ofFloats(Shape.of(values.length), values));
  }

  /// Numbers whose quotient by a number is a half of a whole one, or next to one.
  private static float[] halves(float by, Random random) {
    var values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      float half = by * (random.nextInt(1201) - 600) / 2;
      values[i] = i % 3 == 0 ? Math.nextUp(half) : half;
    }
    return values;
  }

  @Test
  void quotientsAreMadeWholeAsDivisionRoundsThem() throws IOException, EngineException {
    var a = vector("a", COUNT);
    var b = vector("b", 1);
    var quotient = to.add(new Binary(Binary.Kind.DIV), a, b);
    to.graph().addOutput("round", to.add(new Unary(Unary.Kind.ROUND), quotient));
    to.graph().addOutput("floor", to.add(new Unary(Unary.Kind.FLOOR), quotient));
    to.graph().addOutput("ceil", to.add(new Unary(Unary.Kind.CEIL), quotient));
    to.graph().addOutput("divided", to.add(new Binary(Binary.Kind.FLOOR_DIV), a, b));
    var random = new Random(1);
    try (var session = load()) {
      for (float by : new float[] {0.1f, -0.3f, 7, 1e-3f, 0.019607844f}) {
        var values = halves(by, random);
        var outputs = session.run(List.of(feed("a", values), feed("b", by)));
        for (int i = 0; i < COUNT; i++) {
          float whole = values[i] / by;
          assertThat(outputs.get(0).doubleAt(i)).isEqualTo(Math.rint(whole));
          assertThat(outputs.get(1).doubleAt(i)).isEqualTo(Math.floor(whole));
          assertThat(outputs.get(2).doubleAt(i)).isEqualTo(Math.ceil(whole));
          assertThat(outputs.get(3).doubleAt(i)).isEqualTo(Math.floor(whole));
        }
      }
    }
  }

  @Test
  void quotientsThatAreLargeOrNoneStaySo() throws IOException, EngineException {
    var quotient = to.add(new Binary(Binary.Kind.DIV), vector("a", 3), vector("b", 3));
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.ROUND), quotient));
    try (var session = load()) {
      var infinity = Float.POSITIVE_INFINITY;
      var outputs = session.run(List.of(feed("a", 1e20f, 2.5f, 1), feed("b", 4, infinity, 0)));
      assertThat(outputs.get(0).doubles()).containsExactly(2.5e19f, 0, infinity);
    }
  }

  /// Source: ONNX DynamicQuantizeLinear-11.
  @Test
  void quantizationByTheOwnRangeRoundsTies() throws IOException, EngineException {
    var x = vector("x", COUNT);
    var made = to.add(new DynamicQuantize(), List.of(x), List.of("y", "scale", "zero"), List.of());
    for (var output : made.outputs()) to.graph().addOutput(output.name(), output);
    var random = new Random(2);
    try (var session = load()) {
      for (int seed = 0; seed < 20; seed++) {
        var values = halves(random.nextFloat(), random);
        var outputs = session.run(List.of(feed("x", values)));
        float low = 0;
        float high = 0;
        for (float value : values) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
        float scale = (high - low) / 255;
        double zero = Math.clamp(Math.rint(-low / scale), 0, 255);
        assertThat(outputs.get(1).doubleAt(0)).isEqualTo(scale);
        assertThat(outputs.get(2).doubleAt(0)).isEqualTo(zero);
        for (int i = 0; i < COUNT; i++) {
          double stored = Math.clamp(Math.rint(values[i] / scale) + zero, 0, 255);
          assertThat(outputs.get(0).doubleAt(i)).isEqualTo(stored);
        }
      }
    }
  }

  /// Beyond 2²⁴, where float32 has gaps.
  @Test
  void wideIntegersAreReducedExactly() throws IOException, EngineException {
    var x = to.input("x", TensorType.of(DataType.INT32, 2, 3));
    for (var kind : List.of(Reduce.Kind.MAX, Reduce.Kind.MIN, Reduce.Kind.SUM)) {
      to.graph().addOutput(kind + " of rows", to.add(new Reduce(kind, false), x, to.vector(1)));
      to.graph().addOutput(kind + " of all", to.add(new Reduce(kind, true), x));
    }
    int[] numbers = {
      Integer.MAX_VALUE, -5, 1 << 24, (1 << 24) + 1, (1 << 24) - 1, Integer.MIN_VALUE
    };
    try (var session = load()) {
      var outputs = session.run(List.of(new Feed("x", TensorData.ofInts(Shape.of(2, 3), numbers))));
      assertThat(outputs.get(0).longs()).containsExactly(Integer.MAX_VALUE, (1 << 24) + 1);
      assertThat(outputs.get(1).longs()).containsExactly(Integer.MAX_VALUE);
      assertThat(outputs.get(2).longs()).containsExactly(-5, Integer.MIN_VALUE);
      assertThat(outputs.get(3).longs()).containsExactly(Integer.MIN_VALUE);
      int first = numbers[0] + numbers[1] + numbers[2];
      int second = numbers[3] + numbers[4] + numbers[5];
      assertThat(outputs.get(4).longs()).containsExactly(first, second);
      assertThat(outputs.get(5).longs()).containsExactly(first + second);
    }
  }

  @Test
  void aLoopWithoutIterationsStacksNothing() throws IOException, EngineException {
    var body = new GraphBuilder(new Graph("body"));
    body.input("i", TensorType.of(DataType.INT64));
    var condition = body.input("go", TensorType.of(DataType.BOOL));
    var next =
        body.add(
            new Binary(Binary.Kind.ADD),
            body.input("a", TensorType.of(DataType.FLOAT32, 1)),
            body.constant(TensorData.ofFloats(Shape.of(1), 1)));
    body.graph().addOutput("go_on", body.add(new Identity(), condition));
    body.graph().addOutput("next", next);
    body.graph().addOutput("each", next);
    var inputs =
        List.of(to.input("n", TensorType.of(DataType.INT64)), Value.ABSENT, vector("x", 1));
    var loop = to.add(new Loop(1, 1), inputs, List.of("last", "stack"), List.of(body.graph()));
    to.graph().addOutput("last", loop.output(0));
    to.graph().addOutput("stack", loop.output(1));
    try (var session = load()) {
      for (long trips : new long[] {0, 3, 0, 2}) {
        var feeds = List.of(new Feed("n", TensorData.scalar(trips)), feed("x", 5));
        var outputs = session.run(feeds);
        assertThat(outputs.get(0).doubles()).containsExactly(5.0 + trips);
        assertThat(outputs.get(1).shape()).isEqualTo(Shape.of(trips, 1));
      }
    }
  }

  @Test
  void integersOf16BitsMayBeQuantizedAnew() throws IOException, EngineException {
    var wide = new TensorType(DataType.INT16, Shape.of(3), new Quantization.PerTensor(0.25f, 0));
    var bytes = new Quantization.PerTensor(0.5f, 0);
    var negated =
        to.addQuantized(new Unary(Unary.Kind.NEG), DataType.INT8, bytes, to.input("x", wide));
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.RELU), negated));
    try (var session = load()) {
      var given = TensorData.ofLongs(DataType.INT16, Shape.of(3), -400, 4, -4);
      var outputs = session.run(List.of(new Feed("x", given)));
      assertThat(outputs.get(0).doubles()).containsExactly(63.5, 0, 1);
    }
  }
}
