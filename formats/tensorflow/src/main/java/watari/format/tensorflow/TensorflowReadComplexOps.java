package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.ReadTable;
import watari.format.tensorflow.TensorflowReadOps.Entry;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ReduceOp.Reduce;
import watari.op.ShapeOp.Pad;
import watari.op.Shapes;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.ComplexPart.Part;
import watari.op.SignalOp.Dft;
import watari.pass.replace.Formula;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Fourier transforms, and what is done with complex numbers before they are real again: they are
/// carried as pairs along an axis at the end.
///
/// Source: TensorFlow 2.21, spectral_ops and math_ops.
final class TensorflowReadComplexOps {
  /// Operators of complex numbers that real ones have, too.
  private static final ReadTable<Entry> SHARED = shared();

  private TensorflowReadComplexOps() {}

  static void register(ReadTable<Entry> table) {
    table
        .on("Angle", TensorflowReadComplexOps::angle)
        .on("Complex", n -> hold(n, pair(n.formula(), n.in(0), n.in(1))))
        .on("ComplexAbs", n -> part(n, Part.ABS))
        .on("Conj", TensorflowReadComplexOps::conj)
        .on("FFT", n -> fourier(n, false, 1))
        .on("FFT2D", n -> fourier(n, false, 2))
        .on("FFT3D", n -> fourier(n, false, 3))
        .on("IFFT", n -> fourier(n, true, 1))
        .on("IFFT2D", n -> fourier(n, true, 2))
        .on("IFFT3D", n -> fourier(n, true, 3))
        .on("IRFFT", n -> toReal(n, 1))
        .on("IRFFT2D", n -> toReal(n, 2))
        .on("IRFFT3D", n -> toReal(n, 3))
        .on("Imag", n -> part(n, Part.IMAGINARY))
        .on("RFFT", n -> ofReal(n, 1))
        .on("RFFT2D", n -> ofReal(n, 2))
        .on("RFFT3D", n -> ofReal(n, 3))
        .on("Real", n -> part(n, Part.REAL));
  }

  private static ReadTable<Entry> shared() {
    return new ReadTable<Entry>()
        .on("Add", n -> binary(n, Binary.Kind.ADD))
        .on("AddV2", n -> binary(n, Binary.Kind.ADD))
        .on("Cast", TensorflowReadComplexOps::cast)
        .on("ConcatV2", TensorflowReadComplexOps::concat)
        .on("ExpandDims", TensorflowReadComplexOps::expandDims)
        .on("Mul", n -> hold(n, product(n.formula(), pairs(n, 0), pairs(n, 1))))
        .on("Neg", n -> hold(n, n.formula().neg(pairs(n, 0))))
        .on("Pad", TensorflowReadComplexOps::pad)
        .on("RealDiv", TensorflowReadComplexOps::quotient)
        .on("Reshape", TensorflowReadComplexOps::reshape)
        .on("Sub", n -> binary(n, Binary.Kind.SUB))
        .on("Transpose", TensorflowReadComplexOps::transpose);
  }

  /// The reading of an operator that gives complex numbers, or is given some.
  static Optional<Entry> entry(TensorflowReadNode n) {
    boolean isGiven = n.entry().inputs().stream().anyMatch(edge -> isPairs(n, edge));
    boolean isMade = n.entry().op().equals("Cast") && n.type("DstT", DataType.FLOAT32).isComplex();
    return isGiven || isMade ? SHARED.entry(n.entry().op(), 1) : Optional.empty();
  }

  private static boolean isPairs(TensorflowReadNode n, TensorflowNodes.Edge edge) {
    return n.graph().isKnown(edge) && n.graph().held(edge) instanceof Held.Complex;
  }

  // ---- pairs

  private static void hold(TensorflowReadNode n, Value pairs) {
    n.hold(0, new Held.Complex(pairs));
  }

  private static Value pair(Formula f, Value real, Value imaginary) {
    int rank = Math.max(real.shape().rank(), imaginary.shape().rank());
    var parts = List.of(alike(f, real, imaginary), alike(f, imaginary, real));
    return f.stack(rank, parts);
  }

  /// In the shape that both broadcast to.
  private static Value alike(Formula f, Value x, Value other) {
    return x.shape().equals(other.shape()) ? x : f.add(x, f.mul(other, 0));
  }

