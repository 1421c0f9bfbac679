package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.op.ElementwiseOp.Clip;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.FakeQuantize;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators of models that were trained for quantization.
///
/// A range of 8 bits becomes a conversion to int8 and back, from which quantized kernels are made;
/// any other is limited to its steps in floats.
///
/// Source: TensorFlow 2.21, fake_quant_ops: the range is moved so that 0 is one of the steps.
final class TensorflowReadQuantizeOps {
  private TensorflowReadQuantizeOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("FakeQuantWithMinMaxArgs", TensorflowReadQuantizeOps::fakeQuantArgs)
        .on("FakeQuantWithMinMaxVars", TensorflowReadQuantizeOps::fakeQuant)
        .on("FakeQuantWithMinMaxVarsPerChannel", TensorflowReadQuantizeOps::fakeQuant);
  }

  /// A range whose 0 is a step.
  ///
  /// @param zero the step of 0
  /// @param first the first step
  private record Steps(float scale, long zero, long first, long last) {
    static Steps of(float min, float max, long first, long last) {
      if (!(min <= 0 && max >= 0 && min < max)) {
        throw TensorflowRefusal.unsupported(
            "its range is %s to %s, expected one with 0".formatted(min, max),
            "train the model until its ranges are known");
      }
      float scale = (max - min) / (last - first);
      float zero = first - min / scale;
      long nudged = zero < first ? first : zero > last ? last : (long) Math.floor(zero + 0.5);
      return new Steps(scale, nudged, first, last);
    }

    float low() {
      return (first - zero) * scale;
    }

    float high() {
      return (last - zero) * scale;
    }
  }

  private static void fakeQuantArgs(TensorflowReadNode n) {
    var steps = steps(n, List.of(n.real("min", -6)), List.of(n.real("max", 6)));
    give(n, steps, false);
  }

  /// Inputs: `x`, the lowest and highest number, of each channel or of all.
  private static void fakeQuant(TensorflowReadNode n) {
    var min = n.constant(1, "its range");
    var max = n.constant(2, "its range");
    boolean isPerChannel = min.shape().rank() > 0;
    give(n, steps(n, listed(min), listed(max)), isPerChannel);
  }

  private static List<Float> listed(TensorData data) {
    var all = new ArrayList<Float>();
    for (int i = 0; i < data.size(); i++) all.add((float) data.doubleAt(i));
    return all;
  }

  private static List<Steps> steps(TensorflowReadNode n, List<Float> min, List<Float> max) {
    int bits = n.integer("num_bits", 8);
    if (bits < 2 || bits > 16 || min.size() != max.size() || min.isEmpty()) {
      throw TensorflowRefusal.broken(
          "it has %d bits and %d lowest, %d highest numbers"
              .formatted(bits, min.size(), max.size()));
    }
    long first = n.flag("narrow_range", false) ? 1 : 0;
    var all = new ArrayList<Steps>();
    for (int i = 0; i < min.size(); i++) {
      all.add(Steps.of(min.get(i), max.get(i), first, (1L << bits) - 1));
    }
    return all;
  }

  private static void give(TensorflowReadNode n, List<Steps> steps, boolean isPerChannel) {
    boolean isByte = n.integer("num_bits", 8) == 8;
    boolean isSymmetric = steps.stream().allMatch(each -> each.zero() == 128);
    if (isByte && (!isPerChannel || isSymmetric)) {
      toInt8(n, steps, isPerChannel);
    } else {
      inFloats(n, steps, isPerChannel);
    }
  }

  private static void toInt8(TensorflowReadNode n, List<Steps> steps, boolean isPerChannel) {
    var f = n.formula();
    var x = n.in(0);
    if (steps.getFirst().first() > 0) x = limited(n, steps, isPerChannel);
    var quantization = quantization(steps, isPerChannel ? n.rank(0) - 1 : -1);
    var stored =
        n.builder().addQuantized(new Convert(DataType.INT8), DataType.INT8, quantization, x);
    n.give(0, f.op(new Convert(DataType.FLOAT32), stored));
  }

  /// int8 has one step below a narrow range.
  private static watari.graph.Value limited(
      TensorflowReadNode n, List<Steps> steps, boolean isPerChannel) {
    var f = n.formula();
    if (!isPerChannel) {
      return f.op(new Clip(steps.getFirst().low(), steps.getFirst().high()), n.in(0));
    }
    return f.min(f.max(n.in(0), vector(n, steps, true)), vector(n, steps, false));
  }

  private static Quantization quantization(List<Steps> steps, int axis) {
    if (axis < 0) {
      var only = steps.getFirst();
      return new Quantization.PerTensor(only.scale(), only.zero() - 128);
    }
    var zeros = LongStream.generate(() -> 0).limit(steps.size()).boxed().toList();
    return new Quantization.PerAxis(axis, steps.stream().map(Steps::scale).toList(), zeros);
  }

  private static watari.graph.Value vector(TensorflowReadNode n, List<Steps> steps, boolean low) {
    var all = new float[steps.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = low ? steps.get(i).low() : steps.get(i).high();
    }
    return n.builder().constant(TensorData.ofFloats(Shape.of(all.length), all));
  }

  private static void inFloats(TensorflowReadNode n, List<Steps> steps, boolean isPerChannel) {
    var f = n.formula();
    var low = vector(n, steps, true);
    var high = vector(n, steps, false);
    if (!isPerChannel) {
      low = f.reshape(low);
      high = f.reshape(high);
    }
    long levels = steps.getFirst().last() - steps.getFirst().first() + 1;
    n.give(new FakeQuantize((int) levels), n.in(0), low, high, low, high);
  }
}
