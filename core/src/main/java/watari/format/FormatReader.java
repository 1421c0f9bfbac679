package watari.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import watari.finding.Findings;
import watari.graph.Model;

/// Reads models of one format. Found by `ServiceLoader`; has no state.
public interface FormatReader {
  /// The name of the format, as `--from` takes it.
  String format();

  /// The operators that are read, and the versions since which a reading of them holds; whatever
  /// else becomes [watari.op.Custom].
  default Map<String, NavigableSet<Integer>> operators() {
    return Map.of();
  }

  /// The names of all operators that the format's specification has.
  default NavigableSet<String> specified() {
    return new TreeSet<>();
  }

  /// Why those of [#specified] that are not among [#operators] are not, in a clause.
  default Map<String, String> unread() {
    return Map.of();
  }

  /// Whether a file or folder is of this format, from a few of its bytes; never throws for
  /// contents.
  ///
  /// @param head the first bytes of the file (4096 at most); empty for a folder
  boolean sniff(Path path, byte[] head);

  /// The program that wrote a model of this format, as its metadata names it; empty where it names
  /// none. A reader that can say it without reading all of the model does.
  ///
  /// @throws watari.finding.ModelException if the file is broken, too old or too new
  default String producer(Path path) throws IOException {
    try (var arena = Arena.ofShared()) {
      return read(path, arena, ReadOptions.DEFAULT, new Findings()).metadata().producer();
    }
  }

  /// Whether [ReadOptions#weightsFile] means anything for this format.
  default boolean takesWeightsFile() {
    return false;
  }

  /// Reads the model; its weights stay mapped in `arena`, which the caller closes when done.
  ///
  /// Everything that keeps a node from being read is an error in `findings`; the reader goes on, so
  /// that one run reports them all. Unknown operators become [watari.op.Custom] without a finding.
  ///
  /// @throws watari.finding.ModelException if the file is broken, too old or too new
  Model read(Path path, Arena arena, ReadOptions options, Findings findings) throws IOException;
}
