package watari.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import watari.api.Doctor;

/// `watari doctor`.
@Command(
    name = "doctor",
    description = "Says what is installed here and what it adds.",
    mixinStandardHelpOptions = true)
final class Examine implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private Speech speech;

  @Override
  public Integer call() {
    var items = Doctor.examine();
    var out = spec.commandLine().getOut();
    if (speech.json) {
      new JsonReport(out)
          .write(
              "doctor",
              json -> {
                json.writeArrayPropertyStart("items");
                for (var item : items) {
                  json.writeStartObject();
                  json.writeStringProperty("name", item.name());
                  json.writeBooleanProperty("there", item.isThere());
                  json.writeStringProperty("value", item.value());
                  json.writeEndObject();
                }
                json.writeEndArray();
              });
      return 0;
    }
    for (var item : items) {
      var state = item.isThere() ? item.value() : "not here (" + item.value() + ")";
      out.println(item.name() + ": " + state);
    }
    out.flush();
    return 0;
  }
}
