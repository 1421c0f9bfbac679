package watari.format.tflite;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import watari.format.tflite.schema.Model;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.SubGraph;
import watari.format.tflite.schema.Tensor;
import watari.format.tflite.schema.VarHandleOptions;
import watari.tensor.DataType;

/// How large an arena a model needs in TensorFlow Lite for Microcontrollers: as much as it takes,
/// or a little more.
///
/// Activations and what kernels work in are placed as its planner does it: the largest first, of
/// equal ones the later, each at the lowest place that is free while it is in use. What stays is
/// counted: variables, scales of channels, records of tensors and operators. Records have the sizes
/// of 64-bit builds; on 32-bit devices they take less.
///
/// Source: tflite-micro, micro_allocator and greedy_memory_planner; what records take was measured
/// with its recording allocator.
final class TflmArena {
  static final int ALIGNMENT = 16;

  /// More than any arena has room for.
  private static final long MOST_ELEMENTS = 1L << 40;

  /// Uses beyond which all are counted as if at once.
  private static final int MOST_PLANNED = 10_000;

  private static final int HEAD_BYTES = 640;
  private static final int TENSOR_BYTES = 24;
  private static final int OPERATOR_BYTES = 96;
  private static final int PORT_BYTES = 96;
  private static final int CHANNEL_BYTES = 8;
  private static final int USUAL_KERNEL_BYTES = 64;

  /// Of what a spectrum's kernel gives; it keeps its factors.
  private static final int FACTORS = 3;

  /// What kernels keep that keep more, or less, than usual.
  private static final Map<String, Integer> KERNEL_BYTES =
      Map.of(
          "CONV_2D", 88,
          "DEPTHWISE_CONV_2D", 88,
          "FULLY_CONNECTED", 88,
          "STRIDED_SLICE", 120,
          "SVDF", 80,
          "TRANSPOSE_CONV", 112,
          "UNIDIRECTIONAL_SEQUENCE_LSTM", 800);

  /// Memory that is in use from one operator to another.
  private record Use(long size, int first, int last) {
    boolean meets(Use other) {
      return first <= other.last && other.first <= last;
    }
  }

  private record Place(long at, Use use) {
    long end() {
      return at + use.size();
    }
  }

  private final Model model;
  private final SubGraph main;

  private TflmArena(Model model) {
    this.model = model;
    this.main = Objects.requireNonNull(model.subgraphs(0));
  }

  static long bytes(Model model) {
    var arena = new TflmArena(model);
    return aligned(arena.planned() + arena.kept());
  }

  private static long aligned(long size) {
    return Math.ceilDiv(size, (long) ALIGNMENT) * ALIGNMENT;
  }

  // ---- what is in use for some time

  private long planned() {
    var uses = activations();
    for (int i = 0; i < main.operatorsLength(); i++) {
      for (long size : scratch(operator(main, i))) uses.add(new Use(aligned(size), i, i));
    }
    if (uses.size() > MOST_PLANNED) return uses.stream().mapToLong(Use::size).sum();
    // Of equal ones the later comes first.
    var order = new ArrayList<>(uses.reversed());
    order.sort(Comparator.comparingLong(Use::size).reversed());
    var placed = new ArrayList<Place>();
    long end = 0;
    for (var use : order) {
      var place = new Place(lowest(use, placed), use);
      placed.add(place);
      end = Math.max(end, place.end());
    }
    return end;
  }

  private static long lowest(Use use, List<Place> placed) {
    var beside = new ArrayList<>(placed.stream().filter(p -> p.use().meets(use)).toList());
    beside.sort(Comparator.comparingLong(Place::at));
    long at = 0;
    for (var other : beside) {
      if (at + use.size() <= other.at()) break;
      at = Math.max(at, other.end());
    }
    return at;
  }

  /// Tensors that operators compute, and inputs, in the file's order.
  private List<Use> activations() {
    var first = new TreeMap<Integer, Integer>();
    var last = new HashMap<Integer, Integer>();
    for (int i = 0; i < main.inputsLength(); i++) first.put(main.inputs(i), 0);
    for (int i = 0; i < main.operatorsLength(); i++) {
      var operator = operator(main, i);
      for (int k = 0; k < operator.inputsLength(); k++) last.put(operator.inputs(k), i);
      for (int k = 0; k < operator.outputsLength(); k++) {
        first.putIfAbsent(operator.outputs(k), i);
        last.put(operator.outputs(k), i);
      }
    }
    int end = main.operatorsLength() - 1;
    for (int i = 0; i < main.outputsLength(); i++) last.put(main.outputs(i), end);
    var uses = new ArrayList<Use>();
    for (var each : first.entrySet()) {
      var record = tensor(main, each.getKey());
      if (record.isVariable() || isConstant(record)) continue;
      int begin = each.getValue();
      uses.add(new Use(aligned(size(record)), begin, last.getOrDefault(each.getKey(), begin)));
    }
    return uses;
  }

