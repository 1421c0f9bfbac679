package watari.pass.edit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import watari.op.Op;
import watari.op.Padding;

/// The parameters of operators by name: components of their records, and of the records within,
/// under their own names or ONNX'. Capitals and underscores do not count.
public final class OperatorFields {
  /// What ONNX calls a component otherwise.
  private static final Map<String, String> ALIASES =
      Map.ofEntries(
          Map.entry("group", "groups"),
          Map.entry("kernelshape", "kernel"),
          Map.entry("pads", "padding"),
          Map.entry("autopad", "padding"),
          Map.entry("transa", "transposea"),
          Map.entry("transb", "transposeb"),
          Map.entry("blocksize", "block"),
          Map.entry("ceilmode", "ceil"),
          Map.entry("countincludepad", "countpadding"),
          Map.entry("coordinatetransformationmode", "coordinates"),
          Map.entry("nearestmode", "nearest"),
          Map.entry("cubiccoeffa", "cubiccoefficient"),
          Map.entry("extrapolationvalue", "extrapolation"),
          Map.entry("keepaspectratiopolicy", "policy"),
          Map.entry("selectlastindex", "last"),
          Map.entry("lambd", "lambda"),
          Map.entry("numgroups", "groups"),
          Map.entry("seqaxis", "timeaxis"));

  private OperatorFields() {}

  /// Names of all parameters.
  public static List<String> names(Op op) {
    var names = new ArrayList<String>();
    collect(op, names);
    return names;
  }

  private static void collect(Object holder, List<String> names) {
    for (var component : holder.getClass().getRecordComponents()) {
      var value = get(holder, component);
      if (isRecord(value)) collect(value, names);
      else names.add(component.getName());
    }
  }

  private static boolean isRecord(Object value) {
    return value.getClass().isRecord() && !(value instanceof Padding);
  }

  static boolean has(Op op, String name) {
    return names(op).stream().anyMatch(each -> isCalled(each, name));
  }

  private static boolean isCalled(String component, String name) {
    var plain = plain(name);
    return plain(component).equals(ALIASES.getOrDefault(plain, plain))
        || plain(component).equals(plain);
  }

  static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replace("_", "");
  }

  /// The operator with another value for a parameter.
  ///
  /// @throws IllegalArgumentException with a sentence, if it has none of that name, or the value
  ///   does not fit
  public static Op with(Op op, String name, Object value) {
    return changed(op, name, value)
        .map(Op.class::cast)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "%s has no attribute '%s'; it has: %s"
                    .formatted(op.name(), name, String.join(", ", names(op)))));
  }

  private static Optional<Object> changed(Object holder, String name, Object value) {
    var components = holder.getClass().getRecordComponents();
    var values = new Object[components.length];
    boolean isFound = false;
    for (int i = 0; i < components.length; i++) {
      values[i] = get(holder, components[i]);
      if (isFound) continue;
      if (isRecord(values[i])) {
        var inner = changed(values[i], name, value);
        isFound = inner.isPresent();
        if (isFound) values[i] = inner.get();
      } else if (isCalled(components[i].getName(), name)) {
        values[i] = FieldValues.convert(components[i], values[i], value);
        isFound = true;
      }
    }
    return isFound ? Optional.of(make(holder.getClass(), components, values)) : Optional.empty();
  }

  private static Object get(Object holder, RecordComponent component) {
    try {
      return component.getAccessor().invoke(holder);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object make(Class<?> kind, RecordComponent[] components, Object[] values) {
    var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return kind.getConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) throw cause;
      throw new IllegalStateException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
