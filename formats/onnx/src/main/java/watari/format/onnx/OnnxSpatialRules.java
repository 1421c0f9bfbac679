package watari.format.onnx;

import static watari.format.onnx.OnnxRule.left;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import watari.graph.Value;
import watari.op.ConvOp;
import watari.op.ConvOp.Conv;
import watari.op.ConvOp.ConvInteger;
import watari.op.ConvOp.ConvTranspose;
import watari.op.NormOp.Lrn;
import watari.op.Op;
import watari.op.Padding;
import watari.op.PoolOp.AveragePool;
import watari.op.PoolOp.LpPool;
import watari.op.PoolOp.MaxPool;
import watari.op.ShapeOp.DepthToSpace;
import watari.op.ShapeOp.SpaceToDepth;
import watari.op.Window;
import watari.rewrite.Match;
import watari.rewrite.Outcome;
import watari.rewrite.Rule;
import watari.tensor.Shape;

/// Brings spatial operators, channels-first by now, to what ONNX and its runtimes take.
final class OnnxSpatialRules {
  private final OnnxOpset opset;

  OnnxSpatialRules(OnnxOpset opset) {
    this.opset = opset;
  }

  List<Rule<?>> rules() {
    var rules =
        new ArrayList<Rule<?>>(
            List.of(
                new OnnxRule<>("FixConvPadding", Conv.class, OnnxSpatialRules::conv),
                new OnnxRule<>("FixConvPadding", ConvInteger.class, OnnxSpatialRules::conv),
                new OnnxRule<>(
                    "FixConvTransposePadding", ConvTranspose.class, OnnxSpatialRules::transpose),
                new OnnxRule<>("FixMaxPool", MaxPool.class, OnnxSpatialRules::maxPool),
                new OnnxRule<>("FixAveragePool", AveragePool.class, OnnxSpatialRules::averagePool),
                new OnnxRule<>("FixLpPool", LpPool.class, OnnxSpatialRules::lpPool),
                new OnnxRule<>("SplitEvenLrn", Lrn.class, OnnxSpatialRules::lrn),
                new OnnxRule<>("SplitDepthToSpace", DepthToSpace.class, this::depthToSpace),
                new OnnxRule<>("SplitSpaceToDepth", SpaceToDepth.class, this::spaceToDepth)));
    rules.addAll(new OnnxResizeRules(opset).rules());
    return rules;
  }

  // ---- convolutions

  private static Outcome conv(ConvOp op, Match<? extends ConvOp> match) {
    var kernel = kernel(match.input(1));
    if (kernel.isEmpty()) return left("the kernel is not known");
    var padding =
        fixed(op.padding(), kernel.get(), op.strides(), op.dilations(), match.input(0).shape());
    var to = new OnnxCompose(match);
    var x = match.input(0);
    if (padding.isEmpty() && !crops(op.padding())) return left("ONNX takes its padding");
    var explicit = padding.orElse(op.padding());
    if (crops(explicit)) {
      x = cropped(x, (Padding.Explicit) explicit, to);
      explicit = withoutCrops((Padding.Explicit) explicit);
    }
    var inputs = new ArrayList<>(match.node().inputs());
    inputs.set(0, x);
    var made = to.builder().add(withPadding(op, explicit), inputs);
    return to.replace(made);
  }

  private static Op withPadding(ConvOp op, Padding padding) {
    return op instanceof Conv conv
        ? conv.withPadding(padding)
        : new ConvInteger(op.strides(), op.dilations(), padding, op.groups(), op.layout());
  }

  private static Optional<List<Integer>> kernel(Value filter) {
    if (!filter.shape().isRanked()) return Optional.empty();
    var spatial = filter.shape().slice(2, filter.shape().rank());
    if (!spatial.isFixed()) return Optional.empty();
    return Optional.of(spatial.dims().stream().map(d -> (int) d.fixed()).toList());
  }

