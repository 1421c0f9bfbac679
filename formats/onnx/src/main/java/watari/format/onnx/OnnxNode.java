package watari.format.onnx;

import com.google.protobuf.ByteString;
import java.util.List;
import watari.format.onnx.schema.AttributeProto;
import watari.format.onnx.schema.AttributeProto.AttributeType;
import watari.format.onnx.schema.GraphProto;
import watari.format.onnx.schema.NodeProto;
import watari.format.onnx.schema.TensorProto;

/// A NodeProto that stands in its graph already and takes its attributes.
final class OnnxNode {
  private final NodeProto.Builder proto;

  OnnxNode(NodeProto.Builder proto) {
    this.proto = proto;
  }

  /// Puts these inputs in the place of those that it has.
  OnnxNode inputs(String... names) {
    proto.clearInput().addAllInput(withoutTrailingBlanks(List.of(names)));
    return this;
  }

  OnnxNode inputs(List<String> names) {
    proto.clearInput().addAllInput(withoutTrailingBlanks(names));
    return this;
  }

  /// The same with blanks kept at the end, for operators that want so many inputs.
  OnnxNode allInputs(List<String> names) {
    proto.clearInput().addAllInput(names);
    return this;
  }

  /// Missing optional inputs at the end are left out; in between they are empty names.
  static List<String> withoutTrailingBlanks(List<String> names) {
    int count = names.size();
    while (count > 0 && names.get(count - 1).isEmpty()) count--;
    return names.subList(0, count);
  }

  OnnxNode outputs(List<String> names) {
    proto.clearOutput().addAllOutput(names);
    return this;
  }

  OnnxNode i(String name, long value) {
    add(name, AttributeType.INT).setI(value);
    return this;
  }

  OnnxNode i(String name, boolean value) {
    return i(name, value ? 1 : 0);
  }

  OnnxNode f(String name, float value) {
    add(name, AttributeType.FLOAT).setF(value);
    return this;
  }

  OnnxNode s(String name, String value) {
    add(name, AttributeType.STRING).setS(ByteString.copyFromUtf8(value));
    return this;
  }

  OnnxNode ints(String name, List<Integer> values) {
    var attribute = add(name, AttributeType.INTS);
    for (int value : values) attribute.addInts(value);
    return this;
  }

  OnnxNode ints(String name, long... values) {
    var attribute = add(name, AttributeType.INTS);
    for (long value : values) attribute.addInts(value);
    return this;
  }

  OnnxNode floats(String name, List<Float> values) {
    add(name, AttributeType.FLOATS).addAllFloats(values);
    return this;
  }

  OnnxNode strings(String name, List<String> values) {
    var attribute = add(name, AttributeType.STRINGS);
    for (var value : values) attribute.addStrings(ByteString.copyFromUtf8(value));
    return this;
  }

  OnnxNode tensor(String name, TensorProto value) {
    add(name, AttributeType.TENSOR).setT(value);
    return this;
  }

  OnnxNode graph(String name, GraphProto value) {
    add(name, AttributeType.GRAPH).setG(value);
    return this;
  }

  /// An attribute as another file had it.
  OnnxNode attribute(AttributeProto attribute) {
    proto.addAttribute(attribute);
    return this;
  }

  OnnxNode domain(String domain) {
    proto.setDomain(domain);
    return this;
  }

  private AttributeProto.Builder add(String name, AttributeType type) {
    return proto.addAttributeBuilder().setName(name).setType(type);
  }
}
