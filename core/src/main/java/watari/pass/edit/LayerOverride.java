package watari.pass.edit;

import java.util.List;

/// A change that a file of overrides asks for; its numbers are in converted order, see
/// [ConvertedOrder].
///
/// @param layer the id or the name of a layer, as the file has it
/// @param place where the file says so, such as `line 3, layers[0]: `
public record LayerOverride(String layer, Action action, String place) {
  /// What changes.
  public sealed interface Action {
    /// Other elements of a constant, in the source's order.
    ///
    /// @param value numbers, lists of them, or a tensor
    record Constant(Object value) implements Action {}

    /// A new operator before an input, or behind the first output.
    ///
    /// @param type of openvino2tensorflow: `Transpose`, `Reshape`, `Cast`, `Squeeze`, `Unsqueeze`,
    ///   `Add`, `Multiply`
    /// @param input number of the input, or -1 for behind
    /// @param isStated whether the file names the input; others are not taken at operators of
    ///   several
    record Around(String type, int input, boolean isStated, Object values) implements Action {}

    /// A Transpose before the input, or behind the output, that is a tensor of that name.
    record Reorder(String tensor, boolean before, List<Integer> perm) implements Action {}

    /// Another parameter; one that is an axis, or a list of them, is in converted order.
    record Field(String name, Object value) implements Action {}

    /// Other elements of the input of that name.
    record Input(String tensor, Object value) implements Action {}

    /// A slice as TensorFlow says it; without bounds those of the layer stay.
    record StridedSlice(List<List<Long>> bounds, List<Long> masks) implements Action {
      public StridedSlice {
        bounds = List.copyOf(bounds);
        masks = List.copyOf(masks);
      }
    }

    /// How a MaxPool's explicit padding is filled.
    record PadMode(String mode) implements Action {}

    /// Axes, without the batch, along which a PRelu has one slope.
    record SharedAxes(List<Integer> axes) implements Action {
      public SharedAxes {
        axes = List.copyOf(axes);
      }
    }

    /// The layer becomes a Reshape.
    record Shape(List<Long> shape) implements Action {
      public Shape {
        shape = List.copyOf(shape);
      }
    }
  }
}
