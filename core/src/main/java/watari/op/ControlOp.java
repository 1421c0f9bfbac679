package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Control flow and state. The bodies hang on the node and are closed: what they use from outside
/// is an input of the node and a parameter of the body.
public sealed interface ControlOp extends Op {
  /// One of two bodies: 0 where the condition holds, 1 where not.
  ///
  /// Inputs: `condition` (one bool), then what the bodies use; both bodies have all of these as
  /// parameters. Outputs: those of the body.
  record If() implements ControlOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var then = in.bodyOutputs(0);
      var otherwise = in.bodyOutputs(1);
      if (then.size() != otherwise.size()) {
        throw new IllegalArgumentException(
            "the branches have " + then.size() + " and " + otherwise.size() + " outputs");
      }
      var types = new ArrayList<TensorType>();
      for (int i = 0; i < then.size(); i++) {
        var shape = common(then.get(i).shape(), otherwise.get(i).shape(), in);
        types.add(new TensorType(then.get(i).dtype(), shape));
      }
      return types;
    }
  }

  /// What two shapes have in common.
  private static Shape common(Shape a, Shape b, InferContext in) {
    if (a.equals(b)) return a;
    if (!a.isRanked() || !b.isRanked() || a.rank() != b.rank()) return Shape.UNKNOWN;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < a.rank(); i++) {
      dims.add(a.dim(i).equals(b.dim(i)) ? a.dim(i) : in.unknown());
    }
    return Shape.of(dims);
  }

  /// Repeats its body.
  ///
  /// Inputs: `trips` (one int64, optional), `condition` (one bool, optional), `carried` initial
  /// values, then what the body uses. Body parameters: the iteration (int64 scalar), the condition
  /// (bool scalar), the carried values, what it uses. Body outputs: the condition to go on, the
  /// carried values, then `scans` values of which each iteration's are stacked along a new first
  /// axis. Outputs: the last carried values, the stacks.
  ///
  /// The trip count and condition are tested before each iteration. Source: ONNX Loop-16. TFLite's
  /// WHILE has its condition computed once before the loop and at the end of the body.
  record Loop(int carried, int scans) implements ControlOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      var body = in.bodyOutputs(0);
      if (body.size() != 1 + carried + scans) {
        throw new IllegalArgumentException(
            "the body has " + body.size() + " outputs, expected " + (1 + carried + scans));
      }
      var types = new ArrayList<TensorType>();
      // After no iteration at all a carried value is what it was at first.
      for (int i = 0; i < carried; i++) {
        var last = body.get(1 + i).withoutQuantization();
        types.add(last.with(common(in.shape(2 + i), last.shape(), in)));
      }
      var trips = in.unknown();
      for (int i = 0; i < scans; i++) {
        var each = body.get(1 + carried + i);
        var shape = each.shape();
        var stacked = shape.isRanked() ? Shape.of(trips).concat(shape) : shape;
        types.add(new TensorType(each.dtype(), stacked));
      }
      return types;
    }
  }

  /// The present value of a state of the graph; no inputs.
  ///
  /// Its output is declared on the state, so the node is never inferred anew.
  record ReadState(String state, TensorType type) implements ControlOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of(type.withoutQuantization());
    }

    @Override
    public boolean isPure() {
      return false;
    }
  }

  /// Gives a state of the graph a new value. Reads that stand later in the graph see it; no output.
  record WriteState(String state) implements ControlOp {
    @Override
    public List<TensorType> infer(InferContext in) {
      return List.of();
    }

    @Override
    public boolean isPure() {
      return false;
    }
  }
}
