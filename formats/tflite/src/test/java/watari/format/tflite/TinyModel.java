package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import watari.finding.Findings;
import watari.format.ReadOptions;
import watari.format.tflite.schema.Buffer;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.Model;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.OperatorCode;
import watari.format.tflite.schema.QuantizationParameters;
import watari.format.tflite.schema.SignatureDef;
import watari.format.tflite.schema.SubGraph;
import watari.format.tflite.schema.Tensor;
import watari.format.tflite.schema.TensorMap;
import watari.format.tflite.schema.TensorType;

/// Makes TFLite files of a few operators with the format's own classes.
final class TinyModel {
  private final FlatBufferBuilder bytes = new FlatBufferBuilder();
  private final List<Integer> buffers = new ArrayList<>();
  private final List<Integer> codes = new ArrayList<>();
  private final List<Integer> tensors = new ArrayList<>();
  private final List<Integer> operators = new ArrayList<>();
  private final List<Integer> subgraphs = new ArrayList<>();
  private final List<Integer> signatures = new ArrayList<>();

  TinyModel() {
    buffer(new byte[0]);
  }

  static byte[] floats(float... values) {
    var all = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) all.putFloat(value);
    return all.array();
  }

  static byte[] ints(int... values) {
    var all = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) all.putInt(value);
    return all.array();
  }

  private int buffer(byte[] data) {
    int offset = Buffer.createDataVector(bytes, data);
    Buffer.startBuffer(bytes);
    if (data.length > 0) Buffer.addData(bytes, offset);
    buffers.add(Buffer.endBuffer(bytes));
    return buffers.size() - 1;
  }

  /// A float32 tensor.
  int tensor(String name, int... shape) {
    return tensor(name, TensorType.FLOAT32, 0, 0, 0, shape);
  }

  int tensor(String name, byte type, int... shape) {
    return tensor(name, type, 0, 0, 0, shape);
  }

  int quantized(String name, byte type, float scale, long zeroPoint, int... shape) {
    return tensor(name, type, 0, scale, zeroPoint, shape);
  }

  int constant(String name, byte type, byte[] data, int... shape) {
    return tensor(name, type, buffer(data), 0, 0, shape);
  }

  int constant(String name, byte type, byte[] data, float scale, long zeroPoint, int... shape) {
    return tensor(name, type, buffer(data), scale, zeroPoint, shape);
  }

  /// A constant with a scale for each element along an axis.
  int constant(String name, byte type, byte[] data, float[] scales, int axis, int... shape) {
    return tensor(name, type, buffer(data), scales, new long[scales.length], axis, shape);
  }

  private int tensor(
      String name, byte type, int buffer, float scale, long zeroPoint, int... shape) {
    return tensor(name, type, buffer, new float[] {scale}, new long[] {zeroPoint}, 0, shape);
  }

  private int tensor(
      String name, byte type, int buffer, float[] scale, long[] zero, int axis, int... shape) {
    int text = bytes.createString(name);
    int dims = Tensor.createShapeVector(bytes, shape.clone());
    int scales = QuantizationParameters.createScaleVector(bytes, scale);
    int zeros = QuantizationParameters.createZeroPointVector(bytes, zero);
    QuantizationParameters.startQuantizationParameters(bytes);
    QuantizationParameters.addScale(bytes, scales);
    QuantizationParameters.addZeroPoint(bytes, zeros);
    QuantizationParameters.addQuantizedDimension(bytes, axis);
    int quantization = QuantizationParameters.endQuantizationParameters(bytes);
    int signature = signature(shape);
    Tensor.startTensor(bytes);
    Tensor.addName(bytes, text);
    Tensor.addShape(bytes, dims);
    Tensor.addType(bytes, type);
    Tensor.addBuffer(bytes, buffer);
    if (scale[0] > 0) Tensor.addQuantization(bytes, quantization);
    if (signature != 0) Tensor.addShapeSignature(bytes, signature);
    tensors.add(Tensor.endTensor(bytes));
    return tensors.size() - 1;
  }

  private int signature(int... shape) {
    for (int dim : shape)
      if (dim < 0) return Tensor.createShapeSignatureVector(bytes, shape.clone());
    return 0;
  }

  void operator(int code, List<Integer> inputs, List<Integer> outputs) {
    operator(code, (byte) 0, _ -> 0, inputs, outputs);
  }

  void operator(
      int code,
      byte optionsType,
      ToIntFunction<FlatBufferBuilder> options,
      List<Integer> inputs,
      List<Integer> outputs) {
    operator(code(code, ""), optionsType, options.applyAsInt(bytes), 0, inputs, outputs);
  }

  void custom(String name, byte[] options, List<Integer> inputs, List<Integer> outputs) {
    int vector = Operator.createCustomOptionsVector(bytes, options);
    operator(code(BuiltinOperator.CUSTOM, name), (byte) 0, 0, vector, inputs, outputs);
  }

  private int code(int code, String custom) {
    int text = bytes.createString(custom);
    OperatorCode.startOperatorCode(bytes);
    OperatorCode.addDeprecatedBuiltinCode(bytes, (byte) Math.min(code, 127));
    OperatorCode.addBuiltinCode(bytes, code);
    OperatorCode.addVersion(bytes, 1);
    if (!custom.isEmpty()) OperatorCode.addCustomCode(bytes, text);
    codes.add(OperatorCode.endOperatorCode(bytes));
    return codes.size() - 1;
  }

  private void operator(
      int code, byte type, int options, int custom, List<Integer> inputs, List<Integer> outputs) {
    int from = Operator.createInputsVector(bytes, array(inputs));
    int to = Operator.createOutputsVector(bytes, array(outputs));
    Operator.startOperator(bytes);
    Operator.addOpcodeIndex(bytes, code);
    Operator.addInputs(bytes, from);
    Operator.addOutputs(bytes, to);
    Operator.addBuiltinOptionsType(bytes, type);
    if (options != 0) Operator.addBuiltinOptions(bytes, options);
    if (custom != 0) Operator.addCustomOptions(bytes, custom);
    operators.add(Operator.endOperator(bytes));
  }

  private static int[] array(List<Integer> values) {
    return values.stream().mapToInt(Integer::intValue).toArray();
  }

  /// Ends a subgraph; the next tensor is the first one of another.
  void subgraph(List<Integer> inputs, List<Integer> outputs) {
    int all = SubGraph.createTensorsVector(bytes, array(tensors));
    int nodes = SubGraph.createOperatorsVector(bytes, array(operators));
    int from = SubGraph.createInputsVector(bytes, array(inputs));
    int to = SubGraph.createOutputsVector(bytes, array(outputs));
    SubGraph.startSubGraph(bytes);
    SubGraph.addTensors(bytes, all);
    SubGraph.addOperators(bytes, nodes);
    SubGraph.addInputs(bytes, from);
    SubGraph.addOutputs(bytes, to);
    subgraphs.add(SubGraph.endSubGraph(bytes));
    tensors.clear();
    operators.clear();
  }

  /// An entry with one input and one output.
  void signature(String key, int subgraph, String input, int from, String output, int to) {
    int inputs = SignatureDef.createInputsVector(bytes, new int[] {map(input, from)});
    int outputs = SignatureDef.createOutputsVector(bytes, new int[] {map(output, to)});
    int name = bytes.createString(key);
    SignatureDef.startSignatureDef(bytes);
    SignatureDef.addInputs(bytes, inputs);
    SignatureDef.addOutputs(bytes, outputs);
    SignatureDef.addSignatureKey(bytes, name);
    SignatureDef.addSubgraphIndex(bytes, subgraph);
    signatures.add(SignatureDef.endSignatureDef(bytes));
  }

  private int map(String name, int tensor) {
    int text = bytes.createString(name);
    return TensorMap.createTensorMap(bytes, text, tensor);
  }

  private byte[] finish() {
    int allCodes = Model.createOperatorCodesVector(bytes, array(codes));
    int allSubgraphs = Model.createSubgraphsVector(bytes, array(subgraphs));
    int allBuffers = Model.createBuffersVector(bytes, array(buffers));
    int allSignatures = Model.createSignatureDefsVector(bytes, array(signatures));
    Model.startModel(bytes);
    Model.addVersion(bytes, 3);
    Model.addOperatorCodes(bytes, allCodes);
    Model.addSubgraphs(bytes, allSubgraphs);
    Model.addBuffers(bytes, allBuffers);
    Model.addSignatureDefs(bytes, allSignatures);
    Model.finishModelBuffer(bytes, Model.endModel(bytes));
    return bytes.sizedByteArray();
  }

  /// Writes the file and reads it.
  watari.graph.Model read(Path folder, Arena arena, Findings findings) throws IOException {
    var path = folder.resolve("tiny.tflite");
    Files.write(path, finish());
    return new TfliteReader().read(path, arena, ReadOptions.DEFAULT, findings);
  }
}
