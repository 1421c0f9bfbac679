package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.flatbuffers.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import watari.format.tflite.schema.ActivationFunctionType;
import watari.format.tflite.schema.BuiltinOptions;
import watari.format.tflite.schema.BuiltinOptions2;
import watari.format.tflite.schema.Operator;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Inference;
import watari.graph.Node;
import watari.graph.Origin;
import watari.graph.Value;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Clip;
import watari.op.ElementwiseOp.Identity;
import watari.op.ElementwiseOp.Unary;
import watari.op.Op;
import watari.op.QuantizeOp.Convert;
import watari.op.ShapeOp.Reshape;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// An operator of the file: what the methods of the tables read from and write to.
///
/// `add` makes values between; `emit` makes the operator's outputs, named and quantized as the file
/// says.
final class TfliteNode {
  private static final Operator NO_OPTIONS = noOptions();

  private final TfliteScope scope;
  private final Operator operator;
  private final int index;
  private final String name;
  private final int version;

  TfliteNode(TfliteScope scope, Operator operator, int index, String name, int version) {
    this.scope = scope;
    this.operator = operator;
    this.index = index;
    this.name = name;
    this.version = version;
  }

  /// An operator whose table of options has all defaults.
  private static Operator noOptions() {
    var bytes = new FlatBufferBuilder(64);
    bytes.startTable(0);
    int empty = bytes.endTable();
    Operator.startOperator(bytes);
    Operator.addBuiltinOptions(bytes, empty);
    bytes.finish(Operator.endOperator(bytes));
    return Operator.getRootAsOperator(bytes.dataBuffer());
  }

  TfliteScope scope() {
    return scope;
  }

  Operator operator() {
    return operator;
  }

  int index() {
    return index;
  }

  String name() {
    return name;
  }

  int version() {
    return version;
  }

  /// Where its nodes come from.
  Origin origin() {
    var first = outputCount() == 0 ? "" : outputName(0);
    return new Origin(first, index, name + " v" + version);
  }

  GraphBuilder builder() {
    return scope.builder();
  }

  Graph graph() {
    return scope.builder().graph();
  }

  /// The operator's options; defaults where the file has none, or those of another operator.
  <T extends Table> T options(T table) {
    var wanted = table.getClass().getSimpleName();
    if (isType(BuiltinOptions.names, operator.builtinOptionsType(), wanted)) {
      if (operator.builtinOptions(table) != null) return table;
    } else if (isType(BuiltinOptions2.names, operator.builtinOptions2Type(), wanted)) {
      if (operator.builtinOptions2(table) != null) return table;
    }
    NO_OPTIONS.builtinOptions(table);
    return table;
  }

  private static boolean isType(String[] names, byte type, String wanted) {
    int at = type & 0xFF;
    return at < names.length && names[at].equalsIgnoreCase(wanted);
  }

  // ---- inputs

  int inputCount() {
    return operator.inputsLength();
  }

  int outputCount() {
    return operator.outputsLength();
  }

  /// The tensor of input `i`, or -1 where it is left out.
  int inputTensor(int i) {
    return i < inputCount() ? operator.inputs(i) : -1;
  }

  int outputTensor(int i) {
    if (i >= outputCount()) throw Unreadable.broken("output '%d' is missing".formatted(i));
    return operator.outputs(i);
  }

  boolean has(int i) {
    return inputTensor(i) >= 0;
  }

  /// Input `i`, which must be there.
  Value in(int i) {
    if (!has(i)) throw Unreadable.broken("input '%d' is missing".formatted(i));
    return scope.value(inputTensor(i));
  }

  /// Input `i`, or [Value#ABSENT].
  Value optional(int i) {
    return has(i) ? in(i) : Value.ABSENT;
  }

  List<Value> inputs() {
    var all = new ArrayList<Value>();
    for (int i = 0; i < inputCount(); i++) all.add(optional(i));
    return all;
  }

  Shape shape(int i) {
    return in(i).shape();
  }

  /// The number of axes of an input.
  int rank(int i) {
    if (!shape(i).isRanked())
      throw Unreadable.dynamic("the rank of input %d is not known".formatted(i));
    return shape(i).rank();
  }

  /// The dims of an input that must be fixed.
  long[] fixedDims(int i) {
    if (!shape(i).isFixed()) {
      throw Unreadable.dynamic("the shape %s of input %d is not fixed".formatted(shape(i), i));
    }
    return shape(i).fixedDims();
  }

  /// The elements of a constant input.
  Optional<TensorData> constant(int i) {
    return in(i).constant();
  }

  /// The integers of an input that must be known.
  long[] integers(int i, String what) {
    return known(i)
        .orElseThrow(() ->
            Unreadable.dynamic(
                "input %d (%s) is computed while the model runs".formatted(i, what)));
  }

