package watari.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.api.Npz;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.BinaryOp.PRelu;
import watari.op.ElementwiseOp.Unary;
import watari.op.MatMulOp.Einsum;
import watari.op.NormOp.LogSoftmax;
import watari.op.NormOp.Softmax;
import watari.op.Padding;
import watari.op.PoolOp.MaxPool;
import watari.op.ShapeOp.Concat;
import watari.op.ShapeOp.Reshape;
import watari.op.ShapeOp.ReverseSequence;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Transpose;
import watari.op.Window;
import watari.tensor.DataType;
import watari.tensor.Layout;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// The kinds of entries of openvino2tensorflow's replacement files, as the examples of its manual
/// have them, on nets of one layer (`y = -layer(x)`) that are converted to ONNX and run; and
/// onnx2tf's.
///
/// `x` is `[1, 2, 3, 4]`, channels first; entries speak of it as `[1, 3, 4, 2]`.
class OverridesTest {
  private static final List<Integer> LAST = List.of(0, 2, 3, 1);
  private static final List<Integer> FIRST = List.of(0, 3, 1, 2);
  private static final TensorData X = x(Shape.of(1, 2, 3, 4));

  @TempDir private Path folder;

  private static TensorData x(Shape shape) {
    int size = 1;
    for (var dim : shape.dims()) size *= (int) dim.fixed();
    var numbers = new float[size];
    for (int i = 0; i < size; i++) numbers[i] = (i * 7 % 11) + 0.25f;
    return TensorData.ofFloats(shape, numbers);
  }

  private static TensorData last() {
    return X.transposed(LAST);
  }

  private Path model(String format, TensorData x, BiFunction<GraphBuilder, Value, Value> layer)
      throws IOException {
    var build = new GraphBuilder(new Graph("net"));
    var value = layer.apply(build, build.input("x", new TensorType(x.dtype(), x.shape())));
    build.graph().addOutput("y", build.addNamed("y", new Unary(Unary.Kind.NEG), value));
    var name = format.equals("onnx") ? "net.onnx" : "net.xml";
    return SmallModel.write(format, folder.resolve(name), build.graph());
  }

  private static String id(Path model, String name) throws IOException {
    var layer = Pattern.compile("<layer id=\"(\\d+)\" name=\"" + name + "\"");
    var found = layer.matcher(Files.readString(model));
    assertThat(found.find()).as("a layer '%s'", name).isTrue();
    return found.group(1);
  }

  /// The id of the layer that feeds an input of a layer.
  private static String feeding(Path model, String name, int port) throws IOException {
    var text = Files.readString(model);
    var edge =
        Pattern.compile(
            "<edge from-layer=\"(\\d+)\" from-port=\"\\d+\" to-layer=\"%s\" to-port=\"%d\""
                .formatted(id(model, name), port));
    var found = edge.matcher(text);
    assertThat(found.find()).isTrue();
    return found.group(1);
  }

  private Spoken convert(Path model, String overrides) throws IOException {
    var file = folder.resolve("overrides.json");
    Files.writeString(file, overrides);
    return Spoken.of(
        "convert",
        model,
        "--to",
        "onnx",
        "--no-verify",
        "--keep-io-layout",
        "--force",
        "-o",
        folder.resolve("out"),
        "--overrides",
        file);
  }

  private TensorData run(Path model, TensorData x, String overrides) throws IOException {
    var said = convert(model, overrides);
    assertThat(said.err()).doesNotContain("error").contains("[FUNCTION_CHANGED]");
    assertThat(said.code()).isZero();
    var given = folder.resolve("in.npz");
    Npz.write(given, Map.of("x", x));
    var got = folder.resolve("got.npz");
    var result = folder.resolve("out").resolve("net.onnx");
    var run = Spoken.of("run", result, "--data", given, "-o", got, "--force");
    assertThat(run.err()).isEmpty();
    return Objects.requireNonNull(Npz.read(got).get("y"));
  }

  private static String entry(String id, String type, String mode, String values) {
    return """
    { "format_version": 2,
      "layers": [
        { "layer_id": "%s", "type": "%s", "replace_mode": "%s", "values": %s } ] }
    """
        .formatted(id, type, mode, values);
  }

  private void assertGives(TensorData found, TensorData expected) {
    assertThat(found.shape()).isEqualTo(expected.shape());
    for (long i = 0; i < expected.size(); i++) {
      assertThat(-found.doubleAt(i)).as("%d", i).isCloseTo(expected.doubleAt(i), within(1e-6));
    }
  }

  private TensorData aroundRelu(String type, String mode, String values) throws IOException {
    var model = model("openvino", X, (b, x) -> b.addNamed("r", new Unary(Unary.Kind.RELU), x));
    return run(model, X, entry(id(model, "r"), type, mode, values));
  }

