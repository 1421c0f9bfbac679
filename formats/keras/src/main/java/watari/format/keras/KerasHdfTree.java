package watari.format.keras;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.tensor.TensorData;

/// A group of an HDF5 file to be, with what is inside it.
final class KerasHdfTree {
  private final Map<String, KerasHdfTree> groups = new LinkedHashMap<>();
  private final Map<String, TensorData> arrays = new LinkedHashMap<>();
  private final Map<String, String> texts = new LinkedHashMap<>();
  private final Map<String, List<String>> lists = new LinkedHashMap<>();

  Map<String, KerasHdfTree> groups() {
    return groups;
  }

  Map<String, TensorData> arrays() {
    return arrays;
  }

  /// Attributes of one text.
  Map<String, String> texts() {
    return texts;
  }

  /// Attributes of many texts.
  Map<String, List<String>> lists() {
    return lists;
  }

  /// The group at a path below this one, which is made where it is not there.
  KerasHdfTree group(String path) {
    var group = this;
    for (var part : path.split("/", -1)) {
      group = group.groups.computeIfAbsent(part, _ -> new KerasHdfTree());
    }
    return group;
  }

  void text(String attribute, String text) {
    texts.put(attribute, text);
  }

  void list(String attribute, List<String> all) {
    lists.put(attribute, List.copyOf(all));
  }

  /// Puts an array at a path below this group.
  void array(String path, TensorData data) {
    var parts = new ArrayList<>(Arrays.asList(path.split("/", -1)));
    var last = parts.removeLast();
    var owner = parts.isEmpty() ? this : group(String.join("/", parts));
    owner.arrays.put(last, data);
  }
}
