package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import watari.graph.GraphBuilder;
import watari.graph.Value;
import watari.op.ShapeOp.Slice;
import watari.op.ShapeOp.Squeeze;
import watari.op.ShapeOp.Unsqueeze;

/// TensorFlow's `strided_slice`, with its bit masks: begin, end, ellipsis, new axis, shrink axis.
///
/// Source: the documentation of `tf.strided_slice`.
final class TensorflowSlice {
  private final List<Long> begins;
  private final List<Long> ends;
  private final List<Long> strides;
  private final List<Long> masks;

  private final List<Long> starts = new ArrayList<>();
  private final List<Long> stops = new ArrayList<>();
  private final List<Long> axes = new ArrayList<>();
  private final List<Long> steps = new ArrayList<>();
  private final List<Long> shrunk = new ArrayList<>();
  private final List<Long> added = new ArrayList<>();

  /// @param bounds begins, ends and strides
  TensorflowSlice(List<List<Long>> bounds, List<Long> masks) {
    begins = bounds.get(0);
    ends = bounds.get(1);
    strides = bounds.get(2);
    this.masks = masks;
    if (begins.size() != ends.size() || begins.size() != strides.size()) {
      throw new IllegalArgumentException("begins, ends and strides are not of one length");
    }
    if (masks.size() != 5) throw new IllegalArgumentException("there are five masks");
  }

  Value of(Value x, GraphBuilder build) {
    int rank = x.shape().rank();
    int axis = 0;
    int kept = 0; // axes of the result, without those that shrink
    for (int i = 0; i < begins.size(); i++) {
      if (has(2, i)) {
        int rest = rank - axis - consuming(i + 1);
        axis += rest;
        kept += rest;
      } else if (has(3, i)) {
        added.add((long) kept++);
      } else {
        cut(axis, i);
        if (has(4, i)) shrunk.add((long) axis);
        else kept++;
        axis++;
      }
    }
    if (axis > rank) {
      throw new IllegalArgumentException("%d axes are sliced, it has %d".formatted(axis, rank));
    }
    var sliced =
        axes.isEmpty()
            ? x
            : build.add(
                new Slice(),
                x,
                build.vector(starts),
                build.vector(stops),
                build.vector(axes),
                build.vector(steps));
    var squeezed =
        shrunk.isEmpty() ? sliced : build.add(new Squeeze(), sliced, build.vector(shrunk));
    return added.isEmpty() ? squeezed : build.add(new Unsqueeze(), squeezed, build.vector(added));
  }

  private boolean has(int mask, int bit) {
    return (masks.get(mask) >> bit & 1) == 1;
  }

  /// How many axes the entries from one on take.
  private int consuming(int from) {
    int count = 0;
    for (int i = from; i < begins.size(); i++) if (!has(3, i)) count++;
    return count;
  }

  private void cut(int axis, int i) {
    long step = has(4, i) ? 1 : strides.get(i);
    if (step == 0) throw new IllegalArgumentException("a stride is 0");
    long start = has(0, i) && !has(4, i) ? step > 0 ? 0 : Integer.MAX_VALUE : begins.get(i);
    long stop = has(1, i) ? step > 0 ? Integer.MAX_VALUE : Long.MIN_VALUE : ends.get(i);
    if (has(4, i)) stop = start == -1 ? Integer.MAX_VALUE : start + 1;
    starts.add(start);
    stops.add(stop);
    axes.add((long) axis);
    steps.add(step);
  }
}