  @Test
  void operatorsAreInserted() throws IOException {
    assertGives(
        aroundRelu("Transpose", "insert_after", "[0, 3, 1, 2]"),
        last().transposed(FIRST).transposed(FIRST));
    assertGives(
        aroundRelu("Reshape", "insert_before", "[1, -1, 4]"), last().reshaped(Shape.of(1, 6, 4)));
    assertGives(aroundRelu("Cast", "insert_after", "\"i32\""), X.cast(DataType.INT32));
    assertGives(aroundRelu("Squeeze", "insert_after", "0"), last().reshaped(Shape.of(3, 4, 2)));
    assertGives(
        aroundRelu("Unsqueeze", "insert_before", "0"), last().reshaped(Shape.of(1, 1, 3, 4, 2)));
    assertGives(aroundRelu("Add", "insert_after", "[0, 1]"), each((v, i) -> i < 12 ? v : v + 1));
    assertGives(
        aroundRelu("Multiply", "insert_before", "[0.5, 2.0]"),
        each((v, i) -> v * (i < 12 ? 0.5f : 2)));
  }

  private interface Each {
    float of(float value, int index);
  }

  private static TensorData each(Each f) {
    var numbers = X.floats();
    for (int i = 0; i < numbers.length; i++) numbers[i] = f.of(numbers[i], i);
    return TensorData.ofFloats(X.shape(), numbers);
  }

  @Test
  void axesChange() throws IOException {
    var concat = model("openvino", X, (b, x) -> b.addNamed("c", new Concat(1), x, x));
    var wide = run(concat, X, entry(id(concat, "c"), "Concat", "change_axis", "2"));
    assertThat(wide.shape()).isEqualTo(Shape.of(1, 2, 3, 8));
    assertGives(wide, X.picked(wide.shape(), i -> i / 8 * 4 + i % 4));
    for (boolean isLog : new boolean[] {false, true}) {
      var type = isLog ? "LogSoftmax" : "SoftMax";
      var model =
          model(
              "openvino",
              X,
              (b, x) -> b.addNamed("s", isLog ? new LogSoftmax(3) : new Softmax(3), x));
      var found = run(model, X, entry(id(model, "s"), type, "change_axis", "-1"));
      for (int i = 0; i < 12; i++) {
        double a = Math.exp(X.doubleAt(i));
        double share = a / (a + Math.exp(X.doubleAt(i + 12)));
        assertThat(-found.doubleAt(i)).isCloseTo(isLog ? Math.log(share) : share, within(1e-5));
      }
    }
  }

  @Test
  void slicesChange() throws IOException {
    var model =
        model(
            "openvino",
            X,
            (b, x) ->
                b.addNamed(
                    "s", new Slice(), x, b.vector(1), b.vector(3), b.vector(2), b.vector(1)));
    var id = id(model, "s");
    var whole = run(model, X, entry(id, "StridedSlice", "change_attributes", "[15, 15, 0, 0, 0]"));
    assertGives(whole, X);
    var part =
        run(
            model,
            X,
            entry(id, "StridedSlice", "replace", "[[0,1,0,0],[1,3,4,2],[1,1,2,1],0,0,0,0,0]"));
    assertGives(
        part, X.picked(Shape.of(1, 2, 2, 2), i -> i / 4 * 12 + 4 + i / 2 % 2 * 4 + i % 2 * 2));
    var shrunk =
        run(model, X, entry(id, "StridedSlice", "replace", "[[0,1],[0,2],[1,1],0,0,1,0,2]"));
    assertGives(shrunk, last().picked(Shape.of(1, 3, 4), i -> i * 2 + 1));
  }

