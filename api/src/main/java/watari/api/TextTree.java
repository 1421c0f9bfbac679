package watari.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingEndEvent;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceEndEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import watari.finding.Finding;
import watari.finding.ModelException;

/// A YAML or JSON text as a tree whose parts know where they stand.
///
/// It is built from the parser's events, without recursion; aliases are refused, so that no text is
/// larger than it looks.
///
/// @param value a [Long], [Double], [Boolean] or [String], a list or a map of trees; empty for null
/// @param line from 1
/// @param path such as `[2].insert.inputs[0]`
record TextTree(Optional<Object> value, int line, String path) {
  private static final Pattern WHOLE = Pattern.compile("[-+]?\\d{1,18}");
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");
  private static final int DEEPEST = 200;

  /// What is wrong with a part of a text.
  static final class Fault extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    Fault(TextTree at, String why) {
      super(at.place() + why);
    }
  }

  /// A list or a map that is being filled.
  private static final class Open {
    final TextTree tree;
    final @Nullable List<TextTree> list;
    final @Nullable Map<String, TextTree> map;
    @Nullable String key;

    Open(TextTree tree, @Nullable List<TextTree> list, @Nullable Map<String, TextTree> map) {
      this.tree = tree;
      this.list = list;
      this.map = map;
    }

    String childPath() {
      if (list != null) return tree.path() + "[" + list.size() + "]";
      return tree.path().isEmpty() ? String.valueOf(key) : tree.path() + "." + key;
    }
  }

  /// @param file named in findings
  /// @param code of findings
  /// @throws ModelException with the line, if it is no such text
  static TextTree of(String text, String file, String code) {
    var settings = LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).build();
    try {
      return build(new Parse(settings).parseString(text));
    } catch (MarkedYamlEngineException e) {
      var mark = e.getProblemMark();
      throw broken(file, code, line(mark), String.valueOf(e.getProblem()));
    } catch (Fault e) {
      throw new ModelException(Finding.error(code, String.valueOf(e.getMessage())).inFile(file));
    } catch (YamlEngineException e) {
      throw broken(file, code, 0, String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private static ModelException broken(String file, String code, int line, String why) {
    var place = line > 0 ? "line " + line + ": " : "";
    return new ModelException(Finding.error(code, place + why).inFile(file));
  }

  private static int line(Optional<Mark> mark) {
    return mark.map(each -> each.getLine() + 1).orElse(0);
  }

  private static TextTree build(Iterable<Event> events) {
    Deque<Open> open = new ArrayDeque<>();
    TextTree root = null;
    for (var event : events) {
      int line = line(event.getStartMark());
      var path = open.isEmpty() ? "" : open.getLast().childPath();
      switch (event) {
        case MappingStartEvent _ -> start(open, line, path, /* isMap= */ true);
        case SequenceStartEvent _ -> start(open, line, path, /* isMap= */ false);
        case MappingEndEvent _, SequenceEndEvent _ -> root = end(open);
        case AliasEvent _ -> throw new Fault(at(line, path), "aliases are not taken");
        case ScalarEvent scalar -> {
          var tree = scalar(open, scalar, line, path);
          if (open.isEmpty()) root = tree;
        }
        default -> {}
      }
    }
    return root == null ? at(1, "") : root;
  }

  private static TextTree at(int line, String path) {
    return new TextTree(Optional.empty(), line, path);
  }

  private static void start(Deque<Open> open, int line, String path, boolean isMap) {
    if (open.size() == DEEPEST) throw new Fault(at(line, ""), "it is nested too deep");
    if (!open.isEmpty() && open.getLast().map != null && open.getLast().key == null) {
      throw new Fault(at(line, open.getLast().tree.path()), "a key is a list or a map");
    }
    Map<String, TextTree> map = isMap ? new LinkedHashMap<>() : null;
    List<TextTree> list = isMap ? null : new ArrayList<>();
    var value = Optional.<Object>of(map == null ? List.of() : map);
    if (list != null) value = Optional.of(list);
    open.addLast(new Open(new TextTree(value, line, path), list, map));
  }

  private static TextTree end(Deque<Open> open) {
    var ended = open.removeLast();
    if (!open.isEmpty()) add(open.getLast(), ended.tree);
    return ended.tree;
  }

  private static TextTree scalar(Deque<Open> open, ScalarEvent scalar, int line, String path) {
    boolean isKey = !open.isEmpty() && open.getLast().map != null && open.getLast().key == null;
    if (isKey) {
      var inside = open.getLast();
      if (inside.map != null && inside.map.containsKey(scalar.getValue())) {
        throw new Fault(at(line, inside.tree.path()), "'" + scalar.getValue() + "' comes twice");
      }
      inside.key = scalar.getValue();
      return inside.tree;
    }
    var value =
        scalar.isPlain() ? plain(scalar.getValue()) : Optional.<Object>of(scalar.getValue());
    var tree = new TextTree(value, line, path);
    if (!open.isEmpty()) add(open.getLast(), tree);
    return tree;
  }

  private static void add(Open into, TextTree tree) {
    if (into.list != null) into.list.add(tree);
    if (into.map != null && into.key != null) into.map.put(into.key, tree);
    into.key = null;
  }

  private static Optional<Object> plain(String word) {
    if (WHOLE.matcher(word).matches()) return Optional.of(Long.parseLong(word));
    if (NUMBER.matcher(word).matches()) return Optional.of(Double.parseDouble(word));
    return switch (word) {
      case "", "null", "~" -> Optional.empty();
      case "true", "True" -> Optional.of(true);
      case "false", "False" -> Optional.of(false);
      case ".inf", "inf", "Infinity" -> Optional.of(Double.POSITIVE_INFINITY);
      case "-.inf", "-inf", "-Infinity" -> Optional.of(Double.NEGATIVE_INFINITY);
      case ".nan", "nan", "NaN" -> Optional.of(Double.NaN);
      default -> Optional.of(word);
    };
  }

  // ---- asking

  /// `line 3, [1].rename: `.
  String place() {
    return "line " + line + (path.isEmpty() ? ": " : ", " + path + ": ");
  }

  Fault fault(String why) {
    return new Fault(this, why);
  }

  /// Plain numbers, texts, lists and maps.
  Object plain() {
    return switch (value.orElseThrow(() -> fault("a value is missing"))) {
      case List<?> list -> list.stream().map(each -> ((TextTree) each).plain()).toList();
      case Map<?, ?> _ -> throw fault("a map is not expected");
      case Object other -> other;
    };
  }

  boolean isList() {
    return value.filter(List.class::isInstance).isPresent();
  }

  boolean isMap() {
    return value.filter(Map.class::isInstance).isPresent();
  }

  /// The elements, or the only one.
  List<TextTree> list() {
    if (value.isPresent() && value.get() instanceof List<?> list) {
      return list.stream().map(TextTree.class::cast).toList();
    }
    return List.of(this);
  }

  Map<String, TextTree> map() {
    if (value.isPresent() && value.get() instanceof Map<?, ?> map) {
      var all = new LinkedHashMap<String, TextTree>();
      map.forEach((key, each) -> all.put((String) key, (TextTree) each));
      return all;
    }
    throw fault("a map of names is expected, not '" + value.map(Object::toString).orElse("") + "'");
  }

  String text() {
    var found = plain();
    if (found instanceof List) throw fault("a text is expected, not a list");
    return String.valueOf(found);
  }

  List<String> texts() {
    return list().stream().map(TextTree::text).toList();
  }

  long whole() {
    if (plain() instanceof Long number) return number;
    throw fault("a whole number is expected, not '" + plain() + "'");
  }

  List<Long> wholes() {
    return list().stream().map(TextTree::whole).toList();
  }
}
