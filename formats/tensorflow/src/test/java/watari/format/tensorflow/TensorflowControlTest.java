package watari.format.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.tensorflow.TensorflowTestModel.attribute;
import static watari.format.tensorflow.TensorflowTestModel.function;
import static watari.format.tensorflow.TensorflowTestModel.nodeOf;
import static watari.format.tensorflow.TensorflowTestModel.text;
import static watari.format.tensorflow.TensorflowTestModel.type;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.format.tensorflow.TensorflowTestModel.Read;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.DataType;
import watari.format.tensorflow.schema.FunctionDef;
import watari.graph.Node;
import watari.graph.Validator;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.tensor.Shape;
import watari.tensor.TensorData;

class TensorflowControlTest {
  @TempDir Path folder;

  private TensorflowTestModel model() {
    return new TensorflowTestModel(folder);
  }

  private static Node only(Read read, Class<?> operator) {
    assertThat(read.findings()).isEmpty();
    assertThat(Validator.check(read.graph())).isEmpty();
    var found = read.graph().nodes().stream().filter(n -> operator.isInstance(n.op())).toList();
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  private static FunctionDef.Builder functionOf(String name, List<String> in, String... out) {
    var function = FunctionDef.newBuilder();
    var signature = function.getSignatureBuilder().setName(name);
    in.forEach(each -> signature.addInputArgBuilder().setName(each));
    for (int i = 0; i < out.length; i++) {
      signature.addOutputArgBuilder().setName("r" + i);
      function.putRet("r" + i, out[i]);
    }
    return function;
  }

  private static Map.Entry<String, AttrValue> types(int count) {
    var value = AttrValue.newBuilder();
    for (int i = 0; i < count; i++) value.getListBuilder().addType(DataType.DT_FLOAT);
    return attribute("T", value);
  }

  /// `while i < 3: list[i] = x + i; i += 1`, stacked.
  private TensorflowTestModel accumulating() {
    var names = List.of("i", "list", "x");
    var test = functionOf("test", names, "less:z:0");
    test.addNodeDef(model().integers("three", List.of(), 3).proto().getNode(0));
    test.addNodeDef(nodeOf("Less", "less", "i three:output:0"));
    var turn = functionOf("turn", names, "more:z:0", "set:output_handle:0", "same:output:0");
    turn.addNodeDef(model().integers("one", List.of(), 1).proto().getNode(0));
    turn.addNodeDef(nodeOf("AddV2", "more", "i one:output:0"));
    turn.addNodeDef(nodeOf("Cast", "number", "i", type("DstT", DataType.DT_FLOAT)));
    turn.addNodeDef(nodeOf("AddV2", "sum", "x number:y:0"));
    turn.addNodeDef(nodeOf("TensorListSetItem", "set", "list i sum:z:0"));
    turn.addNodeDef(nodeOf("Identity", "same", "x"));
    return model()
        .floats("x", 2)
        .integers("zero", List.of(), 0)
        .integers("shape", List.of(), -1)
        .integers("count", List.of(), 3)
        .node("TensorListReserve", "list", "shape count", type("element_dtype", DataType.DT_FLOAT))
        .function(test)
        .function(turn)
        .node(
            "StatelessWhile",
            "loop",
            "zero list x",
            function("cond", "test"),
            function("body", "turn"),
            types(3))
        .node("TensorListStack", "y", "loop:1 shape");
  }

  @Test
  void whatEachTurnPutsIntoAListIsStacked() {
    var read = accumulating().read();
    var loop = only(read, Loop.class);
    assertThat(loop.op()).isEqualTo(new Loop(1, 1));
    assertThat(loop.input(0).constant().orElseThrow().longs()).containsExactly(3);
    // Counted loops need no condition; what stays the same comes from outside.
    assertThat(loop.input(1).isPresent()).isFalse();
    assertThat(loop.inputs()).hasSize(4);
    assertThat(loop.bodies().get(0).outputs().get(2).type()).hasToString("float32[2]");
  }

  @Test
  void oldLoopsAreReadAsLoops() {
    var frame = text("frame_name", "f");
    var read =
        model()
            .floats("x", 2)
            .constant("limit", List.of(), 100)
            .node("Enter", "enter", "x", frame)
            .node("Enter", "limits", "limit", frame)
            .node("Merge", "merge", "enter next")
            .integers("axis", List.of(1L), 0)
            .node("Sum", "sum", "merge axis")
            .node("Less", "less", "sum limits")
            .node("LoopCond", "cond", "less")
            .node("Switch", "switch", "merge cond")
            .node("AddV2", "twice", "switch:1 switch:1")
            .node("NextIteration", "next", "twice")
            .node("Exit", "exit", "switch")
            .node("Identity", "y", "exit")
            .read();
    var loop = only(read, Loop.class);
    assertThat(loop.op()).isEqualTo(new Loop(1, 0));
    assertThat(loop.input(0).isPresent()).isFalse();
    assertThat(loop.input(1).type()).hasToString("bool[]");
  }

  private TensorflowTestModel branching(String condition) {
    return model()
        .floats("x", 2)
        .floats("p")
        .constant("c", List.of(), 1)
        .node("Greater", "less", condition)
        .node("Switch", "switch", "x less")
        .node("Neg", "then", "switch:1")
        .node("Abs", "else", "switch")
        .node("Merge", "merge", "else then")
        .node("Identity", "y", "merge");
  }

  @Test
  void oldBranchesAreReadAsBranches() {
    var node = only(branching("p c").read(), If.class);
    assertThat(node.inputs()).hasSize(2);
    var first = node.bodies().get(0).nodes().get(0).op();
    assertThat(first).hasToString("Unary[kind=NEG]");
  }

  @Test
  void aConditionThatIsKnownLeavesOneBranch() {
    var read = branching("c c").read();
    assertThat(read.findings()).isEmpty();
    assertThat(read.graph().outputs().get(0).producer().orElseThrow().op())
        .hasToString("Unary[kind=ABS]");
  }

  @Test
  void aNumberChoosesAmongFunctions() {
    var cases = AttrValue.newBuilder();
    for (var op : List.of("Neg", "Abs", "Exp")) {
      cases.getListBuilder().addFuncBuilder().setName(op + "Case");
    }
    var model = model().floats("x", 2).input("n", DataType.DT_INT32);
    for (var op : List.of("Neg", "Abs", "Exp")) {
      var function = functionOf(op + "Case", List.of("a"), "r:y:0");
      model.function(function.addNodeDef(nodeOf(op, "r", "a")));
    }
    var read =
        model
            .node("Case", "case", "n x", attribute("branches", cases), outputs())
            .node("Identity", "y", "case")
            .read();
    var outer = only(read, If.class);
    assertThat(outer.bodies().get(0).nodes().get(0).op()).hasToString("Unary[kind=NEG]");
    var inner = outer.bodies().get(1).nodes().stream().filter(n -> n.op() instanceof If);
    assertThat(inner.toList().get(0).bodies().get(1).nodes().get(0).op())
        .hasToString("Unary[kind=EXP]");
  }

  private static Map.Entry<String, AttrValue> outputs() {
    var value = AttrValue.newBuilder();
    value.getListBuilder().addType(DataType.DT_FLOAT);
    return attribute("Tout", value);
  }

  @Test
  void arraysAreListsThatTheirFlowStandsFor() {
    var read =
        model()
            .floats("x", 3, 2)
            .integers("count", List.of(), 3)
            .node("TensorArrayV3", "array", "count", type("dtype", DataType.DT_FLOAT))
            .integers("all", List.of(3L), 0, 1, 2)
            .node("TensorArrayScatterV3", "filled", "array all x array:1")
            .integers("two", List.of(), 2)
            .node("TensorArrayReadV3", "y", "array two filled", type("dtype", DataType.DT_FLOAT))
            .read();
    assertThat(read.findings()).isEmpty();
    var result = read.run(TensorData.ofFloats(Shape.of(3, 2), 1, 2, 3, 4, 5, 6)).get(0);
    assertThat(result.floats()).containsExactly(5, 6);
  }
}