  @Test
  void paddingOfAPoolChanges() throws IOException {
    var none = Padding.none(2);
    var window = new Window(List.of(2, 2), List.of(1, 1), List.of(1, 1), none, false);
    var negative = each((v, i) -> -v);
    var model =
        model(
            "openvino",
            X,
            (b, x) -> b.addNamed("p", new MaxPool(window, Layout.CHANNELS_FIRST), x));
    // We write a pool's padding as a layer of its own; OpenVINO's own files have it here.
    var text = Files.readString(model).replaceAll("pads_(begin|end)=\"0, ?0\"", "pads_$1=\"1,1\"");
    assertThat(text).contains("pads_begin=\"1,1\"", "pads_end=\"1,1\"");
    Files.writeString(
        model,
        text.replaceAll("<dim>2</dim>\\s*<dim>3</dim>(\\s*</port>)", "<dim>4</dim><dim>5</dim>$1"));
    var layer = Pattern.compile("<layer id=\"(\\d+)\"[^>]* type=\"MaxPool\"");
    var found = layer.matcher(text);
    assertThat(found.find()).isTrue();
    var id = found.group(1);
    // ONNX Runtime 1.29 takes zeros that are padded into the pool, where they never win.
    run(model, negative, entry(id, "MaxPool", "change_padding_mode", quoted("ZERO")));
    assertThat(Spoken.of("inspect", folder.resolve("out").resolve("net.onnx")).out())
        .contains("Pad-", "MaxPool-");
    for (var mode : List.of("SYMMETRIC", "REFLECT")) {
      var pooled = run(model, negative, entry(id, "MaxPool", "change_padding_mode", quoted(mode)));
      assertThat(pooled.shape()).isEqualTo(Shape.of(1, 2, 4, 5));
      for (int i = 0; i < 40; i++) {
        double most = -1e9;
        for (int k = 0; k < 4; k++) {
          int row = i / 5 % 4 - 1 + k / 2;
          int column = i % 5 - 1 + k % 2;
          int mirror = mode.equals("REFLECT") ? 1 : 0;
          if (row < 0) row = mirror;
          if (column < 0) column = mirror;
          if (row > 2) row = 2 - mirror;
          if (column > 3) column = 3 - mirror;
          double value = negative.doubleAt(i / 20 * 12 + row * 4 + column);
          most = Math.max(most, value);
        }
        assertThat(-pooled.doubleAt(i)).as(mode + " %d", i).isEqualTo(most);
      }
    }
  }

  private static String quoted(String word) {
    return "\"" + word + "\"";
  }

  @Test
  void slopesAreSharedAlongOtherAxes() throws IOException {
    var x = x(Shape.of(1, 2, 2, 2));
    var negative = x.scaled(_ -> -1);
    var model =
        model(
            "openvino",
            x,
            (b, v) ->
                b.addNamed(
                    "p",
                    new PRelu(),
                    v,
                    b.constant("slope", TensorData.ofFloats(Shape.of(2, 1, 1), 3, 5))));
    var id = id(model, "p");
    var found = run(model, negative, entry(id, "PReLU", "change_shared_axes", "[2, 3]"));
    for (int i = 0; i < 8; i++) {
      double slope = i / 2 % 2 == 0 ? 3 : 5; // one for each row
      assertThat(-found.doubleAt(i)).isCloseTo(slope * negative.doubleAt(i), within(1e-5));
    }
    assertThat(convert(model, entry(id, "PReLU", "change_shared_axes", "[]")).err())
        .contains("it has 2 slopes, shared along [] it would have 8 [OVERRIDE_UNFIT]");
  }

  @Test
  void sequencesAreReversedAlongAnotherAxis() throws IOException {
    var model =
        model("openvino", X, (b, x) -> b.addNamed("r", new ReverseSequence(0, 3), x, b.vector(3)));
    var found = run(model, X, entry(id(model, "r"), "ReverseSequence", "change_seq_axis", "1"));
    assertGives(found, X.picked(X.shape(), i -> i / 12 * 12 + (2 - i / 4 % 3) * 4 + i % 4));
  }

