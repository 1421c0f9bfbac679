package watari.format.keras;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.format.FormatWriter;
import watari.format.TargetProfile;
import watari.format.WriteOptions;
import watari.graph.Model;
import watari.op.Op;

/// Writes whole models in HDF5 files (`.h5`).
///
/// Models of layers alone are written as Keras 2 writes them, which Keras 2 and 3 load; those that
/// have functions of `keras.ops` need Keras 3.
public final class KerasH5Writer implements FormatWriter {
  private static final String OLD_VERSION = "2.15.0";

  @Override
  public String format() {
    return "h5";
  }

  @Override
  public TargetProfile profile(WriteOptions options) {
    return new KerasProfile(format());
  }

  @Override
  public Set<Class<? extends Op>> operators() {
    return KerasWriteOps.TABLE.kinds();
  }

  @Override
  public Map<Class<? extends Op>, String> unwritten() {
    return KerasWriteOps.TABLE.refusals();
  }

  @Override
  public List<Path> paths(Path folder, String stem) {
    return List.of(folder.resolve(stem + ".h5"));
  }

  @Override
  public void write(Model model, Path main, WriteOptions options, Findings findings)
      throws IOException {
    var written = KerasOutput.model(model, format(), findings);
    if (written.isEmpty()) return;
    KerasHdfFile.of(tree(written.get(), options, findings)).writeTo(main);
  }

  private static KerasHdfTree tree(
      KerasWrittenModel model, WriteOptions options, Findings findings) {
    var root = new KerasHdfTree();
    boolean isNew = model.isNew();
    if (isNew) findings.add(needsKeras3(model));
    var version = isNew ? KerasOutput.VERSION : OLD_VERSION;
    var config = isNew ? KerasWriteConfig.ofKeras3(model) : KerasWriteConfig.ofKeras2(model);
    root.text("backend", "tensorflow");
    root.text("keras_version", version);
    root.text("model_config", config);
    root.text("producer", options.producer());
    var weights = root.group("model_weights");
    weights.text("backend", "tensorflow");
    weights.text("keras_version", version);
    var layers = model.layers().stream().filter(layer -> !layer.isOperation()).toList();
    weights.list("layer_names", layers.stream().map(KerasWrittenLayer::name).toList());
    layers.forEach(layer -> bring(layer, weights.group(layer.name())));
    return root;
  }

  /// A layer's arrays: those that training changes come first.
  private static void bring(KerasWrittenLayer layer, KerasHdfTree group) {
    var names = new ArrayList<String>();
    for (var weight : layer.weights()) {
      var owner = weight.owner().isEmpty() ? "" : weight.owner() + "/";
      var name = layer.name() + "/" + owner + weight.name() + ":0";
      names.add(name);
      group.array(name, KerasOutput.storable(weight.data()));
    }
    group.list("weight_names", names);
  }

  private static Finding needsKeras3(KerasWrittenModel model) {
    var first = model.layers().stream().filter(KerasWrittenLayer::isNew).findFirst().orElseThrow();
    return Finding.note(
        "KERAS_3_NEEDED",
        "Keras 2 cannot load the file: '%s' is %s"
            .formatted(
                first.name(),
                first.isOperation()
                    ? "the function keras.ops." + first.className()
                    : "a layer " + first.className() + " of Keras 3"));
  }
}
