package watari.format;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;

/// A reader's table: for each operator name, and the version since which it holds, the method that
/// reads it. The newest entry not above the model's version wins.
///
/// @param <M> the type of the methods
public final class ReadTable<M> {
  private final Map<String, NavigableMap<Integer, M>> entries = new TreeMap<>();
  private final Map<String, String> refusals = new TreeMap<>();

  public ReadTable<M> on(String operator, int since, M method) {
    entries.computeIfAbsent(operator, _ -> new TreeMap<>()).put(since, method);
    return this;
  }

  public ReadTable<M> on(String operator, M method) {
    return on(operator, 1, method);
  }

  /// Says why operators are not read, in a clause, until they have a method.
  public ReadTable<M> refuse(String why, String... operators) {
    for (var operator : operators) refusals.put(operator, why);
    return this;
  }

  /// Why operators are not read.
  public Map<String, String> refusals() {
    return Collections.unmodifiableMap(refusals);
  }

  public Optional<M> entry(String operator, int version) {
    var versions = entries.get(operator);
    if (versions == null) return Optional.empty();
    return Optional.ofNullable(versions.floorEntry(version)).map(Map.Entry::getValue);
  }

  /// Operators and the versions since which they are read.
  public Map<String, NavigableMap<Integer, M>> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /// Operators and the versions since which they are read, without the methods.
  public Map<String, NavigableSet<Integer>> versions() {
    var all = new TreeMap<String, NavigableSet<Integer>>();
    entries.forEach((operator, since) -> all.put(operator, since.navigableKeySet()));
    return all;
  }
}