  /// The integers of an input where they are known.
  Optional<long[]> known(int i) {
    var value = in(i);
    if (value.constant().isPresent()) {
      var data = value.constant().get();
      return data.dtype().isInteger() ? Optional.of(data.longs()) : Optional.empty();
    }
    return builder()
        .inference()
        .integers(value)
        .filter(all -> all.stream().allMatch(watari.tensor.Dim::isFixed))
        .map(all -> all.stream().mapToLong(watari.tensor.Dim::fixed).toArray());
  }

  /// The one integer of an input that must be known.
  long integer(int i, String what) {
    var all = integers(i, what);
    if (all.length != 1) {
      throw Unreadable.broken("input %d (%s) has %d elements".formatted(i, what, all.length));
    }
    return all[0];
  }

  /// An axis in `[0, rank)` of one that may be negative.
  static int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw Unreadable.broken("axis '%d' is outside of rank %d".formatted(axis, rank));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  // ---- making values between

  Value add(Op op, Value... inputs) {
    return builder().add(op, inputs);
  }

  Value constant(TensorData data) {
    return builder().constant(data);
  }

  Value vector(long... values) {
    return builder().vector(values);
  }

  Value scalar(DataType dtype, double value) {
    return constant(TensorData.scalar(dtype, value));
  }

  Value reshaped(Value value, long... dims) {
    return move(new Reshape(true), value, vector(dims));
  }

  /// Moves elements of the first input, which stay stored as they are.
  Value move(Op op, Value... inputs) {
    var moved = add(op, inputs);
    var from = inputs[0].type();
    if (from.isQuantized()) moved.setType(from.with(moved.shape()));
    return moved;
  }

  /// A number of one element as a vector of one.
  Value asVector(Value value) {
    return value.shape().hasRank(1) ? value : reshaped(value, 1);
  }

  /// An integer value as int64.
  Value int64(Value value) {
    if (value.dtype() == DataType.INT64) return value;
    if (value.constant().isPresent()) {
      return constant(value.constant().get().cast(DataType.INT64));
    }
    return add(new Cast(DataType.INT64), value);
  }

  /// The element type that a value computes in: float32 for quantized ones.
  static DataType computed(Value value) {
    return value.type().isQuantized() ? DataType.FLOAT32 : value.dtype();
  }

  /// What an activation makes of a value; the value itself without one.
  ///
  /// @param activation a constant of `ActivationFunctionType`
  Value activated(int activation, Value value) {
    return activation == ActivationFunctionType.NONE ? value : add(activation(activation), value);
  }

  static Op activation(int activation) {
    return switch (activation) {
      case ActivationFunctionType.RELU -> new Unary(Unary.Kind.RELU);
      case ActivationFunctionType.RELU_N1_TO_1 -> new Clip(-1, 1);
      case ActivationFunctionType.RELU6 -> new Clip(0, 6);
      case ActivationFunctionType.TANH -> new Unary(Unary.Kind.TANH);
      case ActivationFunctionType.NONE -> new Identity();
      default -> throw unknownActivation(activation);
    };
  }

  private static Unreadable unknownActivation(int activation) {
    boolean known = activation >= 0 && activation < ActivationFunctionType.names.length;
    var name = known ? ActivationFunctionType.names[activation] : Integer.toString(activation);
    return Unreadable.operator(
        "its fused activation is '%s', which TFLite does not compute".formatted(name),
        "export the activation as an operator of its own");
  }

  // ---- making outputs

  /// The type that the file gives output `i`.
  TensorType declared(int i) {
    return scope.tensors().type(outputTensor(i));
  }

  String outputName(int i) {
    return scope.tensors().name(outputTensor(i));
  }

  /// Makes output 0 by an operator.
  void emit(Op op, Value... inputs) {
    emit(op, Arrays.asList(inputs));
  }

  void emit(Op op, List<Value> inputs) {
    emit(0, op, inputs);
  }

  /// Makes one of the outputs by an operator with one output.
  void emit(int output, Op op, List<Value> inputs) {
    emit(List.of(output), op, inputs, List.of());
  }

