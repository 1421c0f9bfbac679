package watari.format.tflite;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.tflite.schema.Model;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.SubGraph;
import watari.format.tflite.schema.Tensor;
import watari.format.tflite.schema.TensorType;

/// The operators of a TFLite file as TensorFlow Lite for Microcontrollers has them: by the method
/// of its resolver that adds each.
///
/// Source: tflite-micro, micro_mutable_op_resolver.
final class TflmOperators {
  private static final Set<String> BUILTIN =
      Set.of(
          """
          ABS ADD ADD_N ARG_MAX ARG_MIN ASSIGN_VARIABLE AVERAGE_POOL_2D BATCH_MATMUL BATCH_TO_SPACE_ND BROADCAST_ARGS
          BROADCAST_TO CALL_ONCE CAST CEIL CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
          DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV FLOOR_MOD
          FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH IF L2_NORMALIZATION L2_POOL_2D LEAKY_RELU
          LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM
          MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE READ_VARIABLE REDUCE_ALL REDUCE_MAX REDUCE_MIN
          RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE
          SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE
          SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK VAR_HANDLE WHILE ZEROS_LIKE
          """
              .strip()
              .split("\\s+"));

  private static final Set<String> SIGNAL =
      Set.of(
          """
          SignalDelay SignalEnergy SignalFftAutoScale SignalFilterBank SignalFilterBankLog
          SignalFilterBankSpectralSubtraction SignalFilterBankSquareRoot SignalFramer SignalIrfft SignalOverlapAdd
          SignalPCAN SignalRfft SignalStacker SignalWindow
          """
              .strip()
              .split("\\s+"));

  /// Methods that are not called as the operator is.
  private static final Map<String, String> OTHERWISE =
      Map.of(
          "BATCH_MATMUL", "BatchMatMul",
          "CUMSUM", "CumSum",
          "PADV2", "PadV2",
          "TFLite_Detection_PostProcess", "DetectionPostprocess",
          "UNIDIRECTIONAL_SEQUENCE_LSTM", "UnidirectionalSequenceLSTM");

  /// Operators whose weights must be stored as their data is.
  private static final Set<String> PRODUCTS =
      Set.of("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV");

  private static final List<Byte> NUMBERS =
      List.of(
          TensorType.FLOAT32,
          TensorType.INT8,
          TensorType.INT16,
          TensorType.INT32,
          TensorType.INT64,
          TensorType.BOOL,
          TensorType.UINT8,
          TensorType.UINT32,
          TensorType.UINT64,
          TensorType.INT4,
          TensorType.RESOURCE);

  private final Model model;
  private final Findings findings;
  private final Set<String> methods = new TreeSet<>();

  private TflmOperators(Model model, Findings findings) {
    this.model = model;
    this.findings = findings;
  }

  /// The methods of the resolver, in order; what they do not have is a finding.
  static List<String> methods(Model model, Findings findings) {
    var operators = new TflmOperators(model, findings);
    for (int i = 0; i < model.subgraphsLength(); i++) {
      operators.graph(Objects.requireNonNull(model.subgraphs(i)));
    }
    return List.copyOf(operators.methods);
  }

  private void graph(SubGraph graph) {
    for (int i = 0; i < graph.operatorsLength(); i++) {
      var operator = Objects.requireNonNull(graph.operators(i));
      var code = Objects.requireNonNull(model.operatorCodes((int) operator.opcodeIndex()));
      var name = TfliteSource.name(code);
      var method = method(name);
      if (method.isPresent()) methods.add(method.get());
      refusal(name, method, graph, operator)
          .ifPresent(why -> findings.add(finding(why, name, graph, operator)));
    }
  }

  private Optional<String> refusal(
      String name, Optional<String> method, SubGraph graph, Operator operator) {
    if (method.isEmpty()) {
      return Optional.of("TensorFlow Lite for Microcontrollers has no operator '" + name + "'");
    }
    for (int i = 0; i < operator.inputsLength() + operator.outputsLength(); i++) {
      int inputs = operator.inputsLength();
      int at = i < inputs ? operator.inputs(i) : operator.outputs(i - inputs);
      if (at < 0) continue;
      var why = refusal(Objects.requireNonNull(graph.tensors(at)));
      if (why.isPresent()) return why;
    }
    return hybrid(name, graph, operator);
  }

  private static Optional<String> refusal(Tensor tensor) {
    if (!NUMBERS.contains(tensor.type())) {
      var type = TfliteReadTypes.name(tensor.type()).toLowerCase(Locale.ROOT);
      return Optional.of(
          "tensor '%s' is %s, which microcontrollers do not compute with"
              .formatted(tensorName(tensor), type));
    }
    return Optional.empty();
  }

  private static Optional<String> hybrid(String name, SubGraph graph, Operator operator) {
    if (!PRODUCTS.contains(name)) return Optional.empty();
    boolean isTransposed = name.equals("TRANSPOSE_CONV");
    var data = type(graph, operator.inputs(isTransposed ? 2 : 0));
    var weights = type(graph, operator.inputs(1));
    if (data != TensorType.FLOAT32 || weights == TensorType.FLOAT32) return Optional.empty();
    return Optional.of("its weights are stored in 8 bits, and its data as floats");
  }

  private static byte type(SubGraph graph, int tensor) {
    return Objects.requireNonNull(graph.tensors(tensor)).type();
  }

  private static Finding finding(String why, String name, SubGraph graph, Operator operator) {
    var first = operator.outputsLength() == 0 ? "" : tensorName(graph.tensors(operator.outputs(0)));
    return Finding.error("OP_UNSUPPORTED", why)
        .at(first, -1, name)
        .fix(
            "store the model with --precision float32 or int8, or end it before this node with"
                + " --outputs");
  }

  private static String tensorName(@org.jspecify.annotations.Nullable Tensor tensor) {
    return tensor == null || tensor.name() == null ? "" : tensor.name();
  }

  /// The method's name without its `Add`.
  private static Optional<String> method(String name) {
    var special = OTHERWISE.get(name);
    if (special != null) return Optional.of(special);
    if (SIGNAL.contains(name)) return Optional.of(name.substring("Signal".length()));
    if (!BUILTIN.contains(name)) return Optional.empty();
    return Optional.of(
        Arrays.stream(name.split("_")).map(TflmOperators::capital).collect(Collectors.joining()));
  }

  private static String capital(String word) {
    return Character.isDigit(word.charAt(0))
        ? word
        : word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT);
  }
}
