package watari.format.onnx;

import watari.op.*;
import watari.op.BinaryOp.*;
import watari.op.ControlOp.*;
import watari.op.ConvOp.*;
import watari.op.DetectionOp.*;
import watari.op.ElementwiseOp.*;
import watari.op.IndexOp.*;
import watari.op.MatMulOp.*;
import watari.op.NormOp.*;
import watari.op.PoolOp.*;
import watari.op.QuantizeOp.*;
import watari.op.RecurrentOp.*;
import watari.op.ReduceOp.*;
import watari.op.ResizeOp.*;
import watari.op.SequenceOp;
import watari.op.ShapeOp.*;
import watari.op.SignalOp.*;

/// The ONNX operator that says the same as one of our records.
final class OnnxOpTypes {
  /// Stands for a record that no single operator says: rules take it apart, or it is refused.
  static final String NONE = "";

  private OnnxOpTypes() {}

  static String of(Op op) {
    return switch (op) {
      case ElementwiseOp e -> elementwise(e);
      case BinaryOp b -> binary(b);
      case ReduceOp r -> reduce(r);
      case ConvOp c -> conv(c);
      case PoolOp p -> pool(p);
      case NormOp n -> norm(n);
      case ShapeOp s -> shape(s);
      case IndexOp i -> index(i);
      case MatMulOp m -> matMul(m);
      case Resize _ -> "Resize";
      case GridSample _ -> "GridSample";
      case Lstm _ -> "LSTM";
      case Gru _ -> "GRU";
      case Rnn _ -> "RNN";
      case SequenceOp _ -> NONE;
      case If _ -> "If";
      case Loop _ -> "Loop";
      case ReadState _, WriteState _ -> NONE;
      case Dft _ -> "DFT";
      case Stft _ -> "STFT";
      case RealFft2d _, ComplexPart _ -> NONE;
      case NonMaxSuppression _ -> "NonMaxSuppression";
      case PaddedNonMaxSuppression _, DetectionPostProcess _ -> NONE;
      // Quantizing or not is seen on the values.
      case Convert _ -> "QuantizeLinear";
      case FakeQuantize _ -> NONE;
      case DynamicQuantize _ -> "DynamicQuantizeLinear";
      case Custom(_, var name, _, _, _, _) -> name;
    };
  }

  private static String elementwise(ElementwiseOp op) {
    return switch (op) {
      case Unary(var kind) -> unary(kind);
      case Identity _ -> "Identity";
      case Clip _ -> "Clip";
      case LeakyRelu _ -> "LeakyRelu";
      case Elu _ -> "Elu";
      case Selu _ -> "Selu";
      case Celu _ -> "Celu";
      case HardSigmoid _ -> "HardSigmoid";
      case ThresholdedRelu _ -> "ThresholdedRelu";
      case Shrink _ -> "Shrink";
      case Gelu _ -> "Gelu";
      case Swish _ -> "Swish";
      case IsInf _ -> "IsInf";
      case Cast _ -> "Cast";
      case Bitcast _ -> "BitCast";
    };
  }

  private static String unary(Unary.Kind kind) {
    return switch (kind) {
      case ABS -> "Abs";
      case ACOS -> "Acos";
      case ACOSH -> "Acosh";
      case ASIN -> "Asin";
      case ASINH -> "Asinh";
      case ATAN -> "Atan";
      case ATANH -> "Atanh";
      case BITWISE_NOT -> "BitwiseNot";
      case CEIL -> "Ceil";
      case COS -> "Cos";
      case COSH -> "Cosh";
      case ERF -> "Erf";
      case EXP -> "Exp";
      case FLOOR -> "Floor";
      case HARD_SWISH -> "HardSwish";
      case IS_NAN -> "IsNaN";
      case LOG -> "Log";
      case MISH -> "Mish";
      case NEG -> "Neg";
      case NOT -> "Not";
      case RECIPROCAL -> "Reciprocal";
      case RELU -> "Relu";
      case ROUND -> "Round";
      case RSQRT, SQUARE -> NONE;
      case SIGMOID -> "Sigmoid";
      case SIGN -> "Sign";
      case SIN -> "Sin";
      case SINH -> "Sinh";
      case SOFTPLUS -> "Softplus";
      case SOFTSIGN -> "Softsign";
      case SQRT -> "Sqrt";
      case TAN -> "Tan";
      case TANH -> "Tanh";
    };
  }

  private static String binary(BinaryOp op) {
    return switch (op) {
      case Binary(var kind) -> binary(kind);
      case PRelu _ -> "PRelu";
      case Select _ -> "Where";
    };
  }

