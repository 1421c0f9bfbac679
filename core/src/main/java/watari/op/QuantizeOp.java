package watari.op;

import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Operators between real numbers and their stored integers.
public sealed interface QuantizeOp extends Op {
  /// Quantize, dequantize and requantize: the same real numbers, stored as the output's type says.
  /// The quantizations are those of the input and output *values*.
  ///
  /// Quantizing rounds to nearest, ties to even, and saturates. Source: ONNX QuantizeLinear-21 and
  /// DequantizeLinear-21.
  record Convert(DataType to) implements QuantizeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(new TensorType(to, in.shape(0)));
    }
  }

  /// Quantizes and dequantizes: inputs `x`, `inputLow`, `inputHigh`, `outputLow`, `outputHigh`,
  /// which broadcast to `x`.
  ///
  /// `x <= inputLow` gives `outputLow`, `x > inputHigh` `outputHigh`, else `round((x - inputLow) /
  /// (inputHigh
  /// - inputLow) · (levels - 1)) / (levels - 1) · (outputHigh - outputLow) + outputLow`.
  ///
  /// Source: OpenVINO FakeQuantize-1.
  record FakeQuantize(int levels) implements QuantizeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(in.type(0).withoutQuantization());
    }
  }

  /// Quantizes to uint8 by the range of this very tensor, 0 included. Outputs: `y`, `scale`,
  /// `zeroPoint`.
  ///
  /// Source: ONNX DynamicQuantizeLinear-11.
  record DynamicQuantize() implements QuantizeOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(
          new TensorType(DataType.UINT8, in.shape(0)),
          new TensorType(in.dtype(0), Shape.SCALAR),
          new TensorType(DataType.UINT8, Shape.SCALAR));
    }
  }
}
