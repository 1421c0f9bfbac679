package watari.format.openvino;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import watari.finding.Finding;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Graph;
import watari.graph.Node;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Element types that OpenVINO stores, but takes and gives nowhere: their numbers go through the
/// graph in a type that holds them all.
///
/// A Cast to such a type still rounds to it. Float64, which the CPU plugin computes in float32,
/// with infinities cut to the largest number, is written as float32.
final class OpenvinoCarriers {
  private OpenvinoCarriers() {}

  /// The type in which numbers of another one flow; the same where OpenVINO takes it.
  static DataType of(DataType dtype) {
    return switch (dtype) {
      case FLOAT64,
          BFLOAT16,
          FLOAT8E4M3FN,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2,
          FLOAT8E5M2FNUZ,
          FLOAT8E8M0,
          FLOAT4E2M1 ->
          DataType.FLOAT32;
      case INT4, INT2 -> DataType.INT8;
      case UINT4, UINT2 -> DataType.UINT8;
      default -> dtype;
    };
  }

  static TensorType of(TensorType type) {
    return new TensorType(of(type.dtype()), type.shape());
  }

  /// What is said of a graph whose numbers are carried.
  static Optional<Finding> finding(Graph graph) {
    var carried = new TreeSet<DataType>();
    collect(graph, carried);
    if (carried.isEmpty()) return Optional.empty();
    boolean narrows = carried.contains(DataType.FLOAT64);
    var names = carried.stream().map(dtype -> dtype + " as " + of(dtype)).toList();
    var why = "OpenVINO computes " + String.join(", ", names);
    return Optional.of(
        narrows ? Finding.warning("DTYPE_NARROWED", why) : Finding.note("DTYPE_CARRIED", why));
  }

  private static void collect(Graph graph, Set<DataType> carried) {
    for (var input : graph.inputs()) add(input, carried);
    for (var node : graph) {
      for (var output : node.outputs()) if (output.isPresent()) add(output, carried);
      for (var body : node.bodies()) collect(body, carried);
    }
  }

  private static void add(Value value, Set<DataType> carried) {
    if (of(value.dtype()) != value.dtype()) carried.add(value.dtype());
  }

  /// Rounds numbers to a type, as what carries it.
  ///
  /// @param saturates whether what is too large becomes the largest number
  static Port rounded(Port x, DataType to, boolean saturates, Node node, OpenvinoNodes out) {
    return switch (to) {
      case FLOAT8E4M3FN -> through(saturates ? limited(x, 448, node, out) : x, to, node, out);
      case FLOAT8E5M2 -> through(saturates ? limited(x, 57344, node, out) : x, to, node, out);
      case BFLOAT16, FLOAT8E8M0 -> through(x, to, node, out);
      case INT4, INT2, UINT4, UINT2 -> wrapped(x, to, node, out);
      case FLOAT8E4M3FNUZ, FLOAT8E5M2FNUZ, FLOAT4E2M1 -> {
        var real = convert(x, DataType.FLOAT32, node, out);
        yield OpenvinoSmallFloat.of(to).orElseThrow().rounded(real, saturates, node, out);
      }
      default -> convert(x, of(to), node, out);
    };
  }

  /// OpenVINO rounds to the type, and back.
  private static Port through(Port x, DataType to, Node node, OpenvinoNodes out) {
    return convert(
        convert(convert(x, DataType.FLOAT32, node, out), to, node, out),
        DataType.FLOAT32,
        node,
        out);
  }

  private static TensorType bool(Port like) {
    return new TensorType(DataType.BOOL, like.type().shape());
  }

  private static Port limited(Port x, double most, Node node, OpenvinoNodes out) {
    var real = convert(x, DataType.FLOAT32, node, out);
    var clamp = out.step(node, "Clamp", 1, real.type(), real);
    clamp.layer().set("min", (long) -most).set("max", (long) most);
    // The CPU plugin makes the smallest number of one that is none.
    var isNumber = out.exact(node, "Equal", bool(real), real, real);
    isNumber.layer().set("auto_broadcast", "numpy");
    var kept = out.step(node, "Select", 1, real.type(), isNumber, clamp, real);
    kept.layer().set("auto_broadcast", "numpy");
    return kept;
  }

  /// The lowest bits, with their sign.
  private static Port wrapped(Port x, DataType to, Node node, OpenvinoNodes out) {
    int count = 1 << to.bits();
    int offset = to.isSigned() ? count / 2 : 0;
    var whole = convert(x, DataType.INT32, node, out);
    var lifted = step("Add", whole, offset, node, out);
    var low = step("FloorMod", lifted, count, node, out);
    return convert(step("Subtract", low, offset, node, out), of(to), node, out);
  }

  private static Port step(String type, Port x, int by, Node node, OpenvinoNodes out) {
    var operand = out.scalar(node, "number", x.type().dtype(), by);
    var made = out.step(node, type, 1, x.type(), x, operand);
    made.layer().set("auto_broadcast", "numpy");
    return made;
  }

  /// Integers of 16 bits as int32: behind some that are given OpenVINO 2026.4 finds no kernel of a
  /// FakeQuantize, into which it takes what makes floats of them.
  static Port widened(Port x, Node node, OpenvinoNodes out) {
    var dtype = x.type().dtype();
    boolean isNarrow = dtype == DataType.INT16 || dtype == DataType.UINT16;
    return isNarrow ? convert(x, DataType.INT32, node, out) : x;
  }

  /// A Convert layer, unless the type is that already.
  static Port convert(Port x, DataType to, Node node, OpenvinoNodes out) {
    if (x.type().dtype() == to) return x;
    var made = out.exact(node, "Convert", new TensorType(to, x.type().shape()), x);
    made.layer().set("destination_type", OpenvinoTypes.element(to).orElseThrow());
    return made;
  }
}