  private static String binary(Binary.Kind kind) {
    return switch (kind) {
      case ADD -> "Add";
      case AND -> "And";
      case BITWISE_AND -> "BitwiseAnd";
      case BITWISE_OR -> "BitwiseOr";
      case BITWISE_XOR -> "BitwiseXor";
      case DIV -> "Div";
      case EQUAL -> "Equal";
      case FLOOR_MOD, TRUNC_MOD -> "Mod";
      case GREATER -> "Greater";
      case GREATER_EQUAL -> "GreaterOrEqual";
      case LESS -> "Less";
      case LESS_EQUAL -> "LessOrEqual";
      case MAX -> "Max";
      case MIN -> "Min";
      case MUL -> "Mul";
      case OR -> "Or";
      case POW -> "Pow";
      case SHIFT_LEFT, SHIFT_RIGHT -> "BitShift";
      case SUB -> "Sub";
      case XOR -> "Xor";
      case ATAN2, FLOOR_DIV, NOT_EQUAL, SQUARED_DIFFERENCE -> NONE;
    };
  }

  private static String reduce(ReduceOp op) {
    return switch (op) {
      case Reduce(var kind, _) -> reduce(kind);
      case ArgReduce(var largest, _, _, _, _) -> largest ? "ArgMax" : "ArgMin";
      case Cumulative(var kind, _, _) -> kind == Cumulative.Kind.SUM ? "CumSum" : "CumProd";
      case TopK _ -> "TopK";
    };
  }

  private static String reduce(Reduce.Kind kind) {
    return switch (kind) {
      case ALL, ANY -> NONE;
      case L1 -> "ReduceL1";
      case L2 -> "ReduceL2";
      case LOG_SUM -> "ReduceLogSum";
      case LOG_SUM_EXP -> "ReduceLogSumExp";
      case MAX -> "ReduceMax";
      case MEAN -> "ReduceMean";
      case MIN -> "ReduceMin";
      case PROD -> "ReduceProd";
      case SUM -> "ReduceSum";
      case SUM_SQUARE -> "ReduceSumSquare";
    };
  }

  private static String conv(ConvOp op) {
    return switch (op) {
      case Conv _ -> "Conv";
      case ConvTranspose _ -> "ConvTranspose";
      case DeformConv _ -> "DeformConv";
      case ConvInteger _ -> "ConvInteger";
    };
  }

  private static String pool(PoolOp op) {
    return switch (op) {
      case MaxPool _ -> "MaxPool";
      case AveragePool _ -> "AveragePool";
      case LpPool _ -> "LpPool";
      case MaxUnpool _ -> "MaxUnpool";
      case RoiAlign _ -> "RoiAlign";
      case MaxRoiPool _ -> "MaxRoiPool";
    };
  }

  private static String norm(NormOp op) {
    return switch (op) {
      case BatchNorm _ -> "BatchNormalization";
      case InstanceNorm _ -> "InstanceNormalization";
      case GroupNorm _ -> "GroupNormalization";
      case LayerNorm _ -> "LayerNormalization";
      case RmsNorm _ -> "RMSNormalization";
      case Lrn _ -> "LRN";
      case LpNorm _ -> "LpNormalization";
      case Softmax _ -> "Softmax";
      case LogSoftmax _ -> "LogSoftmax";
      case Hardmax _ -> "Hardmax";
    };
  }

  private static String shape(ShapeOp op) {
    return switch (op) {
      case Reshape _ -> "Reshape";
      case Flatten _ -> "Flatten";
      case Transpose _ -> "Transpose";
      case Concat _ -> "Concat";
      case Split _ -> "Split";
      case Slice _ -> "Slice";
      case Squeeze _ -> "Squeeze";
      case Unsqueeze _ -> "Unsqueeze";
      case Expand _ -> "Expand";
      case Tile _ -> "Tile";
      case Pad _ -> "Pad";
      case ShapeOf _ -> "Shape";
      case Size _ -> "Size";
      case Range _ -> "Range";
      case ReverseSequence _ -> "ReverseSequence";
      case DepthToSpace _ -> "DepthToSpace";
      case SpaceToDepth _ -> "SpaceToDepth";
      case SpaceToBatch _, BatchToSpace _ -> NONE;
      case Trilu _ -> "Trilu";
    };
  }

  private static String index(IndexOp op) {
    return switch (op) {
      case Gather _ -> "Gather";
      case GatherElements _ -> "GatherElements";
      case GatherNd _ -> "GatherND";
      case ScatterElements _ -> "ScatterElements";
      case ScatterNd _ -> "ScatterND";
      case OneHot _ -> "OneHot";
      case NonZero _ -> "NonZero";
      case Unique _ -> "Unique";
      case Compress _ -> "Compress";
    };
  }

  private static String matMul(MatMulOp op) {
    return switch (op) {
      case MatMul _ -> "MatMul";
      // With bias, of rank 2; without, MatMul on transposed weights.
      case FullyConnected _ -> "Gemm";
      case MatMulInteger _ -> "MatMulInteger";
      case Einsum _ -> "Einsum";
      case Det _ -> "Det";
    };
  }
}
