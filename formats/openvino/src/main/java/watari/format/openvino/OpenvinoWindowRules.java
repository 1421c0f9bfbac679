package watari.format.openvino;

import static watari.pass.replace.Replacement.left;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.ElementwiseOp.Unary;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// Brings windows, channels-first by now, to what IR takes: padding that is stated and adds.
final class OpenvinoWindowRules {
  private OpenvinoWindowRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("SliceBeforePointwise", Conv.class, OpenvinoWindowRules::pointwise),
        new Replacement<>("StateConvPadding", Conv.class, OpenvinoWindowRules::conv),
        new Replacement<>(
            "StateConvTransposePadding", ConvTranspose.class, OpenvinoWindowRules::transpose),
        new Replacement<>("StateMaxPoolPadding", MaxPool.class, OpenvinoWindowRules::maxPool),
        new Replacement<>(
            "StateAveragePoolPadding", AveragePool.class, OpenvinoWindowRules::averagePool),
        new Replacement<>("SplitLpPool", LpPool.class, OpenvinoWindowRules::lpPool),
        new Replacement<>("SplitIntegerConv", ConvInteger.class, OpenvinoWindowRules::integer));
  }

  // ---- convolutions

  private static Outcome conv(Conv op, Match<Conv> match, Formula f) {
    var kernel = kernel(match.input(1));
    if (kernel.isEmpty()) return left("the kernel is not known");
    var window = new Window(kernel.get(), op.strides(), op.dilations(), op.padding(), false);
    var settled = settled(window, match.input(0).shape()).padding();
    if (settled.equals(op.padding()) && !crops(settled)) return left("IR takes its padding");
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, cropped(match.input(0), settled, f));
    return match.replaceWith(op.withPadding(withoutCrops(settled)), inputs.toArray(Value[]::new));
  }

  /// OpenVINO moves the strides of a filter of one element before it, which fails where the filter
  /// is dequantized and what it filters is not: every such element is picked first.
  private static Outcome pointwise(Conv op, Match<Conv> match, Formula f) {
    var kernel = kernel(match.input(1));
    boolean isPointwise =
        kernel.isPresent()
            && kernel.get().stream().allMatch(k -> k == 1)
            && op.strides().stream().anyMatch(s -> s > 1)
            && op.padding().equals(Padding.none(op.strides().size()));
    boolean isMixed =
        !match.input(1).isConstant()
            && match.producer(0, watari.op.QuantizeOp.FakeQuantize.class).isEmpty();
    if (!isPointwise || !isMixed) return left("OpenVINO takes it");
    var x = match.input(0);
    for (int i = 0; i < op.strides().size(); i++) {
      x = f.slice(x, i + 2, 0, Long.MAX_VALUE, op.strides().get(i));
    }
    var ones = java.util.Collections.nCopies(op.strides().size(), 1);
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, x);
    return match.replaceWith(
        new Conv(ones, op.dilations(), op.padding(), op.groups(), op.layout()),
        inputs.toArray(Value[]::new));
  }

  private static Optional<List<Integer>> kernel(Value filter) {
    if (!filter.shape().isRanked()) return Optional.empty();
    var spatial = filter.shape().slice(2, filter.shape().rank());
    if (!spatial.isFixed()) return Optional.empty();
    return Optional.of(spatial.dims().stream().map(d -> (int) d.fixed()).toList());
  }

  /// Of [Padding.Same] the crop is `(kernel - 1) · dilation + 1 - stride`, whatever the dim; below
  /// 0 it is output padding. So is a negative pad at the end.
  private static Outcome transpose(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    var kernel = kernel(match.input(1));
    if (kernel.isEmpty()) return left("the kernel is not known");
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    var added = new ArrayList<Integer>();
    for (int i = 0; i < kernel.get().size(); i++) {
      int extent = (kernel.get().get(i) - 1) * op.dilations().get(i) + 1;
      switch (op.padding()) {
        case Padding.Same(boolean atEnd) -> {
          int total = Math.max(extent - op.strides().get(i), 0);
          int begin = atEnd ? total / 2 : total - total / 2;
          begins.add(begin);
          ends.add(total - begin);
          added.add(Math.max(op.strides().get(i) - extent, 0));
        }
        case Padding.Explicit(var b, var e) -> {
          begins.add(b.get(i));
          ends.add(Math.max(e.get(i), 0));
          added.add(op.outputPadding().get(i) - Math.min(e.get(i), 0));
        }
      }
    }
    var padding = new Padding.Explicit(begins, ends);
    if (padding.equals(op.padding()) && added.equals(op.outputPadding())) {
      return left("IR takes its padding");
    }
    return match.replaceWith(
        new ConvTranspose(op.strides(), op.dilations(), padding, added, op.groups(), op.layout()),
        match.node().inputs().toArray(Value[]::new));
  }

  /// Products of integers by way of floats.
  private static Outcome integer(ConvInteger op, Match<ConvInteger> match, Formula f) {
    var x = OpenvinoElementRules.shifted(match.input(0), match.input(2), false, f);
    var filter = f.cast(match.input(1), DataType.FLOAT32);
    var zero = match.input(3);
    if (zero.isPresent()) {
      var less = f.cast(zero, DataType.FLOAT32);
      var dims = new long[filter.shape().rank()];
      java.util.Arrays.fill(dims, 1);
      dims[0] = -1;
      filter = f.sub(filter, zero.shape().hasRank(0) ? less : f.reshape(less, dims));
    }
    var conv = new Conv(op.strides(), op.dilations(), op.padding(), op.groups(), op.layout());
    return match.replaceWith(f.cast(f.op(conv, x, filter), DataType.INT32));
  }

  // ---- pools

  private static Outcome maxPool(MaxPool op, Match<MaxPool> match, Formula f) {
    var window = settled(op.window(), match.input(0).shape());
    boolean hasIndices = match.node().outputs().size() > 1;
    if (window.equals(op.window()) && (hasIndices || !crops(window.padding()))) {
      return left("IR takes its window");
    }
    var x = hasIndices ? match.input(0) : cropped(match.input(0), window.padding(), f);
    var padding = hasIndices ? window.padding() : withoutCrops(window.padding());
    var pool = new MaxPool(window.withPadding(padding), op.layout(), op.columnMajor());
    var made = f.builder().add(pool, List.of(x), match.node().outputs().size(), List.of());
    return new Outcome.Replaced(List.copyOf(made.outputs()));
  }

  private static Outcome averagePool(AveragePool op, Match<AveragePool> match, Formula f) {
    boolean counts = op.countPadding() && op.window().padding() instanceof Padding.Explicit;
    var window = settled(op.window(), match.input(0).shape());
    var settled = new AveragePool(window, op.layout(), counts);
    if (settled.equals(op)) return left("IR takes its window");
    return match.replaceWith(settled, match.input(0));
  }

  /// Sums are means times the number of elements of the window.
  private static Outcome lpPool(LpPool op, Match<LpPool> match, Formula f) {
    var x = match.input(0);
    var window = settled(op.window(), x.shape());
    if (window.padding() instanceof Padding.Same) return left("its padding is not known");
    boolean isDilated = window.dilations().stream().anyMatch(d -> d != 1);
    if (isDilated || window.ceil()) return left("no mean has such a window");
    var size = f.abs(x);
    var powers = op.p() == 1 ? size : op.p() == 2 ? f.square(x) : power(size, op.p(), f);
    var mean = f.op(new AveragePool(window, op.layout(), true), powers);
    long elements =
        window.kernel().stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b);
    var sum = f.mul(mean, elements);
    if (op.p() == 1) return match.replaceWith(sum);
    return match.replaceWith(
        op.p() == 2 ? f.unary(Unary.Kind.SQRT, sum) : power(sum, 1.0 / op.p(), f));
  }

  private static Value power(Value x, double exponent, Formula f) {
    return f.binary(Binary.Kind.POW, x, f.scalar(x, exponent));
  }

  // ---- padding

  /// The window with the pads that [Padding.Same] comes to, where that can be said.
  static Window settled(Window window, Shape x) {
    if (!(window.padding() instanceof Padding.Same(boolean atEnd)) || !x.isRanked()) return window;
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      var dim = x.dim(i + 2);
      int stride = window.strides().get(i);
      if (!dim.isFixed() && stride != 1) return window;
      long extent = dim.isFixed() ? dim.fixed() : 1;
      long total =
          Padding.sameTotal(extent, window.kernel().get(i), stride, window.dilations().get(i));
      int less = (int) (total / 2);
      begins.add(atEnd ? less : (int) total - less);
      ends.add(atEnd ? (int) total - less : less);
    }
    return new Window(
        window.kernel(),
        window.strides(),
        window.dilations(),
        new Padding.Explicit(begins, ends),
        false);
  }

  static boolean crops(Padding padding) {
    return padding instanceof Padding.Explicit(var begins, var ends)
        && (begins.stream().anyMatch(x -> x < 0) || ends.stream().anyMatch(x -> x < 0));
  }

  private static Value cropped(Value x, Padding padding, Formula f) {
    var result = x;
    if (!(padding instanceof Padding.Explicit(var begins, var ends))) return x;
    for (int i = 0; i < begins.size(); i++) {
      int begin = Math.min(begins.get(i), 0);
      int end = Math.min(ends.get(i), 0);
      if (begin == 0 && end == 0) continue;
      result = f.slice(result, i + 2, -begin, end == 0 ? Long.MAX_VALUE : end);
    }
    return result;
  }

  private static Padding withoutCrops(Padding padding) {
    if (!(padding instanceof Padding.Explicit(var begins, var ends))) return padding;
    return new Padding.Explicit(
        begins.stream().map(x -> Math.max(x, 0)).toList(),
        ends.stream().map(x -> Math.max(x, 0)).toList());
  }
}
