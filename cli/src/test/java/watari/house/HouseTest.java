package watari.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import watari.finding.KnowsTheGraph;
import watari.house.intruder.BadHabits;

/// Holds the rules of [House] over all sources and classes of the program.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HouseTest {
  private final Path root = Path.of(System.getProperty("watari.root", ".."));
  private final JavaClasses program =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/test-classes/"))
          .importPackages("watari");

  @Test
  void coreKnowsOnlyWhatStandsBelow() {
    check(House.coreRules());
  }

  @Test
  void modulesKnowOnlyWhatTheTableSays() {
    check(House.moduleRules());
  }

  @Test
  void formatsKnowNothingOfEachOther() throws IOException {
    for (var module : packagesByModule().entrySet()) {
      if (module.getKey().startsWith("formats/"))
        House.formatRule(module.getValue()).check(program);
    }
  }

  @Test
  void classesAreWrittenAsAgreed() {
    check(House.habits());
  }

  @Test
  void packagesLieInTheirModule() throws IOException {
    packagesByModule()
        .forEach((module, packages) ->
            assertThat(packages).allSatisfy(name -> assertThat(moduleOf(name)).isEqualTo(module)));
  }

  @Test
  void packagesAreNullMarked() throws IOException {
    for (var module : packagesByModule().entrySet()) {
      for (var name : module.getValue()) {
        if (name.endsWith(".schema")) continue;
        var info = sources(module.getKey()).resolve(name.replace('.', '/') + "/package-info.java");
        assertThat(info).content().contains("@NullMarked");
      }
    }
  }

  @Test
  void onlyTheParentPomNamesVersions() throws IOException {
    for (var module : modules()) {
      var pom = Files.readString(root.resolve(module).resolve("pom.xml"));
      assertThat(pom.replaceFirst("(?s)<parent>.*?</parent>", ""))
          .as(module)
          .doesNotContain("<version>");
    }
  }

  @Test
  void aPackageThatKnowsOneAboveIsSeen() {
    var intruder = new ClassFileImporter().importClasses(KnowsTheGraph.class);
    assertThat(House.coreRules()).anyMatch(rule -> rule.evaluate(intruder).hasViolation());
  }

  @Test
  void aBrokenHabitIsSeen() {
    var intruder =
        new ClassFileImporter().importClasses(BadHabits.class, BadHabits.StateManager.class);
    assertThat(House.habits()).allMatch(rule -> rule.evaluate(intruder).hasViolation());
  }

  private void check(Stream<ArchRule> rules) {
    rules.forEach(rule -> rule.check(program));
  }

  /// The module that a package belongs in.
  private static String moduleOf(String name) {
    if (House.CORE.contains(name)) return "core";
    if (name.startsWith("watari.pass.")) return "core";
    var part = name.split("\\.", -1)[1];
    return part.equals("format") ? "formats/" + name.split("\\.", -1)[2] : part;
  }

  private Map<String, List<String>> packagesByModule() throws IOException {
    var all = new TreeMap<String, List<String>>();
    for (var module : modules()) {
      var sources = sources(module);
      if (!Files.isDirectory(sources)) continue;
      var packages = new TreeSet<String>();
      try (var files = Files.walk(sources)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .map(file -> sources.relativize(file.getParent()).toString().replace('/', '.'))
            .forEach(packages::add);
      }
      all.put(module, List.copyOf(packages));
    }
    assertThat(all).as("modules with sources").containsKey("core");
    return all;
  }

  private List<String> modules() throws IOException {
    return Files.readAllLines(root.resolve("pom.xml")).stream()
        .filter(line -> line.contains("<module>"))
        .map(line -> line.replaceAll("</?module>", "").strip())
        .toList();
  }

  private Path sources(String module) {
    return root.resolve(module).resolve("src/main/java");
  }
}
