package watari.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.DataType;

/// The numbers by which the C interface names element types.
///
/// They have changed between versions, so the library is asked: it reads a model of one parameter
/// for each type, and tells what types its inputs have.
final class OpenvinoTypes {
  private record Type(DataType dtype, String element, String precision) {}

  private static final List<Type> ALL =
      List.of(
          new Type(DataType.FLOAT64, "f64", "FP64"),
          new Type(DataType.FLOAT32, "f32", "FP32"),
          new Type(DataType.FLOAT16, "f16", "FP16"),
          new Type(DataType.BFLOAT16, "bf16", "BF16"),
          new Type(DataType.INT64, "i64", "I64"),
          new Type(DataType.INT32, "i32", "I32"),
          new Type(DataType.INT16, "i16", "I16"),
          new Type(DataType.INT8, "i8", "I8"),
          new Type(DataType.UINT64, "u64", "U64"),
          new Type(DataType.UINT32, "u32", "U32"),
          new Type(DataType.UINT16, "u16", "U16"),
          new Type(DataType.UINT8, "u8", "U8"),
          new Type(DataType.BOOL, "boolean", "BOOL"));

  private final Map<DataType, Integer> codes;
  private final Map<Integer, DataType> types = new HashMap<>();

  private OpenvinoTypes(Map<DataType, Integer> codes) {
    this.codes = codes;
    codes.forEach((dtype, code) -> types.put(code, dtype));
  }

  static OpenvinoTypes of(OpenvinoLibrary library) throws EngineException {
    var codes = new HashMap<DataType, Integer>();
    var what = "does not tell its element types";
    try (var arena = Arena.ofConfined()) {
      var xml = arena.allocateFrom(model());
      var model =
          library.make(
              what,
              "ov_core_read_model_from_memory_buffer",
              library.core(),
              xml,
              xml.byteSize() - 1,
              MemorySegment.NULL);
      for (int i = 0; i < ALL.size(); i++) {
        var port = library.make(what, "ov_model_const_input_by_index", model, (long) i);
        codes.put(ALL.get(i).dtype(), library.code(what, "ov_port_get_element_type", port));
        library.free("ov_output_const_port_free", port);
      }
      library.free("ov_model_free", model);
    }
    return new OpenvinoTypes(codes);
  }

  /// A model of one parameter and result for each type.
  private static String model() {
    var layers = new ArrayList<String>();
    var edges = new ArrayList<String>();
    for (var type : ALL) {
      int id = layers.size();
      var port = "<port id='0' precision='" + type.precision() + "'><dim>1</dim></port>";
      layers.add(
          "<layer id='%d' name='p%d' type='Parameter' version='opset1'>".formatted(id, id)
              + "<data shape='1' element_type='%s'/>".formatted(type.element())
              + "<output>%s</output></layer>".formatted(port));
      layers.add(
          "<layer id='%d' name='r%d' type='Result' version='opset1'>".formatted(id + 1, id + 1)
              + "<input>%s</input></layer>".formatted(port));
      edges.add(
          "<edge from-layer='%d' from-port='0' to-layer='%d' to-port='0'/>".formatted(id, id + 1));
    }
    return "<?xml version='1.0'?><net name='types' version='11'><layers>"
        + String.join("", layers)
        + "</layers><edges>"
        + String.join("", edges)
        + "</edges></net>";
  }

  /// The number of a type.
  ///
  /// @param name of the tensor, for the message
  int code(DataType dtype, String name) throws EngineException {
    var code = codes.get(dtype);
    if (code == null)
      throw new EngineException("OpenVINO takes no " + dtype + " for '" + name + "'");
    return code;
  }

  DataType dtype(int code, String name) throws EngineException {
    var dtype = types.get(code);
    if (dtype == null) {
      throw new EngineException("'" + name + "' is a tensor of OpenVINO's type " + code);
    }
    return dtype;
  }
}
