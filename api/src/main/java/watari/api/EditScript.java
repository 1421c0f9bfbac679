package watari.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Changes of a model, in the order in which they are made.
public record EditScript(List<Step> steps) {
  public static final EditScript NONE = new EditScript(List.of());

  /// A change, and where it is asked for.
  ///
  /// @param file the script that asks for it; empty if it is none
  /// @param place line and path in it, such as `line 3, [1].rename: `
  public record Step(Edit edit, String file, String place) {}

  public EditScript {
    steps = List.copyOf(steps);
  }

  public static EditScript of(Edit... edits) {
    var steps = new ArrayList<Step>();
    for (var edit : edits) steps.add(new Step(edit, "", ""));
    return new EditScript(steps);
  }

  /// Reads a script: a list of edits, see `docs/edit.md`. Files that it names lie beside it.
  ///
  /// @throws watari.finding.ModelException with line and path, if it is none
  public static EditScript read(Path yaml) throws IOException {
    return new EditVerbs(yaml).script(Files.readString(yaml));
  }

  /// The edits that an option of the command line asks for.
  ///
  /// @param verb the option without its dashes
  /// @param text its value, as it would stand in a script
  /// @throws UsageException if it is no such value
  public static EditScript option(String verb, String text) {
    return EditVerbs.option(verb, text);
  }

  /// The edits that an option `NAME=VALUE` asks for.
  ///
  /// @throws UsageException if it is no such value
  public static EditScript option(String verb, Map<String, String> values) {
    return EditVerbs.option(verb, values);
  }

  public EditScript then(EditScript others) {
    var all = new ArrayList<>(steps);
    all.addAll(others.steps);
    return new EditScript(all);
  }
}
