package watari.cli;

import java.io.PrintWriter;
import watari.api.Progress;

/// Says on standard error what takes long; draws only on a terminal.
final class Narrator implements Progress, AutoCloseable {
  private final Speech speech;
  private final PrintWriter err;
  private final int models;

  Narrator(Speech speech, PrintWriter err, int models) {
    this.speech = speech;
    this.err = err;
    this.models = models;
  }

  @Override
  public void defect(String model, Throwable cause) {
    Defect.print(err, cause);
  }

  @Override
  public void close() {}
}
