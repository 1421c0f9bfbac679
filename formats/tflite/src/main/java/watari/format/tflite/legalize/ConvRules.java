package watari.format.tflite.legalize;

import java.util.ArrayList;
import java.util.List;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvTranspose;
import watari.op.Padding;
import watari.op.Padding.Explicit;
import watari.op.Padding.Same;
import watari.op.ShapeOp.Pad;
import watari.op.ShapeOp.Squeeze;
import watari.op.Window;
import watari.pass.replace.Formula;
import watari.pass.replace.Replacement;
import watari.pass.replace.SmallRule;
import watari.pass.replace.Windows;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Dim;
import watari.tensor.Layout;

/// Convolutions as TFLite has them: of two or three spatial axes, padded by SAME or not at all.
final class ConvRules {
  private ConvRules() {}

  /// Rules that keep the quantization of their operands.
  static List<Rule<?>> all() {
    return List.of(
        new SmallRule<>("RaiseConv1D", Conv.class, ConvRules::raise),
        new SmallRule<>("SplitConv3DGroups", Conv.class, ConvRules::splitGroups),
        new SmallRule<>("PadBeforeConv", Conv.class, ConvRules::pad),
        new SmallRule<>("RaiseConvTranspose1D", ConvTranspose.class, ConvRules::raiseTranspose),
        new SmallRule<>("SplitConvTransposeGroups", ConvTranspose.class, ConvRules::splitTranspose),
        new SmallRule<>("DilateConvTransposeFilter", ConvTranspose.class, ConvRules::dilate),
        new SmallRule<>("CropConvTranspose", ConvTranspose.class, ConvRules::crop));
  }

  private static boolean isReady(Layout layout, Match<?> match) {
    return layout == Layout.CHANNELS_LAST
        && match.input(0).shape().isRanked()
        && match.input(1).shape().isFixed();
  }

  private static Outcome raise(Conv op, Match<Conv> match, Formula f) {
    if (!isReady(op.layout(), match) || Windows.axes(match.input(0)) != 1) {
      return Replacement.left("it is not of one spatial axis");
    }
    var raised =
        new Conv(
            Spatial.withHeight(op.strides(), 1),
            Spatial.withHeight(op.dilations(), 1),
            Spatial.withHeight(op.padding()),
            op.groups(),
            op.layout());
    return lowered(f.builder().add(raised, inputs(match, f)), match, f);
  }

  private static List<Value> inputs(Match<?> match, Formula f) {
    var inputs = new ArrayList<Value>();
    inputs.add(Spatial.withHeight(match.input(0), f));
    inputs.add(Spatial.withHeight(match.input(1), f));
    for (int i = 2; i < match.node().inputs().size(); i++) inputs.add(match.input(i));
    return inputs;
  }

  /// Takes the height away again; the output is quantized as the root's was.
  private static Outcome lowered(Value made, Match<?> match, Formula f) {
    Match.carryQuantization(made, match.output().type());
    var result = f.op(new Squeeze(), made, f.vector(1));
    Match.carryQuantization(result, match.output().type());
    return match.replaceWith(result);
  }

  private static Window window(Conv op, Match<?> match) {
    var kernel = new ArrayList<Integer>();
    for (int i = 0; i < Windows.axes(match.input(0)); i++) {
      kernel.add(Math.toIntExact(match.input(1).shape().dim(i + 1).fixed()));
    }
    return new Window(kernel, op.strides(), op.dilations(), op.padding(), false);
  }

