package watari.format.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ElementwiseOp.Unary;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.Stft;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Fourier transforms and windows.
final class OnnxReadSignalOps {
  /// Elements of a table that is computed while reading; a larger one is no model's.
  private static final long MOST_ELEMENTS = 1 << 24;

  private OnnxReadSignalOps() {}

  static void register(ReadTable<OnnxReadOps.Entry> table) {
    table
        .on("DFT", n -> dft(n, n.scalar(n.integer("axis", 1))))
        .on("DFT", 20, n -> dft(n, n.optional(2)))
        .on("STFT", OnnxReadSignalOps::stft)
        .on("HannWindow", n -> window(n, 0.5, 0.5, 0))
        .on("HammingWindow", n -> window(n, 25.0 / 46, 21.0 / 46, 0))
        .on("BlackmanWindow", n -> window(n, 0.42, 0.5, 0.08))
        .on("MelWeightMatrix", OnnxReadSignalOps::melWeightMatrix);
  }

  /// Exporters leave the last axis, of real parts, out, and runtimes take it so.
  private static void stft(OnnxReadNode n) {
    var inputs = new ArrayList<>(n.inputs());
    if (n.shape(0).hasRank(2)) inputs.set(0, n.unsqueeze(n.in(0), 2));
    n.give(new Stft(n.flag("onesided", true)), inputs);
  }

  private static void dft(OnnxReadNode n, Value axis) {
    var inputs = new ArrayList<>(List.of(n.in(0), n.optional(1)));
    if (axis.isPresent()) inputs.add(axis);
    n.give(new Dft(n.flag("inverse", false), n.flag("onesided", false)), inputs);
  }

  // ---- windows

  /// `a - b · cos(2πi / n) + c · cos(4πi / n)`, `n` being the size, or one less where the window is
  /// not periodic.
  private static void window(OnnxReadNode n, double a, double b, double c) {
    var dtype = n.dtype("output_datatype", DataType.FLOAT32);
    boolean isPeriodic = n.flag("periodic", true);
    var size = n.constant(0).filter(data -> data.size() == 1);
    if (size.isEmpty()) {
      n.give(0, computed(n, a, b, c, isPeriodic));
      return;
    }
    long count = size.get().longAt(0);
    if (count < 0 || count > MOST_ELEMENTS) {
      throw OnnxRefusal.broken("its size is " + count);
    }
    double whole = isPeriodic ? count : count - 1;
    DoubleUnaryOperator at =
        i -> a - b * Math.cos(2 * Math.PI * i / whole) + c * Math.cos(4 * Math.PI * i / whole);
    var values = new double[(int) count];
    for (int i = 0; i < values.length; i++) values[i] = at.applyAsDouble(i);
    n.giveConstant(TensorData.ofDoubles(dtype, Shape.of(count), values));
  }

  private static Value computed(OnnxReadNode n, double a, double b, double c, boolean isPeriodic) {
    var count = n.cast(n.reshape(n.in(0)), DataType.INT64);
    var whole = isPeriodic ? count : n.minus(count, n.scalar(1));
    var positions = n.cast(n.range(count), DataType.FLOAT32);
    var turns = n.over(positions, n.cast(whole, DataType.FLOAT32));
    var once = n.unary(Unary.Kind.COS, n.times(turns, n.like(turns, 2 * Math.PI)));
    var window = n.minus(n.like(turns, a), n.times(once, n.like(turns, b)));
    if (c != 0) {
      var twice = n.unary(Unary.Kind.COS, n.times(turns, n.like(turns, 4 * Math.PI)));
      window = n.plus(window, n.times(twice, n.like(turns, c)));
    }
    return n.cast(window, n.dtype("output_datatype", DataType.FLOAT32));
  }

  // ---- mel

  /// Triangles over the bins of a transform, evenly spaced in mel. All that it takes is constant
  /// where it is used.
  private static void melWeightMatrix(OnnxReadNode n) {
    var given = new ArrayList<Double>();
    for (int i = 0; i < 5; i++) {
      n.constant(i).filter(data -> data.size() == 1).ifPresent(data -> given.add(data.doubleAt(0)));
    }
    if (given.size() < 5) {
      n.custom();
      return;
    }
    int bands = given.get(0).intValue();
    int length = given.get(1).intValue();
    int bins = length / 2 + 1;
    if (bands < 1 || length < 1 || (long) bands * bins > MOST_ELEMENTS) {
      throw OnnxRefusal.broken("it has " + bands + " bands of a transform of length " + length);
    }
    var matrix = triangles(bands, bins, edges(bands, length, given));
    var dtype = n.dtype("output_datatype", DataType.FLOAT32);
    n.giveConstant(TensorData.ofDoubles(dtype, Shape.of(bins, bands), matrix));
  }

  /// The bins where triangles begin, peak and end.
  private static int[] edges(int bands, int length, List<Double> given) {
    double low = mel(given.get(3));
    double step = (mel(given.get(4)) - low) / (bands + 2);
    var edges = new int[bands + 2];
    for (int i = 0; i < edges.length; i++) {
      double hertz = 700 * Math.expm1((i * step + low) / 2595 * Math.log(10));
      edges[i] = (int) Math.floor((length + 1) * hertz / given.get(2));
    }
    return edges;
  }

  private static double mel(double hertz) {
    return 2595 * Math.log1p(hertz / 700) / Math.log(10);
  }

  private static double[] triangles(int bands, int bins, int[] edges) {
    var matrix = new double[bins * bands];
    for (int band = 0; band < bands; band++) {
      int low = edges[band];
      int peak = edges[band + 1];
      int high = edges[band + 2];
      if (low == peak) set(matrix, bands, bins, peak, band, 1);
      for (int bin = low; low != peak && bin <= peak; bin++) {
        set(matrix, bands, bins, bin, band, (double) (bin - low) / (peak - low));
      }
      for (int bin = peak; high != peak && bin < high; bin++) {
        set(matrix, bands, bins, bin, band, (double) (high - bin) / (high - peak));
      }
    }
    return matrix;
  }

  private static void set(double[] matrix, int bands, int bins, int bin, int band, double weight) {
    if (bin < 0 || bin >= bins) {
      throw OnnxRefusal.broken("a band reaches bin " + bin + " of " + bins);
    }
    matrix[bin * bands + band] = weight;
  }
}
