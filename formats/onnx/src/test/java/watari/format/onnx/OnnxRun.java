package watari.format.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.WriteOptions;
import watari.graph.Graph;
import watari.graph.Metadata;
import watari.graph.Model;
import watari.graph.Validator;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Legalises, writes and runs graphs whose spatial operators are channels-first.
final class OnnxRun {
  private static final DataType[] FED = {
    DataType.FLOAT32,
    DataType.FLOAT64,
    DataType.INT64,
    DataType.INT32,
    DataType.INT16,
    DataType.INT8,
    DataType.UINT8,
    DataType.BOOL
  };

  private OnnxRun() {}

  /// Makes a graph writable; it stays valid.
  static void legalize(Graph graph, int opset) {
    var profile = new OnnxProfile(opset);
    var log = new PassLog(false);
    profile.decompose().forEach(pass -> pass.run(graph, log));
    Validator.require(graph);
    profile.legalize().forEach(pass -> pass.run(graph, log));
    Validator.require(graph);
  }

  /// What keeps a graph from being written, after legalising it.
  static List<Finding> write(Graph graph, int opset, Path file) {
    legalize(graph, opset);
    var findings = new Findings();
    var model = new Model("test", List.of(graph), Metadata.EMPTY);
    try {
      new OnnxWriter().write(model, file, new WriteOptions(opset, false, "m", "watari"), findings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return findings.all();
  }

  /// The outputs that ONNX Runtime computes.
  static List<TensorData> run(Path file, List<TensorData> inputs) {
    var environment = OrtEnvironment.getEnvironment();
    try (var options = new OrtSession.SessionOptions();
        var session = environment.createSession(file.toString(), options);
        var arena = Arena.ofShared()) {
      Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
      int i = 0;
      for (var name : session.getInputNames()) {
        feeds.put(name, feed(environment, inputs.get(i++), arena));
      }
      var outputs = new ArrayList<TensorData>();
      try (var results = session.run(feeds)) {
        for (var result : results) outputs.add(data((OnnxTensor) result.getValue()));
      }
      return outputs;
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  private static OnnxTensor feed(OrtEnvironment environment, TensorData data, Arena arena)
      throws OrtException {
    var bytes = arena.allocate(Math.max(data.sizeBytes(), 1), 16);
    data.copyTo(0, data.size(), bytes);
    var buffer = bytes.asSlice(0, data.sizeBytes()).asByteBuffer().order(ByteOrder.nativeOrder());
    return OnnxTensor.createTensor(
        environment, buffer, data.shape().fixedDims(), type(data.dtype()));
  }

  private static OnnxJavaType type(DataType dtype) {
    return switch (dtype) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case INT64 -> OnnxJavaType.INT64;
      case INT32 -> OnnxJavaType.INT32;
      case INT16 -> OnnxJavaType.INT16;
      case INT8 -> OnnxJavaType.INT8;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      default -> throw new AssertionError(dtype + " is not fed");
    };
  }

  private static TensorData data(OnnxTensor tensor) {
    var buffer = tensor.getByteBuffer();
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    var info = tensor.getInfo();
    return TensorData.of(dtype(info.type), Shape.of(info.getShape()), MemorySegment.ofArray(bytes));
  }

  private static DataType dtype(OnnxJavaType type) {
    return Arrays.stream(FED).filter(dtype -> type(dtype) == type).findFirst().orElseThrow();
  }

  /// Writes a graph in an opset and compares what it computes.
  ///
  /// @return whether the opset can express it
  static boolean matches(
      Graph graph, int opset, List<TensorData> inputs, double tolerance, double[]... expected) {
    try {
      var file = Files.createTempFile("watari", ".onnx");
      try {
        var findings = write(graph, opset, file);
        if (opset != 0 && findings.stream().anyMatch(Finding::isError)) return false;
        assertThat(findings).isEmpty();
        var outputs = run(file, inputs);
        for (int i = 0; i < expected.length; i++) compare(outputs.get(i), expected[i], tolerance);
        return true;
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void compare(TensorData output, double[] expected, double tolerance) {
    assertThat(output.doubles()).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      double got = output.doubleAt(i);
      double allowed = tolerance * Math.max(1, Math.abs(expected[i]));
      boolean same = Double.isNaN(expected[i]) ? Double.isNaN(got) : got == expected[i];
      if (same || Math.abs(got - expected[i]) <= allowed) continue;
      throw new AssertionError(
          "element " + i + " is " + got + ", expected " + expected[i] + ": " + output);
    }
  }
}
