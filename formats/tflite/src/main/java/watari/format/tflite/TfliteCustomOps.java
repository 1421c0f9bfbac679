package watari.format.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.flatbuffers.FlexBuffersBuilder;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Vector;
import watari.format.tflite.schema.BuiltinOperator;
import watari.format.tflite.schema.BuiltinOptions;
import watari.format.tflite.schema.BuiltinOptions2;
import watari.graph.Node;
import watari.op.Custom;
import watari.op.DetectionOp.DetectionPostProcess;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Operators of TFLite that no record of ours says, written back as they were read.
final class TfliteCustomOps {
  static final String BUILTIN = "tflite";
  static final String CUSTOM = "tflite:custom";
  private static final String CUSTOM_OPTIONS = "custom_options";
  private static final String OPTIONS = "options";

  private TfliteCustomOps() {}

  static void custom(Custom op, Node node, TfliteSubgraph out) {
    var inputs = node.inputs().stream().map(out::tensor).toList();
    var outputs = node.outputs().stream().map(v -> TfliteControlOps.result(v, out)).toList();
    if (op.domain().equals(CUSTOM)) {
      var options = attribute(op, CUSTOM_OPTIONS);
      out.addCustom(
          op.name(), op.version(), inputs, outputs, options.orElseGet(TfliteCustomOps::none));
      return;
    }
    int code = List.of(BuiltinOperator.names).indexOf(op.name());
    if (code < 0)
      throw Refusal.operator("TFLite has no operator '" + op.name() + "'", "replace it");
    out.add(code, op.version(), options(op), inputs, outputs);
  }

  private static TensorData none() {
    return TensorData.of(DataType.UINT8, Shape.of(0), MemorySegment.ofArray(new byte[0]));
  }

  private static Optional<TensorData> attribute(Custom op, String name) {
    return op.attributes().stream()
        .filter(attribute -> attribute.name().equals(name))
        .map(Custom.Attribute::encoded)
        .findFirst();
  }

  static byte[] bytes(TensorData data) {
    var bytes = new byte[Math.toIntExact(data.sizeBytes())];
    data.copyTo(0, data.size(), MemorySegment.ofArray(bytes));
    return bytes;
  }

  private static TfliteOptions options(Custom op) {
    var name = attribute(op, OPTIONS).map(data -> new String(bytes(data), StandardCharsets.UTF_8));
    if (name.isEmpty()) return TfliteOptions.NONE;
    int one = List.of(BuiltinOptions.names).indexOf(name.get());
    int two = List.of(BuiltinOptions2.names).indexOf(name.get());
    boolean isFirst = one >= 0;
    return new TfliteOptions(
        (byte) (isFirst ? one : two), !isFirst, builder -> table(name.get(), op, builder));
  }

  /// Builds a table of options field by field.
  private static int table(String name, Custom op, FlatBufferBuilder builder) {
    var fields = TfliteSchema.load().fields(name);
    var offsets = new int[fields.size()];
    for (int i = 0; i < offsets.length; i++) {
      var data = attribute(op, fields.get(i).name());
      if (data.isEmpty()) continue;
      var bytes = bytes(data.get());
      offsets[i] =
          switch (fields.get(i).type()) {
            case Text _ -> builder.createString(new String(bytes, StandardCharsets.UTF_8));
            case Vector(Scalar element) -> vector(element.sizeBytes(), bytes, builder);
            default -> 0;
          };
    }
    builder.startTable(fields.stream().mapToInt(f -> f.slot() + 1).max().orElse(0));
    for (int i = 0; i < offsets.length; i++) {
      var field = fields.get(i);
      var data = attribute(op, field.name());
      if (data.isEmpty()) continue;
      if (field.type() instanceof Scalar(_, int size)) {
        scalar(field.slot(), size, bytes(data.get()), builder);
      } else {
        builder.addOffset(field.slot(), offsets[i], 0);
      }
    }
    return builder.endTable();
  }

  private static int vector(int size, byte[] bytes, FlatBufferBuilder builder) {
    builder.startVector(size, bytes.length / size, size);
    for (int i = bytes.length - 1; i >= 0; i--) builder.putByte(bytes[i]);
    return builder.endVector();
  }

  private static void scalar(int slot, int size, byte[] bytes, FlatBufferBuilder builder) {
    long value = 0;
    for (int i = 0; i < size; i++) value |= (bytes[i] & 0xFFL) << (8 * i);
    builder.forceDefaults(true);
    switch (size) {
      case 1 -> builder.addByte(slot, (byte) value, 0);
      case 2 -> builder.addShort(slot, (short) value, 0);
      case 4 -> builder.addInt(slot, (int) value, 0);
      default -> builder.addLong(slot, value, 0);
    }
    builder.forceDefaults(false);
  }

  static void detectionPostProcess(DetectionPostProcess op, Node node, TfliteSubgraph out) {
    var flex = new FlexBuffersBuilder();
    int map = flex.startMap();
    flex.putFloat("h_scale", op.heightScale());
    flex.putInt("max_classes_per_detection", op.maxClassesPerDetection());
    flex.putInt("max_detections", op.maxDetections());
    flex.putInt("detections_per_class", op.detectionsPerClass());
    flex.putFloat("nms_iou_threshold", op.iouThreshold());
    flex.putFloat("nms_score_threshold", op.scoreThreshold());
    flex.putInt("num_classes", op.classes());
    flex.putBoolean("use_regular_nms", op.regularNms());
    flex.putFloat("w_scale", op.widthScale());
    flex.putFloat("x_scale", op.xScale());
    flex.putFloat("y_scale", op.yScale());
    flex.endMap(null, map);
    var buffer = flex.finish();
    var bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    var options =
        TensorData.of(DataType.UINT8, Shape.of(bytes.length), MemorySegment.ofArray(bytes));
    var inputs = node.inputs().stream().map(out::tensor).toList();
    var outputs = node.outputs().stream().map(v -> TfliteControlOps.result(v, out)).toList();
    out.addCustom("TFLite_Detection_PostProcess", 1, inputs, outputs, options);
  }
}
