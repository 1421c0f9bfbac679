package watari.format.tensorflow;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import watari.format.tensorflow.schema.AttrValue;
import watari.format.tensorflow.schema.NameAttrList;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// A node that is being written. Its name is settled when all nodes are known.
final class TensorflowStep {
  /// One tensor that a node gives.
  ///
  /// @param argument the output's name, as a function says it; empty for what a function is given
  /// @param place among the tensors of that output
  /// @param index among all tensors of the node
  /// @param dtype empty for resources and variants
  record Port(
      TensorflowStep step, String argument, int place, int index, Optional<DataType> dtype) {
    DataType type() {
      return dtype.orElseThrow();
    }
  }

  private final String op;
  private final List<Port> inputs;
  private final List<TensorflowStep> controls = new ArrayList<>();
  private final Map<String, AttrValue> attributes = new LinkedHashMap<>();
  private String hint;

  TensorflowStep(String hint, String op, List<Port> inputs) {
    this.hint = hint;
    this.op = op;
    this.inputs = List.copyOf(inputs);
  }

  String op() {
    return op;
  }

  List<Port> inputs() {
    return inputs;
  }

  List<TensorflowStep> controls() {
    return controls;
  }

  Map<String, AttrValue> attributes() {
    return attributes;
  }

  /// The name that is wanted.
  String hint() {
    return hint;
  }

  void setHint(String other) {
    hint = other;
  }

  TensorflowStep after(TensorflowStep other) {
    controls.add(other);
    return this;
  }

  // ---- attributes

  TensorflowStep set(String name, AttrValue.Builder value) {
    attributes.put(name, value.build());
    return this;
  }

  TensorflowStep set(String name, long value) {
    return set(name, AttrValue.newBuilder().setI(value));
  }

  TensorflowStep set(String name, float value) {
    return set(name, AttrValue.newBuilder().setF(value));
  }

  TensorflowStep set(String name, boolean value) {
    return set(name, AttrValue.newBuilder().setB(value));
  }

  TensorflowStep set(String name, String value) {
    return set(name, AttrValue.newBuilder().setS(ByteString.copyFromUtf8(value)));
  }

  TensorflowStep set(String name, DataType value) {
    return set(name, AttrValue.newBuilder().setType(TensorflowWriteTypes.proto(value)));
  }

  TensorflowStep set(String name, long... values) {
    var list = AttrValue.ListValue.newBuilder();
    LongStream.of(values).forEach(list::addI);
    return set(name, AttrValue.newBuilder().setList(list));
  }

  TensorflowStep set(String name, Shape value) {
    return set(name, AttrValue.newBuilder().setShape(TensorflowWriteTypes.shape(value)));
  }

  TensorflowStep setFunction(String name, String function) {
    return set(name, AttrValue.newBuilder().setFunc(NameAttrList.newBuilder().setName(function)));
  }

  TensorflowStep setTypes(String name, List<watari.format.tensorflow.schema.DataType> types) {
    var list = AttrValue.ListValue.newBuilder().addAllType(types);
    return set(name, AttrValue.newBuilder().setList(list));
  }

  // ---- outputs

  /// The first tensor of a node whose outputs are one tensor each.
  Port port() {
    return port(0);
  }

  /// The tensor of output `i` of a node whose outputs are one tensor each.
  Port port(int i) {
    var outputs = TensorflowOperators.find(op).orElseThrow().outputs();
    return new Port(this, outputs.get(i).name(), 0, i, dtype(i));
  }

  /// A tensor of a node that has one output of several tensors.
  Port part(int place, Optional<DataType> dtype) {
    var output = TensorflowOperators.find(op).orElseThrow().outputs().get(0);
    return new Port(this, output.name(), place, place, dtype);
  }

  /// What a function is given.
  Port given(Optional<DataType> dtype) {
    return new Port(this, "", 0, 0, dtype);
  }

  private Optional<DataType> dtype(int i) {
    var argument = TensorflowKernels.of(op).outputs().get(i);
    if (argument.attribute().isEmpty()) return argument.fixed();
    var set = attributes.get(argument.attribute());
    if (set == null) throw new IllegalStateException(op + " has no " + argument.attribute());
    return TensorflowTypes.dtype(set.getType());
  }

  @Override
  public String toString() {
    return hint + " = " + op + Arrays.toString(inputs.stream().map(p -> p.step().hint()).toArray());
  }
}
