package watari.format.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import watari.format.ByteSource;
import watari.format.FileBytes;
import watari.format.JsonInput;
import watari.format.LargeFields;
import watari.format.Spool;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.TensorProto;

/// Reads protobuf's JSON mapping of ONNX; the bytes of tensors wait in a file beside the result.
///
/// Source: Protocol Buffers, ProtoJSON: names in either spelling, 64-bit integers as strings or
/// numbers, enums by name or number, base64 of either alphabet, `null` for what is absent.
final class OnnxJsonReader {
  private static final int MIN_SPOOLED_BYTES = 1024;

  private final JsonInput in;
  private final Spool spool;
  private final List<Spool.Piece> pieces = new ArrayList<>();
  private final Map<Descriptor, Map<String, FieldDescriptor>> byName = new HashMap<>();

  private OnnxJsonReader(JsonInput in, Spool spool) {
    this.in = in;
    this.spool = spool;
  }

  static void read(Path json, Path model) throws IOException {
    var beside = model.resolveSibling(model.getFileName() + ".tensors");
    try (var arena = Arena.ofConfined();
        var spool = new Spool(beside)) {
      var in = new JsonInput(FileBytes.map(json, arena));
      var reader = new OnnxJsonReader(in, spool);
      var builder = ModelProto.newBuilder();
      reader.message(builder);
      in.end();
      var bytes = spool.bytes(arena);
      var output = new OnnxOutput();
      for (var piece : reader.pieces) {
        output.stream(ByteSource.of(bytes.slice(piece.offset(), piece.sizeBytes())));
      }
      output.write(builder.build(), model, OnnxOutput.Storage.BESIDE_IF_LARGE);
    }
  }

  private void message(Message.Builder builder) {
    in.beginObject();
    for (var name = in.nextName(); name.isPresent(); name = in.nextName()) {
      var field = field(builder.getDescriptorForType(), name.get());
      if (!in.isNull()) field(builder, field);
    }
  }

  private void field(Message.Builder builder, FieldDescriptor field) {
    boolean isSet = !field.isRepeated() && builder.hasField(field);
    if (isSet) throw in.broken("'" + field.getJsonName() + "' is there twice");
    var oneof = Optional.ofNullable(field.getContainingOneof());
    if (oneof.isPresent() && builder.hasOneof(oneof.get())) {
      throw in.broken("only one of the kinds of '" + oneof.get().getName() + "' can be there");
    }
    if (isElements(field)) {
      elements(builder, field);
    } else if (field.isRepeated()) {
      in.beginArray();
      while (in.nextElement()) builder.addRepeatedField(field, value(builder, field));
    } else {
      builder.setField(field, value(builder, field));
    }
  }

  private static boolean isElements(FieldDescriptor field) {
    return field.getContainingType().equals(TensorProto.getDescriptor())
        && field.getNumber() == TensorProto.RAW_DATA_FIELD_NUMBER;
  }

  /// Few bytes go into the message, more are put into it when it is written.
  private void elements(Message.Builder builder, FieldDescriptor field) {
    var head = new ByteArrayOutputStream();
    in.base64(octet -> {
      if (head.size() < MIN_SPOOLED_BYTES) head.write(octet);
      spool.write(octet);
    });
    var piece = spool.piece();
    if (piece.sizeBytes() < MIN_SPOOLED_BYTES) {
      builder.setField(field, ByteString.copyFrom(head.toByteArray()));
      return;
    }
    pieces.add(piece);
    var marker = UnknownFieldSet.Field.newBuilder().addVarint(pieces.size() - 1L).build();
    builder.setUnknownFields(
        UnknownFieldSet.newBuilder().addField(LargeFields.MARKER, marker).build());
  }

  private Object value(Message.Builder parent, FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> {
        var builder = parent.newBuilderForField(field);
        message(builder);
        yield builder.build();
      }
      case STRING -> in.text();
      case BYTE_STRING -> {
        var bytes = new ByteArrayOutputStream();
        in.base64(bytes::write);
        yield ByteString.copyFrom(bytes.toByteArray());
      }
      default -> scalar(field, in.scalar());
    };
  }

  private Object scalar(FieldDescriptor field, String word) {
    try {
      return switch (field.getType()) {
        case FLOAT -> (float) real(word, Float.parseFloat(word));
        case DOUBLE -> real(word, Double.parseDouble(word));
        case BOOL -> bool(word);
        case ENUM -> enumValue(field, word);
        case UINT64 -> unsigned(word);
        case INT32 -> whole(word).intValueExact();
        default -> whole(word).longValueExact();
      };
    } catch (NumberFormatException | ArithmeticException _) {
      var type = field.getType().name().toLowerCase(Locale.ROOT);
      throw in.broken("'%s' is no value of the type %s".formatted(word, type));
    }
  }

  /// A number that only Java writes so, or that is too large for its type, is none.
  private static double real(String word, double value) {
    boolean isWord = word.equals("NaN") || word.equals("Infinity") || word.equals("-Infinity");
    boolean isNumber = word.matches("-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?");
    if (!isWord && (!isNumber || Double.isInfinite(value))) throw new NumberFormatException(word);
    return value;
  }

  private static boolean bool(String word) {
    return switch (word) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new NumberFormatException(word);
    };
  }

  private static Object enumValue(FieldDescriptor field, String word) {
    var value = field.getEnumType().findValueByName(word);
    if (value == null) {
      value = field.getEnumType().findValueByNumber(whole(word).intValueExact());
    }
    if (value == null) throw new NumberFormatException(word);
    return value;
  }

  private static long unsigned(String word) {
    var whole = whole(word);
    if (whole.signum() < 0 || whole.bitLength() > Long.SIZE) throw new NumberFormatException(word);
    return whole.longValue();
  }

  /// `1e3` is a whole number, too; exponents that would take memory are none.
  private static BigInteger whole(String word) {
    var decimal = new BigDecimal(word);
    if (Math.abs((long) decimal.scale()) > 100) throw new NumberFormatException(word);
    return decimal.toBigIntegerExact();
  }

  private FieldDescriptor field(Descriptor message, String name) {
    var fields = byName.computeIfAbsent(message, OnnxJsonReader::names);
    var field = fields.get(name);
    if (field == null) throw in.broken(message.getName() + " has no field '" + name + "'");
    return field;
  }

  private static Map<String, FieldDescriptor> names(Descriptor message) {
    var names = new HashMap<String, FieldDescriptor>();
    for (var field : message.getFields()) {
      names.put(field.getJsonName(), field);
      names.put(field.getName(), field);
    }
    return names;
  }
}
