package watari.format.tensorflow;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetPipeline;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.format.tensorflow.schema.MetaGraphDef;
import watari.format.tensorflow.schema.SavedModel;
import watari.graph.Graph;
import watari.graph.Model;
import watari.op.Op;

/// Writes SavedModels of TensorFlow 2: a function and a signature for each graph, the weights as
/// constants of the functions, or as variables that can be trained.
public final class SavedModelWriter implements FormatWriter {
  private static final String OPTION = "--weights-as";

  /// Read by TensorFlow's loaders to find out what they have before them.
  private static final String VERSION = "2.21.0";

  @Override
  public String format() {
    return SavedModelReader.NAME;
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new TensorflowProfile(SavedModelReader.NAME);
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return TensorflowWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return TensorflowWriteOps.TABLE.refusals();
  }

  @Override
  public Set<String> options() {
    return Set.of(OPTION);
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + "_saved_model"));
  }

  static void refusals(List<Graph> graphs, TargetProfile profile, Findings findings) {
    for (var graph : graphs) {
      TargetPipeline.refusals(graph, profile).forEach(findings::add);
      for (var value : graph.inputs()) unknown(value.dtype()).ifPresent(findings::add);
      for (var value : graph.outputs()) unknown(value.dtype()).ifPresent(findings::add);
    }
  }

  private static Optional<Finding> unknown(watari.tensor.DataType dtype) {
    if (TensorflowWriteTypes.isKnown(dtype)) return Optional.empty();
    return Optional.of(
        Finding.error("DTYPE_UNSUPPORTED", "TensorFlow has no element type '" + dtype + "'")
            .fix("use another element type"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    refusals(model.graphs(), profile(options), findings);
    if (findings.hasErrors()) return;
    try (var arena = Arena.ofShared()) {
      var objects = new SavedObjects(arena, options.weightsAsVariables());
      for (int i = 0; i < model.graphs().size(); i++) objects.add(model.graphs().get(i), i);
      var saved = saved(objects, options);
      PbWriter.tooLarge(saved.getSerializedSize()).ifPresent(findings::add);
      if (findings.hasErrors()) return;
      Files.createDirectories(main.resolve("variables"));
      CheckpointWriter.write(main.resolve("variables").resolve("variables"), objects.values());
      try (var out =
          new BufferedOutputStream(Files.newOutputStream(main.resolve("saved_model.pb")))) {
        saved.writeTo(out);
      }
    }
  }

  private static SavedModel saved(SavedObjects objects, WriteOptions options) {
    var about =
        MetaGraphDef.MetaInfoDef.newBuilder()
            .setMetaGraphVersion(options.producer())
            .addTags("serve")
            .setTensorflowVersion(VERSION)
            .setStrippedDefaultAttrs(true);
    var graph =
        MetaGraphDef.newBuilder()
            .setMetaInfoDef(about)
            .setGraphDef(objects.graph())
            .setSaverDef(objects.saver())
            .putAllSignatureDef(objects.signatures())
            .setObjectGraphDef(objects.objects());
    return SavedModel.newBuilder().setSavedModelSchemaVersion(1).addMetaGraphs(graph).build();
  }
}
