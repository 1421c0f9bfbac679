package watari.format.keras;

import static watari.tensor.Layout.CHANNELS_LAST;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import watari.graph.Value;
import watari.op.ConvOp;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.ShapeOp.Pad;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.Windows;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Dim;
import watari.tensor.Layout;

/// Convolutions as layers have them: padded `same` or not at all, strided or dilated.
final class KerasConvRules {
  private static final int BIAS = 2;

  private KerasConvRules() {}

  static List<Rule<?>> all() {
    return List.of(
        new Replacement<>("AddComputedBias", ConvOp.class, KerasConvRules::addBias),
        new Replacement<>("SettleConvPadding", Conv.class, KerasConvRules::pad),
        new Replacement<>("SpreadConvFilter", Conv.class, KerasConvRules::spread),
        new Replacement<>("SplitConvTranspose", ConvTranspose.class, KerasConvRules::split),
        new Replacement<>("DilateConvTranspose", ConvTranspose.class, KerasConvRules::dilate),
        new Replacement<>("CropConvTranspose", ConvTranspose.class, KerasConvRules::crop),
        new Replacement<>("WidenConvTranspose", ConvTranspose.class, KerasConvRules::widen));
  }

  private static boolean isReady(Layout layout, Match<?> match) {
    return layout == CHANNELS_LAST
        && match.input(0).shape().isRanked()
        && match.input(1).shape().isFixed();
  }

  private static List<Integer> kernel(Value filter) {
    var kernel = new ArrayList<Integer>();
    for (int i = 1; i < filter.shape().rank() - 1; i++) {
      kernel.add(Math.toIntExact(filter.shape().dim(i).fixed()));
    }
    return kernel;
  }

  private static Value made(watari.op.Op op, List<Value> inputs, Formula f) {
    return f.builder().add(op, inputs);
  }

  private static List<Value> inputs(Match<?> match, int i, Value other) {
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(i, other);
    return inputs;
  }

  // ---- convolutions

  /// A bias that is no constant is added behind.
  private static Outcome addBias(ConvOp op, Match<ConvOp> match, Formula f) {
    boolean isBiased = op instanceof Conv || op instanceof ConvTranspose;
    var bias = match.input(BIAS);
    if (!isBiased || !bias.isPresent() || bias.isConstant() || op.layout() != CHANNELS_LAST) {
      return Replacement.left("it has no computed bias");
    }
    var product = made(op, match.node().inputs().subList(0, BIAS), f);
    return match.replaceWith(f.add(product, bias));
  }

  private static Outcome pad(Conv op, Match<Conv> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    if (KerasWindows.isSettled(op.padding())) return Replacement.left("its padding is Keras'");
    var x = match.input(0);
    var window =
        new Window(kernel(match.input(1)), op.strides(), op.dilations(), op.padding(), false);
    var pads = Windows.explicit(window, x);
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    if (Windows.isSame(window, pads.get(), x)) {
      var same = op.withPadding(new Padding.Same(true));
      return match.replaceWith(made(same, match.node().inputs(), f));
    }
    var padded = KerasWindows.padded(x, pads.get(), Value.ABSENT, f);
    var valid = op.withPadding(Padding.none(Windows.axes(x)));
    return match.replaceWith(made(valid, inputs(match, 0, padded), f));
  }

  /// Keras has either strides or dilations: zeros between the filter's elements dilate, too.
  private static Outcome spread(Conv op, Match<Conv> match, Formula f) {
    boolean applies =
        isReady(op.layout(), match)
            && op.strides().stream().anyMatch(s -> s > 1)
            && op.dilations().stream().anyMatch(d -> d > 1);
    if (!applies) return Replacement.left("it is not both strided and dilated");
    var filter = spread(match.input(1), op.dilations(), f);
    var ones = Windows.ones(op.strides().size());
    var dense = new Conv(op.strides(), ones, op.padding(), op.groups(), op.layout());
    return match.replaceWith(made(dense, inputs(match, 1, filter), f));
  }

  private static Value spread(Value filter, List<Integer> dilations, Formula f) {
    var wide = filter;
    for (int i = 0; i < dilations.size(); i++) wide = spread(wide, i + 1, dilations.get(i), f);
    return wide;
  }

  private static Value spread(Value filter, int axis, int dilation, Formula f) {
    if (dilation == 1) return filter;
    var shape = filter.shape();
    long before = shape.product(0, axis).fixed();
    long count = shape.dim(axis).fixed();
    long behind = shape.product(axis + 1, shape.rank()).fixed();
    var flat = f.reshape(filter, before, count, 1, behind);
    var zeros = f.vector(0, 0, 0, 0, 0, 0, dilation - 1L, 0);
    var wide = f.op(new Pad(Pad.Mode.CONSTANT), flat, zeros);
    var all = f.reshape(wide, shape.with(axis, Dim.of(count * dilation)));
    return f.slice(all, axis, 0, (count - 1) * dilation + 1);
  }

  // ---- transposed

