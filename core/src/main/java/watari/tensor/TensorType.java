package watari.tensor;

/// What a value is: element type, shape and, for quantized tensors, what the integers denote.
public record TensorType(DataType dtype, Shape shape, Quantization quantization) {
  public TensorType(DataType dtype, Shape shape) {
    this(dtype, shape, new Quantization.None());
  }

  public static TensorType of(DataType dtype, long... dims) {
    return new TensorType(dtype, Shape.of(dims));
  }

  public boolean isQuantized() {
    return !quantization.isNone();
  }

  public TensorType withoutQuantization() {
    return isQuantized() ? new TensorType(dtype, shape) : this;
  }

  public TensorType with(DataType other) {
    return new TensorType(other, shape, quantization);
  }

  public TensorType with(Shape other) {
    return new TensorType(dtype, other, quantization);
  }

  public TensorType with(Quantization other) {
    return new TensorType(dtype, shape, other);
  }

  /// `float32[1,3,224,224]`; quantized types carry a `q`: `int8q[1,10]`.
  @Override
  public String toString() {
    return dtype + (isQuantized() ? "q" : "") + shape;
  }
}
