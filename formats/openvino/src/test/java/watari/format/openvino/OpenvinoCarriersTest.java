package watari.format.openvino;

import static org.assertj.core.api.Assertions.assertThat;
import static watari.format.openvino.OpenvinoWritten.data;
import static watari.format.openvino.OpenvinoWritten.types;
import static watari.tensor.DataType.BFLOAT16;
import static watari.tensor.DataType.FLOAT32;
import static watari.tensor.DataType.FLOAT64;
import static watari.tensor.DataType.INT16;
import static watari.tensor.DataType.INT32;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.op.BinaryOp.Binary;
import watari.op.ElementwiseOp.Bitcast;
import watari.op.ElementwiseOp.Cast;
import watari.op.ElementwiseOp.Unary;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// Element types that OpenVINO does not compute with.
class OpenvinoCarriersTest {
  private static final TensorType VECTOR = TensorType.of(FLOAT32, 2);

  @TempDir Path folder;
  private final GraphBuilder to = new GraphBuilder(new Graph("main"));
  private OpenvinoWritten written;

  @BeforeEach
  void intoTheFolder() {
    written = new OpenvinoWritten(folder);
  }

  private List<Finding> write() {
    return written.findings(to.graph());
  }

  @Test
  void numbersThatOpenvinoDoesNotTakeFlowInOthers() {
    var x = to.input("x", TensorType.of(BFLOAT16, 2));
    to.graph().addOutput("y", to.add(new Unary(Unary.Kind.NEG), x));
    assertThat(write())
        .singleElement()
        .extracting(Finding::code, Finding::why)
        .containsExactly("DTYPE_CARRIED", "OpenVINO computes bfloat16 as float32");
  }

  @Test
  void aConstantBeyondFloat32IsRefused() {
    var x = to.input("x", TensorType.of(FLOAT64, 2));
    var large = TensorData.ofDoubles(FLOAT64, Shape.of(2), 1, -1e200);
    to.graph().addOutput("y", to.add(new Binary(Binary.Kind.MUL), x, to.constant("w", large)));
    assertThat(write())
        .singleElement()
        .extracting(Finding::code, Finding::why)
        .containsExactly(
            "DTYPE_UNSUPPORTED",
            "the constant 'w' holds -1.0E200, beyond the range of float32, in which OpenVINO computes");
  }

  @Test
  void integersOf16BitsThatAreGivenGoThroughInt32() {
    var x = to.input("x", TensorType.of(INT16, 2));
    to.graph().addOutput("y", to.add(new Cast(FLOAT32), x));
    var net = written.net(to.graph());
    assertThat(types(net)).containsExactly("Parameter", "Convert", "Convert", "Result");
    assertThat(data(net, "Convert").getAttribute("destination_type")).isEqualTo("i32");
  }

  @Test
  void theBitsOfFloatsAreRefused() {
    var bits = to.add(new Bitcast(INT32), to.input("x", VECTOR));
    to.graph().addOutput("y", bits);
    assertThat(write())
        .singleElement()
        .extracting(Finding::code, Finding::why)
        .containsExactly("OP_UNSUPPORTED", "operator 'Bitcast' has no OpenVINO equivalent");
    assertThat(folder.resolve("m.xml")).doesNotExist();
  }
}
