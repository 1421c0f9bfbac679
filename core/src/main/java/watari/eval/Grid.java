package watari.eval;

import watari.tensor.Shape;

/// Positions in a tensor: coordinates along its axes and flat row-major indices.
final class Grid {
  final long[] dims;
  final long[] strides;

  private Grid(long[] dims) {
    this.dims = dims;
    strides = new long[dims.length];
    long stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
  }

  static Grid of(Shape shape) {
    return new Grid(shape.fixedDims());
  }

  static Grid of(long... dims) {
    return new Grid(dims);
  }

  int rank() {
    return dims.length;
  }

  long size() {
    long size = 1;
    for (long dim : dims) size *= dim;
    return size;
  }

  /// Writes the coordinates of a flat index into `at`.
  void coordinates(long index, long[] at) {
    for (int i = dims.length - 1; i >= 0; i--) {
      at[i] = index % dims[i];
      index /= dims[i];
    }
  }

  long[] coordinates(long index) {
    var at = new long[dims.length];
    coordinates(index, at);
    return at;
  }

  long index(long[] at) {
    long index = 0;
    for (int i = 0; i < dims.length; i++) index += at[i] * strides[i];
    return index;
  }

  boolean contains(long[] at) {
    for (int i = 0; i < dims.length; i++) if (at[i] < 0 || at[i] >= dims[i]) return false;
    return true;
  }

  /// Product of the dims before `axis`.
  long outer(int axis) {
    long product = 1;
    for (int i = 0; i < axis; i++) product *= dims[i];
    return product;
  }
}
