package watari.format.keras;

import java.util.Optional;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.TargetPipeline;
import watari.graph.Model;
import watari.tensor.DataType;
import watari.tensor.TensorData;

/// What the writers of both containers share.
final class KerasOutput {
  /// The version of Keras whose configuration is written.
  static final String VERSION = "3.0.0";

  private KerasOutput() {}

  /// The model as layers; empty where nodes of it cannot be written, which are findings then.
  static Optional<KerasWrittenModel> model(Model model, String format, Findings findings) {
    var graph = model.main();
    findings.addAll(TargetPipeline.refusals(graph, new KerasProfile(format)));
    if (findings.hasErrors()) return Optional.empty();
    try {
      var written = KerasWriteGraph.write(graph);
      dropped(model).ifPresent(findings::add);
      return Optional.of(written);
    } catch (KerasRefusal e) {
      findings.add(e.finding());
      return Optional.empty();
    }
  }

  private static Optional<Finding> dropped(Model model) {
    if (model.graphs().size() < 2) return Optional.empty();
    var others = model.graphs().stream().skip(1).map(g -> g.signature().key()).toList();
    return Optional.of(
        Finding.warning(
            "SIGNATURE_DROPPED",
            "the entries '" + String.join("', '", others) + "' are not written"));
  }

  /// HDF5 has no bfloat16: such weights are written as float32, which holds them.
  static TensorData storable(TensorData data) {
    return data.dtype() == DataType.BFLOAT16 ? data.cast(DataType.FLOAT32) : data;
  }
}
