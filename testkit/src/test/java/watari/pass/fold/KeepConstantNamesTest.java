package watari.pass.fold;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class KeepConstantNamesTest {
  private static final Binary ADD = new Binary(Binary.Kind.ADD);

  private final Graph graph = new Graph("g");
  private final GraphBuilder builder = new GraphBuilder(graph);
  private final Value x = builder.input("x", TensorType.of(DataType.FLOAT32, 2));

  private Value constant(String name) {
    return graph.addConstant(name, TensorData.ofFloats(Shape.of(2), 1, 2));
  }

  private List<String> named(Value... constants) {
    var sum = x;
    for (var constant : constants) sum = builder.add(ADD, sum, constant);
    graph.addOutput("y", sum);
    new KeepConstantNames().run(graph, new PassLog(false));
    return java.util.Arrays.stream(constants).map(Value::name).toList();
  }

  @Test
  void oneThatReplacesAnotherKeepsTheName() {
    var turned = constant(constant("w").name());
    assertThat(named(turned)).containsExactly("w");
  }

  @Test
  void soDoesTheReplacementOfAReplacement() {
    var turned = constant(constant(constant("w").name()).name());
    assertThat(turned.name()).isEqualTo("w_1_1");
    assertThat(named(turned)).containsExactly("w");
  }

  @Test
  void aFoldedOneKeepsTheNameToo() {
    var w = constant("w");
    var added = builder.add(ADD, w, w);
    graph.rename(added, "w");
    var folded = graph.replaceByConstant(added, TensorData.ofFloats(Shape.of(2), 2, 4));
    graph.lastNode().ifPresent(graph::remove);
    assertThat(named(folded)).containsExactly("w");
  }

  @Test
  void oneInUseIsNotRenamed() {
    var w = constant("w");
    assertThat(named(constant("w"), w)).containsExactly("w_1", "w");
  }

  @Test
  void theFirstOfSeveralKeepsTheName() {
    constant("w");
    assertThat(named(constant("w"), constant("w"))).containsExactly("w", "w_2");
  }

  @Test
  void namesOfInputsAndOutputsAreTaken() {
    constant("y");
    assertThat(named(constant("x"), constant("y"))).containsExactly("x_1", "y_1");
  }

  @Test
  void aNumberOfTheSourceStays() {
    constant("w");
    assertThat(named(constant("w_1"))).containsExactly("w_1");
  }
}
