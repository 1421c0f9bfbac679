package watari.format.openvino;

import java.util.ArrayList;
import watari.format.ReadTable;
import watari.op.ElementwiseOp.Cast;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Shape;
import watari.tensor.TensorType;

/// Where values come from and go to: inputs, constants, outputs.
final class OpenvinoReadSourceOps {
  private OpenvinoReadSourceOps() {}

  static void register(ReadTable<OpenvinoReadOps.Entry> table) {
    table
        .on("Parameter", OpenvinoReadSourceOps::parameter)
        .on("Const", OpenvinoReadSourceOps::constant)
        .on("Result", n -> n.graph().putResult(n.layer(), n.in(0)));
  }

  private static void parameter(OpenvinoReadNode n) {
    if (!n.graph().isMain()) {
      throw OpenvinoRefusal.broken("no port of the port map gives this parameter a value");
    }
    var port = n.layer().outputs().get(0);
    var name = OpenvinoReadGraph.hint(n.layer(), port);
    var type = parameterType(n);
    // Version 10 takes float32 where it says float16, as OpenVINO does.
    boolean isWider = n.model().version() == 10 && type.dtype() == DataType.FLOAT16;
    var input = n.builder().input(name, isWider ? type.with(DataType.FLOAT32) : type);
    if (!input.name().equals(name)) {
      throw OpenvinoRefusal.broken("another input has the name '" + name + "', too");
    }
    var others = new ArrayList<>(port.names());
    others.remove(name);
    input.setSourceNames(others);
    n.graph().put(port, isWider ? n.builder().add(new Cast(DataType.FLOAT16), input) : input);
  }

  /// The type that a Parameter states.
  static TensorType parameterType(OpenvinoReadNode n) {
    var name = OpenvinoReadGraph.hint(n.layer(), n.layer().outputs().get(0));
    return new TensorType(
        n.element("element_type", DataType.FLOAT32), shape(n.text("shape"), name));
  }

  /// A shape as a Parameter states it: `1,?,3..7,224`, `...` where not even the rank is known.
  static Shape shape(String text, String name) {
    if (text.equals("...")) return Shape.UNKNOWN;
    var dims = new ArrayList<Dim>();
    if (text.isEmpty()) return Shape.SCALAR;
    for (var part : text.split(",", -1)) {
      var dim = part.strip();
      boolean isFixed = dim.matches("\\d{1,18}");
      if (!isFixed && !dim.matches("\\?|-1|\\d{0,18}\\.\\.\\d{0,18}")) {
        throw OpenvinoRefusal.broken(
            "attribute 'shape' is '%s', expected dims such as 1,?,3..7".formatted(text));
      }
      var unknown = "?" + name + "." + dims.size();
      dims.add(isFixed ? Dim.of(Long.parseLong(dim)) : Dim.named(unknown));
    }
    return Shape.of(dims);
  }

  private static void constant(OpenvinoReadNode n) {
    var port = n.layer().outputs().get(0);
    var element = n.text("element_type", port.precision());
    if (element.equals("u1") && isOfBits(n)) {
      long size = n.longInteger("size");
      var bytes = n.model().weights().data(DataType.UINT8, Shape.of(size), offset(n), size);
      n.giveConstant(bytes);
      return;
    }
    var dtype = OpenvinoTypes.dtype(element).orElseThrow(() -> OpenvinoRefusal.dtype(element));
    var name = OpenvinoReadGraph.hint(n.layer(), port);
    var shape =
        n.hasAttribute("shape")
            ? shape(n.text("shape"), name)
            : Shape.of(port.dims().stream().map(Dim::of).toList());
    if (!shape.isFixed()) {
      throw OpenvinoRefusal.broken(
          "attribute 'shape' is '%s', expected fixed dims".formatted(shape));
    }
    var weights = n.model().weights();
    n.giveConstant(weights.data(dtype, shape, offset(n), n.longInteger("size")));
  }

  private static long offset(OpenvinoReadNode n) {
    return n.longInteger("offset");
  }

  /// Whether only convolutions of bits use a constant, which take its bytes.
  private static boolean isOfBits(OpenvinoReadNode n) {
    return n.graph().links().users(n.layer()).stream()
        .allMatch(user -> user.is("BinaryConvolution"));
  }
}
