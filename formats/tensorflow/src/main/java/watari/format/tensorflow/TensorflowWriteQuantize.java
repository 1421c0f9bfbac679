package watari.format.tensorflow;

import watari.format.OpTable;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.graph.Node;
import watari.op.QuantizeOp.Convert;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Real numbers of stored integers, and back, as arithmetic.
final class TensorflowWriteQuantize {
  private TensorflowWriteQuantize() {}

  static void addTo(OpTable<TensorflowScope> table) {
    table.on(Convert.class, TensorflowWriteQuantize::convert);
  }

  private static void convert(Convert op, Node node, TensorflowScope out) {
    var from = node.input(0).type();
    var to = node.output().type();
    if (from.equals(to)) {
      out.give(node, out.op("Identity", out.in(node, 0)));
      return;
    }
    var real = from.isQuantized() ? dequantized(out.in(node, 0), from, out) : out.in(node, 0);
    var result =
        to.isQuantized()
            ? quantized(out.cast(real, DataType.FLOAT32), to, out)
            : out.cast(real, TensorflowWriteTypes.carried(to.dtype()));
    out.give(node, result);
  }

  /// `(x - zeroPoint) · scale`; integers of 32 bits lose what float32 does not hold.
  private static Port dequantized(Port x, TensorType type, TensorflowScope out) {
    boolean isWide = type.dtype().bits() >= 32 && type.dtype().isInteger();
    var wide = isWide ? DataType.FLOAT64 : DataType.FLOAT32;
    var steps = new Steps(type);
    var shifted = out.cast(x, wide);
    if (steps.hasZeros()) shifted = out.op("Sub", shifted, out.constant(steps.zeros(wide)));
    return out.cast(out.op("Mul", shifted, out.constant(steps.scales(wide))), DataType.FLOAT32);
  }

  /// `round(x / scale) + zeroPoint`, ties to even, limited to what the type holds.
  private static Port quantized(Port x, TensorType type, TensorflowScope out) {
    boolean isWide = type.dtype().bits() >= 32;
    var wide = isWide ? DataType.FLOAT64 : DataType.FLOAT32;
    var steps = new Steps(type);
    var whole =
        out.op("Round", out.op("RealDiv", out.cast(x, wide), out.constant(steps.scales(wide))));
    if (steps.hasZeros()) whole = out.op("AddV2", whole, out.constant(steps.zeros(wide)));
    var low = out.op("Maximum", whole, out.scalar(wide, type.dtype().min()));
    var limited = out.op("Minimum", low, out.scalar(wide, type.dtype().max()));
    return out.cast(limited, TensorflowWriteTypes.carried(type.dtype()));
  }

  /// Scales and zero points in shapes that broadcast to the tensor.
  private static final class Steps {
    private final Shape shape;
    private final double[] scales;
    private final double[] zeros;

    Steps(TensorType type) {
      switch (type.quantization()) {
        case Quantization.PerTensor(float scale, long zero) -> {
          shape = Shape.SCALAR;
          scales = new double[] {scale};
          zeros = new double[] {zero};
        }
        case Quantization.PerAxis(int axis, var all, var points) -> {
          int rank = type.shape().rank();
          var dims = new long[rank];
          java.util.Arrays.fill(dims, 1);
          dims[Math.floorMod(axis, rank)] = all.size();
          shape = Shape.of(dims);
          scales = all.stream().mapToDouble(s -> s).toArray();
          zeros = points.stream().mapToDouble(z -> z).toArray();
        }
        default ->
            throw TensorflowRefusal.unsupported(
                "blocks of scales are not written for TensorFlow",
                "decode the weights with --precision float32");
      }
    }

    boolean hasZeros() {
      return java.util.Arrays.stream(zeros).anyMatch(z -> z != 0);
    }

    TensorData scales(DataType dtype) {
      return TensorData.ofDoubles(dtype, shape, scales);
    }

    TensorData zeros(DataType dtype) {
      return TensorData.ofDoubles(dtype, shape, zeros);
    }
  }
}