  /// Complex numbers of any kind as pairs.
  ///
  /// @throws TensorflowRefusal if they are given to the model as such
  private static Value pairs(TensorflowReadNode n, int i) {
    if (n.held(i) instanceof Held.Complex(Value pairs)) return pairs;
    var constant = n.constant(i);
    if (constant.isPresent()) return n.builder().constant(pairs(constant.get()));
    var x = n.in(i);
    if (!x.dtype().isComplex()) return pair(n.formula(), x, n.formula().mul(x, 0));
    throw TensorflowRefusal.unsupported(
        "its complex numbers are given to the model, and no other format takes any",
        "give the model real and imaginary parts, and join them by tf.complex");
  }

  private static TensorData pairs(TensorData data) {
    var parts = new double[2 * Math.toIntExact(data.size())];
    for (int i = 0; i < data.size(); i++) {
      parts[2 * i] = data.doubleAt(i);
      parts[2 * i + 1] = data.dtype().isComplex() ? data.imaginaryAt(i) : 0;
    }
    boolean isWide = data.dtype() == DataType.COMPLEX128 || data.dtype() == DataType.FLOAT64;
    var dtype = isWide ? DataType.FLOAT64 : DataType.FLOAT32;
    return TensorData.ofDoubles(dtype, data.shape().concat(Shape.of(2)), parts);
  }

  private static Value picked(Formula f, Value pairs, long part) {
    return f.gather(pairs, f.constant(TensorData.scalar(part)), pairs.shape().rank() - 1);
  }

  private static int rank(Value pairs) {
    if (pairs.shape().isRanked()) return pairs.shape().rank() - 1;
    throw TensorflowRefusal.dynamic("the rank of its complex numbers is not known");
  }

  // ---- parts

  private static void part(TensorflowReadNode n, Part part) {
    boolean isGiven = n.held(0) instanceof Held.Tensor(Value x) && x.dtype().isComplex();
    if (isGiven) {
      n.give(new ComplexPart(part), n.in(0));
      return;
    }
    var f = n.formula();
    var pairs = pairs(n, 0);
    n.give(
        0,
        switch (part) {
          case REAL -> picked(f, pairs, 0);
          case IMAGINARY -> picked(f, pairs, 1);
          case ABS -> f.reduce(Reduce.Kind.L2, pairs, false, List.of(rank(pairs)));
        });
  }

  private static void angle(TensorflowReadNode n) {
    var f = n.formula();
    var pairs = pairs(n, 0);
    n.give(new Binary(Binary.Kind.ATAN2), picked(f, pairs, 1), picked(f, pairs, 0));
  }

  private static void conj(TensorflowReadNode n) {
    if (!(n.held(0) instanceof Held.Complex) && !n.dtype(0).isComplex()) {
      n.hold(0, n.held(0));
      return;
    }
    hold(n, conjugate(n.formula(), pairs(n, 0)));
  }

  private static Value conjugate(Formula f, Value pairs) {
    return f.mul(pairs, f.constant(TensorData.ofDoubles(pairs.dtype(), Shape.of(2), 1, -1)));
  }

  /// From real numbers to complex ones, and back to their real part.
  private static void cast(TensorflowReadNode n) {
    var f = n.formula();
    var to = n.type("DstT", DataType.FLOAT32);
    boolean isComplex = n.held(0) instanceof Held.Complex || n.dtype(0).isComplex();
    if (!to.isComplex()) {
      n.give(0, f.cast(picked(f, pairs(n, 0), 0), to));
      return;
    }
    var part = to == DataType.COMPLEX128 ? DataType.FLOAT64 : DataType.FLOAT32;
    if (isComplex) {
      hold(n, f.cast(pairs(n, 0), part));
    } else {
      var real = f.cast(n.in(0), part);
      hold(n, pair(f, real, f.mul(real, 0)));
    }
  }

  // ---- arithmetic

  private static void binary(TensorflowReadNode n, Binary.Kind kind) {
    hold(n, n.formula().binary(kind, pairs(n, 0), pairs(n, 1)));
  }

  private static Value product(Formula f, Value a, Value b) {
    var aReal = picked(f, a, 0);
    var aImaginary = picked(f, a, 1);
    var bReal = picked(f, b, 0);
    var bImaginary = picked(f, b, 1);
    return pair(
        f,
        f.sub(f.mul(aReal, bReal), f.mul(aImaginary, bImaginary)),
        f.add(f.mul(aReal, bImaginary), f.mul(aImaginary, bReal)));
  }

  private static void quotient(TensorflowReadNode n) {
    var f = n.formula();
    var divisor = pairs(n, 1);
    var above = product(f, pairs(n, 0), conjugate(f, divisor));
    var below = f.sum(f.square(divisor), List.of(rank(divisor)));
    hold(n, f.div(above, below));
  }

  // ---- movement: the axis of the parts stays behind all others

