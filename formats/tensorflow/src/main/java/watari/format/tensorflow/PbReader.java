package watari.format.tensorflow;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import watari.finding.Findings;
import watari.format.FormatReader;
import watari.format.ReadOptions;
import watari.graph.Metadata;
import watari.graph.Model;

/// Reads frozen graphs: a GraphDef in its binary form, or as text.
///
/// Inputs are the placeholders that outputs depend on; outputs are those of the nodes that nothing
/// takes. Both are named after their nodes.
public final class PbReader implements FormatReader {
  static final String NAME = "pb";

  @Override
  public String format() {
    return NAME;
  }

  @Override
  public Map<String, NavigableSet<Integer>> operators() {
    return TensorflowReadOps.versions();
  }

  @Override
  public boolean sniff(Path path, byte[] head) {
    return TensorflowSniffer.isGraph(head);
  }

  @Override
  public Model read(Path path, Arena arena, ReadOptions options, Findings findings)
      throws IOException {
    var file = TensorflowFile.openGraph(path, arena);
    var model =
        new TensorflowReadModel(
            path.toString(),
            file.message().getLibrary(),
            file::data,
            _ -> Optional.empty(),
            findings);
    var graph = new TensorflowReadMain(model, file.message()).leaves();
    return new Model(NAME, List.of(graph), Metadata.EMPTY);
  }
}
