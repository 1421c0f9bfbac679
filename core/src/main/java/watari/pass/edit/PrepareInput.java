package watari.pass.edit;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.IndexOp.Gather;
import watari.op.Op;
import watari.op.ShapeOp.Transpose;
import watari.op.Shapes;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// `f(x)` → `f(prepare(x))`: puts what callers did to an input so far into the graph.
///
/// The input keeps its name; its type and shape become those that callers give from now on.
public final class PrepareInput implements Pass {
  /// What is done to an input.
  public sealed interface Step {
    /// Callers give the axes in another order: axis `i` of theirs is axis `perm[i]` so far.
    record Permute(List<Integer> perm) implements Step {
      public Permute {
        perm = List.copyOf(perm);
      }
    }

    /// Callers give the three channels in the other order: RGB for BGR.
    record SwapChannels(OptionalInt axis) implements Step {}

    /// Callers give numbers of another type, which become `x · scale + offset`, channel by channel.
    ///
    /// @param axis of the channels; if it is not said, axis 1 or the last one, whichever fits alone
    /// @param scales one for each channel, or one for all
    record Normalize(DataType dtype, OptionalInt axis, List<Double> scales, List<Double> offsets)
        implements Step {
      public Normalize {
        scales = List.copyOf(scales);
        offsets = List.copyOf(offsets);
      }
    }
  }

  private static final int COLOURS = 3;

  private final String input;
  private final Step step;

  public PrepareInput(String input, Step step) {
    this.input = input;
    this.step = step;
  }

  @Override
  public String name() {
    return "prepare-input";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    var names = graph.inputs().stream().map(Value::name).toList();
    var found = graph.inputs().stream().filter(each -> each.name().equals(input)).findFirst();
    if (found.isEmpty()) {
      log.add(
          Finding.error("NAME_UNKNOWN", "the model has no input '" + input + "'")
              .fix("inputs: " + String.join(", ", NearNames.of(input, names))));
      return;
    }
    if (!found.get().shape().isRanked()) {
      log.add(
          Finding.error("EDIT_IMPOSSIBLE", "the rank of input '" + input + "' is not known")
              .fix("state its shape with --input-shape"));
      return;
    }
    try {
      prepare(graph, found.get());
      log.fired(name());
    } catch (IllegalArgumentException e) {
      log.add(Finding.error("EDIT_IMPOSSIBLE", "input '%s': %s".formatted(input, e.getMessage())));
    }
  }

  private void prepare(Graph graph, Value old) {
    int position = graph.inputs().indexOf(old);
    check(old);
    var users = List.copyOf(old.uses());
    graph.rename(old, input + "_prepared");
    var given = graph.addInput(position, input, old.type());
    var build =
        GraphBuilder.at(graph, graph.firstNode(), new Inference(graph))
            .from(new Origin(input + "/prepare", -1, ""));
    var prepared =
        switch (step) {
          case Step.Permute(var perm) -> permute(given, perm, build);
          case Step.SwapChannels(var axis) -> {
            var order = build.vector(2, 1, 0);
            yield build.add(new Gather(axis(axis, COLOURS, old), 0), given, order);
          }
          case Step.Normalize normalize -> normalize(given, normalize, build);
        };
    for (var use : users) graph.setInput(use.node(), use.index(), prepared);
    for (int i = 0; i < graph.outputs().size(); i++) {
      if (graph.outputs().get(i) == old) graph.setOutput(i, prepared);
    }
    graph.removeInput(old);
  }

  private void check(Value old) {
    switch (step) {
      case Step.Permute(var perm) -> {
        var sorted = perm.stream().sorted().toList();
        var axes = IntStream.range(0, old.shape().rank()).boxed().toList();
        if (!sorted.equals(axes)) {
          throw new IllegalArgumentException(
              "%s is no order of its %d axes".formatted(perm, axes.size()));
        }
      }
      case Step.SwapChannels(var axis) -> axis(axis, COLOURS, old);
      case Step.Normalize normalize -> checkChannels(normalize, old);
    }
  }

  private static void checkChannels(Step.Normalize normalize, Value old) {
    if (!old.dtype().isFloat()) {
      throw new IllegalArgumentException(
          "it is of %s: there is nothing to scale".formatted(old.dtype()));
    }
    int many = channels(normalize);
    if (many > 1) axis(normalize.axis(), many, old);
  }

  private static int channels(Step.Normalize normalize) {
    return Math.max(normalize.scales().size(), normalize.offsets().size());
  }

  /// The axis of the channels.
  private static int axis(OptionalInt said, int channels, Value old) {
    int rank = old.shape().rank();
    var candidates =
        said.isPresent()
            ? List.of(Shapes.axis(said.getAsInt(), rank))
            : Stream.of(1, rank - 1).filter(axis -> axis > 0 && axis < rank).distinct().toList();
    var fitting = candidates.stream().filter(axis -> old.shape().dim(axis).is(channels)).toList();
    if (fitting.size() == 1) return fitting.get(0);
    throw new IllegalArgumentException(
        fitting.isEmpty()
            ? "its shape %s has no %d channels at axis %s"
                .formatted(old.shape(), channels, candidates)
            : "its shape %s may have its %d channels at axis %s: say which"
                .formatted(old.shape(), channels, candidates));
  }

  private static Value permute(Value given, List<Integer> perm, GraphBuilder build) {
    var inverse = new ArrayList<>(perm);
    for (int i = 0; i < perm.size(); i++) inverse.set(perm.get(i), i);
    var old = given.shape();
    given.setType(given.type().with(Shape.of(perm.stream().map(old::dim).toList())));
    return build.add(new Transpose(inverse), given);
  }

  private static Value normalize(Value given, Step.Normalize step, GraphBuilder build) {
    var type = given.dtype();
    given.setType(new watari.tensor.TensorType(step.dtype(), given.shape()));
    var x = step.dtype() == type ? given : build.add(new Cast(type, true), given);
    x = arithmetic(Binary.Kind.MUL, x, step.scales(), 1, step, build);
    return arithmetic(Binary.Kind.ADD, x, step.offsets(), 0, step, build);
  }

  private static Value arithmetic(
      Binary.Kind kind,
      Value x,
      List<Double> numbers,
      double neutral,
      Step.Normalize step,
      GraphBuilder build) {
    if (numbers.stream().allMatch(number -> number == neutral)) return x;
    var dims = new long[x.shape().rank()];
    java.util.Arrays.fill(dims, 1);
    if (numbers.size() > 1) dims[axis(step.axis(), numbers.size(), x)] = numbers.size();
    var shape = numbers.size() > 1 ? Shape.of(dims) : Shape.SCALAR;
    var all = numbers.stream().mapToDouble(Double::doubleValue).toArray();
    Op op = new Binary(kind);
    return build.add(op, x, build.constant(TensorData.ofDoubles(x.dtype(), shape, all)));
  }
}
