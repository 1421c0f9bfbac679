package watari.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import watari.api.ModelReport;
import watari.api.Progress;

/// Draws how far a run is, on a terminal, once it takes longer than a second.
final class Narrator implements Progress, AutoCloseable {
  private static final long PATIENCE_MILLIS = 1000;
  private static final int REDRAW_MILLIS = 200;

  private final PrintWriter err;
  private final int models;
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicBoolean isOver = new AtomicBoolean();
  private final Thread thread;
  private volatile String now = "";

  Narrator(Speech speech, int models) {
    this.err = speech.err();
    this.models = models;
    this.thread = new Thread(this::draw, "progress");
    thread.setDaemon(true);
    if (!speech.isQuiet() && isTerminal()) thread.start();
  }

  private static boolean isTerminal() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  @Override
  public void step(String model, String step) {
    now = step + " " + model;
  }

  @Override
  public void done(ModelReport report) {
    done.incrementAndGet();
  }

  @Override
  public void defect(String model, Throwable cause) {
    Defect.print(err, cause);
  }

  private void draw() {
    if (isOverAfter(PATIENCE_MILLIS)) return;
    try (var bar = bar()) {
      while (!isOverAfter(REDRAW_MILLIS)) {
        bar.stepTo(done.get());
        bar.setExtraMessage(now);
      }
      bar.stepTo(done.get());
    }
  }

  private ProgressBar bar() {
    return new ProgressBarBuilder()
        .setTaskName("watari")
        .setInitialMax(models)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(REDRAW_MILLIS)
        .clearDisplayOnFinish()
        .build();
  }

  private boolean isOverAfter(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException _) {
      return true;
    }
    return isOver.get();
  }

  /// Takes the drawing away.
  @Override
  public void close() {
    isOver.set(true);
    if (!thread.isAlive()) return;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
