package watari.format.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.JsonOutput;
import watari.format.LargeFields;
import watari.format.Varints;
import watari.format.onnx.schema.TensorProto;
import watari.format.onnx.schema.TensorProto.DataLocation;

/// Prints messages in the order of their fields' numbers, large fields from where they lie.
final class OnnxJsonWriter {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// A field that stayed in the file.
  private record Large(LargeFields.Field field) {}

  /// Elements that are in another file.
  private record Outside(MemorySegment bytes) {}

  private final OnnxFile file;
  private final JsonOutput out;
  private final boolean hasDefaults;
  private final String name;
  private final Findings findings;

  OnnxJsonWriter(
      OnnxFile file, JsonOutput out, boolean hasDefaults, String name, Findings findings) {
    this.file = file;
    this.out = out;
    this.hasDefaults = hasDefaults;
    this.name = name;
    this.findings = findings;
  }

  void write() {
    message(file.model());
  }

  private void message(Message message) {
    var fields = new TreeMap<FieldDescriptor, Object>(message.getAllFields());
    if (hasDefaults) addDefaults(message, fields);
    large(message, fields);
    if (message instanceof TensorProto tensor) external(tensor, fields);
    out.beginObject();
    fields.forEach(this::field);
    out.endObject();
  }

  private static void addDefaults(Message message, Map<FieldDescriptor, Object> fields) {
    for (var field : message.getDescriptorForType().getFields()) {
      boolean isPlain =
          !field.isRepeated()
              && field.getJavaType() != FieldDescriptor.JavaType.MESSAGE
              && field.getContainingOneof() == null;
      if (isPlain) fields.putIfAbsent(field, field.getDefaultValue());
    }
  }

  /// Adds the fields that markers stand for; what else is unknown is said.
  private void large(Message message, Map<FieldDescriptor, Object> fields) {
    UnknownFieldSet unknown = message.getUnknownFields();
    for (var each : unknown.asMap().entrySet()) {
      if (each.getKey() == LargeFields.MARKER) {
        for (long marker : each.getValue().getVarintList()) {
          var field = file.largeFields().get(Math.toIntExact(marker));
          fields.put(
              message.getDescriptorForType().findFieldByNumber(field.number()), new Large(field));
        }
        continue;
      }
      var sentence =
          "field %d of %s is newer than Watari and is left out"
              .formatted(each.getKey(), message.getDescriptorForType().getName());
      findings.add(Finding.warning("FIELD_UNKNOWN", sentence).inFile(name));
    }
  }

  private void external(TensorProto tensor, Map<FieldDescriptor, Object> fields) {
    if (tensor.getDataLocation() != DataLocation.EXTERNAL) return;
    var bytes = file.data(tensor).contiguous().orElseThrow();
    var type = TensorProto.getDescriptor();
    fields.remove(type.findFieldByNumber(TensorProto.EXTERNAL_DATA_FIELD_NUMBER));
    fields.put(type.findFieldByNumber(TensorProto.RAW_DATA_FIELD_NUMBER), new Outside(bytes));
    fields.put(
        type.findFieldByNumber(TensorProto.DATA_LOCATION_FIELD_NUMBER),
        DataLocation.DEFAULT.getValueDescriptor());
  }

  private void field(FieldDescriptor field, Object value) {
    out.name(field.getJsonName());
    switch (value) {
      case Large(var large) -> large(field, large);
      case Outside(var bytes) -> out.base64(bytes);
      case List<?> values -> list(field, values);
      default -> value(value);
    }
  }

  private void list(FieldDescriptor field, List<?> values) {
    out.beginArray();
    boolean isText =
        switch (field.getJavaType()) {
          case MESSAGE, STRING, BYTE_STRING, ENUM -> true;
          case INT, LONG, FLOAT, DOUBLE, BOOLEAN -> false;
        };
    boolean isUnsigned = field.getType() == FieldDescriptor.Type.UINT64;
    for (var value : values) {
      if (isText) value(value);
      else if (isUnsigned) out.number('"' + Long.toUnsignedString((Long) value) + '"');
      else out.number(word(value));
    }
    if (isText) out.endArray();
    else out.endNumbers();
  }

  private void value(Object value) {
    switch (value) {
      case Message message -> message(message);
      case String text -> out.text(text);
      case ByteString bytes -> out.base64(MemorySegment.ofBuffer(bytes.asReadOnlyByteBuffer()));
      case EnumValueDescriptor named when named.getIndex() < 0 ->
          out.word(Integer.toString(named.getNumber()));
      case EnumValueDescriptor named -> out.text(named.getName());
      default -> out.word(word(value));
    }
  }

  /// 64-bit integers are strings, as JSON's numbers are doubles in many programs.
  private static String word(Object value) {
    return switch (value) {
      case Long number -> '"' + Long.toString(number) + '"';
      case Float number -> floatWord(number);
      case Double number -> word(number, Double.toString(number));
      default -> value.toString();
    };
  }

  /// Python's protobuf takes no decimal that is a little above the largest float32.
  private static String floatWord(float number) {
    boolean isLargest = Math.abs(number) == Float.MAX_VALUE;
    return word(number, isLargest ? Double.toString(number) : Float.toString(number));
  }

  private static String word(double value, String javaWord) {
    if (Double.isNaN(value)) return "\"NaN\"";
    if (Double.isInfinite(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return JsonOutput.shortest(javaWord);
  }

  private void large(FieldDescriptor field, LargeFields.Field large) {
    var bytes = file.slice(large);
    switch (field.getNumber()) {
      case TensorProto.RAW_DATA_FIELD_NUMBER -> out.base64(bytes);
      case TensorProto.FLOAT_DATA_FIELD_NUMBER -> {
        out.beginArray();
        for (long i = 0; i < bytes.byteSize(); i += Float.BYTES) {
          out.number(word(bytes.get(FLOAT, i)));
        }
        out.endNumbers();
      }
      case TensorProto.DOUBLE_DATA_FIELD_NUMBER -> {
        out.beginArray();
        for (long i = 0; i < bytes.byteSize(); i += Double.BYTES) {
          out.number(word(bytes.get(DOUBLE, i)));
        }
        out.endNumbers();
      }
      default -> varints(field, file.varints(large));
    }
  }

  private void varints(FieldDescriptor field, Varints numbers) {
    out.beginArray();
    while (numbers.hasNext()) {
      long number = numbers.next();
      out.number(
          switch (field.getNumber()) {
            case TensorProto.INT32_DATA_FIELD_NUMBER -> Integer.toString((int) number);
            case TensorProto.UINT64_DATA_FIELD_NUMBER -> '"' + Long.toUnsignedString(number) + '"';
            default -> '"' + Long.toString(number) + '"';
          });
    }
    out.endNumbers();
  }
}