  /// The pads that [Padding.Same] comes to: it does not depend on a dim that is walked in steps of
  /// 1.
  private static Optional<Padding> fixed(
      Padding padding,
      List<Integer> kernel,
      List<Integer> strides,
      List<Integer> dilations,
      Shape x) {
    if (!(padding instanceof Padding.Same(boolean atEnd)) || !x.isRanked()) return Optional.empty();
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < kernel.size(); i++) {
      var dim = x.dim(i + 2);
      if (!dim.isFixed() && strides.get(i) != 1) return Optional.empty();
      long extent = dim.isFixed() ? dim.fixed() : 1;
      int total = (int) Padding.sameTotal(extent, kernel.get(i), strides.get(i), dilations.get(i));
      begins.add(atEnd ? total / 2 : total - total / 2);
      ends.add(atEnd ? total - total / 2 : total / 2);
    }
    return Optional.of(new Padding.Explicit(begins, ends));
  }

  static boolean crops(Padding padding) {
    return padding instanceof Padding.Explicit(var begins, var ends)
        && (begins.stream().anyMatch(x -> x < 0) || ends.stream().anyMatch(x -> x < 0));
  }

  private static Value cropped(Value x, Padding.Explicit padding, OnnxCompose to) {
    var result = x;
    for (int i = 0; i < padding.begins().size(); i++) {
      int begin = Math.min(padding.begins().get(i), 0);
      int end = Math.min(padding.ends().get(i), 0);
      if (begin == 0 && end == 0) continue;
      result = to.slice(result, i + 2, -begin, end == 0 ? Long.MAX_VALUE : end);
    }
    return result;
  }

  private static Padding.Explicit withoutCrops(Padding.Explicit padding) {
    return new Padding.Explicit(
        padding.begins().stream().map(x -> Math.max(x, 0)).toList(),
        padding.ends().stream().map(x -> Math.max(x, 0)).toList());
  }

  /// The crop of [Padding.Same] is `(kernel - 1) · dilation + 1 - stride`, whatever the dim; below
  /// 0 it is output padding. So is a negative pad at the end.
  private static Outcome transpose(ConvTranspose op, Match<ConvTranspose> match) {
    var kernel = kernel(match.input(1));
    if (kernel.isEmpty()) return left("the kernel is not known");
    var begins = new ArrayList<Integer>();
    var ends = new ArrayList<Integer>();
    var added = new ArrayList<Integer>();
    for (int i = 0; i < kernel.get().size(); i++) {
      int extent = (kernel.get().get(i) - 1) * op.dilations().get(i) + 1;
      int begin = 0;
      int end = 0;
      int more = op.padding() instanceof Padding.Same ? 0 : op.outputPadding().get(i);
      switch (op.padding()) {
        case Padding.Same(boolean atEnd) -> {
          int total = extent - op.strides().get(i);
          if (total < 0) more = -total;
          else {
            begin = atEnd ? total / 2 : total - total / 2;
            end = total - begin;
          }
        }
        case Padding.Explicit(var b, var e) -> {
          begin = b.get(i);
          end = Math.max(e.get(i), 0);
          more -= Math.min(e.get(i), 0);
        }
      }
      begins.add(begin);
      ends.add(end);
      added.add(more);
    }
    var padding = new Padding.Explicit(begins, ends);
    boolean same = padding.equals(op.padding()) && added.equals(op.outputPadding());
    if (same) return left("ONNX takes its padding");
    var to = new OnnxCompose(match);
    var fixed =
        new ConvTranspose(op.strides(), op.dilations(), padding, added, op.groups(), op.layout());
    return to.replace(to.builder().add(fixed, match.node().inputs()));
  }

  // ---- pools

  private static Outcome maxPool(MaxPool op, Match<MaxPool> match) {
    var window = settled(op.window(), match.input(0).shape(), false);
    boolean indices = match.node().outputs().size() > 1;
    if (!indices && crops(window.padding())) {
      var to = new OnnxCompose(match);
      var padding = (Padding.Explicit) window.padding();
      var x = cropped(match.input(0), padding, to);
      return pooled(
          new MaxPool(window.withPadding(withoutCrops(padding)), op.layout()), x, match, to);
    }
    if (!indices && isWide(window) && OnnxCompose.real(match.input(0)).isFloat()) {
      var to = new OnnxCompose(match);
      var x = padded(match.input(0), window, Double.NEGATIVE_INFINITY, to);
      return pooled(new MaxPool(unpadded(window), op.layout()), x, match, to);
    }
    if (window.equals(op.window())) return left("ONNX takes its window");
    var to = new OnnxCompose(match);
    return pooled(new MaxPool(window, op.layout(), op.columnMajor()), match.input(0), match, to);
  }

  private static Outcome averagePool(AveragePool op, Match<AveragePool> match) {
    boolean counts = op.countPadding() && op.window().padding() instanceof Padding.Explicit;
    var window = settled(op.window(), match.input(0).shape(), counts);
    var to = new OnnxCompose(match);
    if (isWide(window) && counts && !window.ceil()) {
      var x = padded(match.input(0), window, 0, to);
      return pooled(new AveragePool(unpadded(window), op.layout(), true), x, match, to);
    }
    var settled = new AveragePool(window, op.layout(), counts);
    if (settled.equals(op)) return left("ONNX takes its window");
    return pooled(settled, match.input(0), match, to);
  }

  private static Outcome lpPool(LpPool op, Match<LpPool> match) {
    var window = settled(op.window(), match.input(0).shape(), false);
    var to = new OnnxCompose(match);
    if (isWide(window)) {
      var x = padded(match.input(0), window, 0, to);
      return pooled(new LpPool(unpadded(window), op.layout(), op.p()), x, match, to);
    }
    if (window.equals(op.window())) return left("ONNX takes its window");
    return pooled(new LpPool(window, op.layout(), op.p()), match.input(0), match, to);
  }

  private static Outcome pooled(Op op, Value x, Match<?> match, OnnxCompose to) {
    var made = to.builder().add(op, List.of(x), match.node().outputs().size(), List.of());
    return to.replace(made.outputs());
  }

  /// The window with explicit padding; what `ceil` adds becomes padding where that counts nothing.
  private static Window settled(Window window, Shape x, boolean paddingCounts) {
    var padding =
        fixed(window.padding(), window.kernel(), window.strides(), window.dilations(), x)
            .orElse(window.padding());
    if (padding instanceof Padding.Same) return window;
    var settled =
        new Window(
            window.kernel(),
            window.strides(),
            window.dilations(),
            padding,
            window.ceil() && window.padding() instanceof Padding.Explicit);
    return settled.ceil() ? withoutCeil(settled, x, paddingCounts) : settled;
  }

  private static Window withoutCeil(Window window, Shape x, boolean paddingCounts) {
    if (!x.isRanked() || !x.slice(2, x.rank()).isFixed()) return window;
    var padding = (Padding.Explicit) window.padding();
    var ends = new ArrayList<Integer>();
    for (int i = 0; i < window.kernel().size(); i++) {
      long dim = x.dim(i + 2).fixed();
      long outputs =
          padding
              .outputDim(
                  x.dim(i + 2),
                  i,
                  window.kernel().get(i),
                  window.strides().get(i),
                  window.dilations().get(i),
                  true)
              .fixed();
      long extent = (window.kernel().get(i) - 1L) * window.dilations().get(i) + 1;
      long reach = (outputs - 1) * window.strides().get(i) + extent - padding.begins().get(i);
      int excess = (int) Math.max(reach - dim - padding.ends().get(i), 0);
      if (excess > 0 && paddingCounts) return window;
      ends.add(padding.ends().get(i) + excess);
    }
    return new Window(
        window.kernel(),
        window.strides(),
        window.dilations(),
        new Padding.Explicit(padding.begins(), ends),
        false);
  }

  /// Whether a pad is as wide as the kernel, which ONNX Runtime does not take.
  private static boolean isWide(Window window) {
    if (!(window.padding() instanceof Padding.Explicit(var begins, var ends))) return false;
    return IntStream.range(0, begins.size())
        .anyMatch(i -> Math.max(begins.get(i), ends.get(i)) >= window.kernel().get(i));
  }

  private static Window unpadded(Window window) {
    return window.withPadding(Padding.none(window.kernel().size()));
  }

  /// ONNX Runtime would fuse a Pad into the pool again, and then not take it.
  private static Value padded(Value x, Window window, double value, OnnxCompose to) {
    var padding = (Padding.Explicit) window.padding();
    var result = x;
    for (int i = 0; i < padding.begins().size(); i++) {
      var parts = new ArrayList<Value>();
      if (padding.begins().get(i) > 0)
        parts.add(edge(result, i + 2, padding.begins().get(i), value, to));
      parts.add(result);
      if (padding.ends().get(i) > 0)
        parts.add(edge(result, i + 2, padding.ends().get(i), value, to));
      result = to.concat(i + 2, parts);
    }
    return result;
  }

  private static Value edge(Value x, int axis, long width, double value, OnnxCompose to) {
    var dims = new ArrayList<Value>();
    for (int i = 0; i < x.shape().rank(); i++) {
      dims.add(i == axis ? to.vector(width) : to.dim(x, i));
    }
    return to.expand(to.scalar(x, value), to.vectors(dims));
  }

  // ---- others

  /// ONNX Runtime takes odd sizes only: else the sum of squares is an average over the channels as
  /// a spatial axis, times the size.
  private static Outcome lrn(Lrn op, Match<Lrn> match) {
    if (op.size() % 2 == 1) return left("ONNX has it");
    var x = match.input(0);
    if (!x.shape().isRanked()) return left("the rank is not known");
    var to = new OnnxCompose(match);
    var squares =
        to.reshape(to.mul(x, x), List.of(to.dim(x, 0), to.vector(1), to.dim(x, 1), to.vector(-1)));
    var before = (op.size() - 1) / 2;
    var window =
        new Window(
            List.of(op.size(), 1),
            List.of(1, 1),
            List.of(1, 1),
            new Padding.Explicit(List.of(before, 0), List.of(op.size() - 1 - before, 0)),
            false);
    var mean = to.reshape(to.op(new AveragePool(window, op.layout(), true), squares), to.shape(x));
    var sum = to.add(to.mul(mean, to.scalar(x, op.alpha())), to.scalar(x, op.bias()));
    var root = to.binary(watari.op.BinaryOp.Binary.Kind.POW, sum, to.scalar(x, op.beta()));
    return to.replace(to.div(x, root));
  }

  private boolean runs(Op op, Match<?> match) {
    var x = match.input(0);
    boolean isRanked = x.shape().isRanked();
    return !isRanked || OnnxKernels.run(op, opset.usual(), x.dtype());
  }

  /// Through `[N, b, b, C, H, W]`, or `[N, C, b, b, H, W]`.
  private Outcome depthToSpace(DepthToSpace op, Match<DepthToSpace> match) {
    if (runs(op, match)) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var x = match.input(0);
    var b = to.vector(op.block());
    var channels = scaled(to.dim(x, 1), 1, (long) op.block() * op.block(), to);
    var blocks =
        op.channelsOutermost()
            ? List.of(to.dim(x, 0), channels, b, b, to.dim(x, 2), to.dim(x, 3))
            : List.of(to.dim(x, 0), b, b, channels, to.dim(x, 2), to.dim(x, 3));
    var split = to.reshape(x, blocks);
    var moved =
        op.channelsOutermost()
            ? to.transpose(split, 0, 1, 4, 2, 5, 3)
            : to.transpose(split, 0, 3, 4, 1, 5, 2);
    var height = scaled(to.dim(x, 2), op.block(), 1, to);
    var width = scaled(to.dim(x, 3), op.block(), 1, to);
    return to.replace(to.reshape(moved, List.of(to.dim(x, 0), channels, height, width)));
  }

  /// Through `[N, C, H / b, b, W / b, b]`.
  private Outcome spaceToDepth(SpaceToDepth op, Match<SpaceToDepth> match) {
    if (runs(op, match)) return left("ONNX has it");
    var to = new OnnxCompose(match);
    var x = match.input(0);
    var b = to.vector(op.block());
    var height = scaled(to.dim(x, 2), 1, op.block(), to);
    var width = scaled(to.dim(x, 3), 1, op.block(), to);
    var blocks = List.of(to.dim(x, 0), to.dim(x, 1), height, b, width, b);
    var moved = to.transpose(to.reshape(x, blocks), 0, 3, 5, 1, 2, 4);
    var channels = scaled(to.dim(x, 1), (long) op.block() * op.block(), 1, to);
    return to.replace(to.reshape(moved, List.of(to.dim(x, 0), channels, height, width)));
  }

  private static Value scaled(Value dim, long by, long over, OnnxCompose to) {
    if (dim.isConstant()) return to.vector(dim.constant().orElseThrow().longAt(0) * by / over);
    return over == 1 ? to.mul(dim, to.vector(by)) : to.div(dim, to.vector(over));
  }
}
