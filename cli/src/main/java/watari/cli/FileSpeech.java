package watari.cli;

import picocli.CommandLine.Model.CommandSpec;
import watari.api.FileReport;

/// What is said of a step from one model to one result.
final class FileSpeech {
  private FileSpeech() {}

  static void say(FileReport report, CommandSpec spec, Speech speech) {
    if (speech.json) {
      json(report, spec);
      return;
    }
    var out = new TextReport(spec.commandLine(), speech, false);
    out.findings(report.findings());
    if (report.isWritten() && !speech.quiet) out.line(report.model() + " -> " + report.result());
    out.end();
  }

  private static void json(FileReport report, CommandSpec spec) {
    new JsonReport(spec.commandLine().getOut())
        .write(
            spec.name(),
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
