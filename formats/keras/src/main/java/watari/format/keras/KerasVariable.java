package watari.format.keras;

import java.util.ArrayList;
import java.util.List;

/// A place for an array of weights.
///
/// @param layer whose it is
/// @param owner the path of the part of the layer that has it, such as `query_dense`; most often
///   empty
/// @param name its name there, such as `kernel`
/// @param index its number among those of the owner
/// @param trainable whether training would change it
record KerasVariable(KerasLayer layer, String owner, String name, int index, boolean trainable) {
  /// By what the layer asks for it.
  String role() {
    return owner.isEmpty() ? name : owner + "/" + name;
  }

  /// Where Keras 3 keeps it.
  String path() {
    return path(owner);
  }

  /// Where Keras 3 keeps it if the part is not public.
  String hiddenPath() {
    return path(owner.isEmpty() ? owner : "_" + owner);
  }

  private String path(String part) {
    var group = layer.path();
    if (!part.isEmpty()) group = group.isEmpty() ? part : group + "/" + part;
    return (group.isEmpty() ? "" : group + "/") + "vars/" + index;
  }

  /// All of a layer, and of those inside it, in the order of their making.
  static List<KerasVariable> of(KerasLayer layer) {
    return of(layer, true);
  }

  private static List<KerasVariable> of(KerasLayer layer, boolean trainable) {
    boolean trains = trainable && layer.isTrainable();
    var all = new ArrayList<KerasVariable>();
    KerasReadOps.roles(layer).forEach(role -> all.add(role.variable(layer, trains, all)));
    layer.parts().values().forEach(part -> all.addAll(of(part, trains)));
    layer.layers().forEach(each -> all.addAll(of(each, trains)));
    return all;
  }

  /// In the order in which older files have them: those that are trained come first.
  static List<KerasVariable> trainableFirst(KerasLayer layer) {
    var all = of(layer);
    var ordered = new ArrayList<>(all.stream().filter(KerasVariable::trainable).toList());
    all.stream().filter(each -> !each.trainable()).forEach(ordered::add);
    return ordered;
  }

  /// A variable of a kind of layers.
  ///
  /// @param path owner and name, such as `query_dense/kernel`
  record Role(String path, boolean trains) {
    private KerasVariable variable(
        KerasLayer layer, boolean trainable, List<KerasVariable> before) {
      int cut = path.lastIndexOf('/');
      var owner = cut < 0 ? "" : path.substring(0, cut);
      long index = before.stream().filter(each -> each.owner.equals(owner)).count();
      return new KerasVariable(
          layer, owner, path.substring(cut + 1), (int) index, trainable && trains);
    }
  }
}
