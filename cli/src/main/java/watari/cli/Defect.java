package watari.cli;

import java.io.PrintWriter;

/// What the program says when it is to blame.
final class Defect {
  private Defect() {}

  static void print(PrintWriter err, Throwable cause) {
    cause.printStackTrace(err);
    err.println(
        "watari: this is a defect of watari; please report it with the lines above, the command line"
            + " and, if you may, the model");
    err.flush();
  }
}
