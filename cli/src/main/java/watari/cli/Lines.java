package watari.cli;

import java.io.PrintWriter;

/// Prints lines up to a number, then how many more there are.
final class Lines {
  private final PrintWriter out;
  private final int most;
  private int count;
  private String held = "";

  Lines(PrintWriter out, int most) {
    this.out = out;
    this.most = most;
  }

  void line(String text) {
    count++;
    if (count < most) out.println(text);
    else if (count == most) held = text;
  }

  void end() {
    if (count == most) out.println(held);
    if (count > most) out.println("... and " + (count - most + 1) + " lines more; -v shows all");
    out.flush();
  }
}
