package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Unary;
import watari.op.QuantizeOp.Convert;
import watari.pass.replace.ReplaceFakeQuantize;
import watari.pass.storage.StoredClamp;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Quantization.PerAxis;
import watari.tensor.Quantization.PerTensor;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Quantizes and dequantizes by arithmetic where the opset's operators do not take the types.
final class OnnxQuantizeRules {
  private final OnnxOpset opset;

  OnnxQuantizeRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    return List.of(
        new OnnxRule<>("SplitConvert", Convert.class, this::convert),
        new OnnxRule<>("WidenQuantizedClip", Clip.class, OnnxQuantizeRules::clip),
        ReplaceFakeQuantize.fakeQuantize(_ -> false));
  }

  private Outcome convert(Convert op, Match<Convert> match) {
    var from = match.input(0).type();
    var to = match.output().type();
    if (from.isQuantized() == to.isQuantized()) return plain(op, match);
    return from.isQuantized() ? dequantize(op, match) : quantize(match);
  }

  /// Neither side is quantized: the numbers are cast.
  private static Outcome plain(Convert op, Match<Convert> match) {
    if (match.input(0).type().isQuantized()) return left("it requantizes");
    return match.replaceWith(new Cast(op.to()), match.input(0));
  }

  /// A Clip to all that the quantized type behind it stores has that type's ends as bounds. Where
  /// it clips less than half a step ONNX Runtime 1.29 knows that it can go, but leaves it in place
  /// beside the convolution without it.
  private static Outcome clip(Clip op, Match<Clip> match) {
    var result = match.output();
    if (result.uses().size() != 1 || match.node().graph().isOutput(result)) {
      return left("more than a quantization uses it");
    }
    var next = result.uses().iterator().next().node();
    if (!(next.op() instanceof Convert)) return left("no quantization follows");
    var wide = StoredClamp.widened(op, next.output().type());
    return wide.equals(op) ? left("its bounds matter") : match.replaceWith(wide, match.input(0));
  }

  // ---- to real numbers

  private Outcome dequantize(Convert op, Match<Convert> match) {
    var type = match.input(0).type();
    if (op.to() != DataType.FLOAT32 && !opset.has(19)) return throughFloat32(op, match);
    if (hasDequantizer(type)) return left("DequantizeLinear says it");
    var narrow = narrowed(match.input(0), match);
    if (narrow.isPresent()) return match.replaceWith(op, narrow.get());
    var to = new OnnxCompose(match);
    boolean isWide = type.dtype().bits() > 32 || type.dtype().bits() > 16 && !isPlain(match);
    var compute = isWide ? DataType.FLOAT64 : DataType.FLOAT32;
    var stored = stored(match, compute, to);
    var zero = zeroPoints(type, compute);
    var shifted = zero.isAll(0) ? stored : to.sub(stored, to.constant(zero));
    var real = to.mul(shifted, to.constant(scales(type, compute)));
    return to.replace(to.cast(real, op.to()));
  }

  private static boolean isPlain(Match<Convert> match) {
    var x = match.input(0);
    boolean isTaken =
        switch (x.dtype()) {
          case INT8, UINT8, INT32 -> true;
          default -> false;
        };
    return x.isConstant() && isTaken;
  }

  /// The stored integers as floats. Those of constants come from DequantizeLinear with scale 1: a
  /// plain constant between quantized values is what ONNX Runtime quantizes anew, its own way.
  private static Value stored(Match<Convert> match, DataType compute, OnnxCompose to) {
    var x = match.input(0);
    if (!isPlain(match)) return to.op(new Cast(compute), x);
    var plain = to.builder().constant(x.name(), x.constant().orElseThrow(), new PerTensor(1, 0));
    return to.op(new Convert(DataType.FLOAT32), plain);
  }

  private static Outcome throughFloat32(Convert op, Match<Convert> match) {
    var to = new OnnxCompose(match);
    return to.replace(to.cast(to.op(new Convert(DataType.FLOAT32), match.input(0)), op.to()));
  }

  private boolean hasDequantizer(TensorType type) {
    return switch (type.dtype()) {
      case INT8, UINT8 -> fits(type.quantization());
      case INT32 -> fits(type.quantization()) && zeroPoints(type, DataType.FLOAT64).isAll(0);
      case INT16, UINT16, INT4, UINT4, INT2, UINT2 -> opset.mayUse(21);
      case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT4E2M1 -> opset.mayUse(19);
      default -> false;
    };
  }

  private boolean fits(Quantization quantization) {
    return switch (quantization) {
      case PerTensor _, Quantization.None _ -> true;
      case PerAxis _ -> opset.mayUse(13);
      case Quantization.Blocked _ -> opset.mayUse(21);
    };
  }

  /// Biases of 64 bits, as constants of 32 where all of them fit.
  private static Optional<Value> narrowed(Value value, Match<?> match) {
    if (value.dtype() != DataType.INT64 || !value.isConstant()) return Optional.empty();
    var data = value.constant().orElseThrow();
    for (long i = 0; i < data.size(); i++) {
      if ((int) data.longAt(i) != data.longAt(i)) return Optional.empty();
    }
    var type = value.type();
    if (!zeroPoints(type, DataType.FLOAT64).isAll(0)) return Optional.empty();
    return Optional.of(
        match.build().constant(value.name(), data.cast(DataType.INT32), type.quantization()));
  }

  // ---- to stored integers

  private Outcome quantize(Match<Convert> match) {
    var type = match.output().type();
    if (hasQuantizer(type)) {
      boolean takesReal = match.input(0).dtype() == DataType.FLOAT32 || opset.has(19);
      if (takesReal) return left("QuantizeLinear says it");
      return match.replaceWith(
          match.op(), match.build().add(new Cast(DataType.FLOAT32), match.input(0)));
    }
    var to = new OnnxCompose(match);
    boolean isWide = type.dtype().bits() > 16;
    var compute = isWide ? DataType.FLOAT64 : DataType.FLOAT32;
    var real = to.cast(match.input(0), compute);
    var steps = to.unary(Unary.Kind.ROUND, to.div(real, to.constant(scales(type, compute))));
    var zero = zeroPoints(type, compute);
    var shifted = zero.isAll(0) ? steps : to.add(steps, to.constant(zero));
    double most = type.dtype() == DataType.INT64 ? 0x1p63 - 1024 : type.dtype().max();
    var least = to.scalar(shifted, type.dtype().min());
    var limited =
        to.binary(
            Binary.Kind.MIN, to.binary(Binary.Kind.MAX, shifted, least), to.scalar(shifted, most));
    return to.replace(to.op(new Cast(type.dtype()), limited));
  }

  /// Below opset 12 ONNX Runtime lets MaxPool and ReduceMax of quantized values work on integers
  /// that they do not take.
  private boolean hasQuantizer(TensorType type) {
    return opset.mayUse(12) && type.dtype() != DataType.INT32 && hasDequantizer(type);
  }

  /// Scales that broadcast to the tensor.
  private static TensorData scales(TensorType type, DataType to) {
    return switch (type.quantization()) {
      case PerTensor(float scale, _) -> TensorData.scalar(to, scale);
      case PerAxis(int axis, var scales, _) ->
          alongAxis(scales.stream().mapToDouble(Float::doubleValue).toArray(), axis, type, to);
      case Quantization.Blocked _, Quantization.None _ ->
          throw new IllegalArgumentException("blocks need opset 21");
    };
  }

  private static TensorData zeroPoints(TensorType type, DataType to) {
    return switch (type.quantization()) {
      case PerTensor(_, long zero) -> TensorData.scalar(to, zero);
      case PerAxis(int axis, _, var zeros) ->
          alongAxis(zeros.stream().mapToDouble(Long::doubleValue).toArray(), axis, type, to);
      case Quantization.Blocked(_, _, _, var zeros) -> zeros.cast(to);
      case Quantization.None _ -> TensorData.scalar(to, 0);
    };
  }

  private static TensorData alongAxis(double[] values, int axis, TensorType type, DataType to) {
    var dims = new long[type.shape().rank() - axis];
    java.util.Arrays.fill(dims, 1);
    dims[0] = values.length;
    return TensorData.ofDoubles(to, Shape.of(dims), values);
  }
}
