package watari.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// The documents that are made from tables are as the tables are; `-Dwatari.update=true` writes
/// them.
class SupportTablesTest {
  private static final Path ROOT = Path.of(System.getProperty("watari.root", ".."));
  private static final String BEGIN = "<!-- support:begin -->\n";
  private static final String END = "<!-- support:end -->";

  private final SupportTables tables = new SupportTables();

  @Test
  void operatorsAreAsTheTablesSay() throws IOException {
    keep(ROOT.resolve("docs/operators.md"), tables.page());
  }

  @Test
  void whateverIsRefusedHasAReason() {
    assertThat(tables.mismatches()).isEmpty();
  }

  @Test
  void readmeSaysWhichFormatsThereAre() throws IOException {
    var readme = ROOT.resolve("README.md");
    var text = Files.readString(readme);
    int begin = text.indexOf(BEGIN) + BEGIN.length();
    int end = text.indexOf(END);
    assertThat(end).isGreaterThanOrEqualTo(begin);
    keep(readme, text.substring(0, begin) + tables.summary() + "\n" + text.substring(end));
  }

  private static void keep(Path file, String expected) throws IOException {
    if (Boolean.getBoolean("watari.update")) Files.writeString(file, expected);
    assertThat(file)
        .as(
            "made by: ./verify -Dwatari.update=true -pl cli -am -Dtest=SupportTablesTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false")
        .hasContent(expected);
  }
}
