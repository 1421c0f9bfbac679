package watari.op;

import java.util.ArrayList;
import java.util.List;
import watari.tensor.Dim;
import watari.tensor.Layout;
import watari.tensor.Shape;

/// A window that slides over the spatial axes; each list has an entry for each of them.
public record Window(
    List<Integer> kernel,
    List<Integer> strides,
    List<Integer> dilations,
    Padding padding,
    boolean ceil) {
  public Window {
    kernel = List.copyOf(kernel);
    strides = List.copyOf(strides);
    dilations = List.copyOf(dilations);
    if (kernel.size() != strides.size() || kernel.size() != dilations.size()) {
      throw new IllegalArgumentException(
          "kernel "
              + kernel
              + ", strides "
              + strides
              + ", dilations "
              + dilations
              + " do not have one entry each per spatial axis");
    }
    requirePositive(kernel, "kernel");
    requirePositive(strides, "strides");
    requirePositive(dilations, "dilations");
    if (padding instanceof Padding.Explicit(var begins, _) && begins.size() != kernel.size()) {
      throw new IllegalArgumentException(
          "pads are given for " + begins.size() + " axes, the kernel has " + kernel.size());
    }
  }

  private static void requirePositive(List<Integer> values, String what) {
    if (values.stream().anyMatch(x -> x < 1)) {
      throw new IllegalArgumentException(what + " " + values + " are not all positive");
    }
  }

  /// The shape of `input` with its spatial dims replaced by the window's outputs.
  public Shape output(Shape input, Layout layout) {
    if (!input.isRanked()) return input;
    if (input.rank() != kernel.size() + 2) {
      throw new IllegalArgumentException(
          "input has shape " + input + ", expected rank " + (kernel.size() + 2));
    }
    var dims = new ArrayList<Dim>(input.dims());
    for (int i = 0; i < kernel.size(); i++) {
      int axis = layout.firstSpatialAxis() + i;
      var dim =
          padding.outputDim(
              input.dim(axis), i, kernel.get(i), strides.get(i), dilations.get(i), ceil);
      dims.set(axis, dim);
    }
    return Shape.of(dims);
  }

  public Window withPadding(Padding other) {
    return new Window(kernel, strides, dilations, other, ceil);
  }
}
