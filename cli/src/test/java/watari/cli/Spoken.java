package watari.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/// A command line that was run: its exit code and what it said.
record Spoken(int code, String out, String err) {
  static Spoken of(Object... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    var words = new String[args.length];
    for (int i = 0; i < args.length; i++) words[i] = args[i].toString();
    int code = Main.execute(new PrintWriter(out), new PrintWriter(err, true), words);
    return new Spoken(code, out.toString(), err.toString());
  }
}
