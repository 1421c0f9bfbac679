package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Watari;
import watari.engine.EngineException;
import watari.engine.Engines;
import watari.engine.Feed;
import watari.engine.Session;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.State;
import watari.op.BinaryOp.Binary;
import watari.op.ControlOp.If;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A model that keeps state from call to call, converted in each way.
class StreamingTest {
  private static final Path SOURCE =
      Path.of(System.getProperty("watari.root", ".."))
          .resolve("cli/src/test/resources/models/streaming.tflite");
  private static final int STEPS = 100;

  @TempDir private Path folder;

  @Test
  void aHundredStepsWithStateFedBackEqualTheSource() throws IOException, EngineException {
    assertThat(convert("onnx", "--state", "io").out()).contains("written, equal");
    try (var source = Watari.read(SOURCE);
        var result = Watari.read(folder.resolve("streaming.onnx"));
        var session = load("onnx", folder.resolve("streaming.onnx"))) {
      var states = List.copyOf(source.model().main().states());
      var names = states.stream().map(State::name).toList();
      var inputs = result.model().main().inputs().stream().map(v -> v.name()).toList();
      assertThat(inputs).startsWith("x").hasSize(3).containsAll(names);
      assertThat(result.model().main().outputNames()).contains(names.get(0) + "_out");

      var wanted = ofSource();
      var values = new ArrayList<>(states.stream().map(State::initial).toList());
      for (int step = 0; step < STEPS; step++) {
        var feeds = new ArrayList<>(List.of(new Feed("x", frames(step))));
        for (int i = 0; i < names.size(); i++) feeds.add(new Feed(names.get(i), values.get(i)));
        var outputs = session.run(feeds);
        assertSame(outputs.get(0), wanted.get(step));
        for (int i = 0; i < names.size(); i++) values.set(i, outputs.get(1 + i));
      }
    }
  }

  @Test
  void tfliteKeepsItsState() throws IOException, EngineException {
    assertThat(convert("tflite").out()).contains("written, equal");
    try (var session = load("tflite", folder.resolve("streaming.tflite"))) {
      var wanted = ofSource();
      for (int step = 0; step < STEPS; step++) {
        assertSame(session.run(List.of(new Feed("x", frames(step)))).get(0), wanted.get(step));
      }
    }
  }

  /// `y = state + x` where `c` holds, after which half of that is the state; else `x`.
  private Path conditional() throws IOException {
    var build = new GraphBuilder(new Graph("conditional"));
    var type = TensorType.of(DataType.FLOAT32, 3);
    var state = new State("sum", type, TensorData.ofFloats(Shape.of(3), 1, 2, 3));
    build.graph().addState(state);
    var taken = new GraphBuilder(new Graph("taken"));
    var read =
        taken
            .addDeclared(
                new ReadState("sum", type), List.of(), List.of("read"), List.of(type), List.of())
            .output();
    var sum = taken.add(new Binary(Binary.Kind.ADD), read, taken.input("x", type));
    var half = taken.add(new Binary(Binary.Kind.MUL), sum, taken.scalar(0.5f));
    taken.add(new WriteState("sum"), List.of(half), List.of(), List.of());
    taken.graph().addOutput("y", sum);
    var other = new GraphBuilder(new Graph("other"));
    other.graph().addOutput("y", other.add(new Unary(Unary.Kind.ABS), other.input("x", type)));
    var inputs = List.of(build.input("c", TensorType.of(DataType.BOOL)), build.input("x", type));
    var bodies = List.of(taken.graph(), other.graph());
    build.graph().addOutput("y", build.add(new If(), inputs, 1, bodies).output());
    return SmallModel.write("tflite", folder.resolve("conditional.tflite"), build.graph());
  }

  @Test
  void aStateWithinABranchGoesInAndOutOfIt() throws IOException {
    var source = conditional();
    for (var format : List.of("tflite", "onnx")) {
      var out = folder.resolve(format);
      var said = Spoken.of("convert", source, "--to", format, "--state", "io", "-o", out);
      assertThat(said.out()).contains("written, equal");
    }
    try (var result = Watari.read(folder.resolve("onnx/conditional.onnx"))) {
      assertThat(result.model().main().outputNames()).containsExactly("y", "sum_out");
    }
  }

  @Test
  void aStateThatIsResetIsOneWarning() {
    var said = convert("onnx", "--json");
    assertThat(said.out()).containsOnlyOnce("'window' begins anew").containsOnlyOnce("'fading'");
    assertThat(said.out()).contains("\"verdict\":\"equal\"");
    assertThat(said.code()).isZero();
    assertThat(convert("onnx", "--strict", "--force").code()).isEqualTo(4);
  }

  @Test
  void stateThatIsCarriedWrongIsFound() throws IOException {
    convert("onnx", "--state", "io");
    var result = folder.resolve("streaming.onnx");
    assertThat(Spoken.of("verify", SOURCE, result).code()).isZero();
    giveTheOldState(result);
    var said = Spoken.of("verify", SOURCE, result, "--json");
    assertThat(said.out()).contains("FIRST_DIFFERENCE").contains("result tensor 'window_out'");
    assertThat(said.code()).isEqualTo(1);
  }

  /// What is given out as the new window is the old one.
  private static void giveTheOldState(Path file) throws IOException {
    var bytes = java.nio.file.Files.readAllBytes(file);
    var model = watari.format.onnx.schema.ModelProto.parseFrom(bytes).toBuilder();
    for (var node : model.getGraphBuilder().getNodeBuilderList()) {
      for (int i = 0; i < node.getOutputCount(); i++) {
        if (node.getOutput(i).equals("window_out")) node.setOutput(i, "lost");
      }
    }
    model
        .getGraphBuilder()
        .addNodeBuilder()
        .setOpType("Identity")
        .addInput("window")
        .addOutput("window_out");
    java.nio.file.Files.write(file, model.build().toByteArray());
  }

  private Spoken convert(String format, Object... more) {
    var words = new ArrayList<Object>(List.of("convert", SOURCE, "--to", format, "-o", folder));
    words.addAll(List.of(more));
    return Spoken.of(words.toArray());
  }

  private static Session load(String format, Path file) throws IOException, EngineException {
    return new Engines().of(format).orElseThrow().load(file, List.of());
  }

  private static List<TensorData> ofSource() throws IOException, EngineException {
    var outputs = new ArrayList<TensorData>();
    try (var session = load("tflite", SOURCE)) {
      for (int step = 0; step < STEPS; step++) {
        outputs.add(session.run(List.of(new Feed("x", frames(step)))).get(0));
      }
    }
    return outputs;
  }

  private static TensorData frames(int step) {
    var random = new Random(step);
    var values = new float[8];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() * 2 - 1;
    return TensorData.ofFloats(Shape.of(1, 2, 4), values);
  }

  private static void assertSame(TensorData actual, TensorData wanted) {
    assertThat(actual.shape()).isEqualTo(wanted.shape());
    for (long i = 0; i < wanted.size(); i++) {
      assertThat(actual.doubleAt(i)).isCloseTo(wanted.doubleAt(i), within(2e-6));
    }
  }
}
