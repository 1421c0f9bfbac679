package watari.format.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.InputStream;
import java.util.Base64;
import java.util.HashMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import watari.finding.Finding;
import watari.finding.ModelException;

/// Reads records from protobuf's JSON form; what a record has no field for is passed over.
///
/// Source: Protocol Buffers, ProtoJSON.
final class TfjsJson {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(200).build())
          .build();

  private final JsonParser parser;
  private final String file;

  private TfjsJson(JsonParser parser, String file) {
    this.parser = parser;
    this.file = file;
  }

  /// @throws ModelException if it is no JSON, or a value does not fit its field
  static void merge(String file, InputStream in, Message.Builder to) {
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), in)) {
      var json = new TfjsJson(parser, file);
      if (parser.nextToken() != JsonToken.START_OBJECT) throw json.broken("it is no object");
      json.message(to);
    } catch (JacksonException e) {
      throw broken(file, String.valueOf(e.getOriginalMessage()));
    }
  }

  private ModelException broken(String why) {
    return broken(file, why);
  }

  private static ModelException broken(String file, String why) {
    return new ModelException(
        Finding.error("FILE_BROKEN", "the model is not in TensorFlow.js' JSON: " + why)
            .inFile(file)
            .fix("convert the model to TensorFlow.js again"));
  }

  private void message(Message.Builder to) {
    var fields = new HashMap<String, FieldDescriptor>();
    for (var field : to.getDescriptorForType().getFields()) {
      fields.put(field.getName(), field);
      fields.put(field.getJsonName(), field);
    }
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var field = fields.get(parser.currentName());
      var token = parser.nextToken();
      if (field == null) parser.skipChildren();
      else if (token != JsonToken.VALUE_NULL) field(field, to);
    }
  }

  private void field(FieldDescriptor field, Message.Builder to) {
    if (field.isMapField()) {
      require(JsonToken.START_OBJECT, field);
      entries(field, to);
    } else if (field.isRepeated()) {
      require(JsonToken.START_ARRAY, field);
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        to.addRepeatedField(field, value(field, to));
      }
    } else {
      to.setField(field, value(field, to));
    }
  }

  private void require(JsonToken token, FieldDescriptor field) {
    if (parser.currentToken() == token) return;
    throw broken("'%s' has %s".formatted(field.getJsonName(), parser.getValueAsString("nothing")));
  }

  private void entries(FieldDescriptor field, Message.Builder to) {
    var type = field.getMessageType();
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var entry = to.newBuilderForField(field);
      entry.setField(type.findFieldByNumber(1), parser.currentName());
      parser.nextToken();
      var content = type.findFieldByNumber(2);
      entry.setField(content, value(content, entry));
      to.addRepeatedField(field, entry.build());
    }
  }

  private Object value(FieldDescriptor field, Message.Builder to) {
    try {
      return switch (field.getJavaType()) {
        case MESSAGE -> inner(field, to);
        case STRING -> parser.getString();
        case BYTE_STRING -> ByteString.copyFrom(Base64.getDecoder().decode(parser.getString()));
        case BOOLEAN -> parser.getBooleanValue();
        case INT -> Math.toIntExact(integer());
        case LONG -> integer();
        case FLOAT -> (float) real();
        case DOUBLE -> real();
        case ENUM -> enumerated(field);
      };
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw broken("'" + field.getJsonName() + "': " + e.getMessage());
    }
  }

  private Message inner(FieldDescriptor field, Message.Builder to) {
    require(JsonToken.START_OBJECT, field);
    var inner = to.newBuilderForField(field);
    message(inner);
    return inner.build();
  }

  /// A number, or a text that has it.
  private long integer() {
    return parser.currentToken() == JsonToken.VALUE_STRING
        ? Long.parseLong(parser.getString())
        : parser.getLongValue();
  }

  private double real() {
    return parser.currentToken() == JsonToken.VALUE_STRING
        ? Double.parseDouble(parser.getString())
        : parser.getDoubleValue();
  }

  private Object enumerated(FieldDescriptor field) {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      return field.getEnumType().findValueByNumberCreatingIfUnknown(parser.getIntValue());
    }
    var found = field.getEnumType().findValueByName(parser.getString());
    if (found != null) return found;
    throw new IllegalArgumentException("there is no '" + parser.getString() + "'");
  }
}
