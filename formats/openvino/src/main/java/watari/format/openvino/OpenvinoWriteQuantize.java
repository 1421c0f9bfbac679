package watari.format.openvino;

import java.util.Arrays;
import java.util.Optional;
import watari.format.OpTable;
import watari.format.openvino.OpenvinoLayer.Port;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ConvOp;
import watari.op.ElementwiseOp.Cast;
import watari.op.MatMulOp;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Between real numbers and stored integers: arithmetic, in the form that OpenVINO's low precision
/// passes look for.
final class OpenvinoWriteQuantize {
  private static final int MOST_STEPS = 4;

  private OpenvinoWriteQuantize() {}

  static void addTo(OpTable<OpenvinoNodes> table) {
    table
        .on(Convert.class, OpenvinoWriteQuantize::convert)
        .on(FakeQuantize.class, OpenvinoWriteQuantize::fakeQuantize);
  }

  private static void fakeQuantize(FakeQuantize op, Node node, OpenvinoNodes out) {
    out.add(node, "FakeQuantize", 1).set("levels", op.levels()).set("auto_broadcast", "numpy");
  }

  private static void convert(Convert op, Node node, OpenvinoNodes out) {
    if (node.output().type().isQuantized()) quantize(node, out);
    else if (node.input(0).type().isQuantized()) dequantize(op, node, out);
    else {
      out.add(node, "Convert", 1).set("destination_type", OpenvinoNodes.element(op.to()));
    }
  }

  /// `(q - zeroPoint) · scale`.
  private static void dequantize(Convert op, Node node, OpenvinoNodes out) {
    var stored = node.input(0);
    boolean isByte = stored.dtype() == DataType.INT8 || stored.dtype() == DataType.UINT8;
    boolean isWhole = stored.type().quantization() instanceof PerTensor;
    if (isByte && isWhole && !stored.isConstant() && reachesProducts(node.output(), MOST_STEPS)) {
      fromBytes(op, node, out);
      return;
    }
    var shape = stored.shape();
    var port =
        stored.isConstant()
            ? out.stored(stored.name(), stored.constant().orElseThrow())
            : OpenvinoCarriers.widened(out.port(stored), node, out);
    var real = real(stored, shape, op.to(), port, node, out);
    out.add(node, "Multiply", 1, real, scale(stored.type(), shape, op.to(), node, out))
        .set("auto_broadcast", "numpy");
  }

  /// Whether convolutions or matrix products take a value, as it is or through other operators.
  private static boolean reachesProducts(Value x, int steps) {
    return steps > 0
        && x.uses().stream()
            .map(Value.Use::node)
            .anyMatch(node ->
                switch (node.op()) {
                  case ConvOp _, MatMulOp _ -> true;
                  case Convert _ -> false;
                  default ->
                      node.outputs().stream().anyMatch(out -> reachesProducts(out, steps - 1));
                });
  }

  /// Bytes that are given, and reach products, are scaled by a FakeQuantize: behind an arithmetic
  /// that does so OpenVINO 2026.4 finds no kernels where it may compute in bfloat16.
  private static void fromBytes(Convert op, Node node, OpenvinoNodes out) {
    var stored = node.input(0);
    var type = new TensorType(op.to(), stored.shape());
    var real = out.step(node, "Convert", 1, type, out.port(stored));
    real.layer().set("destination_type", OpenvinoNodes.element(op.to()));
    double scale = scales(stored.type(), stored.shape()).doubleAt(0);
    double zero = zeroPoints(stored.type(), stored.shape()).doubleAt(0);
    long low = stored.dtype().min();
    long high = stored.dtype().max();
    out.add(
            node,
            "FakeQuantize",
            1,
            real,
            out.scalar(node, "input_low", op.to(), low),
            out.scalar(node, "input_high", op.to(), high),
            out.scalar(node, "output_low", op.to(), (low - zero) * scale),
            out.scalar(node, "output_high", op.to(), (high - zero) * scale))
        .set("levels", 256)
        .set("auto_broadcast", "numpy");
  }

  /// The stored integers as floats, less the zero point.
  private static Port real(
      Value stored, Shape shape, DataType to, Port port, Node node, OpenvinoNodes out) {
    var real = out.step(node, "Convert", 1, new TensorType(to, shape), port);
    real.layer().set("destination_type", OpenvinoNodes.element(to));
    var zeros = zeroPoints(stored.type(), shape);
    if (zeros.isAll(0)) return real;
    var zero = out.constant(node, "zero_point", zeros.cast(to));
    var less = out.step(node, "Subtract", 1, real.type(), real, zero);
    less.layer().set("auto_broadcast", "numpy");
    return less;
  }

  private static Port scale(
      TensorType stored, Shape shape, DataType to, Node node, OpenvinoNodes out) {
    return out.constant(node, "scale", scales(stored, shape).cast(to));
  }

