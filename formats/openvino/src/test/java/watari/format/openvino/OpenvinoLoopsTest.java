package watari.format.openvino;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.openvino.OpenvinoWritten.all;
import static watari.format.openvino.OpenvinoWritten.layer;
import static watari.format.openvino.OpenvinoWritten.types;
import static watari.tensor.DataType.BOOL;
import static watari.tensor.DataType.FLOAT32;
import static watari.tensor.DataType.INT64;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ControlOp.Loop;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.rewrite.PassLog;
import watari.tensor.TensorType;

class OpenvinoLoopsTest {
  private static final TensorType VECTOR = TensorType.of(FLOAT32, 2);

  @TempDir Path folder;
  private final GraphBuilder to = new GraphBuilder(new Graph("main"));

  private Element written(Value trips) {
    var body = new GraphBuilder(new Graph("body"));
    body.input("i", TensorType.of(INT64));
    var condition = body.input("go", TensorType.of(BOOL));
    var next = body.add(new Unary(Unary.Kind.TANH), body.input("a", VECTOR));
    body.graph().addOutput("go_on", body.add(new Identity(), condition));
    body.graph().addOutput("next", next);
    body.graph().addOutput("each", next);
    var loop =
        to.add(
            new Loop(1, 1),
            List.of(trips, Value.ABSENT, to.input("x", VECTOR)),
            List.of("last", "stack"),
            List.of(body.graph()));
    to.graph().addOutput("last", loop.output(0));
    to.graph().addOutput("stack", loop.output(1));
    return new OpenvinoWritten(folder).net(to.graph());
  }

  private static List<String> resultNames(Element net) {
    return all(net, "layer").stream()
        .filter(layer -> layer.getParentNode().getParentNode() == net)
        .map(layer -> layer.getAttribute("output_names"))
        .filter(name -> !name.isEmpty())
        .toList();
  }

  /// Of a loop without iterations OpenVINO gives what it stacked before.
  @Test
  void whatIsStackedIsCutToTheIterationsThatThereWere() {
    var net = written(to.input("n", TensorType.of(INT64)));
    assertThat(types(net)).containsSubsequence("Loop", "Slice", "Result");
    var map = all(layer(net, "Loop"), "port_map").get(0);
    assertThat(all(map, "input")).hasSize(3);
    assertThat(all(map, "output")).hasSize(4);
    assertThat(
            all(layer(net, "Loop"), "edge").stream()
                .filter(edge -> edge.getParentNode().getNodeName().equals("back_edges")))
        .hasSize(2);
    assertThat(resultNames(net)).containsExactly("last", "stack");
  }

  @Test
  void aLoopThatIteratesIsNotCounted() {
    assertThat(types(written(to.scalar(3L)))).doesNotContain("Slice", "Add");
  }

  /// So OpenVINO knows the dims of what is stacked when there is nothing.
  @Test
  void whatEachIterationGivesHasItsShapeStated() {
    var body = all(layer(written(to.scalar(3L)), "Loop"), "body").get(0);
    assertThat(types(body)).contains("Reshape").doesNotContain("Unsqueeze");
  }

  @Test
  void whatIsCutIsNotCutAgain() {
    written(to.input("n", TensorType.of(INT64)));
    int nodes = to.graph().size();
    new OpenvinoLoops().run(to.graph(), new PassLog(false));
    assertThat(to.graph().size()).isEqualTo(nodes);
  }
}
