package watari.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Findings;
import watari.graph.Model;
import watari.op.Op;

/// Writes models of one format. Found by `ServiceLoader`; has no state.
public interface FormatWriter {
  /// The name of the format, as `--to` takes it.
  String format();

  /// What the format can express.
  TargetProfile profile(WriteOptions options);

  /// The operators that are written as they are; some others are rewritten into these before.
  default Set<Class<? extends Op>> operators() {
    return Set.of();
  }

  /// Why operators that are neither among [#operators] nor rewritten are not written, in a clause.
  default Map<Class<? extends Op>, String> unwritten() {
    return Map.of();
  }

  /// Options of the command line that concern this format and few others, such as `--opset`.
  default Set<String> options() {
    return Set.of();
  }

  /// What is wrong with options that are this format's own, in one sentence; empty if nothing is.
  default Optional<String> misuse(WriteOptions options) {
    return Optional.empty();
  }

  /// The files or folders, in `folder`, that a result of this name is made of, the main one first.
  List<Path> paths(Path folder, String stem);

  /// Writes a legalised model. Nodes that the format cannot express are errors in `findings`; if
  /// there are any, nothing is written.
  ///
  /// @param main the first of [#paths], under the temporary folder that the caller moves into place
  void write(Model model, Path main, WriteOptions options, Findings findings) throws IOException;
}
