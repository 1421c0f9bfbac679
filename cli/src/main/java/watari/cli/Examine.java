package watari.cli;

import picocli.CommandLine.Model.CommandSpec;
import watari.api.Doctor;

/// `watari doctor`.
final class Examine implements Command {
  private final Usage usage =
      new Usage("doctor", "Says what is installed here and what it adds.", this);
  private final Speech speech = new Speech(usage);

  @Override
  public CommandSpec spec() {
    return usage.spec();
  }

  @Override
  public Integer call() {
    var items = Doctor.examine();
    var out = speech.out();
    if (speech.isJson()) {
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
