package watari.format.tflite;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.tflite.schema.BuiltinOptions;
import watari.format.tflite.schema.CallOnceOptions;
import watari.format.tflite.schema.IfOptions;
import watari.format.tflite.schema.Model;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.SubGraph;
import watari.format.tflite.schema.Tensor;
import watari.format.tflite.schema.TensorType;
import watari.format.tflite.schema.WhileOptions;

/// What JSON edited by hand may get wrong: numbers that lead nowhere, shapes that do not fit their
/// bytes, nodes in the wrong order. Each is an error with its path.
final class TfliteJsonCheck {
  private final TfliteFile file;
  private final Model model;
  private final String name;
  private final Map<String, Long> lines;
  private final Findings findings;

  /// @param lines of tensors and operators, by path
  TfliteJsonCheck(TfliteFile file, Path json, Map<String, Long> lines, Findings findings) {
    this.file = file;
    this.model = file.model();
    this.name = json.toString();
    this.lines = lines;
    this.findings = findings;
  }

  void check() {
    for (int i = 0; i < model.subgraphsLength(); i++) {
      subgraph("subgraphs[" + i + "]", Objects.requireNonNull(model.subgraphs(i)));
    }
    for (int i = 0; i < model.metadataLength(); i++) {
      long buffer = Objects.requireNonNull(model.metadata(i)).buffer();
      buffer("metadata[" + i + "]", buffer);
    }
    for (int i = 0; i < model.signatureDefsLength(); i++) signature(i);
  }

  private void signature(int index) {
    var path = "signature_defs[" + index + "]";
    var signature = Objects.requireNonNull(model.signatureDefs(index));
    long number = signature.subgraphIndex();
    within(path + ".subgraph_index", number, model.subgraphsLength(), "subgraphs");
    if (number >= model.subgraphsLength()) return;
    int tensors = Objects.requireNonNull(model.subgraphs((int) number)).tensorsLength();
    for (int i = 0; i < signature.inputsLength(); i++) {
      long tensor = Objects.requireNonNull(signature.inputs(i)).tensorIndex();
      within(path + ".inputs[" + i + "].tensor_index", tensor, tensors, "tensors");
    }
    for (int i = 0; i < signature.outputsLength(); i++) {
      long tensor = Objects.requireNonNull(signature.outputs(i)).tensorIndex();
      within(path + ".outputs[" + i + "].tensor_index", tensor, tensors, "tensors");
    }
  }

  private void subgraph(String path, SubGraph subgraph) {
    for (int i = 0; i < subgraph.tensorsLength(); i++) {
      tensor(path + ".tensors[" + i + "]", Objects.requireNonNull(subgraph.tensors(i)));
    }
    int tensors = subgraph.tensorsLength();
    indexes(path + ".inputs", subgraph.inputsLength(), subgraph::inputs, 0, tensors);
    indexes(path + ".outputs", subgraph.outputsLength(), subgraph::outputs, 0, tensors);
    for (int i = 0; i < subgraph.operatorsLength(); i++) {
      operator(
          path + ".operators[" + i + "]", Objects.requireNonNull(subgraph.operators(i)), tensors);
    }
    order(path, subgraph);
  }

  private void tensor(String path, Tensor tensor) {
    long buffer = tensor.buffer();
    if (!buffer(path, buffer)) return;
    long size = file.buffer(buffer).byteSize();
    long expected = sizeBytes(tensor);
    if (size == 0 || expected < 0 || size == expected || tensor.sparsity() != null) return;
    say(
        path,
        "its shape and type need %d bytes, but buffers[%d] has %d"
            .formatted(expected, buffer, size));
  }

  private boolean buffer(String path, long buffer) {
    return within(path + ".buffer", buffer, model.buffersLength(), "buffers");
  }

  /// Bytes of a tensor's elements; -1 where the type does not say.
  private static long sizeBytes(Tensor tensor) {
    long bits = bits(tensor.type());
    if (bits < 0) return -1;
    long elements = 1;
    for (int i = 0; i < tensor.shapeLength(); i++) {
      long dim = tensor.shape(i);
      if (dim < 0 || dim > 0 && elements > Long.MAX_VALUE / 128 / dim) return -1;
      elements *= dim;
    }
    return (elements * bits + 7) / 8;
  }

