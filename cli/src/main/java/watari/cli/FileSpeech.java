package watari.cli;

import java.util.List;
import watari.api.EditReport;
import watari.api.FileReport;

/// What is said of a step from one model to one result.
final class FileSpeech {
  private FileSpeech() {}

  static void say(FileReport report, Speech speech) {
    say(new EditReport(report, List.of()), /* isDry= */ false, speech);
  }

  /// @param isDry whether nothing was to be written
  static void say(EditReport edit, boolean isDry, Speech speech) {
    var report = edit.file();
    if (speech.isJson()) {
      json(edit, speech);
      return;
    }
    var out = new TextReport(speech, false);
    out.findings(report.findings());
    if (report.isWritten() && !isDry && !speech.isQuiet()) {
      out.line(report.model() + " -> " + report.result());
    }
    out.end();
  }

  private static void json(EditReport edit, Speech speech) {
    var report = edit.file();
    new JsonReport(speech.out())
        .write(
            speech.command(),
            json -> {
              json.writeArrayPropertyStart("results");
              json.writeStartObject();
              json.writeStringProperty("model", report.model().toString());
              json.writeStringProperty("format", report.format());
              json.writeStringProperty("path", report.result().toString());
              json.writeStringProperty("status", status(report));
              JsonReport.strings(json, "difference", edit.difference());
              JsonReport.findings(json, report.findings());
              json.writeEndObject();
              json.writeEndArray();
            });
  }

  private static String status(FileReport report) {
    return switch (report.ending()) {
      case DONE, DIFFERENT -> "done";
      case REFUSED -> "refused";
      case UNREADABLE, IO_FAILED, DEFECT -> "failed";
    };
  }
}