  @Test
  void equationsChange() throws IOException {
    var x = x(Shape.of(2, 2, 2));
    var model =
        model(
            "openvino",
            x,
            (b, v) ->
                b.addNamed(
                    "e",
                    new Einsum("bij,bjk->bik"),
                    v,
                    b.constant(
                        "w", TensorData.ofFloats(Shape.of(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8))));
    var found =
        run(model, x, entry(id(model, "e"), "Einsum", "change_equation", "\"bij,bkj->bik\""));
    for (int i = 0; i < 8; i++) {
      int b = i / 4;
      int row = i / 2 % 2;
      int k = i % 2;
      double sum = 0;
      for (int j = 0; j < 2; j++) sum += x.doubleAt(b * 4 + row * 2 + j) * (b * 4 + k * 2 + j + 1);
      assertThat(-found.doubleAt(i)).isCloseTo(sum, within(1e-4));
    }
  }

  @Test
  void constantsAreReplaced() throws IOException {
    var transpose =
        model("openvino", X, (b, x) -> b.addNamed("t", new Transpose(List.of(0, 2, 1, 3)), x));
    var order = feeding(transpose, "t", 1);
    assertGives(
        run(transpose, X, entry(order, "Const", "direct", "[0, 1, 3, 2]")),
        last().transposed(List.of(0, 1, 3, 2)).transposed(FIRST));
    var scaled =
        model(
            "openvino",
            X,
            (b, x) ->
                b.addNamed(
                    "m", new Binary(Binary.Kind.MUL), x, b.constant("k", TensorData.scalar(3f))));
    var constant = feeding(scaled, "m", 1);
    assertGives(
        run(scaled, X, entry(constant, "Const", "direct", "0.00390625")), each((v, i) -> v / 256));
    Npz.write(folder.resolve("w.npz"), Map.of("w", TensorData.scalar(2f)));
    var reshape =
        model("openvino", X, (b, x) -> b.addNamed("f", new Reshape(false), x, b.vector(1, 24)));
    assertGives(
        run(
            reshape,
            X,
            "{\"format_version\": 1, \"layers\": [{\"layer_id\": \"%s\", \"replace_mode\": \"direct\","
                    .formatted(feeding(reshape, "f", 1))
                + " \"values\": [1, 2, -1]}]}"),
        last().reshaped(Shape.of(1, 2, 12)));
  }

  @Test
  void whatDoesNotFitIsToldWithLineAndPath() throws IOException {
    var model = model("openvino", X, (b, x) -> b.addNamed("s", new Binary(Binary.Kind.ADD), x, x));
    var id = id(model, "s");
    assertThat(convert(model, entry("99", "Add", "insert_after", "1")).err())
        .contains("overrides.json: line 3, layers[0]: the model has no layer '99' [NAME_UNKNOWN]");
    assertThat(convert(model, entry(id, "Add", "insert_before", "1")).err())
        .contains("nothing can be inserted before a layer of type 'Add' [OVERRIDE_UNFIT]");
    assertThat(convert(model, entry(id, "Reshape", "insert_after", "[5, 5]")).err())
        .contains("overrides.json: line 3, layers[0]", "[OVERRIDE_UNFIT]");
    assertThat(convert(model, entry(id, "Concat", "insert_after", "1")).err())
        .contains("layers[0]: 'Concat' cannot be inserted [OVERRIDE_BROKEN]");
    assertThat(convert(model, entry(id, "MaxPool", "change_axis", "1")).err())
        .contains("replace_mode 'change_axis' is none of type 'MaxPool'");
    assertThat(convert(model, "{ \"format_version\": 2,\n \"layers\": [ { \"layer_id\" ] }").err())
        .contains("overrides.json: line 2: ", "[OVERRIDE_BROKEN]");
    assertThat(
            convert(model, "{ \"format_version\": 2, \"layers\": [ { \"layer_id\": \"1\" } ] }")
                .err())
        .contains("layers[0]: 'replace_mode' is missing");
    assertThat(folder.resolve("out").resolve("net.onnx")).doesNotExist();
  }

  // ---- onnx2tf

  private static String operation(String rest) {
    return "{ \"format_version\": 1, \"operations\": [ { " + rest + " } ] }";
  }

  @Test
  void parametersOfOnnxNodesAreReplaced() throws IOException {
    var transpose =
        model("onnx", X, (b, x) -> b.addNamed("t", new Transpose(List.of(0, 2, 1, 3)), x));
    assertGives(
        run(
            transpose,
            X,
            operation(
                "\"op_name\": \"t\", \"param_target\": \"attributes\", \"param_name\": \"perm\","
                    + " \"values\": [0, 1, 3, 2]")),
        last().transposed(List.of(0, 1, 3, 2)).transposed(FIRST));
    var reshape =
        model(
            "onnx",
            X,
            (b, x) ->
                b.addNamed(
                    "f", new Reshape(false), x, b.constant("shape", TensorData.vector(1, 24))));
    assertGives(
        run(
            reshape,
            X,
            operation(
                "\"op_name\": \"f\", \"param_target\": \"inputs\", \"param_name\": \"shape\","
                    + " \"values\": [1, -1, 2]")),
        last().reshaped(Shape.of(1, 12, 2)));
    var softmax = model("onnx", X, (b, x) -> b.addNamed("s", new Softmax(3), x));
    var reordered =
        "\"op_name\": \"s\", \"param_target\": \"%s\", \"param_name\": \"%s\", \"%s\": [0, 2, 1, 3]";
    var before =
        run(
            softmax,
            X,
            operation(reordered.formatted("inputs", "x", "pre_process_transpose_perm")));
    assertThat(before.shape()).isEqualTo(Shape.of(1, 2, 4, 3));
    var behind =
        run(
            softmax,
            X,
            operation(reordered.formatted("outputs", "s", "post_process_transpose_perm")));
    assertThat(behind.shape()).isEqualTo(Shape.of(1, 2, 4, 3));
    var slice =
        run(
            softmax,
            X,
            operation(
                "\"op_name\": \"s\", \"param_target\": \"op\", \"begin\": [0, 0, 2, 0],"
                    + " \"end\": [0, 0, 0, 0], \"end_mask\": 15"));
    assertGives(slice, X.picked(Shape.of(1, 2, 3, 2), i -> i / 2 * 4 + 2 + i % 2));
    var shaped =
        run(
            softmax,
            X,
            operation("\"op_name\": \"s\", \"param_target\": \"op\", \"new_shape\": [1, 4, 6]"));
    assertGives(shaped, last().reshaped(Shape.of(1, 4, 6)));
  }
}
