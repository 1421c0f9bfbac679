package watari.format.tensorflow;

import java.util.ArrayList;
import java.util.List;
import watari.format.tensorflow.SavedObjects.Variable;
import watari.format.tensorflow.schema.BoolValue;
import watari.format.tensorflow.schema.SavedBareConcreteFunction;
import watari.format.tensorflow.schema.SavedObject;
import watari.format.tensorflow.schema.SavedUserObject;
import watari.format.tensorflow.schema.SavedVariable;
import watari.format.tensorflow.schema.TrackableObjectGraph;
import watari.format.tensorflow.schema.TrackableObjectGraph.TrackableObject;
import watari.format.tensorflow.schema.TrackableObjectGraph.TrackableObject.ObjectReference;
import watari.format.tensorflow.schema.VersionDef;

/// The objects that TensorFlow makes of a SavedModel: a root with the list of variables and the map
/// of signatures.
///
/// Numbered so: the root, the list, the map, the variables, the functions.
final class SavedObjectTree {
  private static final int LIST = 1;
  private static final int MAP = 2;
  private static final int FIRST = 3;

  private final List<Variable> variables;
  private final List<String> signatures;
  private final List<SavedObject> functions = new ArrayList<>();

  SavedObjectTree(List<Variable> variables, List<String> signatures) {
    this.variables = List.copyOf(variables);
    this.signatures = List.copyOf(signatures);
  }

  int variable(int number) {
    return FIRST + number;
  }

  void function(String name, List<String> arguments) {
    var function =
        SavedBareConcreteFunction.newBuilder()
            .setConcreteFunctionName(name)
            .addAllArgumentKeywords(arguments)
            .setAllowedPositionalArguments(arguments.size() == 1 ? 1 : 0);
    functions.add(SavedObject.newBuilder().setBareConcreteFunction(function).build());
  }

  private static ObjectReference reference(int node, String name) {
    return ObjectReference.newBuilder().setNodeId(node).setLocalName(name).build();
  }

  private static List<ObjectReference> root() {
    return List.of(reference(LIST, "variables"), reference(MAP, "signatures"));
  }

  private List<ObjectReference> listed() {
    var all = new ArrayList<ObjectReference>();
    for (int i = 0; i < variables.size(); i++) all.add(reference(variable(i), "" + i));
    return all;
  }

  private List<ObjectReference> mapped() {
    var all = new ArrayList<ObjectReference>();
    for (int i = 0; i < signatures.size(); i++) {
      all.add(reference(FIRST + variables.size() + i, signatures.get(i)));
    }
    return all;
  }

  List<SavedObject> nodes() {
    var all = new ArrayList<SavedObject>();
    all.add(object("_generic_user_object", root()));
    all.add(object("trackable_list_wrapper", listed()));
    all.add(object("signature_map", mapped()));
    for (var variable : variables) {
      var saved =
          SavedVariable.newBuilder()
              .setDtype(TensorflowWriteTypes.proto(variable.data().dtype()))
              .setShape(TensorflowWriteTypes.shape(variable.data().shape()))
              .setTrainable(variable.trainable())
              .setName(variable.name());
      all.add(SavedObject.newBuilder().setVariable(saved).build());
    }
    all.addAll(functions);
    return all;
  }

  private static SavedObject object(String identifier, List<ObjectReference> children) {
    var version = VersionDef.newBuilder().setProducer(1).setMinConsumer(1);
    var user = SavedUserObject.newBuilder().setIdentifier(identifier).setVersion(version);
    return SavedObject.newBuilder().addAllChildren(children).setUserObject(user).build();
  }

  /// What the checkpoint says of the same objects.
  TrackableObjectGraph checkpoint() {
    boolean hasValues = !variables.isEmpty();
    var graph = TrackableObjectGraph.newBuilder();
    graph.addNodes(tracked(root(), hasValues)).addNodes(tracked(listed(), hasValues));
    graph.addNodes(tracked(mapped(), false));
    for (int i = 0; i < variables.size(); i++) {
      var node = tracked(List.of(), true);
      node.addAttributesBuilder()
          .setName("VARIABLE_VALUE")
          .setFullName(variables.get(i).name())
          .setCheckpointKey(SavedObjects.checkpointKey(i));
      graph.addNodes(node);
    }
    for (int i = 0; i < signatures.size(); i++) graph.addNodes(tracked(List.of(), false));
    return graph.build();
  }

  private static TrackableObject.Builder tracked(
      List<ObjectReference> children, boolean hasValues) {
    return TrackableObject.newBuilder()
        .addAllChildren(children)
        .setHasCheckpointValues(BoolValue.newBuilder().setValue(hasValues));
  }
}
