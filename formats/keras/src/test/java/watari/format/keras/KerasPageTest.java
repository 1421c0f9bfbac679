package watari.format.keras;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import watari.op.Custom;
import watari.op.Op;
import watari.rewrite.Pass;

/// `docs/keras.md` is as the writer's table is; `-Dwatari.update=true` writes it.
class KerasPageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("watari.root", "../..")).resolve("docs/keras.md");
  private static final String BEGIN = "<!-- table:begin -->\n";
  private static final String END = "<!-- table:end -->";

  @Test
  void thePageSaysWhatTheTableSays() throws IOException {
    var text = Files.readString(PAGE);
    int begin = text.indexOf(BEGIN) + BEGIN.length();
    int end = text.indexOf(END);
    assertThat(end).isGreaterThanOrEqualTo(begin);
    var expected = text.substring(0, begin) + rows() + text.substring(end);
    if (Boolean.getBoolean("watari.update")) Files.writeString(PAGE, expected);
    assertThat(PAGE)
        .as(
            "made by: ./verify -Dwatari.update=true -pl formats/keras -am -Dtest=KerasPageTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false")
        .hasContent(expected);
  }

  @Test
  void whatIsSaidIsWritten() {
    assertThat(KerasWriteOps.words().keySet()).isEqualTo(KerasWriteOps.TABLE.kinds());
  }

  private static String rows() {
    var lines =
        new ArrayList<>(List.of("| operator | written as | where |", "| --- | --- | --- |"));
    KerasWriteOps.words().entrySet().stream()
        .map(each ->
            "| %s | %s | %s |"
                .formatted(
                    each.getKey().getSimpleName(), each.getValue().as(), each.getValue().when()))
        .sorted()
        .forEach(lines::add);
    var rewritten = rewritten().stream().collect(joining(", "));
    return String.join("\n", lines) + "\n\nTaken apart into these: " + rewritten + ".\n";
  }

  /// Operators that only rules make writable.
  private static Set<String> rewritten() {
    var profile = new KerasProfile("keras");
    var roots = new TreeSet<String>();
    operators().stream()
        .filter(op -> !KerasWriteOps.words().containsKey(op))
        .filter(op -> isRoot(op, profile.decompose()) || isRoot(op, profile.legalize()))
        .map(Class::getSimpleName)
        .forEach(roots::add);
    return roots;
  }

  private static boolean isRoot(Class<?> op, List<Pass> passes) {
    return passes.stream()
        .flatMap(pass -> pass.roots().stream())
        .anyMatch(root -> root != Op.class && root.isAssignableFrom(op));
  }

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
        ? Stream.of(family.getPermittedSubclasses()).flatMap(KerasPageTest::records)
        : Stream.of(family);
  }
}
