package watari.format.tflite;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.flatbuffers.ArrayReadWriteBuf;
import com.google.flatbuffers.FlexBuffers;
import com.google.flatbuffers.Table;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import watari.format.tflite.TfliteSchema.Field;
import watari.format.tflite.TfliteSchema.Scalar;
import watari.format.tflite.TfliteSchema.Text;
import watari.format.tflite.TfliteSchema.Vector;
import watari.format.tflite.schema.BuiltinOptions;
import watari.format.tflite.schema.BuiltinOptions2;
import watari.op.Custom;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Operators that no record of ours says, as [Custom].
///
/// Custom operators of the file are in domain `tflite:custom` under their own name, with their
/// bytes as attribute `custom_options`. Builtin ones are in domain `tflite`, with an attribute for
/// each field of their options that is there: the little-endian bytes of a number or of a vector's
/// elements, the UTF-8 of a text. A further attribute `options` names the table.
final class TfliteCustom {
  static final String BUILTIN = "tflite";
  static final String CUSTOM = "tflite:custom";
  static final String CUSTOM_OPTIONS = "custom_options";
  static final String OPTIONS = "options";

  private TfliteCustom() {}

  /// Where a table of options is in the file.
  private static final class Place extends Table {
    long offset() {
      return bb_pos;
    }
  }

  static void read(TfliteNode node, boolean isCustom) {
    if (isCustom) requireOperands(node);
    var attributes = isCustom ? customOptions(node) : builtinOptions(node);
    add(node, isCustom ? CUSTOM : BUILTIN, attributes, false);
  }

  /// Operators of compiled models keep memory of a device as operands that nothing computes.
  private static void requireOperands(TfliteNode node) {
    for (int i = 0; i < node.inputCount(); i++) {
      int tensor = node.inputTensor(i);
      if (tensor < 0 || !node.scope().isMemory(tensor)) continue;
      throw Unreadable.operator(
          "custom operator '%s' works in '%s', which nothing computes"
              .formatted(node.name(), node.scope().tensors().name(tensor)),
          "convert the model from before it was compiled for a device");
    }
  }

  /// Gives the outputs of an operator that could not be read their types, so that reading goes on.
  static void standIn(TfliteNode node) {
    try {
      add(node, BUILTIN, List.of(), true);
    } catch (Unreadable _) {
      // Its outputs have no element type of ours: who uses them cannot be read either.
    }
  }

  private static void add(
      TfliteNode node, String domain, List<Custom.Attribute> attributes, boolean standsIn) {
    var types = new ArrayList<TensorType>();
    var names = new ArrayList<String>();
    for (int i = 0; i < node.outputCount(); i++) {
      types.add(node.declared(i));
      names.add(node.outputName(i));
    }
    var op = new Custom(domain, node.name(), node.version(), attributes, types, false);
    var inputs = standsIn ? List.<watari.graph.Value>of() : node.inputs();
    var made = node.builder().addDeclared(op, inputs, names, types, List.of());
    for (int i = 0; i < node.outputCount(); i++) {
      made.output(i).setType(types.get(i));
      node.scope().define(node.outputTensor(i), made.output(i));
    }
  }

  static List<Custom.Attribute> customOptions(TfliteNode node) {
    var bytes = node.scope().source().file().customOptions(node.operator());
    return List.of(new Custom.Attribute(CUSTOM_OPTIONS, bytes(bytes)));
  }

  /// The options of a custom operator that are a map of FlexBuffers.
  static FlexBuffers.Map map(TfliteNode node) {
    var bytes =
        node.scope().source().file().customOptions(node.operator()).toArray(ValueLayout.JAVA_BYTE);
    try {
      var root = FlexBuffers.getRoot(new ArrayReadWriteBuf(bytes, bytes.length));
      if (!root.isMap()) throw Unreadable.broken("its options are no map");
      return root.asMap();
    } catch (IndexOutOfBoundsException | FlexBuffers.FlexBufferException _) {
      throw Unreadable.broken("its options are no flexbuffer");
    }
  }

  private static TensorData bytes(MemorySegment bytes) {
    return TensorData.of(DataType.UINT8, Shape.of(bytes.byteSize()), bytes);
  }

  private static List<Custom.Attribute> builtinOptions(TfliteNode node) {
    var operator = node.operator();
    var table = table(node);
    if (table.isEmpty()) return List.of();
    var place = new Place();
    boolean isFirst = operator.builtinOptionsType() != 0;
    var there = isFirst ? operator.builtinOptions(place) : operator.builtinOptions2(place);
    if (there == null) return List.of();
    var at = new FlatTable(node.scope().source().file().bytes(), place.offset());
    var all = new ArrayList<Custom.Attribute>();
    all.add(new Custom.Attribute(OPTIONS, text(table.get())));
    for (var field : TfliteSchema.load().fields(table.get())) {
      long value = at.field(field.slot());
      if (value != 0 && !field.deprecated()) all.add(attribute(node, field, at, value));
    }
    return all;
  }

  private static Optional<String> table(TfliteNode node) {
    int one = node.operator().builtinOptionsType() & 0xFF;
    int two = node.operator().builtinOptions2Type() & 0xFF;
    if (one > 0 && one < BuiltinOptions.names.length) return Optional.of(BuiltinOptions.names[one]);
    if (two > 0 && two < BuiltinOptions2.names.length) {
      return Optional.of(BuiltinOptions2.names[two]);
    }
    return Optional.empty();
  }

  private static Custom.Attribute attribute(
      TfliteNode node, Field field, FlatTable table, long place) {
    if (field.name().endsWith("subgraph_index") || field.name().equals("called_computations")) {
      throw Unreadable.operator(
          "it calls subgraphs by '%s'".formatted(field.name()),
          "replace operator %s".formatted(node.name()));
    }
    var data =
        switch (field.type()) {
          case Scalar scalar -> bytes(table.file().slice(place, scalar.sizeBytes()));
          case Text _ -> vector(table, place, 1);
          case Vector(Scalar element) -> vector(table, place, element.sizeBytes());
          default ->
              throw Unreadable.operator(
                  "its option '%s' is a table".formatted(field.name()),
                  "replace operator %s".formatted(node.name()));
        };
    return new Custom.Attribute(field.name(), data);
  }

  private static TensorData vector(FlatTable table, long place, int elementBytes) {
    long at = FlatTable.target(table.file(), place);
    return bytes(table.file().slice(at + 4, table.file().uint32(at) * elementBytes));
  }

  private static TensorData text(String text) {
    return bytes(MemorySegment.ofArray(text.getBytes(UTF_8)));
  }
}
