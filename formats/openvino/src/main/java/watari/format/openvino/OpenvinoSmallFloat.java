package watari.format.openvino;

import java.util.Optional;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// A float type of 8 bits or fewer that OpenVINO lacks, and rounding to it by arithmetic on
/// float32.
///
/// @param mantissa bits behind the leading one
/// @param minExponent of the smallest normal number
/// @param max the largest number
/// @param overflow what is too large becomes where it does not saturate
record OpenvinoSmallFloat(int mantissa, int minExponent, float max, float overflow) {
  static Optional<OpenvinoSmallFloat> of(DataType dtype) {
    return Optional.ofNullable(
        switch (dtype) {
          case FLOAT8E4M3FNUZ -> new OpenvinoSmallFloat(3, -7, 240, Float.NaN);
          case FLOAT8E5M2FNUZ -> new OpenvinoSmallFloat(2, -15, 57344, Float.NaN);
          case FLOAT4E2M1 -> new OpenvinoSmallFloat(1, 0, 6, 6);
          default -> null;
        });
  }

  /// The nearest numbers of the type, ties to even, as float32.
  Port rounded(Port x, boolean saturates, Node node, OpenvinoNodes out) {
    var real = x.type();
    var size = out.step(node, "Abs", 1, real, x);
    var step = step(size, node, out);
    var steps = out.step(node, "Round", 5, real, binary("Divide", x, step, real, node, out));
    steps.layer().set("mode", "half_to_even");
    var near = binary("Multiply", steps, step, real, node, out);
    var truth = new TensorType(DataType.BOOL, real.shape());
    var far = out.step(node, "Abs", 1, real, near);
    var isLarge = binary("Greater", far, number(max, node, out), truth, node, out);
    var isNegative = binary("Less", x, number(0, node, out), truth, node, out);
    float beyond = saturates ? max : overflow;
    var limit =
        select(isNegative, number(-beyond, node, out), number(beyond, node, out), real, node, out);
    var result = select(isLarge, limit, near, real, node, out);
    var isNumber = binary("Equal", x, x, truth, node, out);
    // What has no NaN makes 0 of one.
    var none = mantissa > 1 ? x : number(0, node, out);
    return select(isNumber, result, none, real, node, out);
  }

  /// The distance of neighbouring numbers: the largest of those that belong to a power of two that
  /// is not above the number.
  private Port step(Port size, Node node, OpenvinoNodes out) {
    int count = Math.getExponent(max) - minExponent + 1;
    var powers = new float[count];
    var distances = new float[count];
    for (int i = 0; i < count; i++) {
      powers[i] = i == 0 ? 0 : (float) Math.scalb(1.0, minExponent + i);
      distances[i] = (float) Math.scalb(1.0, minExponent + i - mantissa);
    }
    var shape = size.type().shape();
    var wide = shape.concat(Shape.of(Dim.of(count)));
    var column = new TensorType(DataType.FLOAT32, shape.concat(Shape.of(1)));
    var raised =
        out.step(node, "Unsqueeze", 1, column, size, out.vector(node, "last", shape.rank()));
    var reaches =
        binary(
            "GreaterEqual",
            raised,
            vector(powers, node, out),
            new TensorType(DataType.BOOL, wide),
            node,
            out);
    var each =
        select(
            reaches,
            vector(distances, node, out),
            number(distances[0], node, out),
            new TensorType(DataType.FLOAT32, wide),
            node,
            out);
    var largest =
        out.step(node, "ReduceMax", 1, size.type(), each, out.vector(node, "last", shape.rank()));
    largest.layer().set("keep_dims", false);
    return largest;
  }

  private static Port binary(
      String type, Port a, Port b, TensorType to, Node node, OpenvinoNodes out) {
    var made = out.step(node, type, 1, to, a, b);
    made.layer().set("auto_broadcast", "numpy");
    return made;
  }

  private static Port select(
      Port condition, Port a, Port b, TensorType to, Node node, OpenvinoNodes out) {
    var made = out.step(node, "Select", 1, to, condition, a, b);
    made.layer().set("auto_broadcast", "numpy");
    return made;
  }

  private static Port number(float value, Node node, OpenvinoNodes out) {
    return out.constant(node, "number", TensorData.scalar(value));
  }

  private static Port vector(float[] values, Node node, OpenvinoNodes out) {
    return out.constant(node, "numbers", TensorData.ofFloats(Shape.of(values.length), values));
  }
}
