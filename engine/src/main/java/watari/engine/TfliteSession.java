package watari.engine;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// A model loaded in TensorFlow Lite.
@SuppressWarnings("restricted") // reads native memory
final class TfliteSession implements Session {
  private static final int OK = 0;
  private static final DataType[] TYPES = {
    DataType.STRING, // no type
    DataType.FLOAT32,
    DataType.INT32,
    DataType.UINT8,
    DataType.INT64,
    DataType.STRING,
    DataType.BOOL,
    DataType.INT16,
    DataType.COMPLEX64,
    DataType.INT8,
    DataType.FLOAT16,
    DataType.FLOAT64,
    DataType.COMPLEX128,
    DataType.UINT64,
    DataType.STRING, // resource
    DataType.STRING, // variant
    DataType.UINT32,
    DataType.UINT16,
    DataType.INT4,
    DataType.BFLOAT16
  };

  private final NativeFunctions library;
  private final Arena arena;
  private final TfliteErrors errors;
  private final MemorySegment model;
  private final MemorySegment options;
  private final MemorySegment interpreter;
  private final List<String> taps;

  private TfliteSession(
      NativeFunctions library,
      Arena arena,
      TfliteErrors errors,
      MemorySegment model,
      MemorySegment options,
      MemorySegment interpreter,
      List<String> taps) {
    this.taps = taps;
    this.library = library;
    this.arena = arena;
    this.errors = errors;
    this.model = model;
    this.options = options;
    this.interpreter = interpreter;
  }

  @SuppressWarnings("MustBeClosedChecker") // the session closes the arena
  static TfliteSession load(NativeFunctions library, Path path, List<String> taps)
      throws IOException, EngineException {
    var arena = Arena.ofShared();
    boolean isLoaded = false;
    try {
      var errors = new TfliteErrors(library.linker(), arena);
      TfliteSession session;
      if (taps.isEmpty()) {
        session = open(library, arena, errors, fromFile(library, path, errors, arena), taps);
      } else {
        var tapped = TfliteTaps.tapped(path, taps, arena);
        session = open(library, arena, errors, inMemory(library, tapped, errors), tapped.taps());
      }
      isLoaded = true;
      return session;
    } finally {
      if (!isLoaded) arena.close();
    }
  }

  private static MemorySegment fromFile(
      NativeFunctions library, Path path, TfliteErrors errors, Arena arena) {
    return library.pointer(
        "TfLiteModelCreateFromFileWithErrorReporter",
        arena.allocateFrom(path.toString()),
        errors.callback(),
        MemorySegment.NULL);
  }

  private static MemorySegment inMemory(
      NativeFunctions library, TfliteTaps.Tapped tapped, TfliteErrors errors) {
    return library.pointer(
        "TfLiteModelCreateWithErrorReporter",
        tapped.bytes(),
        tapped.bytes().byteSize(),
        errors.callback(),
        MemorySegment.NULL);
  }

  private static TfliteSession open(
      NativeFunctions library,
      Arena arena,
      TfliteErrors errors,
      MemorySegment model,
      List<String> taps)
      throws EngineException {
    if (model.equals(MemorySegment.NULL)) throw errors.exception("does not load it");
    var options = library.pointer("TfLiteInterpreterOptionsCreate");
    int threads = Math.min(Runtime.getRuntime().availableProcessors(), 4);
    library.run("TfLiteInterpreterOptionsSetNumThreads", options, threads);
    library.run(
        "TfLiteInterpreterOptionsSetErrorReporter", options, errors.callback(), MemorySegment.NULL);
    var interpreter = library.pointer("TfLiteInterpreterCreate", model, options);
    if (interpreter.equals(MemorySegment.NULL)) {
      library.run("TfLiteInterpreterOptionsDelete", options);
      library.run("TfLiteModelDelete", model);
      throw errors.exception("does not load it");
    }
    return new TfliteSession(library, arena, errors, model, options, interpreter, taps);
  }

  @Override
  public List<String> taps() {
    return taps;
  }

