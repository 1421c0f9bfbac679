package watari.format.tensorflow;

import java.util.Optional;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What stands for a tensor of the source while it is read.
sealed interface Held {
  /// A value of the graph.
  record Tensor(Value value) implements Held {}

  /// A constant that no node has asked for yet.
  record Constant(String name, TensorData data) implements Held {}

  /// A handle of a variable, by the name under which its content is known.
  record Variable(String name) implements Held {}

  /// A list of tensors of one shape.
  ///
  /// @param elements all of them along a new first axis, or [Value#ABSENT] where none was set
  /// @param count how many there are, a vector of one int64; [Value#ABSENT] where elements tell
  /// @param type of an element
  /// @param slot the place among what a loop carries that the list came in by, or -1
  /// @param set the element that was put in after it came in, if there is one
  record TensorList(Value elements, Value count, TensorType type, int slot, Optional<Put> set)
      implements Held {
    /// A list whose elements stand in a tensor.
    static TensorList of(Value elements) {
      var shape = elements.shape();
      var element = shape.isRanked() ? shape.slice(1, shape.rank()) : shape;
      var type = new TensorType(elements.dtype(), element);
      return new TensorList(elements, Value.ABSENT, type, -1, Optional.empty());
    }

    DataType dtype() {
      return type.dtype();
    }
  }

  /// An element of a list.
  ///
  /// @param index its place, a scalar
  record Put(Value index, Value item) {}

  /// Complex numbers as pairs of their parts along one axis more, at the end.
  record Complex(Value pairs) implements Held {}

  /// A resource that nothing here stands for, such as a table.
  record Resource(String operator) implements Held {}
}
