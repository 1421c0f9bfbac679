package watari.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A model loaded in OpenVINO. Its state begins anew with each session.
@SuppressWarnings("restricted") // reads native memory
final class OpenvinoSession implements Session {
  /// `ov_shape_t`: the rank, and where the dims are.
  private static final StructLayout SHAPE = MemoryLayout.structLayout(JAVA_LONG, ADDRESS);

  /// Plain float32 arithmetic, whatever the processor would rather do.
  private static final List<String> PROPERTIES =
      List.of("INFERENCE_PRECISION_HINT", "f32", "EXECUTION_MODE_HINT", "ACCURACY");

  private static final String LOAD = "does not load it";
  private static final String RUN = "does not run it";

  /// Something to be freed, by the function of this name.
  private record Owned(String free, MemorySegment made) {}

  private final OpenvinoLibrary library;
  private final Deque<Owned> owned = new ArrayDeque<>();
  private final List<String> taps;
  private final MemorySegment model;
  private final MemorySegment request;

  private OpenvinoSession(OpenvinoLibrary library, Path xml, Path weights, List<String> taps)
      throws EngineException {
    this.library = library;
    this.taps = taps;
    boolean isLoaded = false;
    try (var arena = Arena.ofConfined()) {
      var bin = weights.toString().isEmpty() ? MemorySegment.NULL : string(arena, weights);
      model =
          own(
              "ov_model_free",
              library.make(LOAD, "ov_core_read_model", library.core(), string(arena, xml), bin));
      var compiled = own("ov_compiled_model_free", compile(arena));
      request =
          own(
              "ov_infer_request_free",
              library.make(LOAD, "ov_compiled_model_create_infer_request", compiled));
      isLoaded = true;
    } finally {
      if (!isLoaded) close();
    }
  }

  /// @param weights where they are, if not beside the model under its name; empty path for there
  static OpenvinoSession load(OpenvinoLibrary library, Path model, Path weights, List<String> taps)
      throws IOException, EngineException {
    var bin = weights.toString().isEmpty() ? beside(model) : weights;
    if (taps.isEmpty()) return new OpenvinoSession(library, model, bin, List.of());
    var tapped = OpenvinoTaps.tapped(model, taps);
    if (tapped.taps().isEmpty()) return new OpenvinoSession(library, model, bin, List.of());
    var xml = Files.createTempFile("watari-", ".xml");
    try {
      Files.writeString(xml, tapped.xml());
      return new OpenvinoSession(library, xml, bin, tapped.taps());
    } finally {
      Files.deleteIfExists(xml);
    }
  }

  private static Path beside(Path model) {
    var bin =
        model.resolveSibling(model.getFileName().toString().replaceFirst("\\.[^.]*$", "") + ".bin");
    return Files.exists(bin) ? bin : Path.of("");
  }

  private static MemorySegment string(Arena arena, Path path) {
    return arena.allocateFrom(path.toAbsolutePath().toString());
  }

  private MemorySegment own(String free, MemorySegment made) {
    owned.push(new Owned(free, made));
    return made;
  }

  private MemorySegment compile(Arena arena) throws EngineException {
    var made = arena.allocate(ADDRESS);
    var arguments =
        new ArrayList<Object>(
            List.of(library.core(), model, arena.allocateFrom("CPU"), (long) PROPERTIES.size()));
    arguments.add(made);
    int fixed = arguments.size();
    for (var word : PROPERTIES) arguments.add(arena.allocateFrom(word));
    library.check(
        LOAD, library.functions().variadic("ov_core_compile_model", fixed, arguments.toArray()));
    return made.get(ADDRESS, 0);
  }

  @Override
  public List<String> taps() {
    return taps;
  }

  @Override
  public List<TensorData> run(List<Feed> inputs) throws EngineException {
    long count = library.size(RUN, "ov_model_inputs_size", model);
    if (count != inputs.size()) {
      throw new EngineException(
          "the model has " + count + " inputs, but " + inputs.size() + " tensors are given");
    }
    var ports = ports(inputs);
    try {
      for (int i = 0; i < ports.size(); i++) feed(ports.get(i), inputs.get(i));
    } finally {
      ports.forEach(port -> library.free("ov_output_const_port_free", port));
    }
    library.call(RUN, "ov_infer_request_infer", request);
    var outputs = new ArrayList<TensorData>();
    long made = library.size(RUN, "ov_model_outputs_size", model);
    for (long i = 0; i < made; i++) outputs.add(output(i));
    return outputs;
  }