  private static void reshape(TensorflowReadNode n) {
    var f = n.formula();
    hold(n, f.reshape(pairs(n, 0), f.concat(0, n.integers64(1), f.vector(2))));
  }

  private static void expandDims(TensorflowReadNode n) {
    var pairs = pairs(n, 0);
    hold(n, n.formula().unsqueeze(pairs, n.axisInput(1, rank(pairs) + 1)));
  }

  private static void transpose(TensorflowReadNode n) {
    var pairs = pairs(n, 0);
    var perm = new ArrayList<Integer>();
    for (long axis : n.integers(1, "its permutation")) {
      perm.add(Shapes.axis(axis, rank(pairs)));
    }
    perm.add(rank(pairs));
    hold(n, n.formula().transpose(pairs, perm));
  }

  private static void concat(TensorflowReadNode n) {
    var parts = new ArrayList<Value>();
    for (int i = 0; i < n.inputCount() - 1; i++) parts.add(pairs(n, i));
    hold(n, n.formula().concat(n.axisInput(n.inputCount() - 1, rank(parts.get(0))), parts));
  }

  /// With zeros; inputs: complex numbers, `[rank, 2]` of how many before and behind.
  private static void pad(TensorflowReadNode n) {
    var pairs = pairs(n, 0);
    var edges = n.constant(1, "its padding");
    int rank = rank(pairs);
    var pads = new long[2 * (rank + 1)];
    for (int i = 0; i < rank; i++) {
      pads[i] = edges.longAt(2L * i);
      pads[rank + 1 + i] = edges.longAt(2L * i + 1);
    }
    var f = n.formula();
    hold(n, f.op(new Pad(Pad.Mode.CONSTANT), pairs, f.vector(pads)));
  }

  // ---- transforms

  private static Value axis(Formula f, int axis) {
    return f.constant(TensorData.scalar((long) axis));
  }

  private static void fourier(TensorflowReadNode n, boolean inverse, int axes) {
    var f = n.formula();
    var x = pairs(n, 0);
    for (int i = 0; i < axes; i++) {
      x = f.op(new Dft(inverse, false), x, Value.ABSENT, axis(f, rank(x) - 1 - i));
    }
    hold(n, x);
  }

  private static long[] lengths(TensorflowReadNode n, int axes) {
    var lengths = n.integers(1, "the length of its transform");
    if (lengths.length == axes) return lengths;
    throw TensorflowRefusal.broken(
        "it has %d lengths, expected %d".formatted(lengths.length, axes));
  }

  /// The last axis to half its bins, then the others.
  private static void ofReal(TensorflowReadNode n, int axes) {
    var f = n.formula();
    var lengths = lengths(n, axes);
    int rank = n.rank(0);
    var x = n.in(0);
    for (int i = 0; i < axes; i++) x = fitted(f, x, rank - axes + i, lengths[i]);
    x = f.op(new Dft(false, true), f.unsqueeze(x, rank), Value.ABSENT, axis(f, rank - 1));
    for (int i = 1; i < axes; i++) {
      x = f.op(new Dft(false, false), x, Value.ABSENT, axis(f, rank - 1 - i));
    }
    hold(n, x);
  }

  /// The other axes, then the last one from half its bins.
  private static void toReal(TensorflowReadNode n, int axes) {
    var f = n.formula();
    var lengths = lengths(n, axes);
    var x = pairs(n, 0);
    int rank = rank(x);
    for (int i = 0; i < axes; i++) {
      boolean isLast = i == axes - 1;
      x = fitted(f, x, rank - axes + i, isLast ? lengths[i] / 2 + 1 : lengths[i]);
    }
    for (int i = 0; i < axes - 1; i++) {
      x = f.op(new Dft(true, false), x, Value.ABSENT, axis(f, rank - axes + i));
    }
    long last = lengths[axes - 1];
    var length = f.constant(TensorData.scalar(last));
    var real = f.op(new Dft(true, true), x, length, axis(f, rank - 1));
    n.give(0, f.squeeze(real, rank));
  }

  /// Cut, or filled with zeros, to a length.
  private static Value fitted(Formula f, Value x, int axis, long length) {
    var dim = x.shape().dim(axis);
    if (!dim.isFixed()) throw TensorflowReadNode.computed("the size of its transform's input");
    if (dim.is(length)) return x;
    if (dim.fixed() > length) return f.slice(x, axis, 0, length);
    var ends = new long[2 * x.shape().rank()];
    ends[x.shape().rank() + axis] = length - dim.fixed();
    return f.op(new Pad(Pad.Mode.CONSTANT), x, f.vector(ends));
  }
}
