package watari.format.tflite;

import watari.format.ReadTable;
import watari.format.tflite.TfliteReadOps.Entry;
import watari.op.SignalOp.ComplexPart;
import watari.op.SignalOp.ComplexPart.Part;
import watari.op.SignalOp.RealFft2d;

/// Fourier transforms and complex numbers.
final class TfliteReadSignalOps {
  private TfliteReadSignalOps() {}

  static void into(ReadTable<Entry> table) {
    table
        .on("COMPLEX_ABS", node -> node.emit(new ComplexPart(Part.ABS), node.in(0)))
        .on("IMAG", node -> node.emit(new ComplexPart(Part.IMAGINARY), node.in(0)))
        .on("REAL", node -> node.emit(new ComplexPart(Part.REAL), node.in(0)))
        .on("RFFT2D", node -> node.emit(new RealFft2d(), node.in(0), node.in(1)));
  }
}
