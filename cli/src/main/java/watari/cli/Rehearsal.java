package watari.cli;

import java.util.Arrays;
import java.util.List;

/// Runs several command lines, with `--` between them, in one process: what the build makes the
/// JVM's ahead-of-time cache from.
public final class Rehearsal {
  private Rehearsal() {}

  public static void main(String[] args) {
    int worst = 0;
    List<String> left = Arrays.asList(args);
    while (!left.isEmpty()) {
      int end = left.indexOf("--");
      var line = left.subList(0, end < 0 ? left.size() : end);
      worst = Math.max(worst, Main.execute(line.toArray(String[]::new)));
      left = left.subList(end < 0 ? left.size() : end + 1, left.size());
    }
    System.exit(worst);
  }
}
