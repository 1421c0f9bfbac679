package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.flatbuffers.FlexBuffersBuilder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import watari.api.Npz;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.Custom;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A TFLite model of one custom operator, which is converted and run.
///
/// @param options as the file has them
/// @param outputs declared types
record CustomModel(String name, int version, TensorData options, List<TensorType> outputs) {
  /// Options that are a C structure of 32-bit numbers.
  static TensorData structure(int... fields) {
    var all = ByteBuffer.allocate(4 * fields.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int field : fields) all.putInt(field);
    return bytes(all.array());
  }

  /// Options that are a map of FlexBuffers.
  static TensorData map(Consumer<FlexBuffersBuilder> entries) {
    var builder = new FlexBuffersBuilder();
    int start = builder.startMap();
    entries.accept(builder);
    builder.endMap(null, start);
    var buffer = builder.finish();
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes(bytes);
  }

  private static TensorData bytes(byte[] bytes) {
    return TensorData.of(DataType.UINT8, Shape.of(bytes.length), MemorySegment.ofArray(bytes));
  }

  static void vector(FlexBuffersBuilder builder, String key, int... values) {
    int start = builder.startVector();
    for (int value : values) builder.putInt(value);
    builder.endVector(key, start, true, false);
  }

  static TensorData noise(long seed, long... dims) {
    var random = new Random(seed);
    var shape = Shape.of(dims);
    var values = new float[(int) shape.elements().fixed()];
    for (int i = 0; i < values.length; i++) values[i] = random.nextFloat() * 2 - 1;
    return TensorData.ofFloats(shape, values);
  }

  /// Writes the model.
  Path write(Path folder, TensorData... inputs) throws IOException {
    var graph = new Graph("custom");
    var build = new GraphBuilder(graph);
    var values = new ArrayList<Value>();
    for (int i = 0; i < inputs.length; i++) values.add(build.input("x" + i, inputs[i].type()));
    var attribute = new Custom.Attribute("custom_options", options);
    var op = new Custom("tflite:custom", name, version, List.of(attribute), outputs, false);
    var node = build.add(op, values, outputs.size(), List.of());
    for (int i = 0; i < outputs.size(); i++) graph.addOutput("y" + i, node.output(i));
    return SmallModel.write("tflite", folder.resolve("custom.tflite"), graph);
  }

  /// What the operators compute that it becomes in a format, on that format's runtime.
  List<TensorData> run(Path folder, String format, TensorData... inputs) throws IOException {
    var model = write(folder, inputs);
    var out = folder.resolve(format);
    var said =
        Spoken.of(
            "convert",
            model,
            "--to",
            format,
            "-o",
            out,
            "--custom",
            "standard",
            "--no-verify",
            "--keep-io-layout",
            "--force");
    assertThat(said.code()).as(said.err()).isZero();
    Map<String, TensorData> data = new LinkedHashMap<>();
    for (int i = 0; i < inputs.length; i++) data.put("x" + i, inputs[i]);
    var given = folder.resolve("in.npz");
    Npz.write(given, data);
    var results = folder.resolve("out.npz");
    var ran =
        Spoken.of(
            "run", out.resolve("custom." + format), "--data", given, "-o", results, "--force");
    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.err()).doesNotContain("OWN_READING");
    return List.copyOf(Npz.read(results).values());
  }
}
