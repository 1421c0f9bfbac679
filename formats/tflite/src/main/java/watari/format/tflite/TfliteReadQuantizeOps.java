package watari.format.tflite;

import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.format.tflite.schema.FakeQuantOptions;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Identity;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.op.SignalOp.ComplexPart;
import watari.rewrite.Match;
import watari.tensor.DataType;
import watari.tensor.TensorType;

/// Operators between element types.
final class TfliteReadQuantizeOps {
  private TfliteReadQuantizeOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("BITCAST", node -> node.emit(new Bitcast(node.declared(0).dtype()), node.in(0)))
        .on("CAST", TfliteReadQuantizeOps::cast)
        .on("DENSIFY", node -> node.emitMoved(new Identity(), node.in(0)))
        .on("DEQUANTIZE", TfliteReadQuantizeOps::dequantize)
        .on("FAKE_QUANT", TfliteReadQuantizeOps::fakeQuant)
        .on("QUANTIZE", TfliteReadQuantizeOps::quantize);
  }

  /// Takes stored integers as they are, and stores them so.
  private static void cast(TfliteNode node) {
    var to = node.declared(0).dtype();
    var x = node.in(0);
    if (x.dtype().isComplex() && !to.isComplex()) {
      x = node.add(new ComplexPart(ComplexPart.Part.REAL), x);
    }
    if (node.declared(0).isQuantized()) node.emitStored(0, node.add(new Cast(to), x));
    else node.emit(new Cast(to), x);
  }

  /// A constant is converted at the first call only: a variable begins with it.
  private static void dequantize(TfliteNode node) {
    var x = node.in(0);
    var to = node.declared(0).dtype();
    if (x.isConstant() && node.scope().tensors().isVariable(node.outputTensor(0))) {
      var data = Match.constantOf(x).orElseThrow();
      node.scope().addState(node.outputTensor(0), data.cast(to));
      return;
    }
    if (x.type().isQuantized()) node.emit(new Convert(to), x);
    else node.emit(new Cast(to), x);
  }

  /// Scales of int32 count here, though nowhere else.
  private static void quantize(TfliteNode node) {
    var declared = node.declared(0);
    if (!declared.isQuantized()) {
      var tensors = node.scope().tensors();
      var stated = tensors.statedQuantization(node.outputTensor(0), declared.shape());
      if (stated.isNone() || !declared.dtype().isInteger()) {
        throw Unreadable.broken(
            "its output '%s' of type '%s' is not quantized"
                .formatted(node.outputName(0), declared.dtype()));
      }
      var value = node.add(new Convert(declared.dtype()), node.in(0));
      value.setType(new TensorType(declared.dtype(), value.shape(), stated));
      node.scope().define(node.outputTensor(0), value);
      return;
    }
    var x = node.in(0);
    boolean isWide = !x.type().isQuantized() && x.dtype().isInteger();
    if (isWide) {
      var tensors = node.scope().tensors();
      var stated = tensors.statedQuantization(node.inputTensor(0), x.shape());
      if (stated.isNone()) throw Unreadable.broken("its input has no scale");
      throw Unreadable.operator(
          "its input is a quantized '%s'".formatted(x.dtype()), "quantize it to int8 or int16");
    }
    node.emit(new Convert(declared.dtype()), x);
  }

  /// The range is moved a little so that 0 is one of its steps.
  private static void fakeQuant(TfliteNode node) {
    var options = node.options(new FakeQuantOptions());
    int bits = options.numBits();
    if (bits < 2 || bits > 16 || !(options.min() < options.max())) {
      throw Unreadable.broken(
          "it has %d bits for %s to %s".formatted(bits, options.min(), options.max()));
    }
    float least = options.narrowRange() ? 1 : 0;
    float most = (1 << bits) - 1;
    float scale = (options.max() - options.min()) / (most - least);
    float zero = least - options.min() / scale;
    float nudged = Math.clamp(Math.round(zero), least, most);
    var low = node.builder().scalar((least - nudged) * scale);
    var high = node.builder().scalar((most - nudged) * scale);
    int levels = (int) (most - least) + 1;
    node.emit(new FakeQuantize(levels), node.in(0), low, high, low, high);
  }

  static boolean isNumber(DataType dtype) {
    return dtype.isFloat() || dtype.isInteger();
  }
}
