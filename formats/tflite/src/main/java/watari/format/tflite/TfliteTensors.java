package watari.format.tflite;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import watari.finding.Finding;
import watari.finding.ModelException;
import watari.format.tflite.schema.BlockwiseQuantization;
import watari.format.tflite.schema.QuantizationDetails;
import watari.format.tflite.schema.QuantizationParameters;
import watari.format.tflite.schema.SubGraph;
import watari.format.tflite.schema.Tensor;
import watari.tensor.DataType;
import watari.tensor.Dim;
import watari.tensor.Quantization;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// The tensors of one subgraph: their names, types and constant elements.
///
/// Quantization counts for integers of up to 16 bits. Scales of wider integers are those of biases,
/// which their operators know better, and float tensors may carry left-over ones.
final class TfliteTensors {
  private final TfliteFile file;
  private final String path;
  private final SubGraph subgraph;
  private final int number;
  private final Map<Integer, TensorData> constants = new HashMap<>();

  TfliteTensors(TfliteFile file, String path, int number) {
    this.file = file;
    this.path = path;
    this.number = number;
    this.subgraph = subgraph(file, path, number);
    long buffers = file.model().buffersLength();
    for (int i = 0; i < count(); i++) {
      if (tensor(i).buffer() >= buffers) {
        throw broken(
            "tensor '%s' has buffer '%d', the file has %d"
                .formatted(name(i), tensor(i).buffer(), buffers));
      }
    }
  }

  private static SubGraph subgraph(TfliteFile file, String path, int number) {
    int count = file.model().subgraphsLength();
    if (number < 0 || number >= count) {
      var why = "subgraph '%d' is used, the file has %d".formatted(number, count);
      throw new ModelException(Finding.error("FILE_BROKEN", why).inFile(path));
    }
    return Objects.requireNonNull(file.model().subgraphs(number));
  }

  SubGraph subgraph() {
    return subgraph;
  }

  int count() {
    return subgraph.tensorsLength();
  }

  Tensor tensor(int index) {
    if (index < 0 || index >= count()) {
      throw broken("tensor '%d' is used, the subgraph has %d".formatted(index, count()));
    }
    return Objects.requireNonNull(subgraph.tensors(index));
  }

  String name(int index) {
    var name = tensor(index).name();
    return name == null || name.isEmpty() ? "tensor_" + index : name;
  }

  boolean isVariable(int index) {
    return tensor(index).isVariable();
  }

  /// Our element type; empty for handles of resources and variants.
  Optional<DataType> dtype(int index) {
    return TfliteReadTypes.dtype(tensor(index).type());
  }

  /// The declared type, with unknown dims where the file has -1.
  TensorType type(int index) {
    var dtype =
        dtype(index)
            .orElseThrow(() ->
                Unreadable.operator(
                    "tensor '%s' has element type '%s'"
                        .formatted(name(index), TfliteReadTypes.name(tensor(index).type())),
                    "leave out the part of the model that makes it"));
    var shape = shape(index);
    return new TensorType(dtype, shape, quantization(index, dtype, shape));
  }

