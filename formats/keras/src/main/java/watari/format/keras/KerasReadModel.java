package watari.format.keras;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.graph.GraphBuilder;
import watari.graph.Origin;
import watari.graph.Value;
import watari.tensor.DataType;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// What all layers of a model that is being read share.
final class KerasReadModel {
  private final String file;
  private final boolean isKeras3;
  private final GraphBuilder builder;
  private final Findings findings;
  private final Set<Value> broken = Collections.newSetFromMap(new IdentityHashMap<>());

  private final KerasMasks masks = new KerasMasks();

  private int calls;

  /// @param isKeras3 whether Keras 3 wrote the file: some defaults and functions changed
  KerasReadModel(String file, boolean isKeras3, GraphBuilder builder, Findings findings) {
    this.file = file;
    this.isKeras3 = isKeras3;
    this.builder = builder;
    this.findings = findings;
  }

  boolean isKeras3() {
    return isKeras3;
  }

  GraphBuilder builder() {
    return builder;
  }

  void add(Finding finding) {
    findings.add(finding.inFile(file));
  }

  KerasMasks masks() {
    return masks;
  }

  // ---- calls

  boolean isBroken(Value value) {
    return broken.contains(value);
  }

  /// What a layer gives for these arguments; where it cannot be read, a finding, and a value that
  /// stands for what is missing.
  List<Value> call(
      KerasLayer layer, List<KerasArgument> positional, Map<String, KerasArgument> named) {
    var call = new KerasCall(this, layer, positional, named);
    var origin = new Origin(layer.name(), calls++, layer.operator());
    builder.from(origin);
    try {
      if (layer.isModel()) return KerasReadGraph.nested(this, layer, call.tensors());
      var entry = KerasReadOps.entry(layer);
      if (call.tensors().stream().anyMatch(this::isBroken)) return List.of(standIn());
      entry.read(call);
      masks.pass(layer, call.tensors(), call.outputs());
      return call.outputs();
    } catch (KerasRefusal e) {
      return refuse(origin, call, e.finding());
    } catch (ModelException e) {
      e.findings().forEach(finding -> refuse(origin, call, finding));
      return List.of(standIn());
    } catch (IllegalArgumentException
        | IllegalStateException
        | ArithmeticException
        | IndexOutOfBoundsException e) {
      return refuse(origin, call, KerasRefusal.broken(String.valueOf(e.getMessage())).finding());
    }
  }

  private List<Value> refuse(Origin origin, KerasCall call, Finding finding) {
    var types = call.tensors().stream().map(each -> each.type().toString()).toList();
    add(finding.at(origin.node(), origin.index(), origin.operator()).withTypes(types, List.of()));
    return List.of(standIn());
  }

  /// Stands for a value that could not be read: who uses it is not at fault.
  Value standIn() {
    var value = builder.constant("unread", TensorData.filled(zero(), Shape.SCALAR));
    broken.add(value);
    return value;
  }

  private static TensorData zero() {
    return TensorData.scalar(DataType.FLOAT32, 0);
  }
}
