package watari.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetPipeline;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.pass.layout.LayoutWishes;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Writes small models for tests: `y = f(x + [1, 2, 3])`, or any graph.
final class SmallModel {
  private SmallModel() {}

  static Path relu(String format, Path file) throws IOException {
    return write(format, file, new Unary(Unary.Kind.RELU));
  }

  /// @param f of one input
  static Path write(String format, Path file, Op f) throws IOException {
    return write(format, file, f, Metadata.EMPTY);
  }

  static Path write(String format, Path file, Op f, Metadata metadata) throws IOException {
    var graph = new Graph("small");
    var build = new GraphBuilder(graph);
    var x = build.input("x", TensorType.of(DataType.FLOAT32, 1, 3));
    var three = build.constant("bias", TensorData.ofFloats(Shape.of(3), 1, 2, 3));
    var sum = build.addNamed("sum", new Binary(Binary.Kind.ADD), x, three);
    graph.setProperties(Map.of("of the graph", "too"));
    graph.describe("y", "what comes out");
    graph.addOutput(build.addNamed("y", f, sum));
    return write(format, file, graph, metadata);
  }

  static Path write(String format, Path file, Graph graph) throws IOException {
    return write(format, file, graph, Metadata.EMPTY);
  }

  private static Path write(String format, Path file, Graph graph, Metadata metadata)
      throws IOException {
    var writer =
        ServiceLoader.load(FormatWriter.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(w -> w.format().equals(format))
            .findFirst()
            .orElseThrow();
    var options = new WriteOptions(0, false, "small", "somebody else");
    var profile = writer.profile(options);
    new TargetPipeline(profile, List.of(), List.of(), LayoutWishes.KEEP)
        .run(graph, new PassLog(false));
    var findings = new Findings();
    Files.createDirectories(file.toAbsolutePath().getParent());
    writer.write(new Model(format, List.of(graph), metadata), file, options, findings);
    findings.throwIfErrors();
    return file;
  }
}
