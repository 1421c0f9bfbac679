package watari.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/// A verb of the program; it gives the exit code.
interface Command extends Callable<Integer> {
  CommandSpec spec();
}
