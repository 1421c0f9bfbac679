package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.engine.Feed;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Recurrent networks become TFLite's own operators, and compute the same at every call.
class RecurrentTest {
  private static final Path MODELS =
      Path.of(System.getProperty("watari.root", "..")).resolve("cli/src/test/resources/models");
  private static final int UNITS = 4;

  @TempDir private Path folder;
  private final Random random = new Random(11);
  private final GraphBuilder build = new GraphBuilder(new Graph("recurrent"));

  private TensorData noise(long... dims) {
    var shape = Shape.of(dims);
    var values = new float[(int) shape.elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() * 2 - 1;
    return TensorData.ofFloats(shape, values);
  }

  private void lstm(Direction direction, boolean coupled, Value... more) throws IOException {
    int directions = direction.count();
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 5, 2, 3));
    var inputs = new ArrayList<Value>();
    inputs.add(x);
    inputs.add(build.constant(noise(directions, 4 * UNITS, 3)));
    inputs.add(build.constant(noise(directions, 4 * UNITS, UNITS)));
    inputs.add(build.constant(noise(directions, 8 * UNITS)));
    inputs.addAll(List.of(more));
    var activations = new ArrayList<Activation>();
    for (int d = 0; d < directions; d++) {
      activations.add(Activation.of(Activation.Kind.SIGMOID));
      activations.add(Activation.of(Activation.Kind.TANH));
      activations.add(Activation.of(Activation.Kind.TANH));
    }
    var op = new Lstm(UNITS, direction, false, activations, Float.POSITIVE_INFINITY, coupled);
    var made = build.add(op, inputs, 3, List.of());
    for (int i = 0; i < 3; i++) build.graph().addOutput("y" + i, made.output(i));
    var source = SmallModel.write("onnx", folder.resolve("m.onnx"), build.graph());
    var said = Spoken.of("convert", source, "--to", "tflite", "-o", folder, "--keep-io-layout");
    assertThat(said.out()).contains("written, equal");
    assertThat(Spoken.of("inspect", folder.resolve("m.tflite"), "--json").out())
        .contains("UNIDIRECTIONAL_SEQUENCE_LSTM")
        .doesNotContain("FULLY_CONNECTED")
        .doesNotContain("WHILE");
  }

  private List<TensorData> run(Path file, TensorData... inputs)
      throws IOException, EngineException {
    try (var session = new Engines().of("tflite").orElseThrow().load(file, List.of())) {
      var feeds = new ArrayList<Feed>();
      for (int i = 0; i < inputs.length; i++) feeds.add(new Feed(i == 0 ? "x" : "h", inputs[i]));
      session.run(feeds);
      return session.run(feeds);
    }
  }

  @Test
  void everyCallBeginsAnew() throws IOException, EngineException {
    lstm(Direction.FORWARD, false);
    var x = noise(5, 2, 3);
    var twice = run(folder.resolve("m.tflite"), x);
    try (var session =
        new Engines().of("tflite").orElseThrow().load(folder.resolve("m.tflite"), List.of())) {
      var once = session.run(List.of(new Feed("x", x)));
      for (int i = 0; i < 3; i++) assertThat(twice.get(i).contentEquals(once.get(i))).isTrue();
    }
  }

  @Test
  void bothDirectionsAreOperators() throws IOException {
    lstm(Direction.BIDIRECTIONAL, false);
  }

  @Test
  void backwardsIsForwardsOfTheReverse() throws IOException {
    lstm(Direction.REVERSE, false);
  }

  @Test
  void coupledGatesAreOperatorsToo() throws IOException {
    var peepholes = build.constant(noise(1, 3 * UNITS));
    lstm(Direction.FORWARD, true, Value.ABSENT, Value.ABSENT, Value.ABSENT, peepholes);
  }

  @Test
  void statesComeFromOutside() throws IOException {
    var h = build.input("h", TensorType.of(DataType.FLOAT32, 1, 2, UNITS));
    lstm(Direction.FORWARD, false, Value.ABSENT, h, build.constant(noise(1, 2, UNITS)));
  }

  @Test
  void anOperatorThatKeepsItsStateIsTheSameToTheBit() throws IOException, EngineException {
    var source = MODELS.resolve("recurrent.tflite");
    var said = Spoken.of("convert", source, "--to", "tflite", "-o", folder);
    assertThat(said.out()).contains("written, equal");
    var x = noise(1, 3, 2);
    var wanted = run(source, x);
    assertThat(run(folder.resolve("recurrent.tflite"), x).get(0).contentEquals(wanted.get(0)))
        .isTrue();
  }
}
