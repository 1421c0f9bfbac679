package watari.house;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The rules between modules and packages, as data and as ArchUnit's rules.
///
/// Who breaks one changes it here in the same commit and says why.
final class House {
  /// The packages of `core`, lowest first; each may know only those before it.
  static final List<String> CORE =
      List.of(
          "watari.finding",
          "watari.tensor",
          "watari.op",
          "watari.graph",
          "watari.eval",
          "watari.rewrite",
          "watari.pass",
          "watari.quant",
          "watari.format");

  /// The packages of a module outside `core` and `formats`, and all that they may know besides
  /// themselves and Java.
  static final Map<String, List<String>> MODULES =
      Map.of(
          "engine", withCore("ai.onnxruntime", "org.bytedeco"),
          "api", withCore("watari.engine", "org.snakeyaml"),
          // What the API gives back is made of findings and tensors; the rest of core is not for
          // printing.
          "cli",
              List.of(
                  "watari.api",
                  "watari.finding",
                  "watari.tensor",
                  "picocli",
                  "me.tongfei",
                  "tools.jackson"),
          "testkit", withCore("org.junit", "org.assertj", "org.opentest4j"));

  /// What a format may know besides `core`.
  private static final String[] FORMAT_LIBRARIES = {
    "com.google.flatbuffers..", "com.google.protobuf..", "io.jhdf..", "tools.jackson.."
  };

  private static final DescribedPredicate<JavaClass> OURS =
      resideOutsideOfPackage("watari.format..schema..")
          .and(resideInAnyPackage("watari.."))
          .as("our own classes");

  private House() {}

  /// Each package of `core` knows only those that stand before it, and no library.
  static Stream<ArchRule> coreRules() {
    return CORE.stream()
        .map(name ->
            classes()
                .that()
                .resideInAnyPackage(corePackage(name))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                    Stream.concat(
                            CORE.subList(0, CORE.indexOf(name) + 1).stream()
                                .map(House::corePackage),
                            Stream.of("java..", "org.jspecify.."))
                        .toArray(String[]::new))
                .because("the packages of core know only those below them, and no library")
                .allowEmptyShould(true));
  }

  /// Modules other than `core` and `formats` know only what the table says.
  static Stream<ArchRule> moduleRules() {
    return MODULES.entrySet().stream()
        .map(module ->
            classes()
                .that()
                .resideInAnyPackage("watari." + module.getKey() + "..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                    Stream.concat(
                            module.getValue().stream().map(House::corePackage),
                            Stream.of(
                                "watari." + module.getKey() + "..",
                                "java..",
                                "javax.imageio..",
                                "javax.xml..",
                                "org.jspecify.."))
                        .toArray(String[]::new))
                .because("of what the table lets " + module.getKey() + " know")
                .allowEmptyShould(true));
  }

  /// The packages of one format module know `core` and each other, and no other format.
  static ArchRule formatRule(List<String> packages) {
    var own = packages.stream().map(name -> name + "..").toArray(String[]::new);
    var known = new ArrayList<>(Arrays.asList(own));
    CORE.forEach(name -> known.add(corePackage(name)));
    known.addAll(Arrays.asList(FORMAT_LIBRARIES));
    known.addAll(List.of("java..", "javax.xml..", "org.jspecify.."));
    return classes()
        .that()
        .resideInAnyPackage(own)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(known.toArray(String[]::new))
        .because("formats know core, and nothing of each other")
        .allowEmptyShould(true);
  }

  /// How our Java is written, as far as class files show it.
  static Stream<ArchRule> habits() {
    return Stream.of(
        fields()
            .that()
            .areDeclaredInClassesThat(OURS)
            .and()
            .areStatic()
            .should()
            .beFinal()
            .because("there is no static mutable state"),
        noClasses()
            .that(OURS)
            .should()
            .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl|Base)")
            .because("such names say nothing"));
  }

  private static List<String> withCore(String... libraries) {
    return Stream.concat(CORE.stream(), Stream.of(libraries)).toList();
  }

  /// A package and all below it; but the packages of single formats are not part of
  /// `watari.format`.
  private static String corePackage(String name) {
    return name.equals("watari.format") ? name : name + "..";
  }
}
