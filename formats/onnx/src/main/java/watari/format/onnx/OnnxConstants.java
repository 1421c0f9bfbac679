package watari.format.onnx;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.format.onnx.schema.TensorProto;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// The initializers of a model; equal ones are there once. They all belong to the outermost graph,
/// whose names bodies see.
final class OnnxConstants {
  private static final long COMPARED_BYTES = 1 << 12;

  /// What large elements are told apart by: where they lie.
  private record Place(DataType dtype, Shape shape, long address, long sizeBytes) {}

  private final OnnxNames names;
  private final OnnxOutput output;
  private final List<TensorProto> initializers = new ArrayList<>();
  private final Map<Object, String> known = new HashMap<>();

  OnnxConstants(OnnxNames names, OnnxOutput output) {
    this.names = names;
    this.output = output;
  }

  List<TensorProto> initializers() {
    return initializers;
  }

  /// The name of a constant value's initializer.
  String of(Value value) {
    if (names.has(value)) return names.of(value);
    var name = of(value.name(), value.constant().orElseThrow());
    names.set(value, name);
    return name;
  }

  String of(String hint, TensorData data) {
    return known.computeIfAbsent(key(data), _ -> add(names.fresh(hint), data));
  }

  private String add(String name, TensorData data) {
    initializers.add(output.initializer(name, data));
    return name;
  }

  private static Object key(TensorData data) {
    if (data.dtype() == DataType.STRING) return data;
    if (data.sizeBytes() <= COMPARED_BYTES) {
      var bytes = new byte[(int) data.sizeBytes()];
      data.copyTo(0, data.size(), MemorySegment.ofArray(bytes));
      return List.of(data.dtype(), data.shape(), java.nio.ByteBuffer.wrap(bytes));
    }
    return data.contiguous()
        .filter(MemorySegment::isNative)
        .<Object>map(s -> new Place(data.dtype(), data.shape(), s.address(), s.byteSize()))
        .orElse(data);
  }
}
