package watari.engine;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A model loaded in ONNX Runtime.
final class OnnxSession implements Session {
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final List<String> taps;

  OnnxSession(OrtEnvironment environment, OrtSession session, List<String> taps) {
    this.environment = environment;
    this.session = session;
    this.taps = List.copyOf(taps);
  }

  @Override
  public List<String> taps() {
    return taps;
  }

  @Override
  public List<TensorData> run(List<Feed> inputs) throws EngineException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try (var arena = Arena.ofShared()) {
      for (var feed : inputs) {
        if (session.getInputNames().contains(feed.name())) {
          tensors.put(feed.name(), tensor(feed, arena));
        }
      }
      try (var result = session.run(tensors)) {
        var outputs = new ArrayList<TensorData>();
        for (var entry : result) outputs.add(data(entry.getKey(), entry.getValue()));
        return outputs;
      }
    } catch (OrtException e) {
      throw new EngineException("ONNX Runtime does not run it: " + e.getMessage(), e);
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(Feed feed, Arena arena) throws OrtException, EngineException {
    var data = feed.data();
    var copy = arena.allocate(Math.max(data.sizeBytes(), 1), 64);
    data.copyTo(0, data.size(), copy);
    var buffer = copy.asSlice(0, data.sizeBytes()).asByteBuffer().order(ByteOrder.nativeOrder());
    return OnnxTensor.createTensor(
        environment, buffer, data.shape().fixedDims(), javaType(data.dtype(), feed.name()));
  }

  private static TensorData data(String name, ai.onnxruntime.OnnxValue value)
      throws EngineException {
    if (!(value instanceof OnnxTensor tensor) || !(value.getInfo() instanceof TensorInfo info)) {
      throw new EngineException("output '" + name + "' is not a tensor");
    }
    var dtype = dtype(info, name);
    var shape = Shape.of(info.getShape());
    var buffer = tensor.getByteBuffer();
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return TensorData.of(dtype, shape, MemorySegment.ofArray(bytes));
  }

  private static OnnxJavaType javaType(DataType dtype, String name) throws EngineException {
    return switch (dtype) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BFLOAT16 -> OnnxJavaType.BFLOAT16;
      case INT8 -> OnnxJavaType.INT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      default ->
          throw new EngineException(
              "ONNX Runtime's Java interface takes no " + dtype + " for input '" + name + "'");
    };
  }

  private static DataType dtype(TensorInfo info, String name) throws EngineException {
    return switch (info.onnxType) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> DataType.FLOAT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> DataType.FLOAT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> DataType.FLOAT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16 -> DataType.BFLOAT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> DataType.INT8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> DataType.INT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> DataType.INT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> DataType.INT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> DataType.UINT8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> DataType.UINT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> DataType.UINT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> DataType.UINT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> DataType.BOOL;
      default ->
          throw new EngineException(
              "ONNX Runtime's Java interface gives no " + info.onnxType + " for '" + name + "'");
    };
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