  private static Outcome pad(Conv op, Match<Conv> match, Formula f) {
    if (!isReady(op.layout(), match)) return Replacement.left("layouts are not assigned");
    if (op.padding() instanceof Same(boolean atEnd) && atEnd) return Replacement.left("it is SAME");
    var x = match.input(0);
    var window = window(op, match);
    var pads = Spatial.explicit(window, x);
    if (pads.isEmpty()) return Replacement.left("the spatial dims are not fixed");
    if (pads.get().isZero()) {
      if (op.padding() instanceof Explicit) return Replacement.left("it is VALID");
      return replace(op.withPadding(pads.get()), x, match, f);
    }
    if (Spatial.isSame(window, pads.get(), x)) {
      return replace(op.withPadding(new Same(true)), x, match, f);
    }
    var padded = Spatial.padded(x, pads.get(), Value.ABSENT, f);
    return replace(op.withPadding(Padding.none(Windows.axes(x))), padded, match, f);
  }

  private static Outcome replace(Conv op, Value x, Match<Conv> match, Formula f) {
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, x);
    var made = f.builder().add(op, inputs);
    Match.carryQuantization(made, match.output().type());
    return match.replaceWith(made);
  }

  private static Outcome splitGroups(Conv op, Match<Conv> match, Formula f) {
    boolean applies =
        isReady(op.layout(), match) && Windows.axes(match.input(0)) == 3 && op.groups() > 1;
    if (!applies) return Replacement.left("it has one group");
    var x = match.input(0);
    int last = x.shape().rank() - 1;
    long inputs = match.input(1).shape().dim(-1).fixed();
    long outputs = match.input(1).shape().dim(0).fixed() / op.groups();
    var single = new Conv(op.strides(), op.dilations(), op.padding(), 1, op.layout());
    var parts = new ArrayList<Value>();
    for (int g = 0; g < op.groups(); g++) {
      var part = new ArrayList<Value>();
      part.add(f.slice(x, last, g * inputs, (g + 1) * inputs));
      part.add(f.slice(match.input(1), 0, g * outputs, (g + 1) * outputs));
      if (match.input(2).isPresent()) {
        part.add(f.slice(match.input(2), 0, g * outputs, (g + 1) * outputs));
      }
      parts.add(f.builder().add(single, part));
    }
    return match.replaceWith(f.concat(last, parts));
  }

  private static Outcome raiseTranspose(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || Windows.axes(match.input(0)) != 1) {
      return Replacement.left("it is not of one spatial axis");
    }
    var raised =
        new ConvTranspose(
            Spatial.withHeight(op.strides(), 1),
            Spatial.withHeight(op.dilations(), 1),
            Spatial.withHeight(op.padding()),
            Spatial.withHeight(op.outputPadding(), 0),
            op.groups(),
            op.layout());
    return lowered(f.builder().add(raised, inputs(match, f)), match, f);
  }

  private static Outcome splitTranspose(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || op.groups() == 1) {
      return Replacement.left("it has one group");
    }
    var x = match.input(0);
    int last = x.shape().rank() - 1;
    long inputs = match.input(1).shape().dim(0).fixed() / op.groups();
    long outputs = match.input(1).shape().dim(-1).fixed();
    var single =
        new ConvTranspose(
            op.strides(), op.dilations(), op.padding(), op.outputPadding(), 1, op.layout());
    var parts = new ArrayList<Value>();
    for (int g = 0; g < op.groups(); g++) {
      var part = new ArrayList<Value>();
      part.add(f.slice(x, last, g * inputs, (g + 1) * inputs));
      part.add(f.slice(match.input(1), 0, g * inputs, (g + 1) * inputs));
      if (match.input(2).isPresent()) {
        part.add(f.slice(match.input(2), 0, g * outputs, (g + 1) * outputs));
      }
      parts.add(f.builder().add(single, part));
    }
    return match.replaceWith(f.concat(last, parts));
  }

  /// Puts zeros between the filter's elements.
  private static Outcome dilate(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || op.dilations().stream().allMatch(d -> d == 1)) {
      return Replacement.left("it is not dilated");
    }
    var filter = match.input(1);
    for (int i = 0; i < op.dilations().size(); i++) {
      filter = spread(filter, i + 1, op.dilations().get(i), f);
    }
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(1, filter);
    var dense =
        new ConvTranspose(
            op.strides(),
            Windows.ones(op.dilations().size()),
            op.padding(),
            op.outputPadding(),
            op.groups(),
            op.layout());
    var made = f.builder().add(dense, inputs);
    return match.replaceWith(made);
  }

  private static Value spread(Value filter, int axis, int dilation, Formula f) {
    if (dilation == 1) return filter;
    var shape = filter.shape();
    long before = shape.product(0, axis).fixed();
    long kernel = shape.dim(axis).fixed();
    long behind = shape.product(axis + 1, shape.rank()).fixed();
    var flat = f.reshape(filter, before, kernel, 1, behind);
    var wide = f.op(new Pad(Pad.Mode.CONSTANT), flat, f.vector(0, 0, 0, 0, 0, 0, dilation - 1L, 0));
    var spread = f.reshape(wide, shape.with(axis, Dim.of(kernel * dilation)));
    return f.slice(spread, axis, 0, (kernel - 1) * dilation + 1);
  }

  /// TRANSPOSE_CONV gives all that the filter reaches, or the middle of it (SAME): the rest is
  /// sliced off or added.
  private static Outcome crop(ConvTranspose op, Match<ConvTranspose> match, Formula f) {
    if (!isReady(op.layout(), match) || !(op.padding() instanceof Explicit pads)) {
      return Replacement.left("it has no explicit pads");
    }
    var x = match.input(0);
    int axes = Windows.axes(x);
    var begins = pads.begins();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < axes; i++) ends.add(pads.ends().get(i) - op.outputPadding().get(i));
    var cropped = new Explicit(begins, ends);
    boolean padsNothing = op.outputPadding().stream().allMatch(p -> p == 0);
    if (cropped.isZero() && padsNothing) return Replacement.left("it is VALID");
    if (axes == 2 && isSame(op, cropped, match)) {
      return replaced(with(op, new Same(true), axes), match.node().inputs(), match, f);
    }
    var whole = with(op, Padding.none(axes), axes);
    boolean onlyCrops =
        begins.stream().allMatch(b -> b >= 0) && ends.stream().allMatch(e -> e >= 0);
    var inputs = new ArrayList<>(match.node().inputs());
    boolean biasLast = !onlyCrops && match.input(2).isPresent();
    if (biasLast) inputs.remove(2);
    if (!onlyCrops && match.output().type().isQuantized()) {
      return Replacement.left("a quantized one adds elements");
    }
    var full = f.builder().add(whole, inputs);
    Match.carryQuantization(full, match.output().type());
    var cut =
        new Explicit(begins.stream().map(b -> -b).toList(), ends.stream().map(e -> -e).toList());
    var result = Spatial.padded(full, cut, Value.ABSENT, f);
    return match.replaceWith(biasLast ? f.add(result, match.input(2)) : result);
  }

  private static ConvTranspose with(ConvTranspose op, Padding padding, int axes) {
    return new ConvTranspose(
        op.strides(),
        op.dilations(),
        padding,
        java.util.Collections.nCopies(axes, 0),
        op.groups(),
        op.layout());
  }

  private static boolean isSame(ConvTranspose op, Explicit cropped, Match<?> match) {
    for (int i = 0; i < cropped.begins().size(); i++) {
      // What stays of (dim - 1) · stride + kernel is dim · stride.
      long kernel = match.input(1).shape().dim(i + 1).fixed();
      int total = cropped.begins().get(i) + cropped.ends().get(i);
      if (total != kernel - op.strides().get(i) || total < 0) return false;
      if (cropped.begins().get(i) != total / 2) return false;
    }
    return true;
  }

  private static Outcome replaced(ConvTranspose op, List<Value> inputs, Match<?> match, Formula f) {
    var made = f.builder().add(op, inputs);
    Match.carryQuantization(made, match.output().type());
    return match.replaceWith(made);
  }
}
