package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import watari.format.tensorflow.TensorflowStep.Port;
import watari.op.Padding;
import watari.tensor.Shape;

/// What is added before and behind spatial axes; negative where it is cut off.
record TensorflowPads(List<Integer> begins, List<Integer> ends) {
  TensorflowPads {
    begins = List.copyOf(begins);
    ends = List.copyOf(ends);
  }

  /// @param x channels last
  static TensorflowPads of(
      Padding padding,
      List<Integer> kernel,
      List<Integer> strides,
      List<Integer> dilations,
      Shape x) {
    if (padding instanceof Padding.Explicit(var begins, var ends)) {
      return new TensorflowPads(begins, ends);
    }
    boolean atEnd = ((Padding.Same) padding).atEnd();
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < kernel.size(); i++) {
      var dim = x.dim(i + 1);
      if (!dim.isFixed()) throw TensorflowRefusal.dynamic("the dims of its input are not known");
      long total = Padding.sameTotal(dim.fixed(), kernel.get(i), strides.get(i), dilations.get(i));
      int less = Math.toIntExact(total / 2);
      int more = Math.toIntExact(total - less);
      begins.add(atEnd ? less : more);
      ends.add(atEnd ? more : less);
    }
    return new TensorflowPads(begins, ends);
  }

  static TensorflowPads none(int axes) {
    return new TensorflowPads(Collections.nCopies(axes, 0), Collections.nCopies(axes, 0));
  }

  boolean isZero() {
    return Stream.concat(begins.stream(), ends.stream()).allMatch(p -> p == 0);
  }

  boolean isNegative() {
    return Stream.concat(begins.stream(), ends.stream()).anyMatch(p -> p < 0);
  }

  boolean isPositive() {
    return Stream.concat(begins.stream(), ends.stream()).anyMatch(p -> p > 0);
  }

  /// What is added to each of all axes, begin and end of each.
  ///
  /// @param added spatial axes that come before those that are padded
  long[] all(int rank, int added) {
    var all = new long[2 * rank];
    for (int i = 0; i < begins.size(); i++) {
      all[2 * (i + 1 + added)] = Math.max(0, begins.get(i));
      all[2 * (i + 1 + added) + 1] = Math.max(0, ends.get(i));
    }
    return all;
  }

  /// `x` without what is cut off.
  Port cropped(Port x, int rank, int added, TensorflowScope out) {
    var from = new long[rank];
    var to = new long[rank];
    var steps = new long[rank];
    java.util.Arrays.fill(steps, 1);
    long whole = (1L << rank) - 1;
    for (int i = 0; i < begins.size(); i++) {
      int axis = i + 1 + added;
      from[axis] = Math.max(0, -begins.get(i));
      to[axis] = Math.min(0, ends.get(i));
      if (to[axis] < 0) whole &= ~(1L << axis);
    }
    long mask = whole;
    return out.op(
        "StridedSlice",
        step -> step.set("end_mask", mask),
        x,
        out.ints(from),
        out.ints(to),
        out.ints(steps));
  }
}
