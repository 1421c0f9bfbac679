package watari.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.Dim;
import watari.tensor.Shape;

/// Sizes for the unknown dims of inputs: one for each name, the same wherever it stands.
///
/// @param batch of axis 0
/// @param spatial of the other axes of tensors with four axes or more
/// @param other of all the rest
record DimSizes(long batch, long spatial, long other) {
  /// What is tried, until the source runs.
  static final List<DimSizes> TRIES =
      List.of(
          new DimSizes(2, 64, 8),
          new DimSizes(1, 64, 8),
          new DimSizes(1, 224, 32),
          new DimSizes(1, 32, 1),
          new DimSizes(1, 512, 512),
          new DimSizes(1, 1, 1));

  /// Adds sizes for the unknowns of a shape that have none yet.
  void name(Shape shape, Map<String, Dim> sizes) {
    for (int axis = 0; axis < shape.dims().size(); axis++) {
      long size = axis == 0 ? batch : shape.rank() >= 4 ? spatial : other;
      for (var monomial : shape.dim(axis).terms().keySet()) {
        for (var unknown : monomial.split("\\*")) {
          if (!unknown.isEmpty()) sizes.putIfAbsent(unknown, Dim.of(size));
        }
      }
    }
  }

  /// The sizes for all unknowns of these shapes.
  Map<String, Dim> of(List<Shape> shapes) {
    var sizes = new LinkedHashMap<String, Dim>();
    for (var shape : shapes) if (shape.isRanked()) name(shape, sizes);
    return sizes;
  }
}