  /// `saturate(round(x / scale) + zeroPoint)`.
  private static void quantize(Node node, OpenvinoNodes out) {
    var to = node.output().type();
    var shape = node.output().shape();
    var dtype = node.input(0).dtype();
    var real = new TensorType(dtype, shape);
    var over = scale(to, shape, dtype, node, out);
    var steps = out.step(node, "Divide", 1, real, out.input(node, 0), over);
    steps.layer().set("auto_broadcast", "numpy").set("m_pythondiv", true);
    var rounded = steps;
    if (to.dtype().isInteger()) {
      rounded = out.step(node, "Round", 5, real, steps);
      rounded.layer().set("mode", "half_to_even");
    }
    var zeros = zeroPoints(to, shape);
    if (!zeros.isAll(0)) {
      rounded =
          out.step(
              node, "Add", 1, real, rounded, out.constant(node, "zero_point", zeros.cast(dtype)));
      rounded.layer().set("auto_broadcast", "numpy");
    }
    if (to.dtype().isInteger()) {
      rounded = out.step(node, "Clamp", 1, real, rounded);
      rounded.layer().set("min", to.dtype().min()).set("max", to.dtype().max());
    } else {
      rounded = OpenvinoCarriers.rounded(rounded, to.dtype(), true, node, out);
    }
    out.add(node, "Convert", 1, rounded).set("destination_type", OpenvinoNodes.element(to.dtype()));
  }

  // ---- parameters in a shape that broadcasts to the tensor

  static TensorData scales(TensorType type, Shape shape) {
    return switch (type.quantization()) {
      case Quantization.PerTensor(float scale, _) -> TensorData.scalar(scale);
      case Quantization.PerAxis(int axis, var scales, _) -> {
        var all = new float[scales.size()];
        for (int i = 0; i < all.length; i++) all[i] = scales.get(i);
        yield TensorData.ofFloats(along(axis, all.length, shape), all);
      }
      case Quantization.Blocked _, Quantization.None _ -> throw new IllegalStateException("blocks");
    };
  }

  static TensorData zeroPoints(TensorType type, Shape shape) {
    return switch (type.quantization()) {
      case Quantization.PerTensor(_, long zero) -> TensorData.scalar(zero);
      case Quantization.PerAxis(int axis, _, var zeros) -> {
        var all = zeros.stream().mapToLong(Long::longValue).toArray();
        yield TensorData.ofLongs(along(axis, all.length, shape), all);
      }
      case Quantization.Blocked _, Quantization.None _ -> throw new IllegalStateException("blocks");
    };
  }

  private static Shape along(int axis, int count, Shape shape) {
    var dims = new long[shape.rank()];
    Arrays.fill(dims, 1);
    dims[Math.floorMod(axis, dims.length)] = count;
    return Shape.of(dims);
  }

  // ---- constants that are stored small

  /// A constant behind the node that makes floats of it, in another shape that only splits its
  /// first axis: empty where the value is none.
  static Optional<Port> storedSmall(Value value, Shape to, Node node, OpenvinoNodes out) {
    var source = value.producer().filter(made -> made.input(0).isConstant());
    if (source.isEmpty() || value.type().isQuantized()) return Optional.empty();
    var stored = source.get().input(0);
    return switch (source.get().op()) {
      case Cast(var dtype, _) when stored.dtype().isFloat() -> {
        var cast =
            out.step(
                node,
                "Convert",
                1,
                new TensorType(dtype, to),
                out.stored(stored.name(), reshaped(stored, to)));
        cast.layer().set("destination_type", OpenvinoNodes.element(dtype));
        cast.layer().decompression();
        yield Optional.of(cast);
      }
      case Convert(var dtype) when stored.type().isQuantized() -> {
        var split = splitFirst(stored.type().quantization(), to);
        if (split.isEmpty()) yield Optional.empty();
        var port = out.stored(stored.name(), reshaped(stored, to));
        var real = real(stored, to, dtype, port, node, out, split.get());
        yield Optional.of(real);
      }
      default -> Optional.empty();
    };
  }

  private static TensorData reshaped(Value stored, Shape to) {
    return stored.constant().orElseThrow().reshaped(to);
  }

  private static Port real(
      Value stored,
      Shape to,
      DataType dtype,
      Port port,
      Node node,
      OpenvinoNodes out,
      Split split) {
    var type = new TensorType(dtype, to);
    var real = out.step(node, "Convert", 1, type, port);
    real.layer().set("destination_type", OpenvinoNodes.element(dtype));
    var zeros = split.of(zeroPoints(stored.type(), stored.shape()));
    if (!zeros.isAll(0)) {
      real =
          out.step(
              node, "Subtract", 1, type, real, out.constant(node, "zero_point", zeros.cast(dtype)));
      real.layer().set("auto_broadcast", "numpy");
    }
    var scales = split.of(scales(stored.type(), stored.shape()));
    var scaled =
        out.step(node, "Multiply", 1, type, real, out.constant(node, "scale", scales.cast(dtype)));
    scaled.layer().set("auto_broadcast", "numpy");
    return scaled;
  }

  /// The shape of parameters along the first axis when that becomes two.
  private record Split(Optional<Shape> shape) {
    TensorData of(TensorData parameters) {
      return shape.map(parameters::reshaped).orElse(parameters);
    }
  }

  private static Optional<Split> splitFirst(Quantization quantization, Shape to) {
    return switch (quantization) {
      case Quantization.PerTensor _ -> Optional.of(new Split(Optional.empty()));
      case Quantization.PerAxis(int axis, _, _) when axis == 0 -> {
        var dims = new long[to.rank()];
        Arrays.fill(dims, 1);
        dims[0] = to.dim(0).fixed();
        dims[1] = to.dim(1).fixed();
        yield Optional.of(new Split(Optional.of(Shape.of(dims))));
      }
      default -> Optional.empty();
    };
  }
}
