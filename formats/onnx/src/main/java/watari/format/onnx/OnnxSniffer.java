package watari.format.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import watari.format.onnx.schema.ModelProto;

/// Tells a ModelProto from other protobuf messages by its first fields.
///
/// Only this message begins with its version as field 1, has text in fields 2, 3, 4 and 6, and a
/// graph in 7 or opsets in 8: a GraphDef of TensorFlow has messages in field 1, a SavedModel and a
/// Core ML model a message in field 2.
final class OnnxSniffer {
  private static final int VARINT = 0;
  private static final int BYTES = 2;

  private final byte[] head;
  private int at;
  private boolean hasVersion;
  private boolean hasGraph;

  private OnnxSniffer(byte[] head) {
    this.head = head;
  }

  static boolean isModel(byte[] head) {
    return new OnnxSniffer(head).fields();
  }

  /// The name of the program that wrote a model, if it is among its first bytes; empty otherwise.
  static String producer(byte[] head) {
    var sniffer = new OnnxSniffer(head);
    while (sniffer.at < head.length) {
      long tag = sniffer.varint();
      int field = (int) (tag >>> 3);
      long size = (tag & 7) == VARINT ? 0 : sniffer.varint();
      if (!isField(field, (int) (tag & 7)) || size < 0 || size > head.length - sniffer.at) break;
      if (field == ModelProto.PRODUCER_NAME_FIELD_NUMBER) {
        return new String(head, sniffer.at, (int) size, UTF_8);
      }
      if ((tag & 7) == VARINT) sniffer.varint();
      sniffer.at += (int) size;
    }
    return "";
  }

  private boolean fields() {
    while (at < head.length) {
      long tag = varint();
      if (at > head.length) break;
      int field = (int) (tag >>> 3);
      int wire = (int) (tag & 7);
      if (tag > 1 << 10 || !isField(field, wire)) return false;
      if (wire == VARINT) {
        long value = varint();
        hasVersion |= field == ModelProto.IR_VERSION_FIELD_NUMBER && value > 0 && value < 1000;
        continue;
      }
      hasGraph |=
          field == ModelProto.GRAPH_FIELD_NUMBER || field == ModelProto.OPSET_IMPORT_FIELD_NUMBER;
      long size = varint();
      if (size < 0 || isText(field) && !text(size)) return false;
      if (size >= head.length - at) return hasVersion && (hasGraph || isText(field));
      at += (int) size;
    }
    return hasVersion && hasGraph;
  }

  private static boolean isField(int field, int wire) {
    return switch (field) {
      case ModelProto.IR_VERSION_FIELD_NUMBER, ModelProto.MODEL_VERSION_FIELD_NUMBER ->
          wire == VARINT;
      case ModelProto.PRODUCER_NAME_FIELD_NUMBER,
          ModelProto.PRODUCER_VERSION_FIELD_NUMBER,
          ModelProto.DOMAIN_FIELD_NUMBER,
          ModelProto.DOC_STRING_FIELD_NUMBER,
          ModelProto.GRAPH_FIELD_NUMBER,
          ModelProto.OPSET_IMPORT_FIELD_NUMBER,
          ModelProto.METADATA_PROPS_FIELD_NUMBER,
          20,
          ModelProto.FUNCTIONS_FIELD_NUMBER,
          26 ->
          wire == BYTES;
      default -> false;
    };
  }

  private static boolean isText(int field) {
    return field >= 2 && field <= 6;
  }

  private boolean text(long size) {
    for (int i = at; i < Math.min(head.length, at + size); i++) {
      boolean isControl = head[i] >= 0 && head[i] < ' ';
      if (isControl && head[i] != '\n' && head[i] != '\r' && head[i] != '\t') return false;
    }
    return true;
  }

  /// The next number; reads nothing behind the end.
  private long varint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (at >= head.length) {
        at++;
        return 0;
      }
      byte next = head[at++];
      value |= (next & 0x7FL) << shift;
      if (next >= 0) return value;
    }
    return -1;
  }
}
