package watari.format.keras;

import java.util.Collections;
import java.util.List;
import watari.graph.Value;
import watari.op.ConvOp.Conv;
import watari.op.Padding;
import watari.tensor.Layout;
import watari.tensor.TensorData;

/// A step of an LSTM whose products are convolutions. Gates i, f, c, o lie along the channels.
record KerasConvCell(KerasCall call) implements KerasRecurrence.Stepper {
  @Override
  public List<Value> zeros(Value x) {
    var f = call.formula();
    var first = f.squeeze(f.slice(x, 1, 0, 1), 1);
    var shape = input(first).shape();
    var rest = shape.slice(1, shape.rank());
    int channel = call.layout().channelAxis(shape.rank()) - 1;
    var dims = rest.with(channel, watari.tensor.Dim.of(filters())).fixedDims();
    var zero = call.builder().constant(TensorData.scalar(x.dtype(), 0));
    var all = f.expand(zero, f.concat(0, f.dim(x, 0), f.vector(dims)));
    return List.of(all, all);
  }

  private int filters() {
    return call.config().integer("filters");
  }

  @Override
  public List<Value> step(Value x, List<Value> states) {
    var f = call.formula();
    var sum = f.add(input(x), recurrent(states.get(0)));
    var kept = f.mul(gate(part(sum, 1)), states.get(1));
    var cell = f.add(kept, f.mul(gate(part(sum, 0)), main(part(sum, 2))));
    return List.of(f.mul(gate(part(sum, 3)), main(cell)), cell);
  }

  private Value input(Value x) {
    var kernel = call.data("cell/kernel");
    int axes = kernel.shape().rank() - 2;
    var dilations = KerasReadConvOps.dilations(call, axes);
    var padding = KerasReadConvOps.padding(call, KerasReadConvOps.kernel(kernel, axes), dilations);
    var op = new Conv(KerasReadConvOps.strides(call, axes), dilations, padding, 1, layout());
    var bias = call.hasWeight("cell/bias") ? call.weight("cell/bias") : Value.ABSENT;
    return call.builder().add(op, x, filter("cell/kernel", kernel), bias);
  }

  private Value recurrent(Value h) {
    var kernel = call.data("cell/recurrent_kernel");
    var ones = Collections.nCopies(kernel.shape().rank() - 2, 1);
    var op = new Conv(ones, ones, new Padding.Same(true), 1, layout());
    return call.builder().add(op, h, filter("cell/recurrent_kernel", kernel));
  }

  private Layout layout() {
    return call.layout();
  }

  private Value filter(String role, TensorData kernel) {
    return call.constant(role, KerasReadConvOps.filter(kernel, layout()));
  }

  private Value part(Value sum, int gate) {
    int axis = layout().channelAxis(call.rank(sum));
    long filters = filters();
    return call.formula().slice(sum, axis, gate * filters, (gate + 1) * filters);
  }

  private Value main(Value x) {
    return KerasActivations.apply(call, call.config().get("activation"), x);
  }

  private Value gate(Value x) {
    return KerasActivations.apply(call, call.config().get("recurrent_activation"), x);
  }
}
