package watari.graph;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;
import watari.tensor.TensorType;

/// What flows on an edge of a graph: a graph input, a constant or an output of a node.
///
/// Values have identity. Their producer and uses are kept by [Graph].
public final class Value {
  /// Stands for an optional input or output that is not there; it has no uses and no type.
  public static final Value ABSENT =
      new Value("", new TensorType(DataType.FLOAT32, Shape.UNKNOWN), Optional.empty());

  /// One place where a value is an input.
  public record Use(Node node, int index) {}

  private String name;
  private TensorType type;
  private final Optional<TensorData> constant;
  private Optional<Node> producer = Optional.empty();
  private final Set<Use> uses = new LinkedHashSet<>();
  private List<String> sourceNames;

  Value(String name, TensorType type, Optional<TensorData> constant) {
    this.name = name;
    this.type = type;
    this.constant = constant;
    this.sourceNames = List.of();
  }

  /// Unique in its graph.
  public String name() {
    return name;
  }

  public TensorType type() {
    return type;
  }

  public Shape shape() {
    return type.shape();
  }

  public DataType dtype() {
    return type.dtype();
  }

  public boolean isPresent() {
    return this != ABSENT;
  }

  /// The elements of a constant.
  public Optional<TensorData> constant() {
    return constant;
  }

  public boolean isConstant() {
    return constant.isPresent();
  }

  /// The node it is an output of; none for graph inputs and constants.
  public Optional<Node> producer() {
    return producer;
  }

  /// Where it is a node's input, in the order in which the uses came.
  public Collection<Use> uses() {
    return Collections.unmodifiableCollection(uses);
  }

  /// Names of the source file's tensors that hold the same numbers (perhaps in another layout),
  /// where they differ from the name: what verification pairs tensors by.
  public List<String> sourceNames() {
    return sourceNames;
  }

  /// Says that the value holds the numbers of these tensors of the source file.
  public void setSourceNames(List<String> names) {
    if (this != ABSENT) sourceNames = List.copyOf(names);
  }

  /// Replaces the type; for readers, inference and passes that state a quantization.
  public void setType(TensorType other) {
    if (this == ABSENT) throw new IllegalStateException("an absent value has no type");
    type = other;
  }

  void setName(String other) {
    name = other;
  }

  void setProducer(Optional<Node> node) {
    producer = node;
  }

  void addUse(Node node, int index) {
    if (this != ABSENT) uses.add(new Use(node, index));
  }

  void removeUse(Node node, int index) {
    uses.remove(new Use(node, index));
  }

  @Override
  public String toString() {
    return isPresent() ? "%" + name + ": " + type : "-";
  }
}