  private static long bits(int type) {
    return switch (type) {
      case TensorType.INT2 -> 2;
      case TensorType.INT4, TensorType.UINT4 -> 4;
      case TensorType.BOOL, TensorType.INT8, TensorType.UINT8 -> 8;
      case TensorType.FLOAT16, TensorType.BFLOAT16, TensorType.INT16, TensorType.UINT16 -> 16;
      case TensorType.FLOAT32, TensorType.INT32, TensorType.UINT32 -> 32;
      case TensorType.FLOAT64, TensorType.INT64, TensorType.UINT64, TensorType.COMPLEX64 -> 64;
      case TensorType.COMPLEX128 -> 128;
      default -> -1;
    };
  }

  private void operator(String path, Operator operator, int tensors) {
    within(
        path + ".opcode_index",
        operator.opcodeIndex(),
        model.operatorCodesLength(),
        "operator_codes");
    indexes(path + ".inputs", operator.inputsLength(), operator::inputs, -1, tensors);
    indexes(path + ".outputs", operator.outputsLength(), operator::outputs, -1, tensors);
    indexes(
        path + ".intermediates",
        operator.intermediatesLength(),
        operator::intermediates,
        -1,
        tensors);
    bodies(path + ".builtin_options.", operator);
  }

  private void bodies(String path, Operator operator) {
    switch (operator.builtinOptionsType()) {
      case BuiltinOptions.IfOptions -> {
        var options = options(operator, new IfOptions());
        body(path + "then_subgraph_index", options == null ? 0 : options.thenSubgraphIndex());
        body(path + "else_subgraph_index", options == null ? 0 : options.elseSubgraphIndex());
      }
      case BuiltinOptions.WhileOptions -> {
        var options = options(operator, new WhileOptions());
        body(path + "cond_subgraph_index", options == null ? 0 : options.condSubgraphIndex());
        body(path + "body_subgraph_index", options == null ? 0 : options.bodySubgraphIndex());
      }
      case BuiltinOptions.CallOnceOptions -> {
        var options = options(operator, new CallOnceOptions());
        body(path + "init_subgraph_index", options == null ? 0 : options.initSubgraphIndex());
      }
      default -> {}
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends com.google.flatbuffers.Table> @Nullable T options(
      Operator operator, T options) {
    return (T) operator.builtinOptions(options);
  }

  private void body(String path, int number) {
    within(path, number, model.subgraphsLength(), "subgraphs");
  }

  /// What is read must have been made before.
  private void order(String path, SubGraph subgraph) {
    var maker = new HashMap<Integer, Integer>();
    for (int i = 0; i < subgraph.operatorsLength(); i++) {
      var operator = Objects.requireNonNull(subgraph.operators(i));
      for (int k = 0; k < operator.outputsLength(); k++) maker.putIfAbsent(operator.outputs(k), i);
    }
    var inputs = new HashSet<Integer>();
    for (int i = 0; i < subgraph.inputsLength(); i++) inputs.add(subgraph.inputs(i));
    for (int i = 0; i < subgraph.operatorsLength(); i++) {
      var operator = Objects.requireNonNull(subgraph.operators(i));
      for (int k = 0; k < operator.inputsLength(); k++) {
        int tensor = operator.inputs(k);
        int made = maker.getOrDefault(tensor, -1);
        if (tensor < 0 || made < i || inputs.contains(tensor)) continue;
        say(
            path + ".operators[" + i + "].inputs[" + k + "]",
            "tensor %d is read here, but made by operators[%d], which is not before it"
                .formatted(tensor, made));
      }
    }
  }

  private void indexes(String path, int count, IntUnaryOperator index, int least, int tensors) {
    for (int i = 0; i < count; i++) {
      int tensor = index.applyAsInt(i);
      if (tensor != least) within(path + "[" + i + "]", tensor, tensors, "tensors");
    }
  }

  private boolean within(String path, long number, int count, String what) {
    if (number >= 0 && number < count) return true;
    say(path, "'%d' is none of the %d %s".formatted(number, count, what));
    return false;
  }

  private void say(String path, String why) {
    var line =
        lines.entrySet().stream()
            .filter(each -> (path + ".").startsWith(each.getKey() + "."))
            .max(Comparator.comparingInt(each -> each.getKey().length()));
    var place = line.map(each -> "line " + each.getValue() + ", ").orElse("") + path;
    findings.add(Finding.error("JSON_BROKEN", place + ": " + why).inFile(name));
  }
}