  private boolean isConstant(Tensor tensor) {
    var buffer = model.buffers((int) tensor.buffer());
    return buffer != null && (buffer.dataLength() > 0 || buffer.size() > 0);
  }

  /// Memory that a kernel works in.
  private List<Long> scratch(Operator operator) {
    var output = operator.outputsLength() == 0 ? null : tensor(main, operator.outputs(0));
    if (output == null) return List.of();
    return switch (name(operator)) {
      case "SVDF" -> {
        long batch = output.shape(0);
        long filters = tensor(main, operator.inputs(1)).shape(0);
        yield List.of(4 * batch * filters, 4 * batch * output.shape(output.shapeLength() - 1));
      }
      case "UNIDIRECTIONAL_SEQUENCE_LSTM" -> {
        var state = tensor(main, operator.inputs(18));
        long each = elements(state) * (dtype(state) == DataType.FLOAT32 ? 4 : 2);
        yield List.of(each, each, each, each);
      }
      case "TRANSPOSE_CONV" ->
          switch (dtype(output)) {
            case INT8 -> List.of(4 * elements(output));
            case INT16 -> List.of(8 * elements(output));
            default -> List.of();
          };
      case "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN" ->
          List.of(4 * elements(output), (long) ALIGNMENT, (long) ALIGNMENT);
      default -> List.of();
    };
  }

  // ---- what stays

  private long kept() {
    long sum = HEAD_BYTES + (long) PORT_BYTES * (main.inputsLength() + main.outputsLength());
    var resources = new HashMap<String, Long>();
    for (int i = 0; i < model.subgraphsLength(); i++) {
      var graph = Objects.requireNonNull(model.subgraphs(i));
      sum += (long) TENSOR_BYTES * graph.tensorsLength();
      for (int k = 0; k < graph.tensorsLength(); k++) {
        if (tensor(graph, k).isVariable()) sum += aligned(size(tensor(graph, k)));
      }
      for (int k = 0; k < graph.operatorsLength(); k++) {
        sum += OPERATOR_BYTES + kept(graph, operator(graph, k));
      }
      resources(graph, resources);
    }
    return sum + resources.values().stream().mapToLong(Long::longValue).sum();
  }

  /// The size of each resource by its name.
  private void resources(SubGraph graph, Map<String, Long> sizes) {
    var names = new HashMap<Integer, String>();
    for (int i = 0; i < graph.operatorsLength(); i++) {
      var operator = operator(graph, i);
      if (name(operator).equals("VAR_HANDLE")) {
        var options = (VarHandleOptions) operator.builtinOptions(new VarHandleOptions());
        var name = options == null ? null : options.sharedName();
        names.put(operator.outputs(0), name == null ? "" : name);
      } else if (name(operator).equals("ASSIGN_VARIABLE")) {
        var name = names.getOrDefault(operator.inputs(0), "");
        sizes.merge(name, aligned(size(tensor(graph, operator.inputs(1)))), Math::max);
      }
    }
  }

  private long kept(SubGraph graph, Operator operator) {
    var name = name(operator);
    long own = KERNEL_BYTES.getOrDefault(name, USUAL_KERNEL_BYTES);
    return switch (name) {
      case "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV" -> {
        var output = tensor(graph, operator.outputs(0));
        yield own + (long) CHANNEL_BYTES * output.shape(output.shapeLength() - 1);
      }
      case "SignalRfft" -> own + FACTORS * size(tensor(graph, operator.outputs(0)));
      default -> own;
    };
  }

  // ---- records

  private static Operator operator(SubGraph graph, int i) {
    return Objects.requireNonNull(graph.operators(i));
  }

  private static Tensor tensor(SubGraph graph, int i) {
    return Objects.requireNonNull(graph.tensors(i));
  }

  private String name(Operator operator) {
    var code = Objects.requireNonNull(model.operatorCodes((int) operator.opcodeIndex()));
    return TfliteSource.name(code);
  }

  private static DataType dtype(Tensor tensor) {
    return TfliteReadTypes.dtype(tensor.type()).orElse(DataType.INT32);
  }

  private static long elements(Tensor tensor) {
    long count = 1;
    for (int i = 0; i < tensor.shapeLength(); i++) {
      long dim = Math.max(0, tensor.shape(i));
      count = dim > 0 && count > MOST_ELEMENTS / dim ? MOST_ELEMENTS : count * dim;
    }
    return count;
  }

  private static long size(Tensor tensor) {
    return dtype(tensor).sizeBytes(elements(tensor));
  }
}
