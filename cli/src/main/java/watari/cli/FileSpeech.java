package watari.cli;

import watari.api.FileReport;

/// What is said of a step from one model to one result.
final class FileSpeech {
  private FileSpeech() {}

  static void say(FileReport report, Speech speech) {
    if (speech.isJson()) {
      json(report, speech);
      return;
    }
    var out = new TextReport(speech, false);
    out.findings(report.findings());
    if (report.isWritten() && !speech.isQuiet())
      out.line(report.model() + " -> " + report.result());
    out.end();
  }

  private static void json(FileReport report, Speech speech) {
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
