package watari.format.openvino;

import java.util.ArrayList;
import java.util.List;
import watari.format.ReadTable;
import watari.graph.Value;
import watari.op.ShapeOp.Pad;
import watari.op.SignalOp.Dft;
import watari.op.SignalOp.Stft;
import watari.tensor.DataType;

/// Fourier transforms.
final class OpenvinoReadSignalOps {
  private OpenvinoReadSignalOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("DFT", 7, n -> n.give(0, complex(n, n.in(0), false)))
        .on("IDFT", 7, n -> n.give(0, complex(n, n.in(0), true)))
        .on("RDFT", 9, OpenvinoReadSignalOps::ofReal)
        .on("IRDFT", 9, OpenvinoReadSignalOps::toReal)
        .on("STFT", 15, OpenvinoReadSignalOps::stft);
  }

  /// The axes of numbers; complex ones have an axis for their two parts behind these.
  private static List<Integer> axes(OpenvinoReadNode n, int rank) {
    var axes = new ArrayList<Integer>();
    for (long axis : n.integers(1, "its axes")) axes.add(n.axis(axis, rank));
    return axes;
  }

  /// The size of the signal along the `i`-th axis, absent where it stays.
  private static Value size(OpenvinoReadNode n, int i) {
    if (!n.has(2)) return Value.ABSENT;
    long size = n.integers(2, "its signal size")[i];
    return size == -1 ? Value.ABSENT : n.builder().scalar(size);
  }

  private static Value transform(OpenvinoReadNode n, Dft op, Value x, int axis, Value size) {
    return n.builder().add(op, List.of(x, size, n.builder().scalar(axis)));
  }

  private static Value complex(OpenvinoReadNode n, Value x, boolean inverse) {
    var axes = axes(n, n.rank(0) - 1);
    for (int i = 0; i < axes.size(); i++) {
      x = transform(n, new Dft(inverse, false), x, axes.get(i), size(n, i));
    }
    return x;
  }

  /// The last axis of real numbers keeps half its bins.
  private static void ofReal(OpenvinoReadNode n) {
    var axes = axes(n, n.rank(0));
    int last = axes.size() - 1;
    var x = n.formula().unsqueeze(n.in(0), -1);
    x = transform(n, new Dft(false, true), x, axes.get(last), size(n, last));
    for (int i = 0; i < last; i++) {
      x = transform(n, new Dft(false, false), x, axes.get(i), size(n, i));
    }
    n.give(0, x);
  }

  private static void toReal(OpenvinoReadNode n) {
    var axes = axes(n, n.rank(0) - 1);
    int last = axes.size() - 1;
    var x = n.in(0);
    for (int i = 0; i < last; i++) {
      x = transform(n, new Dft(true, false), x, axes.get(i), size(n, i));
    }
    x = transform(n, new Dft(true, true), x, axes.get(last), size(n, last));
    n.give(0, n.formula().squeeze(x, -1));
  }

  /// A window that is shorter than a frame stands in its middle.
  private static void stft(OpenvinoReadNode n) {
    var f = n.formula();
    long frame = n.integers(2, "its frame size")[0];
    long step = n.integers(3, "its frame step")[0];
    var window = n.in(1);
    long missing = frame - n.length(window, "its window");
    if (missing > 0) {
      var pads = f.vector(missing / 2, missing - missing / 2);
      window = f.op(new Pad(Pad.Mode.CONSTANT), window, pads);
    }
    boolean isBatch = n.rank(0) == 2;
    var signal = isBatch ? n.in(0) : f.unsqueeze(n.in(0), 0);
    var frames =
        n.builder()
            .add(
                new Stft(true),
                List.of(
                    f.unsqueeze(signal, -1),
                    n.builder().scalar(step),
                    window,
                    f.cast(n.builder().scalar(frame), DataType.INT64)));
    if (n.flag("transpose_frames", false)) frames = f.transpose(frames, 0, 2, 1, 3);
    n.give(0, isBatch ? frames : f.squeeze(frames, 0));
  }
}