  /// The declared type, with dims named after the tensor where the file has -1.
  TensorType inputType(int index) {
    var type = type(index);
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < type.shape().rank(); i++) {
      var dim = type.shape().dim(i);
      dims.add(dim.isFixed() ? dim : Dim.named(name(index) + "." + i));
    }
    return type.with(Shape.of(dims));
  }

  private Shape shape(int index) {
    var tensor = tensor(index);
    int rank = tensor.shapeLength();
    boolean signed = tensor.shapeSignatureLength() == rank;
    var dims = new ArrayList<Dim>();
    for (int i = 0; i < rank; i++) {
      int dim = signed ? tensor.shapeSignature(i) : tensor.shape(i);
      if (dim < -1) throw broken("tensor '%s' has dim '%d'".formatted(name(index), dim));
      dims.add(dim < 0 ? Dim.named("?" + number + "." + index + "." + i) : Dim.of(dim));
    }
    return Shape.of(dims);
  }

  /// Whether the file says of each dim whether it is fixed.
  boolean hasSignature(int index) {
    return tensor(index).shapeSignatureLength() > 0;
  }

  // ---- quantization

  private Quantization quantization(int index, DataType dtype, Shape shape) {
    boolean narrow = dtype.isInteger() && dtype.bits() <= 16;
    return narrow ? statedQuantization(index, shape) : new Quantization.None();
  }

  /// What the file says, whatever the element type.
  Quantization statedQuantization(int index, Shape shape) {
    var stated = tensor(index).quantization();
    if (stated == null) return new Quantization.None();
    if (stated.detailsType() == QuantizationDetails.BlockwiseQuantization) {
      return blocked(index, stated, shape);
    }
    if (stated.detailsType() != QuantizationDetails.NONE) {
      var kind = QuantizationDetails.name(stated.detailsType());
      throw Unreadable.operator(
          "tensor '%s' is quantized by '%s'".formatted(name(index), kind),
          "quantize it with one scale, or one for each channel");
    }
    int scales = stated.scaleLength();
    if (scales == 0) return new Quantization.None();
    return scales == 1 ? perTensor(stated) : perAxis(index, stated, shape);
  }

  private static Quantization perTensor(QuantizationParameters stated) {
    float scale = stated.scale(0);
    boolean meant = scale > 0 && Float.isFinite(scale);
    if (!meant) return new Quantization.None();
    return new Quantization.PerTensor(
        scale, stated.zeroPointLength() == 0 ? 0 : stated.zeroPoint(0));
  }

  private Quantization perAxis(int index, QuantizationParameters stated, Shape shape) {
    int count = stated.scaleLength();
    // Converters state the axis of the weights with their bias, and runtimes do not look.
    boolean isVector = shape.rank() == 1 && shape.dim(0).is(count);
    int axis = isVector ? 0 : stated.quantizedDimension();
    boolean fits = axis >= 0 && axis < shape.rank() && shape.dim(axis).is(count);
    if (!fits) {
      throw broken(
          "tensor '%s' of shape %s has %d scales along axis '%d'"
              .formatted(name(index), shape, count, axis));
    }
    var scales = new ArrayList<Float>();
    var zeroPoints = new ArrayList<Long>();
    int zeros = stated.zeroPointLength();
    for (int i = 0; i < count; i++) {
      scales.add(stated.scale(i));
      zeroPoints.add(zeros == 0 ? 0L : stated.zeroPoint(zeros == 1 ? 0 : Math.min(i, zeros - 1)));
    }
    return new Quantization.PerAxis(axis, scales, zeroPoints);
  }

  private Quantization blocked(int index, QuantizationParameters stated, Shape shape) {
    var details = new BlockwiseQuantization();
    if (stated.details(details) == null) return new Quantization.None();
    var scales = constant(details.scales()).cast(DataType.FLOAT32);
    int size = details.blockSize();
    int axis = shape.rank() - 1;
    boolean fits = size > 0 && shape.isFixed() && axis >= 0;
    if (!fits) throw broken("tensor '%s' has blocks of '%d'".formatted(name(index), size));
    var blocks = shape.with(axis, shape.dim(axis).ceilDiv(size));
    var shaped = scales.reshaped(blocks);
    var zeroPoints =
        details.zeroPoints() > 0 && details.zeroPoints() != details.scales()
            ? constant(details.zeroPoints()).reshaped(blocks)
            : TensorData.filled(TensorData.scalar(0L), blocks);
    return new Quantization.Blocked(axis, size, shaped, zeroPoints);
  }

  // ---- elements

  /// Whether the file has elements for a tensor.
  boolean hasData(int index) {
    var tensor = tensor(index);
    if (tensor.externalBuffer() != 0) return true;
    if (tensor.buffer() == 0) return false;
    return file.buffer(tensor.buffer()).byteSize() > 0;
  }

  /// The elements of a constant, dense ones of a sparse tensor.
  TensorData constant(int index) {
    var known = constants.get(index);
    if (known != null) return known;
    var made = elements(index);
    constants.put(index, made);
    return made;
  }

  private TensorData elements(int index) {
    var tensor = tensor(index);
    if (tensor.externalBuffer() != 0) {
      throw Unreadable.operator(
          "the elements of tensor '%s' are in another file".formatted(name(index)),
          "put the weights into the model file");
    }
    var dtype = dtype(index).orElseThrow(() -> broken("a handle has elements"));
    var shape = fixedShape(index);
    var bytes = tensor.buffer() == 0 ? MemorySegment.NULL : file.buffer(tensor.buffer());
    if (dtype == DataType.STRING) return strings(index, shape, bytes);
    var sparsity = tensor.sparsity();
    if (sparsity != null) return TfliteSparse.dense(dtype, shape, bytes, sparsity, name(index));
    return packed(index, dtype, shape, bytes);
  }

  private TensorData strings(int index, Shape shape, MemorySegment bytes) {
    var texts = TfliteStrings.unpack(path, bytes);
    if (texts.size() != elementCount(index, shape)) {
      throw broken(
          "tensor '%s' of shape %s has %d strings".formatted(name(index), shape, texts.size()));
    }
    return TensorData.ofStrings(shape, texts);
  }

  private TensorData packed(int index, DataType dtype, Shape shape, MemorySegment bytes) {
    long needed = dtype.sizeBytes(elementCount(index, shape));
    if (bytes.byteSize() < needed) {
      throw broken(
          "tensor '%s' %s%s needs %d bytes, its buffer has %d"
              .formatted(name(index), dtype, shape, needed, bytes.byteSize()));
    }
    return TensorData.of(dtype, shape, bytes);
  }

  private long elementCount(int index, Shape shape) {
    long count = 1;
    try {
      for (long dim : shape.fixedDims()) count = Math.multiplyExact(count, dim);
      return Math.multiplyExact(count, 128L) / 128;
    } catch (ArithmeticException _) {
      throw broken("tensor '%s' of shape %s has too many elements".formatted(name(index), shape));
    }
  }

  private Shape fixedShape(int index) {
    var tensor = tensor(index);
    var dims = new long[tensor.shapeLength()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = tensor.shape(i);
      if (dims[i] < 0) throw broken("tensor '%s' has dim '%d'".formatted(name(index), dims[i]));
    }
    return Shape.of(dims);
  }

  /// Elements of 0 for a tensor that has none in the file.
  TensorData zeros(int index) {
    var dtype = dtype(index).orElseThrow(() -> broken("a handle has elements"));
    var shape = fixedShape(index);
    long count = elementCount(index, shape);
    if (dtype == DataType.STRING) {
      return TensorData.ofStrings(shape, Collections.nCopies((int) count, new byte[0]));
    }
    long zero =
        quantization(index, dtype, shape) instanceof Quantization.PerTensor(_, long zeroPoint)
            ? zeroPoint
            : 0;
    return TensorData.filled(TensorData.scalar(dtype, zero), shape);
  }

  /// The indices of an operator's or subgraph's list.
  static List<Integer> indices(int length, java.util.function.IntUnaryOperator at) {
    var all = new ArrayList<Integer>();
    for (int i = 0; i < length; i++) all.add(at.applyAsInt(i));
    return all;
  }

  private ModelException broken(String why) {
    return new ModelException(Finding.error("FILE_BROKEN", why).inFile(path));
  }
}