  private static ConvTranspose with(ConvTranspose op, int groups, List<Integer> dilations) {
    return new ConvTranspose(
        op.strides(), dilations, op.padding(), op.outputPadding(), groups, op.layout());
  }

  private static Outcome split(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || op.groups() == 1) {
      return Replacement.left("it has one group");
    }
    var x = match.input(0);
    int last = x.shape().rank() - 1;
    long inputs = match.input(1).shape().dim(0).fixed() / op.groups();
    long outputs = match.input(1).shape().dim(-1).fixed();
    var parts = new ArrayList<Value>();
    for (int g = 0; g < op.groups(); g++) {
      var part = new ArrayList<Value>();
      part.add(f.slice(x, last, g * inputs, (g + 1) * inputs));
      part.add(f.slice(match.input(1), 0, g * inputs, (g + 1) * inputs));
      if (match.input(BIAS).isPresent()) {
        part.add(f.slice(match.input(BIAS), 0, g * outputs, (g + 1) * outputs));
      }
      parts.add(made(with(op, 1, op.dilations()), part, f));
    }
    return match.replaceWith(f.concat(last, parts));
  }

  private static Outcome dilate(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || op.dilations().stream().allMatch(d -> d == 1)) {
      return Replacement.left("it is not dilated");
    }
    if (!(op.padding() instanceof Explicit)) return Replacement.left("its pads are not explicit");
    var filter = spread(match.input(1), op.dilations(), f);
    var dense = with(op, op.groups(), Windows.ones(op.dilations().size()));
    return match.replaceWith(made(dense, inputs(match, 1, filter), f));
  }

  /// All that the filter reaches, then what is to stay of it. What is added is zero but for the
  /// bias.
  private static Outcome crop(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || !(op.padding() instanceof Explicit pads)) {
      return Replacement.left("it has no explicit pads");
    }
    int axes = Windows.axes(match.input(0));
    var begins = pads.begins().stream().map(b -> -b).toList();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < axes; i++) ends.add(op.outputPadding().get(i) - pads.ends().get(i));
    var change = new Explicit(begins, ends);
    if (change.isZero()) return Replacement.left("all of it stays");
    var whole =
        new ConvTranspose(
            op.strides(),
            op.dilations(),
            Padding.none(axes),
            Collections.nCopies(axes, 0),
            op.groups(),
            op.layout());
    var same = same(op, change, match);
    if (same) return match.replaceWith(made(same(op, axes), match.node().inputs(), f));
    var inputs = new ArrayList<>(match.node().inputs());
    boolean adds = begins.stream().anyMatch(b -> b > 0) || ends.stream().anyMatch(e -> e > 0);
    boolean biasLast = adds && match.input(BIAS).isPresent();
    if (biasLast) inputs.remove(BIAS);
    var result = KerasWindows.padded(made(whole, inputs, f), change, Value.ABSENT, f);
    return match.replaceWith(biasLast ? f.add(result, match.input(BIAS)) : result);
  }

  private static ConvTranspose same(ConvTranspose op, int axes) {
    return new ConvTranspose(
        op.strides(),
        op.dilations(),
        new Padding.Same(true),
        Collections.nCopies(axes, 0),
        op.groups(),
        op.layout());
  }

  /// Whether what stays of `(dim - 1) · stride + kernel` is the middle, `dim · stride`.
  private static boolean same(ConvTranspose op, Explicit change, Match<?> match) {
    if (op.dilations().stream().anyMatch(d -> d != 1) || op.groups() != 1) return false;
    for (int i = 0; i < change.begins().size(); i++) {
      long kernel = match.input(1).shape().dim(i + 1).fixed();
      int begin = -change.begins().get(i);
      long total = kernel - op.strides().get(i);
      if (total < 0 || begin != total / 2 || begin - change.ends().get(i) != total) return false;
    }
    return true;
  }

  /// Layers give `dim · stride` at least: a filter that is shorter than the stride gets zeros,
  /// which are cut off again.
  private static Outcome widen(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    boolean isPlain =
        op.padding() instanceof Explicit pads
            && pads.isZero()
            && op.groups() == 1
            && op.dilations().stream().allMatch(d -> d == 1)
            && op.outputPadding().stream().allMatch(p -> p == 0);
    if (!isPlain) return Replacement.left("it is not plain yet");
    var filter = match.input(1);
    int rank = filter.shape().rank();
    var edges = new long[2 * rank];
    var cut = new ArrayList<Integer>();
    for (int i = 0; i < rank - 2; i++) {
      long missing = Math.max(0, op.strides().get(i) - filter.shape().dim(i + 1).fixed());
      edges[rank + i + 1] = missing;
      cut.add((int) -missing);
    }
    if (cut.stream().allMatch(n -> n == 0)) return Replacement.left("its filter is long enough");
    var wide = f.op(new Pad(Pad.Mode.CONSTANT), filter, f.vector(edges));
    var made = made(op, inputs(match, 1, wide), f);
    var kept = new Explicit(Collections.nCopies(rank - 2, 0), cut);
    return match.replaceWith(KerasWindows.padded(made, kept, Value.ABSENT, f));
  }
}
