package watari.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.pass.layout.LayoutReport;
import watari.tensor.DataType;
import watari.tensor.TensorType;

class PairingTest {
  private final Graph source = new Graph("source");
  private final Graph result = new Graph("result");

  @Test
  void aTensorThatHasTheNameComesBeforeOneThatOnlyGoesByIt() {
    var a = chain(source, "spectrum", "y");
    var b = chain(result, "spectrum/product", "spectrum", "y");
    b.get(0).setSourceNames(List.of("spectrum"));
    source.addOutput(a.get(1));
    result.addOutput(b.get(2));
    assertThat(inner()).containsExactly("spectrum spectrum", "y y");
  }

  @Test
  void aTensorGoesByFurtherNamesWhereNoOtherHasThem() {
    source.addOutput(chain(source, "sum", "y").get(1));
    var b = chain(result, "fused", "y");
    b.get(0).setSourceNames(List.of("nowhere", "sum"));
    result.addOutput(b.get(1));
    assertThat(inner()).containsExactly("sum fused", "y y");
  }

  @Test
  void aFurtherNameOfAnotherShapeIsNotTheSameTensor() {
    source.addOutput(chain(source, "sum", "y").get(1));
    var build = new GraphBuilder(result);
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 1, 3));
    var other = build.addNamed("inside", new Unary(Unary.Kind.ABS), wide(build));
    other.setSourceNames(List.of("sum"));
    result.addOutput(build.addNamed("y", new Unary(Unary.Kind.ABS), x));
    assertThat(inner()).containsExactly("y y");
    other.setType(TensorType.of(DataType.FLOAT32, 3, 1));
    assertThat(inner()).containsExactly("sum inside", "y y");
  }

  private static Value wide(GraphBuilder build) {
    return build.input("wide", TensorType.of(DataType.FLOAT32, 1, 4));
  }

  private List<String> inner() {
    var none = new LayoutReport(List.of(), List.of(), Map.of(), List.of());
    return Pairing.of(source, result, none).inner().stream()
        .map(pair -> pair.a() + " " + pair.b())
        .toList();
  }

  private static List<Value> chain(Graph graph, String... names) {
    var build = new GraphBuilder(graph);
    var at = build.input("x", TensorType.of(DataType.FLOAT32, 1, 3));
    var all = new java.util.ArrayList<Value>();
    for (var name : names) {
      at = build.addNamed(name, new Unary(Unary.Kind.ABS), at);
      all.add(at);
    }
    return all;
  }
}
