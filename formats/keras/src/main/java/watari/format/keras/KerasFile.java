package watari.format.keras;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import watari.finding.Finding;
import watari.finding.Findings;
import watari.finding.ModelException;
import watari.graph.Graph;
import watari.graph.GraphBuilder;
import watari.graph.Metadata;
import watari.graph.Model;

/// What the three kinds of files have in common: a configuration, and someone who wrote it.
///
/// @param name what findings call the file
/// @param format the name of the format
/// @param config of the whole model, with `class_name`
/// @param version of Keras
record KerasFile(String name, String format, KerasJson config, String version) {
  /// Says where weights are.
  @FunctionalInterface
  interface Weights {
    void bring(KerasLayer layer, KerasReadModel model);
  }

  Model read(Weights weights, Findings findings) {
    var layer = KerasLayer.of(config, "");
    if (!layer.isModel()) {
      throw new ModelException(
          Finding.error(
                  "OP_UNSUPPORTED",
                  "the model is a '%s', whose layers are not in the file"
                      .formatted(layer.className()))
              .inFile(name)
              .fix("save it as a Functional or Sequential model, or as SavedModel"));
    }
    var graph = new Graph(layer.name().isEmpty() ? "main" : layer.name());
    var model =
        new KerasReadModel(name, version.startsWith("3"), new GraphBuilder(graph), findings);
    weights.bring(layer, model);
    try {
      KerasReadGraph.whole(model, layer, graph);
    } catch (KerasRefusal e) {
      model.add(e.finding());
    }
    var properties = new LinkedHashMap<>(Map.of("keras.class", layer.className()));
    var metadata = new Metadata("Keras " + version, "", "", properties, List.of());
    return new Model(format, List.of(graph), metadata);
  }
}