  /// Makes several outputs by one operator; -1 for what the file does not have.
  List<Value> emit(List<Integer> outputs, Op op, List<Value> inputs, List<Graph> bodies) {
    var names = new ArrayList<String>();
    var types = new ArrayList<TensorType>();
    var inferred = builder().inference().infer(op, inputs, outputs.size(), bodies);
    for (int i = 0; i < outputs.size(); i++) {
      int output = outputs.get(i);
      names.add(output < 0 ? outputName(0) + "/" + op.name() : outputName(output));
      types.add(output < 0 ? inferred.get(i) : stated(output, inferred.get(i), inputs));
    }
    var node = builder().addDeclared(op, inputs, names, types, bodies);
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i) >= 0) scope.define(outputTensor(outputs.get(i)), node.output(i));
    }
    return node.outputs();
  }

  /// The declared type as far as it may be believed.
  ///
  /// Dims are believed only where the file says which of them are dynamic: old files have any
  /// number in the place of one that is. A small integer without a scale, made of quantized ones,
  /// has theirs.
  private TensorType stated(int output, TensorType inferred, List<Value> inputs) {
    var declared = declared(output);
    var shape =
        scope.tensors().hasSignature(outputTensor(output)) ? declared.shape() : Shape.UNKNOWN;
    if (!inferred.shape().isRanked() && !shape.isRanked() && declared.shape().rank() > 0) {
      shape = scope.unknownShape(outputTensor(output), declared.shape().rank());
    }
    var type = declared.with(shape);
    if (declared.isQuantized() || declared.dtype() == inferred.dtype()) return type;
    var same =
        inputs.stream()
            .map(Value::type)
            .filter(t -> t.isQuantized() && t.dtype() == declared.dtype())
            .findFirst();
    if (same.isPresent() && inferred.dtype() == DataType.FLOAT32) {
      return type.with(same.get().quantization());
    }
    throw Unreadable.broken(
        "its output is declared as '%s', but is '%s'"
            .formatted(declared.dtype(), inferred.dtype()));
  }

  /// Makes output 0 by an operator and an activation behind it.
  void emitActivated(int activation, Op op, Value... inputs) {
    if (activation == ActivationFunctionType.NONE) emit(op, inputs);
    else emit(activation(activation), add(op, inputs));
  }

  /// Lets an output be a value that is there already.
  void give(int output, Value value) {
    var declared = declared(output);
    boolean same =
        value.dtype() == declared.dtype()
            && value.type().quantization().equals(declared.quantization());
    if (same) scope.define(outputTensor(output), value);
    else if (declared.isQuantized() || value.type().isQuantized()) {
      emit(output, new Convert(declared.dtype()), List.of(value));
    } else {
      emit(output, new Cast(declared.dtype()), List.of(value));
    }
  }

  /// Makes output 0 by an operator that moves elements of `inputs[0]` without looking at them.
  void emitMoved(Op op, Value... inputs) {
    emitMoved(List.of(0), op, Arrays.asList(inputs));
  }

  /// Makes outputs by an operator that moves elements without looking at them: TFLite copies stored
  /// integers, whatever the scales say.
  void emitMoved(List<Integer> outputs, Op op, List<Value> inputs) {
    var from = inputs.get(0).type();
    if (outputs.stream().allMatch(i -> isSameGrid(from, declared(i)))) {
      emit(outputs, op, inputs, List.of());
      return;
    }
    var node = builder().add(op, inputs, outputs.size(), List.of());
    for (int i = 0; i < outputs.size(); i++) {
      var moved = node.output(i);
      if (from.isQuantized()) moved.setType(from.with(moved.shape()));
      emitStored(outputs.get(i), moved);
    }
  }

  /// Makes an output whose stored integers are those of a value.
  void emitStored(int output, Value value) {
    var declared = declared(output);
    if (isSameGrid(value.type(), declared)) {
      emit(output, new Identity(), List.of(value));
      return;
    }
    if (!declared.isQuantized()) {
      emit(output, new Cast(declared.dtype()), List.of(value));
      return;
    }
    if (!(declared.quantization() instanceof Quantization.PerTensor(float scale, long zeroPoint))) {
      throw Unreadable.operator(
          "its input and output are quantized in different ways", "export the model again");
    }
    var stored = add(new Cast(DataType.FLOAT32), value);
    var above = add(new Binary(Binary.Kind.SUB), stored, builder().scalar((float) zeroPoint));
    var real = add(new Binary(Binary.Kind.MUL), above, builder().scalar(scale));
    emit(output, new Convert(declared.dtype()), List.of(real));
  }

  /// Whether the same stored integers denote the same numbers, up to what rounding takes away.
  private static boolean isSameGrid(TensorType a, TensorType b) {
    if (!a.isQuantized() && !b.isQuantized()) return true;
    if (!b.isQuantized()) return a.dtype() == b.dtype();
    if (a.quantization() instanceof Quantization.PerTensor(float scaleA, long zeroA)
        && b.quantization() instanceof Quantization.PerTensor(float scaleB, long zeroB)) {
      double widest =
          Math.max(Math.abs(a.dtype().min() - zeroA), Math.abs(a.dtype().max() - zeroA));
      boolean close = Math.abs((double) scaleA / scaleB - 1) * widest < 0.4;
      return a.dtype() == b.dtype() && zeroA == zeroB && close;
    }
    return a.isQuantized();
  }

  /// Makes output 0 by the last of several nodes.
  Node addAll(Op op, List<Value> inputs, int outputs) {
    return builder().add(op, inputs, outputs, List.of());
  }

  Inference inference() {
    return builder().inference();
  }
}
