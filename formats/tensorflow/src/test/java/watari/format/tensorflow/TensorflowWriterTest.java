package watari.format.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.format.FormatWriter;
import watari.format.ReadOptions;
import watari.format.WriteOptions;
import watari.format.tensorflow.schema.GraphDef;
import watari.format.tensorflow.schema.SavedModel;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Signature;
import watari.op.BinaryOp.Binary;
import watari.op.DetectionOp.PaddedNonMaxSuppression;
import watari.op.MatMulOp.FullyConnected;
import watari.op.NormOp.Softmax;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

class TensorflowWriterTest {
  @TempDir Path folder;

  /// Two dense layers of one input; the outputs' names are in no order.
  private static Model model() {
    var graph = new Graph("main");
    var builder = new GraphBuilder(graph);
    var x = builder.input("x:0", TensorType.of(DataType.FLOAT32, 1, 2));
    var weights = builder.constant("w", TensorData.ofFloats(Shape.of(2, 2), 1, 2, 3, 4));
    var z = builder.addNamed("sum", new FullyConnected(), x, weights);
    var one = builder.constant("one", TensorData.ofFloats(Shape.of(2), 1, 1));
    var y = builder.addNamed("next", new Binary(Binary.Kind.ADD), z, one);
    graph.addOutput("z", z);
    graph.addOutput("a", y);
    graph.setSignature(new Signature("infer", List.of("image"), List.of("zed", "ah")));
    return new Model("test", List.of(graph), Metadata.EMPTY);
  }

  private Path write(FormatWriter writer, boolean isVariable) throws IOException {
    var main = writer.paths(folder, "m").get(0);
    var findings = new Findings();
    writer.write(model(), main, new WriteOptions(0, false, "m", "watari 1", isVariable), findings);
    assertThat(findings.all()).isEmpty();
    return main;
  }

  private static Model read(Path path, Arena arena) throws IOException {
    return new SavedModelReader().read(path, arena, ReadOptions.DEFAULT, new Findings());
  }

  @Test
  void outputsOfAFrozenGraphAreIdentitiesBehindAllNodes() throws IOException {
    var graph = GraphDef.parseFrom(Files.readAllBytes(write(new PbWriter(), false)));
    var nodes = graph.getNodeList();
    assertThat(nodes.get(0).getName()).isEqualTo("x");
    var last = nodes.subList(nodes.size() - 2, nodes.size());
    assertThat(last).extracting(node -> node.getOp()).containsOnly("Identity");
    assertThat(last).extracting(node -> node.getName()).containsExactly("z", "a");
    var taken = nodes.stream().flatMap(node -> node.getInputList().stream()).toList();
    assertThat(taken).contains("sum", "next").doesNotContain("z", "a");
  }

  @Test
  void savedModelsKeepTheKeysOfTheSource() throws IOException {
    try (var arena = Arena.ofConfined()) {
      var signature = read(write(new SavedModelWriter(), false), arena).main().signature();
      assertThat(signature.key()).isEqualTo("infer");
      assertThat(signature.inputs()).containsExactly("image");
      assertThat(signature.outputs()).containsExactly("ah", "zed");
    }
  }

  @Test
  void weightsBecomeVariablesThatAreBoundToTheFunction() throws IOException {
    var main = write(new SavedModelWriter(), true);
    var saved = SavedModel.parseFrom(Files.readAllBytes(main.resolve("saved_model.pb")));
    var objects = saved.getMetaGraphs(0).getObjectGraphDef();
    var bound = objects.getConcreteFunctionsMap().values().iterator().next().getBoundInputsList();
    assertThat(bound).hasSize(2);
    assertThat(bound)
        .allSatisfy(
            node -> assertThat(objects.getNodes(node).getVariable().getTrainable()).isTrue());
    try (var arena = Arena.ofConfined()) {
      var prefix = main.resolve("variables").resolve("variables");
      var checkpoint = Checkpoint.open(prefix, arena).orElseThrow();
      // The filter of a product lies the other way round.
      assertThat(checkpoint.data(SavedObjects.checkpointKey(0)).floats())
          .containsExactly(1, 3, 2, 4);
      assertThat(checkpoint.has("_CHECKPOINTABLE_OBJECT_GRAPH")).isTrue();
    }
  }

  @Test
  void elementsThatWereChangedDoNotHaveTheirChecksum() throws IOException {
    var main = write(new SavedModelWriter(), true);
    var shard = main.resolve("variables").resolve("variables.data-00000-of-00001");
    var bytes = Files.readAllBytes(shard);
    bytes[bytes.length - 1] ^= 1;
    Files.write(shard, bytes);
    try (var arena = Arena.ofConfined()) {
      var prefix = main.resolve("variables").resolve("variables");
      var checkpoint = Checkpoint.open(prefix, arena).orElseThrow();
      assertThat(checkpoint.data(SavedObjects.checkpointKey(0)).size()).isEqualTo(4);
      assertThatThrownBy(() -> checkpoint.data(SavedObjects.checkpointKey(1)))
          .isInstanceOf(ModelException.class)
          .hasMessageContaining("checksum");
    }
  }

  @Test
  @Timeout(60)
  void suppressionToAFixedNumberStays() {
    var graph = new Graph("main");
    var builder = new GraphBuilder(graph);
    var boxes = builder.input("boxes", TensorType.of(DataType.FLOAT32, 8, 4));
    var scores = builder.input("scores", TensorType.of(DataType.FLOAT32, 8));
    var most = builder.constant("most", TensorData.ofInts(Shape.SCALAR, 3));
    var half = builder.scalar(0.5f);
    var op = new PaddedNonMaxSuppression(false);
    var node = builder.add(op, List.of(boxes, scores, most, half, half), 2, List.of());
    graph.addOutput("found", node.output(0));
    graph.addOutput("count", node.output(1));
    var profile = new TensorflowProfile("pb");
    profile.decompose().forEach(pass -> pass.run(graph, new PassLog(false)));
    profile.legalize().forEach(pass -> pass.run(graph, new PassLog(false)));
    assertThat(graph.nodes()).extracting(each -> each.op()).containsExactly(op);
  }

  @Test
  void softmaxesOfBfloat16AreRefused() {
    var builder = new GraphBuilder(new Graph("main"));
    var x = builder.input("x", TensorType.of(DataType.BFLOAT16, 2, 3));
    var node = builder.add(new Softmax(-1), List.of(x), 1, List.of());
    assertThat(new TensorflowProfile("pb").refuse(node).orElseThrow().why())
        .isEqualTo("TensorFlow does not round the steps of a softmax to bfloat16");
  }
}
