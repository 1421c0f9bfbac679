package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.Model;
import watari.format.tflite.schema.Operator;
import watari.format.tflite.schema.OperatorCode;
import watari.format.tflite.schema.QuantizationParameters;
import watari.format.tflite.schema.SignatureDef;
import watari.format.tflite.schema.SubGraph;
import watari.format.tflite.schema.Tensor;
import watari.format.tflite.schema.TensorMap;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Builds the records of a file.
final class TfliteRecords {
  private static final int VERSION = 3;

  /// Operator codes past this stand in a field of their own.
  private static final int MAX_OLD_CODE = BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES;

  private final TfliteParts parts;
  private final FlatBufferBuilder builder;

  TfliteRecords(TfliteParts parts, FlatBufferBuilder builder) {
    this.parts = parts;
    this.builder = builder;
  }

  /// The Model.
  ///
  /// @param attachments the buffer of each of the metadata's attachments that goes into the file
  int model(String description, Map<String, Integer> attachments) {
    int text = builder.createString(description);
    int subgraphs = vector(parts.subgraphs().stream().map(this::subgraph).toList());
    int codes = vector(parts.codes().stream().map(this::code).toList());
    int signatures = vector(parts.signatures().stream().map(this::signature).toList());
    var records = new ArrayList<Integer>();
    attachments.forEach((name, buffer) -> {
      int key = builder.createString(name);
      records.add(watari.format.tflite.schema.Metadata.createMetadata(builder, key, buffer));
    });
    int metadata = vector(records);
    int buffers = parts.output().buffers(builder);
    Model.startModel(builder);
    Model.addVersion(builder, VERSION);
    Model.addOperatorCodes(builder, codes);
    Model.addSubgraphs(builder, subgraphs);
    Model.addDescription(builder, text);
    Model.addBuffers(builder, buffers);
    if (!records.isEmpty()) Model.addMetadata(builder, metadata);
    Model.addSignatureDefs(builder, signatures);
    return Model.endModel(builder);
  }

  private int vector(List<Integer> offsets) {
    return builder.createVectorOfTables(offsets.stream().mapToInt(i -> i).toArray());
  }

  private static int[] array(List<Integer> values) {
    return values.stream().mapToInt(i -> i).toArray();
  }

  private int code(TfliteParts.Code code) {
    int custom = code.custom().isEmpty() ? 0 : builder.createString(code.custom());
    byte old = (byte) Math.min(code.code(), MAX_OLD_CODE);
    return OperatorCode.createOperatorCode(builder, old, custom, code.version(), code.code());
  }

  private int subgraph(TfliteSubgraph graph) {
    int tensors = vector(graph.tensors().stream().map(this::tensor).toList());
    int operators = vector(graph.operators().stream().map(this::operator).toList());
    int inputs = SubGraph.createInputsVector(builder, array(graph.inputs()));
    int outputs = SubGraph.createOutputsVector(builder, array(graph.outputs()));
    int name = builder.createString(graph.name());
    return SubGraph.createSubGraph(builder, tensors, inputs, outputs, operators, name, -1);
  }

  private int operator(TfliteSubgraph.Operator operator) {
    int inputs = Operator.createInputsVector(builder, array(operator.inputs()));
    int outputs = Operator.createOutputsVector(builder, array(operator.outputs()));
    int intermediates =
        operator.intermediates().isEmpty()
            ? 0
            : Operator.createIntermediatesVector(builder, array(operator.intermediates()));
    int options = operator.options().build().applyAsInt(builder);
    int custom =
        operator
            .customOptions()
            .map(data -> {
              return builder.createByteVector(TfliteCustomOps.bytes(data));
            })
            .orElse(0);
    Operator.startOperator(builder);
    Operator.addOpcodeIndex(builder, parts.code(operator));
    Operator.addInputs(builder, inputs);
    Operator.addOutputs(builder, outputs);
    if (operator.options().isSecond()) {
      Operator.addBuiltinOptions2Type(builder, operator.options().type());
      Operator.addBuiltinOptions2(builder, options);
    } else if (operator.options().type() != 0) {
      Operator.addBuiltinOptionsType(builder, operator.options().type());
      Operator.addBuiltinOptions(builder, options);
    }
    if (custom != 0) Operator.addCustomOptions(builder, custom);
    if (intermediates != 0) Operator.addIntermediates(builder, intermediates);
    return Operator.endOperator(builder);
  }

  private int tensor(TfliteSubgraph.Tensor tensor) {
    var shape = tensor.type().shape();
    int name = builder.createString(tensor.name());
    int dims = Tensor.createShapeVector(builder, dims(shape, 1));
    boolean isDynamic = shape.isRanked() && !shape.isFixed();
    int signature = isDynamic ? Tensor.createShapeSignatureVector(builder, dims(shape, -1)) : 0;
    int quantization = quantization(tensor.type());
    Tensor.startTensor(builder);
    Tensor.addShape(builder, dims);
    byte type =
        tensor.kind() == TfliteSubgraph.Kind.RESOURCE
            ? watari.format.tflite.schema.TensorType.RESOURCE
            : TfliteSubgraph.number(tensor.type().dtype());
    Tensor.addType(builder, type);
    Tensor.addBuffer(builder, tensor.buffer());
    Tensor.addName(builder, name);
    if (quantization != 0) Tensor.addQuantization(builder, quantization);
    if (tensor.kind() == TfliteSubgraph.Kind.VARIABLE) Tensor.addIsVariable(builder, true);
    if (isDynamic) Tensor.addShapeSignature(builder, signature);
    if (shape.isRanked()) Tensor.addHasRank(builder, true);
    return Tensor.endTensor(builder);
  }

  private static int[] dims(Shape shape, int unknown) {
    if (!shape.isRanked()) return new int[0];
    return shape.dims().stream()
        .mapToInt(dim -> dim.isFixed() ? Math.toIntExact(dim.fixed()) : unknown)
        .toArray();
  }

  private int quantization(TensorType type) {
    return switch (type.quantization()) {
      case Quantization.None _ -> 0;
      case Quantization.PerTensor(float scale, long zero) ->
          quantization(new float[] {scale}, new long[] {zero}, 0);
      case Quantization.PerAxis(int axis, var scales, var zeros) -> {
        var values = new float[scales.size()];
        for (int i = 0; i < values.length; i++) values[i] = scales.get(i);
        yield quantization(values, zeros.stream().mapToLong(i -> i).toArray(), axis);
      }
      case Quantization.Blocked(int axis, int size, var scales, var zeros) ->
          throw new IllegalStateException(
              "blocks of " + size + " along " + axis + " are legalised");
    };
  }

  private int quantization(float[] scales, long[] zeros, int axis) {
    int scale = QuantizationParameters.createScaleVector(builder, scales);
    int zero = QuantizationParameters.createZeroPointVector(builder, zeros);
    return QuantizationParameters.createQuantizationParameters(
        builder, 0, 0, scale, zero, (byte) 0, 0, axis);
  }

  private int signature(TfliteParts.Signature signature) {
    int inputs = tensorMap(signature.inputs());
    int outputs = tensorMap(signature.outputs());
    int key = builder.createString(signature.key());
    return SignatureDef.createSignatureDef(builder, inputs, outputs, key, signature.subgraph());
  }

  private int tensorMap(List<Map.Entry<String, Integer>> names) {
    var offsets = new ArrayList<Integer>();
    for (var entry : names) {
      int name = builder.createString(entry.getKey());
      offsets.add(TensorMap.createTensorMap(builder, name, entry.getValue()));
    }
    return vector(offsets);
  }
}