  @Override
  public List<TensorData> run(List<Feed> inputs) throws EngineException {
    int count = library.integer("TfLiteInterpreterGetInputTensorCount", interpreter);
    if (count != inputs.size()) {
      throw new EngineException(
          "the model has " + count + " inputs, but " + inputs.size() + " tensors are given");
    }
    for (int i = 0; i < count; i++) resize(i, inputs.get(i).data());
    check(library.integer("TfLiteInterpreterAllocateTensors", interpreter), "allocate its tensors");
    for (int i = 0; i < count; i++) feed(i, inputs.get(i));
    check(library.integer("TfLiteInterpreterInvoke", interpreter), "run it");
    var outputs = new ArrayList<TensorData>();
    int made = library.integer("TfLiteInterpreterGetOutputTensorCount", interpreter);
    for (int i = 0; i < made; i++) outputs.add(output(i));
    return outputs;
  }

  private void resize(int i, TensorData data) throws EngineException {
    var tensor = input(i);
    long[] dims = data.shape().fixedDims();
    if (java.util.Arrays.equals(dims, dims(tensor))) return;
    try (var call = Arena.ofConfined()) {
      var shape = call.allocate(JAVA_INT, Math.max(dims.length, 1));
      for (int axis = 0; axis < dims.length; axis++) {
        shape.setAtIndex(JAVA_INT, axis, Math.toIntExact(dims[axis]));
      }
      int status =
          library.integer("TfLiteInterpreterResizeInputTensor", interpreter, i, shape, dims.length);
      check(status, "give input " + i + " the shape " + data.shape());
    }
  }

  private void feed(int i, Feed feed) throws EngineException {
    var tensor = input(i);
    var dtype = dtype(tensor, feed.name());
    var data = feed.data();
    if (dtype != data.dtype()) {
      throw new EngineException(
          "input '" + feed.name() + "' is " + dtype + ", but " + data.dtype() + " is given");
    }
    try (var call = Arena.ofConfined()) {
      var bytes = data.packed(call);
      var copy = call.allocate(Math.max(bytes.byteSize(), 1), 64);
      MemorySegment.copy(bytes, 0, copy, 0, bytes.byteSize());
      int status = library.integer("TfLiteTensorCopyFromBuffer", tensor, copy, bytes.byteSize());
      check(status, "take input '" + feed.name() + "'");
    }
  }

  private MemorySegment input(int i) {
    return library.pointer("TfLiteInterpreterGetInputTensor", interpreter, i);
  }

  private TensorData output(int i) throws EngineException {
    var tensor = library.pointer("TfLiteInterpreterGetOutputTensor", interpreter, i);
    var dtype = dtype(tensor, "output " + i);
    long size = library.size("TfLiteTensorByteSize", tensor);
    var bytes = new byte[Math.toIntExact(size)];
    var data = library.pointer("TfLiteTensorData", tensor);
    if (size > 0) {
      if (data.equals(MemorySegment.NULL))
        throw new EngineException("output " + i + " has no data");
      MemorySegment.copy(data.reinterpret(size), 0, MemorySegment.ofArray(bytes), 0, size);
    }
    return TensorData.of(dtype, Shape.of(dims(tensor)), MemorySegment.ofArray(bytes));
  }

  private long[] dims(MemorySegment tensor) {
    var dims = new long[library.integer("TfLiteTensorNumDims", tensor)];
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] = library.integer("TfLiteTensorDim", tensor, axis);
    }
    return dims;
  }

  private DataType dtype(MemorySegment tensor, String name) throws EngineException {
    int code = library.integer("TfLiteTensorType", tensor);
    if (code < 0 || code >= TYPES.length || TYPES[code] == DataType.STRING) {
      throw new EngineException("'" + name + "' is a tensor of TFLite's type " + code);
    }
    return TYPES[code];
  }

  private void check(int status, String step) throws EngineException {
    if (status != OK) throw errors.exception("does not " + step);
  }

  @Override
  public void close() {
    library.run("TfLiteInterpreterDelete", interpreter);
    library.run("TfLiteInterpreterOptionsDelete", options);
    library.run("TfLiteModelDelete", model);
    arena.close();
  }
}