  /// The port of each tensor: by names if the model knows them all, else in the file's order.
  private List<MemorySegment> ports(List<Feed> inputs) throws EngineException {
    var named = new ArrayList<MemorySegment>();
    for (var feed : inputs) {
      try (var arena = Arena.ofConfined()) {
        var name = arena.allocateFrom(feed.name());
        named.add(library.make(RUN, "ov_model_const_input_by_name", model, name));
      } catch (EngineException _) {
        break; // a name that the reading of the file made, as for inputs without one
      }
    }
    if (named.size() == inputs.size()) return named;
    named.forEach(port -> library.free("ov_output_const_port_free", port));
    var ordered = new ArrayList<MemorySegment>();
    for (long i = 0; i < inputs.size(); i++) {
      ordered.add(library.make(RUN, "ov_model_const_input_by_index", model, i));
    }
    return ordered;
  }

  private void feed(MemorySegment port, Feed feed) throws EngineException {
    int code = library.code(RUN, "ov_port_get_element_type", port);
    var data = as(library.types().dtype(code, feed.name()), feed);
    try (var arena = Arena.ofConfined()) {
      var shape = shape(arena, data.shape().fixedDims());
      var tensor = library.make(RUN, "ov_tensor_create", code, shape);
      try {
        if (data.size() > 0) data.copyTo(0, data.size(), bytes(tensor, data.sizeBytes()));
        library.call(RUN, "ov_infer_request_set_tensor_by_const_port", request, port, tensor);
      } finally {
        library.free("ov_tensor_free", tensor);
      }
    }
  }

  /// The tensor in the type of the port: OpenVINO widens inputs of IR before version 11.
  private static TensorData as(DataType wanted, Feed feed) throws EngineException {
    var data = feed.data();
    if (data.dtype() == wanted) return data;
    var cast = data.cast(wanted);
    if (cast.cast(data.dtype()).contentEquals(data)) return cast;
    throw new EngineException(
        "input '" + feed.name() + "' is " + wanted + ", but " + data.dtype() + " is given");
  }

  private TensorData output(long i) throws EngineException {
    var tensor = library.make(RUN, "ov_infer_request_get_output_tensor_by_index", request, i);
    try {
      int code = library.code(RUN, "ov_tensor_get_element_type", tensor);
      var dtype = library.types().dtype(code, "output " + i);
      var shape = Shape.of(dims(tensor));
      var size = library.size(RUN, "ov_tensor_get_byte_size", tensor);
      var copy = new byte[Math.toIntExact(size)];
      if (size > 0)
        MemorySegment.copy(bytes(tensor, size), 0, MemorySegment.ofArray(copy), 0, size);
      return TensorData.of(dtype, shape, MemorySegment.ofArray(copy));
    } finally {
      library.free("ov_tensor_free", tensor);
    }
  }

  private MemorySegment bytes(MemorySegment tensor, long size) throws EngineException {
    return library.make(RUN, "ov_tensor_data", tensor).reinterpret(size);
  }

  private static NativeFunctions.Struct shape(Arena arena, long[] dims) {
    var struct = arena.allocate(SHAPE);
    struct.set(JAVA_LONG, 0, dims.length);
    struct.set(ADDRESS, JAVA_LONG.byteSize(), arena.allocateFrom(JAVA_LONG, dims));
    return new NativeFunctions.Struct(SHAPE, struct);
  }

  private long[] dims(MemorySegment tensor) throws EngineException {
    try (var arena = Arena.ofConfined()) {
      var struct = arena.allocate(SHAPE);
      int status = library.functions().integer("ov_tensor_get_shape", tensor, struct);
      // The C interface cannot say the shape of a scalar, and refuses to.
      if (status == OpenvinoLibrary.REFUSED && library.size(RUN, "ov_tensor_get_size", tensor) == 1)
        return new long[0];
      library.check(RUN, status);
      long rank = struct.get(JAVA_LONG, 0);
      var place = struct.get(ADDRESS, JAVA_LONG.byteSize());
      var dims = place.reinterpret(rank * JAVA_LONG.byteSize()).toArray(JAVA_LONG);
      library.free("ov_shape_free", struct);
      return dims;
    }
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      var last = owned.pop();
      library.free(last.free(), last.made());
    }
  }
}
