package watari.format.tflite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Findings;
import watari.format.ReadOptions;
import watari.format.WriteOptions;
import watari.format.tflite.schema.BuiltinOperator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Node;
import watari.graph.State;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.ReadState;
import watari.op.ControlOp.WriteState;
import watari.op.ElementwiseOp.Unary;
import watari.op.RecurrentOp.Activation;
import watari.op.RecurrentOp.Direction;
import watari.op.RecurrentOp.Lstm;
import watari.op.RecurrentOp.Rnn;
import watari.op.SequenceOp.SequenceLstm;
import watari.op.SequenceOp.SequenceLstm.Gate;
import watari.op.SequenceOp.Svdf;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Recurrent networks as operators of TFLite: which are one, and where their states are.
final class TfliteSequenceOpsTest {
  private static final int INPUTS = 3;
  private static final int UNITS = 4;

  @TempDir Path folder;

  private final Graph graph = new Graph("main");
  private final GraphBuilder build = new GraphBuilder(graph);
  private final Random random = new Random(3);

  private TensorData noise(long... dims) {
    var shape = Shape.of(dims);
    var values = new float[(int) shape.elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() - 0.5f;
    return TensorData.ofFloats(shape, values);
  }

  private Value floats(long... dims) {
    return build.constant(noise(dims));
  }

  private static SequenceLstm lstm(TensorType... intermediates) {
    return new SequenceLstm(
        Direction.FORWARD,
        true,
        new Unary(Unary.Kind.TANH),
        0,
        0,
        false,
        false,
        List.of(intermediates));
  }

  /// An input, weights and biases of all gates, and two states.
  private List<Value> operands(Value x, Value hidden, Value cell) {
    var all = new ArrayList<Value>(Collections.nCopies(24, Value.ABSENT));
    all.set(0, x);
    for (var gate : Gate.values()) {
      all.set(1 + gate.weights(), floats(UNITS, INPUTS));
      all.set(1 + gate.recurrent(), floats(UNITS, UNITS));
      all.set(1 + gate.bias(), floats(UNITS));
    }
    all.set(1 + SequenceLstm.HIDDEN, hidden);
    all.set(1 + SequenceLstm.CELL, cell);
    return all;
  }

  private Value read(String name, TensorData initial, Quantization quantization) {
    var type = initial.type().with(quantization);
    graph.addState(new State(name, type, initial));
    return build
        .addDeclared(new ReadState(name, type), List.of(), List.of(name), List.of(type), List.of())
        .output();
  }

  private Value zeros(String name) {
    var zero = TensorData.filled(TensorData.scalar(0f), Shape.of(1, UNITS));
    return read(name, zero, new Quantization.None());
  }

  private void write(String state, Value value) {
    build.add(new WriteState(state), List.of(value), List.of(), List.of());
  }

  private Path file() throws IOException {
    var log = new PassLog(false);
    var profile = new TfliteProfile();
    profile.decompose().forEach(pass -> pass.run(graph, log));
    profile.legalize().forEach(pass -> pass.run(graph, log));
    var path = folder.resolve("m.tflite");
    var findings = new Findings();
    var model = new Model("test", List.of(graph), Metadata.EMPTY);
    new TfliteWriter().write(model, path, WriteOptions.of("m"), findings);
    findings.throwIfErrors();
    return path;
  }

  /// The operators of a subgraph, with their versions, and its variable tensors.
  private List<String> written(int subgraph) throws IOException {
    var names = new ArrayList<String>();
    try (var arena = Arena.ofConfined()) {
      var model = TfliteFile.open(file(), arena).model();
      var records = model.subgraphs(subgraph);
      for (int i = 0; i < records.operatorsLength(); i++) {
        var code = model.operatorCodes((int) records.operators(i).opcodeIndex());
        names.add(BuiltinOperator.name(code.builtinCode()) + " " + code.version());
      }
      for (int i = 0; i < records.tensorsLength(); i++) {
        if (records.tensors(i).isVariable()) names.add("variable " + records.tensors(i).name());
      }
    }
    return names;
  }

  private Model readBack() throws IOException {
    var findings = new Findings();
    var model = new TfliteReader().read(file(), Arena.ofAuto(), ReadOptions.DEFAULT, findings);
    findings.throwIfErrors();
    return model;
  }

  private Node keeping(Value hidden, Value cell) {
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 1, 5, INPUTS));
    var made = build.add(lstm(), operands(x, hidden, cell), 3, List.of());
    graph.addOutput("y", made.output(0));
    return made;
  }

  @Test
  void aStateOfItsOwnIsAVariableTensor() throws IOException {
    var made = keeping(zeros("h"), zeros("c"));
    write("h", made.output(1));
    write("c", made.output(2));

    assertThat(written(0))
        .containsExactly("UNIDIRECTIONAL_SEQUENCE_LSTM 1", "variable h", "variable c");
    var main = readBack().main();
    assertThat(main.states()).extracting(State::name).containsExactly("h", "c");
    assertThat(main.nodes()).anyMatch(node -> node.op().equals(lstm()));
  }

  @Test
  void aStateThatOthersReadTooIsCopied() throws IOException {
    var hidden = zeros("h");
    var made = keeping(hidden, zeros("c"));
    write("h", made.output(1));
    write("c", made.output(2));
    graph.addOutput("before", build.add(new Unary(Unary.Kind.ABS), hidden));

    assertThat(written(0))
        .contains("CALL_ONCE 1", "READ_VARIABLE 1", "BROADCAST_TO 2", "ASSIGN_VARIABLE 1")
        .contains("variable SequenceLstm/state", "variable c");
  }

  @Test
  void aStateThatBeginsWithOtherNumbersThanZeroIsCopied() throws IOException {
    var made = keeping(read("h", noise(1, UNITS), new Quantization.None()), zeros("c"));
    write("h", made.output(1));
    write("c", made.output(2));

    assertThat(written(0))
        .contains("CALL_ONCE 1", "variable SequenceLstm/state")
        .doesNotContain("variable h");
  }

  @Test
  void withoutAStateEachCallBeginsWithZeros() throws IOException {
    keeping(Value.ABSENT, Value.ABSENT);

    assertThat(written(0))
        .startsWith("BROADCAST_TO 2", "BROADCAST_TO 2", "UNIDIRECTIONAL_SEQUENCE_LSTM 1")
        .hasSize(5);
    assertThat(readBack().main().states()).isEmpty();
  }

  private Lstm record(Direction direction, Activation.Kind last) {
    var activations = new ArrayList<Activation>();
    for (int d = 0; d < direction.count(); d++) {
      activations.add(Activation.of(Activation.Kind.SIGMOID));
      activations.add(Activation.of(Activation.Kind.TANH));
      activations.add(Activation.of(last));
    }
    return new Lstm(UNITS, direction, false, activations, Float.POSITIVE_INFINITY, false);
  }

  private void addRecord(Lstm op, Value x, GraphBuilder builder) {
    int directions = op.direction().count();
    var w = builder.constant(noise(directions, 4 * UNITS, INPUTS));
    var r = builder.constant(noise(directions, 4 * UNITS, UNITS));
    builder.graph().addOutput("y", builder.add(op, List.of(x, w, r), 1, List.of()).output());
  }

  @Test
  void anLstmOfTwoDirectionsIsTwoOperators() throws IOException {
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 5, 2, INPUTS));
    addRecord(record(Direction.BIDIRECTIONAL, Activation.Kind.TANH), x, build);

    assertThat(written(0)).filteredOn("UNIDIRECTIONAL_SEQUENCE_LSTM 1"::equals).hasSize(2);
  }

  @Test
  void functionsThatTheKernelLacksAreWrittenOut() throws IOException {
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 5, 2, INPUTS));
    addRecord(record(Direction.FORWARD, Activation.Kind.RELU), x, build);

    assertThat(written(0)).noneMatch(name -> name.contains("SEQUENCE"));
  }

  @Test
  void anRnnIsOneOperator() throws IOException {
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 5, 2, INPUTS));
    var relu = List.of(Activation.of(Activation.Kind.RELU));
    var op = new Rnn(UNITS, Direction.FORWARD, false, relu, Float.POSITIVE_INFINITY);
    var inputs = List.of(x, floats(1, UNITS, INPUTS), floats(1, UNITS, UNITS));
    graph.addOutput("y", build.add(op, inputs, 1, List.of()).output());

    assertThat(written(0)).contains("UNIDIRECTIONAL_SEQUENCE_RNN 1");
  }

  /// A runtime allocates variables before it runs what makes other sizes known.
  @Test
  void zerosOfAnyBatchStandInFrontOfAllOperators() throws IOException {
    var type = new TensorType(DataType.FLOAT32, Shape.of(Dim.of(5), Dim.named("n"), Dim.of(3)));
    var x = build.add(new Unary(Unary.Kind.ABS), build.input("x", type));
    addRecord(record(Direction.FORWARD, Activation.Kind.TANH), x, build);

    var names = written(0);

    assertThat(names.indexOf("BROADCAST_TO 2")).isBetween(0, names.indexOf("ABS 1"));
    assertThat(names).contains("UNIDIRECTIONAL_SEQUENCE_LSTM 1");
  }

  @Test
  void anyBatchWithinABranchIsWrittenOut() throws IOException {
    var type = new TensorType(DataType.FLOAT32, Shape.of(Dim.of(5), Dim.named("n"), Dim.of(3)));
    var x = build.input("x", type);
    var condition = build.input("condition", TensorType.of(DataType.BOOL));
    var bodies = new ArrayList<Graph>();
    for (var name : List.of("then", "else")) {
      var body = new GraphBuilder(new Graph(name));
      addRecord(record(Direction.FORWARD, Activation.Kind.TANH), body.input("x", type), body);
      bodies.add(body.graph());
    }
    graph.addOutput("y", build.add(new If(), List.of(condition, x), 1, bodies).output());

    assertThat(written(1)).noneMatch(name -> name.contains("SEQUENCE"));
  }

  // ---- whole numbers

  private Value stored(TensorData data, DataType dtype, float scale) {
    var grid = new Quantization.PerTensor(scale, 0);
    return build.constant("stored", data.quantized(grid, dtype), grid);
  }

  @Test
  void whatIsWithinAKernelOfWholeNumbersIsKept() throws IOException {
    var eight = new Quantization.PerTensor(0.01f, 3);
    var sixteen = new Quantization.PerTensor(1f / 32768, 0);
    var x = build.input("x", TensorType.of(DataType.INT8, 1, 5, INPUTS).with(eight));
    var hidden =
        read(
            "h", TensorData.filled(TensorData.scalar(DataType.INT8, 3), Shape.of(1, UNITS)), eight);
    var cell =
        read(
            "c",
            TensorData.filled(TensorData.scalar(DataType.INT16, 0), Shape.of(1, UNITS)),
            sixteen);
    var all = operands(x, hidden, cell);
    for (int i = 1; i < 9; i++) {
      all.set(i, stored(all.get(i).constant().orElseThrow(), DataType.INT8, 0.004f));
    }
    for (int i = 12; i < 16; i++) {
      all.set(i, stored(all.get(i).constant().orElseThrow(), DataType.INT32, 0.00004f));
    }
    var within = TensorType.of(DataType.INT16, 0);
    var op = lstm(within, within, within, within, TensorType.of(DataType.INT8, 0).with(eight));
    var types =
        List.of(TensorType.of(DataType.INT8, 1, 5, UNITS).with(eight), hidden.type(), cell.type());
    var made = build.addDeclared(op, all, List.of("y", "h_out", "c_out"), types, List.of());
    graph.addOutput("y", made.output(0));
    write("h", made.output(1));
    write("c", made.output(2));

    assertThat(written(0))
        .containsExactly("UNIDIRECTIONAL_SEQUENCE_LSTM 1", "variable h", "variable c");
    var back = readBack().main();
    assertThat(back.nodes()).anyMatch(node -> node.op().equals(op));
    assertThat(back.state("c").orElseThrow().type()).isEqualTo(cell.type());
  }

  // ---- SVDF

  private static TensorData zeros(DataType dtype, long... dims) {
    return TensorData.filled(TensorData.scalar(dtype, 0), Shape.of(dims));
  }

  private static Quantization grid(double scale) {
    return new Quantization.PerTensor((float) scale, 0);
  }

  /// Two units of two filters each, which keep five results.
  private void svdf(Svdf op, TensorType x, TensorType y, Value filters, Value ages, Value bias) {
    boolean isWhole = x.isQuantized();
    var kept =
        isWhole
            ? read("s", zeros(DataType.INT16, 1, 20), grid(0.01))
            : read("s", zeros(DataType.FLOAT32, 1, 20), new Quantization.None());
    var inputs = List.of(build.input("x", x), filters, ages, bias, kept);
    var made =
        build.addDeclared(op, inputs, List.of("y", "s_out"), List.of(y, kept.type()), List.of());
    graph.addOutput("y", made.output(0));
    write("s", made.output(1));
  }

  private void floatSvdf(Svdf op, Value filters, Value ages) {
    var x = TensorType.of(DataType.FLOAT32, 1, INPUTS);
    svdf(op, x, TensorType.of(DataType.FLOAT32, 1, 2), filters, ages, floats(2));
  }

  private void wholeSvdf(Svdf op) {
    var x = TensorType.of(DataType.INT8, 1, INPUTS).with(grid(0.02));
    var y = TensorType.of(DataType.INT8, 1, 2).with(new Quantization.PerTensor(0.1f, -128));
    svdf(
        op,
        x,
        y,
        stored(noise(4, INPUTS), DataType.INT8, 0.004f),
        stored(noise(4, 5), DataType.INT16, 0.00002f),
        stored(noise(2), DataType.INT32, 0.0000002f));
  }

  private static Svdf svdf(Unary.Kind function, boolean asymmetric) {
    return new Svdf(2, new Unary(function), asymmetric);
  }

  @Test
  void whatSvdfKeepsIsAVariableTensor() throws IOException {
    floatSvdf(svdf(Unary.Kind.TANH, false), floats(4, INPUTS), floats(4, 5));

    assertThat(written(0)).containsExactly("SVDF 1", "variable s");
    assertThat(readBack().main().nodes())
        .anyMatch(node -> node.op().equals(svdf(Unary.Kind.TANH, false)));
  }

  @Test
  void svdfOfSmallWeightsSaysHowItsInputIsRounded() throws IOException {
    var filters = stored(noise(4, INPUTS), DataType.INT8, 0.004f);
    floatSvdf(svdf(Unary.Kind.RELU, true), filters, stored(noise(4, 5), DataType.INT8, 0.004f));

    assertThat(written(0)).containsExactly("SVDF 4", "variable s");
  }

  @Test
  void svdfOfWholeNumbersIsKeptWithItsTypes() throws IOException {
    var op = svdf(Unary.Kind.RELU, false);
    wholeSvdf(op);

    assertThat(written(0)).containsExactly("SVDF 3", "variable s");
    var back = readBack().main();
    var node = back.nodes().stream().filter(n -> n.op().equals(op)).findFirst().orElseThrow();
    assertThat(node.output(0).type().quantization())
        .isEqualTo(new Quantization.PerTensor(0.1f, -128));
    assertThat(back.state("s").orElseThrow().type())
        .isEqualTo(TensorType.of(DataType.INT16, 1, 20).with(grid(0.01)));
  }
}
