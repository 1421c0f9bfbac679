package watari.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.faults.Fault.floats;
import static watari.faults.Fault.indices;
import static watari.faults.Fault.integer;
import static watari.faults.Fault.integers;
import static watari.faults.Fault.number;
import static watari.faults.Fault.operator;
import static watari.faults.Fault.reversed;
import static watari.faults.Fault.swappedInputs;
import static watari.faults.Fault.text;
import static watari.faults.Fault.times;
import static watari.faults.Fault.transposed;
import static watari.faults.Fault.withoutInput;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import watari.format.onnx.schema.ModelProto;
import watari.format.onnx.schema.NodeProto;

/// A correct conversion is broken at one node; verification must name that node.
class FaultInjectionTest {
  private static final String MANY = "faults.onnx";
  private static final String DIGITS = "digits.tflite";
  private static final String INT8 = "digits_int8.tflite";
  @TempDir private Path folder;

  static Stream<Fault> faults() {
    return Stream.of(
        new Fault("permutation swapped", MANY, "Transpose", 0, integers("perm", 0, 1, 2, 3)),
        new Fault("padded on the wrong side", MANY, "Conv", 0, integers("pads", 0, 1, 1, 0)),
        new Fault("weight transposed", MANY, "Conv", 0, floats(1, transposed(4))),
        new Fault("slope wrong", MANY, "LeakyRelu", 0, number("alpha", 0.12f)),
        new Fault("depthwise pads exchanged", MANY, "Conv", 1, integers("pads", 2, 2, 0, 0)),
        new Fault("depthwise weight turned", MANY, "Conv", 1, floats(1, reversed())),
        new Fault("padding counted", MANY, "AveragePool", 0, integer("count_include_pad", 1)),
        new Fault("mean for largest", MANY, "MaxPool", 0, operator("AveragePool")),
        new Fault("wrong resize mode", MANY, "Resize", 0, text("mode", "nearest")),
        new Fault(
            "wrong coordinates",
            MANY,
            "Resize",
            0,
            text("coordinate_transformation_mode", "asymmetric")),
        new Fault("operands exchanged", MANY, "Concat", 0, swappedInputs()),
        new Fault("slice one off", MANY, "Slice", 0, indices(1, 1).andThen(indices(2, 5))),
        new Fault("indices wrong", MANY, "Gather", 0, indices(1, 0, 2, 3, 1)),
        new Fault("blocks in the other order", MANY, "DepthToSpace", 0, text("mode", "CRD")),
        new Fault("factor wrong", MANY, "Mul", 0, floats(1, times(1.01f))),
        new Fault("softmax one axis off", MANY, "Softmax", 0, integer("axis", 2)),
        new Fault("mean one axis off", MANY, "ReduceMean", 0, indices(1, 3)),
        new Fault("sign lost", MANY, "Sub", 0, operator("Add")),
        new Fault("sums from the end", MANY, "CumSum", 0, integer("reverse", 1)),
        new Fault("sums one axis off", MANY, "CumSum", 0, indices(1, 2)),
        new Fault("dense weight not transposed", MANY, "Gemm", 0, integer("transB", 0)),
        new Fault("bias lost", MANY, "Gemm", 0, withoutInput(2)),
        new Fault("uneven padding exchanged", DIGITS, "Conv", 3, integers("pads", 1, 1, 0, 0)),
        new Fault("upper bound wrong", DIGITS, "Clip", 0, floats(2, times(0.1f))),
        new Fault("softmax over the batch", DIGITS, "Softmax", 0, integer("axis", 0)),
        new Fault("scale of a weight wrong", INT8, "DequantizeLinear", 1, floats(1, times(1.5f))),
        new Fault("scale of a bias wrong", INT8, "DequantizeLinear", 2, floats(1, times(1.5f))));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void verificationNamesTheNode(Fault fault) throws IOException {
    var conversion = Conversion.of(fault.model(), "onnx", folder);
    var result = conversion.result();
    var model = ModelProto.parseFrom(Files.readAllBytes(result)).toBuilder();
    var node = fault.inject(model.getGraphBuilder());
    Files.write(result, model.build().toByteArray());

    var found = Conversion.firstDifference(conversion.verify());
    assertThat(found).as("first difference, at '%s'", node.getName()).hasSize(1);
    if (found.get(0).node().equals(node.getName())) return;
    // Where one operator of the source became several nodes, only the last of them has a
    // counterpart; a
    // constant that is dequantized belongs to the node that uses it.
    var name = node.getOpType().equals("DequantizeLinear") ? user(model, node) : node.getName();
    assertThat(found.get(0).why()).contains("'" + name + "'");
  }

  private static String user(ModelProto.Builder model, NodeProto node) {
    return model.getGraph().getNodeList().stream()
        .filter(each -> each.getInputList().contains(node.getOutput(0)))
        .findFirst()
        .orElseThrow()
        .getName();
  }
}
