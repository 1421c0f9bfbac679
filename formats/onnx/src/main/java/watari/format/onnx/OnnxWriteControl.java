package watari.format.onnx;

import com.google.protobuf.InvalidProtocolBufferException;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.OpTable;
import watari.format.onnx.schema.AttributeProto;
import watari.graph.Node;
import watari.graph.Value;
import watari.op.ControlOp.If;
import watari.op.ControlOp.Loop;
import watari.op.Custom;
import watari.op.QuantizeOp.Convert;
import watari.op.QuantizeOp.DynamicQuantize;
import watari.tensor.DataType;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Control flow, quantization and operators of no record.
final class OnnxWriteControl {
  private OnnxWriteControl() {}

  static void addTo(OpTable<OnnxNodes> table) {
    table
        .on(If.class, OnnxWriteControl::branches)
        .on(Loop.class, OnnxWriteControl::loop)
        .on(Convert.class, OnnxWriteControl::convert)
        .on(DynamicQuantize.class, (_, node, out) -> out.add(node))
        .on(Custom.class, OnnxWriteControl::custom);
  }

  private static void branches(If op, Node node, OnnxNodes out) {
    var captured = node.inputs().subList(1, node.inputs().size());
    var then = out.body(node.bodies().get(0), 0, captured);
    var otherwise = out.body(node.bodies().get(1), 0, captured);
    out.add(node)
        .inputs(out.name(node.input(0)))
        .graph("then_branch", then)
        .graph("else_branch", otherwise);
  }

  private static void loop(Loop op, Node node, OnnxNodes out) {
    int own = 2 + op.carried();
    var captured = node.inputs().subList(own, node.inputs().size());
    var body = out.body(node.bodies().get(0), own, captured);
    out.add(node).allInputs(out.names(node, 0, own - 1)).graph("body", body);
  }

  private static void convert(Convert op, Node node, OnnxNodes out) {
    boolean quantizes = node.output().type().isQuantized();
    Value quantized = quantizes ? node.output() : node.input(0);
    var type = quantized.type();
    var made = out.add(quantizes ? "QuantizeLinear" : "DequantizeLinear", node);
    var real = quantizes ? node.input(0).dtype() : op.to();
    made.inputs(
        out.name(node.input(0)),
        out.constant(node, "scale", scales(type.quantization(), real)),
        out.constant(node, "zero_point", zeroPoints(type)));
    switch (type.quantization()) {
      case Quantization.PerAxis(int axis, _, _) -> made.i("axis", axis);
      case Quantization.Blocked(int axis, int size, _, _) ->
          made.i("axis", axis).i("block_size", size);
      case Quantization.PerTensor _, Quantization.None _ -> {}
    }
  }

  private static TensorData scales(Quantization quantization, DataType real) {
    return switch (quantization) {
      case Quantization.PerTensor(float scale, _) -> TensorData.scalar(real, scale);
      case Quantization.PerAxis(_, var scales, _) ->
          TensorData.ofDoubles(
              real,
              Shape.of(scales.size()),
              scales.stream().mapToDouble(Float::doubleValue).toArray());
      case Quantization.Blocked(_, _, var scales, _) -> scales.cast(real);
      case Quantization.None _ -> throw new IllegalStateException("not quantized");
    };
  }

  private static TensorData zeroPoints(TensorType type) {
    return switch (type.quantization()) {
      case Quantization.PerTensor(_, long zero) ->
          TensorData.ofLongs(type.dtype(), Shape.SCALAR, zero);
      case Quantization.PerAxis(_, _, var zeros) ->
          TensorData.ofLongs(
              type.dtype(),
              Shape.of(zeros.size()),
              zeros.stream().mapToLong(Long::longValue).toArray());
      case Quantization.Blocked(_, _, _, var zeros) -> zeros.cast(type.dtype());
      case Quantization.None _ -> throw new IllegalStateException("not quantized");
    };
  }

  private static void custom(Custom op, Node node, OnnxNodes out) {
    var domain = op.domain().substring(op.domain().indexOf(':') + 1);
    var made = out.add(op.name(), node);
    if (!domain.isEmpty()) {
      made.domain(domain);
      out.model().domains().merge(domain, op.version(), Math::max);
    }
    for (var attribute : op.attributes()) made.attribute(parsed(attribute));
  }

  private static AttributeProto parsed(Custom.Attribute attribute) {
    var bytes = new byte[Math.toIntExact(attribute.encoded().size())];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) attribute.encoded().longAt(i);
    try {
      return AttributeProto.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new ModelException(
          Finding.error("ATTRIBUTE_BROKEN", "attribute '" + attribute.name() + "' is no ONNX"));
    }
  }
}
