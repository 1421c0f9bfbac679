package watari.pass.edit;

import java.util.LinkedHashMap;
import java.util.Map;
import watari.finding.Finding;
import watari.graph.Graph;
import watari.graph.Value;
import watari.rewrite.Pass;
import watari.rewrite.PassLog;
import watari.tensor.Shape;
import watari.tensor.TensorData;

/// Gives constants other elements of the same shape; numbers alone fill it.
public final class SetConstants implements Pass {
  private final Map<String, TensorData> elements;

  public SetConstants(Map<String, TensorData> elements) {
    this.elements = new LinkedHashMap<>(elements);
  }

  @Override
  public String name() {
    return "set-const";
  }

  @Override
  public void run(Graph graph, PassLog log) {
    elements.forEach((name, data) -> {
      var value = new TensorNames(graph).constant(name, log);
      if (value.isPresent()) set(graph, value.get(), name, data, log);
    });
  }

  private void set(Graph graph, Value value, String name, TensorData data, PassLog log) {
    boolean fills = data.shape().equals(Shape.SCALAR);
    boolean fits = fills || data.shape().equals(value.shape());
    if (!fits || !fills && data.dtype() != value.dtype()) {
      log.add(
          Finding.error(
                  "WEIGHT_MISMATCH",
                  "'%s' is %s%s, but %s%s is given for it"
                      .formatted(name, value.dtype(), value.shape(), data.dtype(), data.shape()))
              .fix("give an array of the same type and shape, or one number"));
      return;
    }
    var cast = data.cast(value.dtype());
    if (fills && cast.doubleAt(0) != data.doubleAt(0) && value.dtype().isInteger()) {
      log.add(
          Finding.error(
              "WEIGHT_MISMATCH",
              "'%s' is of %s, which has no %s".formatted(name, value.dtype(), data.doubleAt(0))));
      return;
    }
    var filled = fills ? TensorData.filled(cast, value.shape()) : cast;
    graph.replaceUses(value, graph.addConstant(name, value.type(), filled));
    log.fired(name());
  }
}
