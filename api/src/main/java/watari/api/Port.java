package watari.api;

import java.util.List;
import watari.tensor.DataType;
import watari.tensor.Shape;

/// An input or output of a result, beside the source's.
///
/// @param isInput whether it is an input
/// @param permutation axis `i` here is axis `permutation[i]` of the source's; empty if none moved
public record Port(
    boolean isInput,
    String name,
    String sourceName,
    Shape shape,
    Shape sourceShape,
    DataType dtype,
    List<Integer> permutation) {
  public Port {
    permutation = List.copyOf(permutation);
  }
}
