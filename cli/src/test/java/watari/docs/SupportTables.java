package watari.docs;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import watari.format.FormatReader;
import watari.format.FormatWriter;
import watari.format.WriteOptions;
import watari.op.Custom;
import watari.op.Op;
import watari.rewrite.Pass;

/// The tables of support as Markdown, made from the formats' own tables and rules.
final class SupportTables {
  private static final String NO_REASON = "";

  private final List<FormatReader> readers = sorted(FormatReader.class, FormatReader::format);
  private final List<FormatWriter> writers = sorted(FormatWriter.class, FormatWriter::format);

  private static <T> List<T> sorted(
      Class<T> kind, java.util.function.Function<T, String> formatOf) {
    return ServiceLoader.load(kind).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(formatOf))
        .toList();
  }

  /// A line for each format.
  String summary() {
    var lines = new ArrayList<>(List.of("| format | reads | writes |", "| --- | --- | --- |"));
    var formats = new TreeSet<String>();
    readers.forEach(r -> formats.add(r.format()));
    writers.forEach(w -> formats.add(w.format()));
    for (var format : formats) {
      boolean reads = readers.stream().anyMatch(r -> r.format().equals(format));
      boolean writes = writers.stream().anyMatch(w -> w.format().equals(format));
      lines.add("| %s | %s | %s |".formatted(format, reads ? "yes" : "", writes ? "yes" : ""));
    }
    return String.join("\n", lines);
  }

  String page() {
    var text =
        new StringBuilder(
            """
            # Operators

            Made from the operator tables of the formats; `SupportTablesTest` keeps it so. A model may still be refused for an attribute, an element type or a
            shape that a target cannot express; the report of `convert` then says which node, why and what to do.

            """);
    writing(text);
    for (var reader : readers) reading(reader, text);
    return text.toString();
  }

  // ---- writing

  private void writing(StringBuilder text) {
    text.append(
        """
        ## What can be written

        Rows are the operators of Watari's graph. **direct**: the format has it; **rewritten**: rules turn it into others, at least in some of its forms; **refused**: see below.

        """);
    text.append("| operator |");
    writers.forEach(w -> text.append(' ').append(w.format()).append(" |"));
    text.append("\n| --- |").append(" --- |".repeat(writers.size())).append('\n');
    for (var op : operators()) {
      text.append("| ").append(name(op)).append(" |");
      for (var writer : writers) text.append(' ').append(written(op, writer)).append(" |");
      text.append('\n');
    }
    text.append("\n| format | refuses | why |\n| --- | --- | --- |\n");
    for (var writer : writers) {
      for (var op : operators()) {
        if (isWritten(op, writer)) continue;
        var why = writer.unwritten().getOrDefault(op, NO_REASON);
        text.append("| %s | %s | %s |%n".formatted(writer.format(), op.getSimpleName(), why));
      }
    }
    text.append('\n');
  }

  private static String written(Class<?> op, FormatWriter writer) {
    boolean isDirect = writer.operators().contains(op);
    var profile = writer.profile(WriteOptions.of("model"));
    boolean isRoot =
        Stream.of(profile.decompose(), profile.legalize())
            .flatMap(List<Pass>::stream)
            .flatMap(pass -> pass.roots().stream())
            .anyMatch(root -> root != Op.class && root.isAssignableFrom(op));
    if (isDirect) return isRoot ? "direct, some forms rewritten" : "direct";
    return isRoot ? "rewritten" : "refused";
  }

  private static boolean isWritten(Class<?> op, FormatWriter writer) {
    return !written(op, writer).equals("refused");
  }

  /// All operators, in the order of their families and names.
  private static List<Class<?>> operators() {
    var all = new ArrayList<Class<?>>();
    for (var family : Op.class.getPermittedSubclasses()) {
      if (family == Custom.class) continue;
      records(family).sorted(Comparator.comparing(Class::getSimpleName)).forEach(all::add);
    }
    return all;
  }

  private static Stream<Class<?>> records(Class<?> family) {
    return family.isSealed()
        ? Stream.of(family.getPermittedSubclasses()).flatMap(SupportTables::records)
        : Stream.of(family);
  }

  /// With the kinds of a record that stands for many functions.
  private static String name(Class<?> op) {
    var kinds =
        Stream.of(op.getDeclaredClasses())
            .filter(Class::isEnum)
            .filter(each -> each.getSimpleName().equals("Kind"))
            .flatMap(each -> Stream.of(each.getEnumConstants()))
            .map(Object::toString)
            .sorted()
            .collect(joining(", "));
    return kinds.isEmpty() ? op.getSimpleName() : op.getSimpleName() + ": " + kinds;
  }

  // ---- reading

  private static void reading(FormatReader reader, StringBuilder text) {
    Map<String, NavigableSet<Integer>> read = new TreeMap<>(reader.operators());
    var others = unread(reader);
    text.append("## What can be read from ").append(reader.format()).append("\n\n");
    text.append(read.size()).append(" operators");
    text.append("; after a name, the versions in which its meaning changed:\n\n");
    text.append(
        read.entrySet().stream()
            .map(each -> each.getKey() + versions(each.getValue()))
            .collect(joining(", ")));
    text.append("\n\nKept as they are, so that only ").append(reader.format());
    if (others.isEmpty()) {
      text.append(" can be written from them:\n\nnone\n\n");
      return;
    }
    text.append(" can be written from them, and why:\n\n| operator | why |\n| --- | --- |\n");
    for (var operator : others) {
      var why = reader.unread().getOrDefault(operator, NO_REASON);
      text.append("| %s | %s |%n".formatted(operator, why));
    }
    text.append('\n');
  }

  /// The operators of a format's specification that are not read.
  private static Set<String> unread(FormatReader reader) {
    Set<String> others = new TreeSet<>(reader.specified());
    others.removeAll(reader.operators().keySet());
    return others;
  }

  // ---- reasons

  /// What is refused without a reason in the format's table, or has a reason and is not refused; of
  /// readers that are being written, and give no reasons at all, nothing is said.
  List<String> mismatches() {
    var all = new ArrayList<String>();
    for (var reader : readers) {
      if (reader.unread().isEmpty()) continue;
      compare(reader.format() + " reads", unread(reader), reader.unread().keySet(), all);
    }
    for (var writer : writers) {
      var refused =
          operators().stream()
              .filter(op -> !isWritten(op, writer))
              .map(Class::getSimpleName)
              .collect(Collectors.toCollection(TreeSet::new));
      var known =
          writer.unwritten().keySet().stream()
              .map(Class::getSimpleName)
              .collect(Collectors.toCollection(TreeSet::new));
      compare(writer.format() + " writes", refused, known, all);
    }
    return all;
  }

  private static void compare(
      String what, Set<String> refused, Set<String> reasons, List<String> all) {
    for (var name : refused) {
      if (!reasons.contains(name)) all.add(what + " no " + name + ": its table gives no reason");
    }
    for (var name : reasons) {
      if (!refused.contains(name)) all.add(what + " " + name + ": its table says why it does not");
    }
  }

  private static String versions(NavigableSet<Integer> since) {
    if (since.size() == 1 && since.first() == 1) return "";
    return since.stream().map(String::valueOf).collect(joining(", ", " (", ")"));
  }
}
